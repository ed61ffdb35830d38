"""Load torch's libraries while Python reads the spec: the linker needs a second core and not Python's lock."""

from __future__ import annotations

import ctypes
import threading
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

LIBRARIES = ("libtorch_cpu.so", "libtorch_cuda.so")
"""Where most of the time goes; what is not there is loaded by torch itself, or not needed."""


def preload_torch() -> None:
    """Begin to load the libraries that ``import torch`` will ask for. Nothing waits for it or depends on it."""
    found = find_spec("torch")
    if found is not None and found.origin:
        folder = Path(found.origin).with_name("lib")
        threading.Thread(target=_load, args=(folder,), daemon=True).start()
        import sympy  # noqa: F401 - torch's shape functions need it; its modules are read while the libraries load


def _load(folder: Path) -> None:
    for name in LIBRARIES:
        with suppress(OSError):
            ctypes.CDLL(str(folder / name))
