"""What every process that an audit starts does: live no longer than it, and know no TensorFlow."""

from __future__ import annotations

import os
import sys
import threading
import time
from importlib.abc import MetaPathFinder
from typing import Any


class _WithoutTensorflow(MetaPathFinder):
    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        """Nothing, for anything but TensorFlow."""
        if fullname.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError("this process has no TensorFlow", name=fullname)


def without_tensorflow() -> None:
    """Keras imports TensorFlow if it is there: ten seconds and half a gigabyte for nothing.

    It must not stand in ``sys.modules`` either: preprocessing layers look for it there.
    """
    sys.meta_path.insert(0, _WithoutTensorflow())


def end_with(audit: int) -> None:
    """End when process ``audit``, our parent, has, however it ended and whatever we are doing."""

    def watch() -> None:
        while os.getppid() == audit:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
