"""A user's Python file of blocks: read it, and tell its mistakes at their lines."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from importlib.machinery import SourceFileLoader
from importlib.metadata import EntryPoint
from pathlib import Path
from types import CodeType, ModuleType

from compose.errors import Note, SpecError, SpecErrors, UsageError
from compose.registry.contract import mistake
from compose.registry.python_place import place_in_traceback, place_of_syntax_error, repeated_classes

USER_MODULE = "compose_user_"
"""What the names of modules begin with that are files of the user's."""


def import_block_file(path: Path) -> ModuleType:
    """The module that a file is.

    Raises:
        UsageError: there is no such Python file.
        SpecErrors: it cannot be imported, or a class of it takes the place of another.
    """
    if not path.is_file():
        raise UsageError(f"--blocks {path}: there is no such file")
    if path.suffix != ".py":
        raise UsageError(f"--blocks {path}: expected a Python file")
    name = _module_name(path)
    loader = _FreshLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None, "a file with a loader has a spec"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the user's file does
        del sys.modules[name]
        raise SpecErrors([_import_error(path, error)]) from error
    _refuse_repeated(path)
    return module


class _FreshLoader(SourceFileLoader):
    """Compiles the file as it is now: Python's cache takes one that was changed within a second for the old one."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def import_entry_point(point: EntryPoint) -> ModuleType:
    """The module of blocks that an installed package offers.

    Raises:
        SpecErrors: it cannot be imported; told at the innermost line that is not Python's own.
    """
    try:
        module: ModuleType = point.load()
    except (Exception, SystemExit) as error:  # whatever the package does
        told = f"the blocks of an installed package, `{point.value}`, cannot be imported: {_told(error)}"
        frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        path = next((name for name in reversed(frames) if "importlib" not in name and name != __file__), None)
        raise SpecErrors([mistake(told, place_in_traceback(error.__traceback__, path) if path else None)]) from error
    return module


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {str(error).strip() or 'no message'}".splitlines()[0]


def _module_name(path: Path) -> str:
    """A name of its own for each file: two of one name in different folders are two modules."""
    name, number = f"{USER_MODULE}{path.stem}", 1
    while name in sys.modules and sys.modules[name].__file__ != str(path.absolute()):
        number += 1
        name = f"{USER_MODULE}{path.stem}_{number}"
    return name


def _import_error(path: Path, error: BaseException) -> SpecError:
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).absolute() == path.absolute():
        return mistake(f"this is no Python: {error.msg}", place_of_syntax_error(error, str(path)))
    told = _told(error)
    place = place_in_traceback(error.__traceback__, str(path))
    return mistake(f"this file cannot be imported: {told}" if place else f"{path} cannot be imported: {told}", place)


def _refuse_repeated(path: Path) -> None:
    message, expected = "another class of this file has this name", "a name of its own"
    repeated = repeated_classes(str(path))
    if repeated:
        raise SpecErrors(
            mistake(message, later, expected, notes=[Note("the first", earlier)]) for later, earlier in repeated
        )
