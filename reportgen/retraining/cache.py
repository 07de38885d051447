"""Where programs and facts are kept between nights, and how a broken folder heals.

Entries are keyed by what they were made from. The folder's name adds what they do not know of:
versions, the processor, and the code of this package. See :mod:`reportgen.retraining.store`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from importlib.metadata import version
from pathlib import Path

#: Folders of other versions, and entries, not used for this many seconds are removed.
STALE = 30 * 24 * 3600


def cache_root() -> Path:
    """``$REPORTGEN_CACHE``, else ``reportgen`` in the user's cache folder."""
    chosen = os.environ.get("REPORTGEN_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "reportgen"


def folder(root: Path, cores: int) -> Path:
    """Where programs compiled by this machine and these versions are."""
    words = [f"{name} {version(name)}" for name in ("jax", "jaxlib", "keras", "numpy")]
    words += [_processor(), f"cores {cores}", _code()]
    return root / "programs" / hashlib.sha256("\n".join(words).encode()).hexdigest()[:20]


def _processor() -> str:
    """The processor and its instruction sets: machine code of one may not run on another."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        import platform

        return f"{platform.machine()} {platform.processor()} {platform.node()}"
    told = dict.fromkeys(li for li in lines if li.startswith(("model name", "flags", "Features")))
    return "\n".join(told)


def _code() -> str:
    """A digest of this package's sources: they decide what is compiled."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def clear(path: Path) -> None:
    """Forget a folder of programs; another process that reads it finds nothing and compiles."""
    with contextlib.suppress(OSError):
        gone = path.with_name(f"{path.name}.gone-{os.getpid()}")
        path.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)


def prune(root: Path, used: Path, now: float) -> None:
    """Note that ``used`` was used; remove the folders of versions, and entries, long gone.

    A night's program has that night's number of rows in it, and may never be asked for again.
    """
    used.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):
        os.utime(used, (now, now))
        for other in (root / "programs").iterdir():
            if other != used and now - other.stat().st_mtime > STALE:
                shutil.rmtree(other, ignore_errors=True)
    for entry in used.iterdir():
        with contextlib.suppress(OSError):  # another run may have removed it
            if now - entry.stat().st_mtime > STALE:
                entry.unlink()
