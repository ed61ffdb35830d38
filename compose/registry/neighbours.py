"""The modules beside a file of blocks, which it may import as a script imports those beside it."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType


class FreshLoader(SourceFileLoader):
    """Compiles the file as it is now: Python's cache takes one that was changed within a second for the old one."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of a module."""
        """The compiled module."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


class Neighbours:
    """Finds modules in the folder of a file of blocks, and in the packages there.

    Args:
        folder: the folder.

    Attributes:
        found: the names of those that were imported, each with its file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.found: dict[str, Path] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module of a name; None where the folder has none, or Python has one of that name itself."""
        top, *_ = name.split(".")
        if top in sys.stdlib_module_names or (path is not None and top not in self.found):
            return None
        place = self.folder.joinpath(*name.split("."))
        for file, inner in ((place / "__init__.py", [str(place)]), (place.with_suffix(".py"), None)):
            if file.is_file():
                self.found[name] = file
                loader = FreshLoader(name, str(file))
                return spec_from_file_location(name, file, loader=loader, submodule_search_locations=inner)
        return None


_OF_LAST: list[str] = []
"""The names of the neighbours that were imported last: those of another file may bear the same."""
_BESIDE: dict[Path, tuple[Path, ...]] = {}
"""A file of blocks -> the neighbours that it imported."""


def neighbours(path: Path) -> tuple[Path, ...]:
    """The modules beside a file of blocks that it imported, or that one of them did, when it was read last."""
    return _BESIDE.get(path.absolute(), ())


@contextmanager
def reading_neighbours(path: Path) -> Iterator[None]:
    """Modules beside a file can be imported inside.

    They are read anew: another file of blocks may have neighbours of the same names, and they may have been edited.
    """
    for name in _OF_LAST:
        sys.modules.pop(name, None)
    finder = Neighbours(path.parent)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        _OF_LAST[:] = finder.found
        _BESIDE[path.absolute()] = tuple(finder.found.values())
