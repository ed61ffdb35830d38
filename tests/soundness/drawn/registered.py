"""The registry with the data and blocks of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from compose.registry.registry import Registry, load_block_file, registry

FILES = tuple(Path(__file__).with_name(name) for name in ("random_data.py", "wild_blocks.py"))


@cache
def own_registry() -> Registry:
    """A registry of its own, without what other tests have added to that of the process."""
    found = registry.__wrapped__()
    for path in FILES:
        load_block_file(path, found)
    return found


@contextmanager
def registered() -> Iterator[Registry]:
    """That registry as the one of the process, so that no spec need be told of the files."""
    known = registry()
    before = dict(known._declarations), dict(known._classes)
    known._declarations, known._classes = dict(own_registry()._declarations), dict(own_registry()._classes)
    try:
        yield known
    finally:
        known._declarations, known._classes = before
