"""What a spec may name: the built-in classes by their stored declarations, and the user's own by import.

Built-in names come from ``specs/blocks.json``, so that looking one up imports nothing; its module is imported when the
class itself is asked for.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from types import ModuleType
from typing import Any

from compose.block import KINDS, REGISTRATION, Kind
from compose.errors import SpecError, SpecErrors, UsageError
from compose.registry.block_file import import_block_file, import_entry_point
from compose.registry.contract import mistake, name_taken, unmet
from compose.registry.declaration import Declaration
from compose.registry.not_registered import without_classes
from compose.registry.python_place import place_of_class
from compose.registry.unlisted import ROOMS, unlisted
from compose.registry.user_code import exception_text

ENTRY_POINTS = "compose.blocks"


REPLACEABLE = ("block", "loss")
"""Kinds of which a user's class may take the project's name, which may be of a later edition than the user's."""


class Registry:
    """Declarations by kind and name, and the classes behind them.

    Attributes:
        replacing: the user's classes that have the name of one of the project's and stand in its place.
        broken: why the blocks of some installed packages are left out.
    """

    def __init__(self, declarations: Iterator[Declaration] | list[Declaration]) -> None:
        self._declarations = {(d.kind, d.name): d for d in declarations}
        self._classes: dict[tuple[Kind, str], type] = {}
        self.replacing: dict[tuple[Kind, str], Declaration] = {}
        self.broken: list[SpecError] = []

    def copy(self) -> Registry:
        """One of the same content, to which others can be added."""
        made = Registry(list(self._declarations.values()))
        made._classes, made.replacing = dict(self._classes), dict(self.replacing)
        made.broken = list(self.broken)
        return made

    def adopt(self, other: Registry, kind: Kind) -> None:
        """Take over everything of a kind from another registry, under the same names."""
        self._declarations |= {key: found for key, found in other._declarations.items() if key[0] == kind}
        self._classes |= {key: cls for key, cls in other._classes.items() if key[0] == kind}

    def left_out(self) -> list[str]:
        """Why the blocks of some installed packages cannot be used, a line each."""
        return [f"{error.message}{f' ({error.place})' if error.place else ''}" for error in self.broken]

    def names(self, kind: Kind) -> list[str]:
        """All names of a kind, sorted."""
        return sorted(name for known, name in self._declarations if known == kind)

    def usable(self, kind: Kind) -> list[str]:
        """All names that may stand where one of a kind is asked for: where a block is, a composite may stand, too."""
        return sorted({*self.names(kind), *(self.names("composite") if kind == "block" else ())})

    def all(self) -> list[Declaration]:
        """Every declaration, by kind and name."""
        return sorted(self._declarations.values(), key=lambda d: (KINDS.index(d.kind), d.name))

    def find(self, kind: Kind, name: str) -> Declaration | None:
        """The declaration of a name, or None."""
        return self._declarations.get((kind, name))

    def load(self, kind: Kind, name: str) -> type:
        """The class behind a name; imports its module.

        Raises:
            UsageError: there is none, or the index lists one that the code does not have.
        """
        if (kind, name) not in self._classes:
            self._classes[kind, name] = _class(self._declared(kind, name))
        return self._classes[kind, name]

    def _declared(self, kind: Kind, name: str) -> Declaration:
        if (kind, name) not in self._declarations:
            hint = unlisted(kind, name) or "`compose list` lists what there is"
            raise UsageError(f"there is no {kind} `{name}`; {hint}")
        return self._declarations[kind, name]

    def construct(self, kind: Kind, name: str, values: dict[str, Any]) -> Any:
        """An instance from the values of a spec: types converted, nested ``{use: ...}`` constructed.

        Args:
            kind: the kind.
            name: a name of that kind.
            values: parameters as in the spec, and bound sizes as ints.
        """
        from compose.registry.construct import arguments

        cls = self.load(kind, name)
        return cls(**arguments(self, cls, self._declared(kind, name), values))

    def add_module(self, module: ModuleType) -> list[Declaration]:
        """Register the classes that a module defines.

        Raises:
            SpecErrors: it defines none, mistakes in their signatures, a class that does not meet the contract of its
                kind, or a name that is taken, each at its line.
        """
        from compose.registry.introspect import declare

        classes = [cls for cls in vars(module).values() if _is_registered(cls, module)]
        if not classes:
            raise SpecErrors([without_classes(module)])
        found: dict[type, Declaration] = {}
        errors: list[SpecError] = []
        for cls in classes:
            try:
                found[cls] = declare(cls)
            except SpecErrors as mistakes:
                errors += mistakes.errors
            except Exception as failure:  # whatever stands where the contract expects something else
                told = f"`{cls.__name__}` cannot be read: {exception_text(failure)}"
                errors.append(mistake(told, place_of_class(cls)))
        errors += [error for cls, declaration in found.items() if (error := unmet(cls, declaration))]
        errors += self._taken(found)
        if errors:
            raise SpecErrors(errors)
        for cls, declaration in found.items():
            key = (declaration.kind, declaration.name)
            if key in self._declarations and _is_ours(self._declarations[key]) and not _is_ours(declaration):
                self.replacing[key] = declaration
            self._declarations[key], self._classes[key] = declaration, cls
        return list(found.values())

    def _taken(self, classes: dict[type, Declaration]) -> list[SpecError]:
        """Names that another class of the kind has, here or elsewhere."""
        modules = {declaration.module for declaration in classes.values()}  # read again, they replace what they were
        owners = {key: known for key, known in self._declarations.items() if known.module not in modules}
        errors = []
        for cls, declaration in classes.items():
            owner = owners.setdefault((declaration.kind, declaration.name), declaration)
            if _is_ours(owner) and not _is_ours(declaration) and declaration.kind in REPLACEABLE:
                owners[declaration.kind, declaration.name] = declaration
            elif (owner.module, owner.qualname) != (declaration.module, declaration.qualname):
                errors.append(name_taken(cls, owner))
        return errors


