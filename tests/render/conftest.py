import pytest

from tests.render import reports


@pytest.fixture
def eleven(monkeypatch):
    """The suite as it will be: eleven diagnostics that draw with the report's own primitives."""
    made = reports.suite()
    for module in ("figures", "view", "index", "markdown"):
        monkeypatch.setattr(f"reportgen.render.{module}.suite", lambda: made)
    monkeypatch.setattr("reportgen.render.report._last", None)
    # the partials of real diagnostics speak of real series
    monkeypatch.setattr("reportgen.render.environment.has", lambda template, look=None: False)
    return made
