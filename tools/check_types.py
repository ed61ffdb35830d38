"""mypy over the package as it is imported: ``compose.blocks`` and ``compose.graphs`` lie beside ``compose/``.

From the project's root: python -m tools.check_types

mypy names a module after its folder, and no setting tells it that ``blocks/`` is imported as ``compose.blocks``. So
each file there is handed to it together with its name; what it says bears the files' own paths.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from mypy.fscache import FileSystemCache
from mypy.main import process_options, run_build
from mypy.modulefinder import BuildSource

BESIDE = ("blocks", "graphs")
"""The folders whose modules are imported as parts of ``compose``."""


def check() -> int:
    """Print what mypy finds and return the exit code."""
    cache = FileSystemCache()
    arguments = ["--fast-module-lookup", "--config-file", "pyproject.toml", "compose", "tools"]
    sources, options = process_options(arguments, fscache=cache)
    sources += [source for folder in BESIDE for source in _sources(folder)]
    _, messages, blocked = run_build(sources, options, cache, time.time(), sys.stdout, sys.stderr)
    print(f"mypy: {len(messages)} messages, {len(sources)} files")
    return 1 if messages or blocked else 0


def _sources(folder: str) -> Iterator[BuildSource]:
    for path in sorted(Path(folder).rglob("*.py")):
        parts = ("compose", *path.with_suffix("").parts)
        yield BuildSource(str(path), ".".join(parts[:-1] if parts[-1] == "__init__" else parts))


if __name__ == "__main__":
    sys.exit(check())