def _is_ours(declaration: Declaration) -> bool:
    """Whether a class is the project's, and no user's or other package's."""
    return declaration.module.startswith("compose.")


def _class(declaration: Declaration) -> type:
    try:
        found: type = getattr(importlib.import_module(declaration.module), declaration.qualname)
    except (ModuleNotFoundError, AttributeError) as error:
        if isinstance(error, ModuleNotFoundError) and error.name != declaration.module:
            raise
        where = f"`{declaration.qualname}` of {declaration.module}"
        raise UsageError(f"specs/blocks.json lists {where}, which is not there: run make schema") from error
    return found


def _is_registered(value: Any, module: ModuleType) -> bool:
    return isinstance(value, type) and REGISTRATION in vars(value) and value.__module__ == module.__name__


@cache
def registry() -> Registry:
    """The registry of this process: the stored index, and the blocks of installed packages (entry points)."""
    stored = json.loads(files("compose.specs").joinpath("blocks.json").read_text("utf-8"))
    found = Registry([Declaration.from_json(item) for item in stored["declarations"]])
    add_entry_points(found)
    return found


def add_entry_points(found: Registry) -> None:
    """Register the blocks of installed packages; one that cannot be read is left out, and stops no command."""
    for point in entry_points(group=ENTRY_POINTS):
        try:
            found.add_module(import_entry_point(point))
        except SpecErrors as mistakes:
            found.broken += mistakes.errors


def live_declarations() -> list[Declaration]:
    """The declarations of all built-in classes, read off the code (imports everything)."""
    found = Registry([])
    for package in (f"compose.{room}" for room in ROOMS):
        for module in _modules(package):
            if any(_is_registered(value, module) for value in vars(module).values()):
                found.add_module(module)
    return found.all()


def _modules(package: str) -> Iterator[ModuleType]:
    root = importlib.import_module(package)
    yield root
    for info in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not info.name.endswith("__main__"):
            yield importlib.import_module(info.name)


def load_block_file(path: Path, into: Registry | None = None) -> list[Declaration]:
    """Register the classes of a user's Python file (``--blocks my_blocks.py``).

    Args:
        path: the file.
        into: the registry; that of the process where not given.

    Raises:
        UsageError: there is no such file.
        SpecErrors: its mistakes, each at its line.
    """
    return (into or registry()).add_module(import_block_file(path))
