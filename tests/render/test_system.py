import ctypes

import pytest

from reportgen.errors import RenderError
from reportgen.render import system


def test_nothing_is_missing_here():
    assert system.missing() == []
    system.check()


def test_what_is_missing_is_named_with_its_package(monkeypatch):
    real = ctypes.CDLL

    def without_pango(name, *args, **kwargs):
        if "pango" in str(name):
            raise OSError(f"{name}: cannot open shared object file")
        return real(name, *args, **kwargs)

    monkeypatch.setattr(ctypes, "CDLL", without_pango)
    with pytest.raises(RenderError) as caught:
        system.check()
    said = str(caught.value)
    assert "libpango-1.0.so.0" in said
    assert "apt-get install libpango-1.0-0 libpangoft2-1.0-0" in said
    assert "libfontconfig1" not in said


def test_a_library_that_loads_under_another_name_is_there(monkeypatch):
    def only_found(name, *args, **kwargs):
        if name == "found":
            return object()
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", only_found)
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: "found")
    assert system.missing() == []
