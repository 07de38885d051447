"""Files that are larger than memory: some rows are held, all are read in batches.

What is held is drawn at random, so that whatever is measured on it holds of all rows with the
interval of a sample. What needs every row (a copy of a test row, a number that was reported) reads
the batches, or says that it cannot be asked.
"""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reportgen.errors import DataError, Problem

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from reportgen.job.schema import Job

PARTS = 4  # a split that takes more than this part of the memory is not held whole
HELD = 40  # part of the memory that its held rows take
ANSWERS = 3  # part of the memory that the answers to all rows of a split may take
MOST_HELD, LEAST_HELD = 1_000_000, 1000  # rows
BATCH = 65_536  # rows read at a time
WORD = 24  # bytes of a cell of text, at least
Frames = Callable[[], Iterator["pl.DataFrame"]]


@dataclass(frozen=True, slots=True)
class Memory:
    """What an audit may take, in bytes, and whose limit that is, in words."""

    bytes: int
    whose: str

    @property
    def split(self) -> int:
        """Bytes up to which a split is held whole."""
        return self.bytes // PARTS

    @property
    def answers(self) -> int:
        """Bytes that the answers to all rows of a split may take."""
        return self.bytes // ANSWERS


@dataclass(frozen=True, slots=True)
class Large:
    """A file of ``n`` rows that is not held whole.

    Attributes
    ----------
    n, size : its rows, and the bytes that they would take.
    at : positions of the rows that are held, int64, ascending.
    frames : reads all of its rows anew, in order, a batch at a time.
    memory : the limit that it is too large for.
    """

    n: int
    size: int
    at: NDArray[np.int64]
    frames: Frames
    memory: Memory

    def note(self, where: str) -> str:
        """What a reader must know of it."""
        return (
            f"{where} has {self.n:,} rows, about {self.size / 2**30:.2g} GB in memory, and more "
            f"than a quarter of {self.memory.whose} ({self.memory.bytes / 2**30:.3g} GB): "
            f"{len(self.at):,} rows drawn at random stand for them. Exact copies are looked for "
            "among all rows, and numbers reported of them are computed again on all; nothing is "
            "trained again on a part of them."
        )


def memory_of(job: Job) -> Memory:
    """The job's ``budget: {memory_gb}``, else what the machine or its limits give a process."""
    if job.budget.memory_gb is not None:
        return Memory(int(job.budget.memory_gb * 2**30), "the job's memory_gb")
    return Memory(_of_process(), "this machine's memory")


def _of_process() -> int:
    """The least of physical memory, the control group's limit and the address space's."""
    limits = [_physical()]
    space = resource.getrlimit(resource.RLIMIT_AS)[0]
    if space != resource.RLIM_INFINITY:
        limits.append(space)
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        try:
            limits.append(int((Path("/sys/fs/cgroup") / name).read_text()))
        except (OSError, ValueError):  # no such group, or no limit ("max")
            continue
    return min(limits)


def _physical() -> int:
    import os

    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 62


def drawn(n: int, size: int, memory: Memory, where: str, seed: int) -> NDArray[np.int64]:
    """Positions of the rows that are held: the same for the same job and file, ascending."""
    import numpy as np

    held = max(LEAST_HELD, min(MOST_HELD, memory.bytes // HELD * n // max(size, 1)))
    words = f"{seed}\0{where}\0rows held"
    rng = np.random.default_rng(int.from_bytes(hashlib.sha256(words.encode()).digest(), "big"))
    return np.sort(rng.choice(n, min(held, n), replace=False))


def gathered(frames: Iterator[pl.DataFrame], at: NDArray[np.int64]) -> pl.DataFrame:
    """The rows ``at`` of a stream."""
    import numpy as np
    import polars as pl

    taken, start = [], 0
    for frame in frames:
        low, high = np.searchsorted(at, [start, start + frame.height])
        if high > low:
            taken.append(frame[at[low:high] - start])
        start += frame.height
    return pl.concat(taken, how="vertical_relaxed")


def parquet(path: Path, where: str, memory: Memory, seed: int) -> tuple[pl.DataFrame, Large] | None:
    """The held rows of a Parquet file that is too large; None where it is not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(path) as file:
            n, schema = file.metadata.num_rows, file.schema_arrow
            stored = sum(
                file.metadata.row_group(k).total_byte_size for k in range(file.num_row_groups)
            )
    except (pa.ArrowException, OSError, ValueError):
        return None  # what is damaged is said by the reader
    size = max(stored, n * sum(width(kind) for kind in schema.types))
    if size <= memory.split:
        return None

    def frames() -> Iterator[pl.DataFrame]:
        import polars as pl

        with pq.ParquetFile(path, pre_buffer=False) as file:
            for batch in file.iter_batches(BATCH, use_threads=False):
                frame = pl.from_arrow(pa.Table.from_batches([batch]))
                assert isinstance(frame, pl.DataFrame)
                yield frame

    at = drawn(n, size, memory, where, seed)
    try:
        return gathered(frames(), at), Large(n, size, at, frames, memory)
    except (pa.ArrowException, OSError, ValueError) as error:
        from reportgen.data.files import damaged_parquet

        raise damaged_parquet(where, error) from None


def width(kind: object) -> int:
    """Bytes of a cell in memory."""
    width: int = getattr(kind, "byte_width", WORD) if _plain(kind) else WORD
    return width


def _plain(kind: object) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_primitive(kind)) and not pa.types.is_boolean(kind)


def refuse_to_cut(what: str, where: str) -> DataError:
    """What is said where a part of a file is asked for that is not held whole."""
    return DataError(
        Problem(
            f"{what} is cut from a file that is larger than memory",
            file=where,
            expected="a file for each split",
            advice="Write the splits to files of their own (train.parquet, validation.parquet, "
            "test.parquet), or allow more: budget: {memory_gb: ...}.",
        )
    )
