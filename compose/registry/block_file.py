"""A user's Python file of blocks: read it, and tell its mistakes at their lines."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

from compose.block import DeclarationError
from compose.errors import Note, SpecError, SpecErrors, UsageError
from compose.registry.contract import mistake
from compose.registry.neighbours import FreshLoader, reading_neighbours
from compose.registry.python_place import place_in_traceback, place_of_syntax_error, repeated_classes
from compose.registry.python_text import unreadable
from compose.registry.user_code import at_work, exception_text, is_mistake

USER_MODULE = "compose_user_"
"""What the names of modules begin with that are files of the user's."""


def import_block_file(path: Path) -> ModuleType:
    """The module that a file is. It may import modules beside it.

    Raises:
        UsageError: there is no such Python file.
        SpecErrors: it cannot be imported, or a class of it takes the place of another.
    """
    if not path.is_file():
        what = "it is no file" if path.exists() else "there is no such file"
        raise UsageError(f"--blocks {path}: {what}")
    if path.suffix != ".py":
        raise UsageError(f"--blocks {path}: expected a Python file")
    if wrong := unreadable(path):
        raise SpecErrors([mistake(wrong.message, wrong.place, "a text in UTF-8, as Python reads it")])
    name = _module_name(path)
    loader = FreshLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    assert spec is not None, "a file with a loader has a spec"
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        with at_work(), reading_neighbours(path):
            loader.exec_module(module)
    except BaseException as error:  # whatever the user's file does
        del sys.modules[name]
        if not is_mistake(error):
            raise
        raise SpecErrors([_import_error(path, error)]) from error
    _refuse_repeated(path)
    return module


def import_entry_point(point: EntryPoint) -> ModuleType:
    """The module of blocks that an installed package offers.

    Raises:
        SpecErrors: it cannot be imported; told at the innermost line that is not Python's own.
    """
    try:
        with at_work():
            module: ModuleType = point.load()
    except BaseException as error:  # whatever the package does
        if not is_mistake(error):
            raise
        told = f"the blocks of an installed package, `{point.value}`, cannot be imported: {exception_text(error)}"
        frames = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        path = next((name for name in reversed(frames) if "importlib" not in name and name != __file__), None)
        raise SpecErrors([mistake(told, place_in_traceback(error.__traceback__, path) if path else None)]) from error
    return module


def _module_name(path: Path) -> str:
    """A name of its own for each file: two of one name in different folders are two modules."""
    name, number = f"{USER_MODULE}{path.stem}", 1
    while name in sys.modules and sys.modules[name].__file__ != str(path.absolute()):
        number += 1
        name = f"{USER_MODULE}{path.stem}_{number}"
    return name


def _import_error(path: Path, error: BaseException) -> SpecError:
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).is_file():
        return mistake(f"this is no Python: {error.msg}", place_of_syntax_error(error, error.filename))
    inside = _innermost(path, error)
    place = place_in_traceback(error.__traceback__, str(inside))
    if isinstance(error, DeclarationError):
        return mistake(str(error), place)
    return mistake(f"this file cannot be imported: {_reason(error)}", place)


def _innermost(path: Path, error: BaseException) -> Path:
    """The file in which an import failed: that of the blocks, or one beside it."""
    frames = [Path(frame.filename).absolute() for frame in traceback.extract_tb(error.__traceback__)]
    folder = path.absolute().parent
    return next((file for file in reversed(frames) if file.is_relative_to(folder) and file.is_file()), path)


LACKS_SHAPE = "must now include both an array type and a shape"
"""What jaxtyping says of an annotation of a tensor without a shape."""


def _reason(error: BaseException) -> str:
    if LACKS_SHAPE in str(error):
        return 'an annotation lacks the tensor or the dims; expected one like `Float[Tensor, "b d"]`'
    if isinstance(error, ImportError) and "no known parent package" in str(error):
        return "a file by itself is in no package; a module beside it is imported without a dot: `import helper`"
    return exception_text(error)


def _refuse_repeated(path: Path) -> None:
    message, expected = "another class of this file has this name", "a name of its own"
    repeated = repeated_classes(str(path))
    if repeated:
        raise SpecErrors(
            mistake(message, later, expected, notes=[Note("the first", earlier)]) for later, earlier in repeated
        )
