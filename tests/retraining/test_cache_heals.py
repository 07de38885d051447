"""A broken cache costs time, never a result."""

import numpy as np
import pytest

from reportgen.retraining.member import Member, Pool, Recipe
from reportgen.retraining.messages import Answer, Train
from reportgen.retraining.process import Worker
from tests.retraining import architectures as arch
from tests.retraining.oracle import difference

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


def trained(root, file):
    x, y = arch.rows("flat")
    order = Train(Recipe(file, 2, 16), (Member(1, 1), Member(2, 2)), keep_weights=True)
    with Worker(root=root, cores=2) as worker:
        answer = worker.train(Pool((x,), y, len(y), splits={"t": (x,)}), order)
        programs = worker.programs
    assert isinstance(answer, Answer)
    return answer, programs


DAMAGE = (lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[::-1])


def test_damaged_entries_are_compiled_again(keras, saved, tmp_path):
    file = saved(arch.dense(keras))
    sound, programs = trained(tmp_path / "cache", file)
    entries = [e for e in programs.iterdir() if e.is_file() and not e.name.endswith("atime")]
    assert len(entries) > 3
    for k, entry in enumerate(sorted(entries)):
        entry.write_bytes(DAMAGE[k % 3](entry.read_bytes()))
    healed, _ = trained(tmp_path / "cache", file)
    assert difference(sound.weights, healed.weights) == 0
    trained(tmp_path / "cache", file)  # may compile what the healing forgot
    warm, _ = trained(tmp_path / "cache", file)
    assert difference(sound.weights, warm.weights) == 0
    assert warm.seconds["compile"] < max(0.5, sound.seconds["compile"])
    np.testing.assert_array_equal(warm.predictions["t"], sound.predictions["t"])
