"""The files of specs: found by path or by the name of a packaged one, read, and of the form that a spec has."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

from compose.errors import Note, SpecError, SpecErrors, nearest
from compose.spec.layers.packaged import FOLDER, is_composite
from compose.spec.spec_text import SpecText
from compose.spec.yaml.reader import PIPES, load_file, load_text
from compose.spec.yaml.tree import Mapping, Scalar, Tree

IS_COMPOSITE = "is-composite"
"""The code of the mistake that a composite block stands where a spec is asked for."""
TABLES = "tables"
"""The folder of the zoo that holds the tables of the papers."""


def find_spec(name: str) -> Path:
    """The path of a spec: a path that exists wins, then the packaged zoo (``zoo/ml2p.yaml``, ``ml2p``)."""
    path, inner = Path(name), name.removeprefix("zoo/")
    packaged = (Path(str(files("compose.zoo").joinpath(candidate))) for candidate in (inner, f"{inner}.yaml"))
    return next((found for found in (path, *packaged) if is_there(found)), path)


def is_there(path: Path) -> bool:
    """Whether there is such a file or folder; none has a name that is too long, or leads to itself."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def zoo_names() -> list[str]:
    """The packaged specs, as ``zoo/ml2p.yaml``; composite blocks are none, and neither are tables."""
    return [name for name in _zoo_files() if name.split("/")[1] not in (FOLDER, TABLES)]


def table_names() -> list[str]:
    """The packaged tables, as ``zoo/tables/lesa-table2.yaml``."""
    return [name for name in _zoo_files() if name.split("/")[1] == TABLES]


def _zoo_files() -> list[str]:
    root = Path(str(files("compose.zoo")))
    return [f"zoo/{path.relative_to(root).as_posix()}" for path in sorted(root.rglob("*.yaml"))]


def holds_table(tree: Tree) -> bool:
    """Whether a file holds a table of specs, and no spec."""
    return isinstance(tree, Mapping) and "rows" in tree.items and "model" not in tree.items


def read_named(spec: str | SpecText) -> Mapping:
    """What stands in a spec: a path, the name of a packaged one, or a text.

    Raises:
        SpecErrors: it cannot be read, or is none.
    """
    if isinstance(spec, SpecText):
        return _as_spec(load_text(spec.text, spec.name), spec.name)
    if not spec:
        raise SpecErrors([SpecError("no-such-file", "the name of a spec is empty", expected="a YAML file")])
    try:
        path = find_spec(spec)
        return _as_spec(load_file(path, name=spec, folder=folder_of(path), piped=True), spec)
    except SpecErrors as error:
        raise SpecErrors(_with_nearest_file(e, spec) for e in error.errors) from None


def base_path(base: Tree, name: str) -> str:
    """The path of what a spec extends.

    Args:
        base: the value of its ``extends``.
        name: its own file.

    Raises:
        SpecErrors: the value is no path.
    """
    if not (isinstance(base, Scalar) and isinstance(base.value, str)):
        raise SpecErrors([SpecError("wrong-type", "`extends` takes the path of one spec", base.place)])
    beside = find_spec(name).parent / base.value
    return os.path.realpath(beside if is_there(beside) else find_spec(base.value))


def read_base(path: str, base: Tree) -> Mapping:
    """What stands in a spec that another extends.

    Args:
        path: its file.
        base: where the other names it.

    Raises:
        SpecErrors: it cannot be read, or is none.
    """
    try:
        return _as_spec(load_file(Path(path), name=_shown(path), folder=folder_of(Path(path))), _shown(path))
    except SpecErrors as error:
        raise _at_extends(error, base) from None


def as_mapping(tree: Tree) -> Mapping:
    """A spec, or a layer of one.

    Raises:
        SpecErrors: it is none.
    """
    if isinstance(tree, Mapping):
        return tree
    raise SpecErrors(
        [SpecError("wrong-type", "a spec is a mapping of keys", tree.place, "`name:`, `data:`, `model:` ...")]
    )


def _as_spec(tree: Tree, name: str) -> Mapping:
    """What a file holds, where that is a spec."""
    found = as_mapping(tree)
    if holds_table(found):
        note = Note("`compose sweep` trains its rows, and `compose compare` shows them beside the paper's")
        message, expected = f"{name} is a table and no spec", "a spec, such as its rows name"
        raise SpecErrors([SpecError("is-table", message, found.place, expected, notes=(note,))])
    if is_composite(found):
        message, expected = (
            f"{name} is a composite block and no spec",
            f"a spec that names it: `use: {Path(name).stem}`",
        )
        note = Note("`compose validate` checks it by itself")
        raise SpecErrors([SpecError(IS_COMPOSITE, message, found.place, expected, notes=(note,))])
    return found


def folder_of(path: Path) -> str:
    """Where the paths in a spec start: in its folder; in the current one ("") where it is packaged, or piped."""
    if str(path).startswith(PIPES):
        return ""
    try:
        place = Path(os.path.realpath(path))
    except ValueError:  # a name that no file can have
        return ""
    return "" if place.is_relative_to(os.path.realpath(str(files("compose.zoo")))) else str(path.absolute().parent)


def _with_nearest_file(error: SpecError, name: str) -> SpecError:
    """A file that does not exist, with the YAML file beside it or the packaged spec that was meant."""
    if error.code not in ("no-such-file", "directory"):
        return error
    folder = Path(name) if error.code == "directory" else Path(name).parent
    beside = [str(path) for path in sorted(folder.glob("*.y*ml"))] if is_there(folder) else []
    if error.code == "directory":
        return replace(error, expected=f"one file, such as {beside[0]}") if beside else error
    close = _nearest_file(name, [*beside, *zoo_names()])
    return replace(error, expected="a YAML file, or a packaged spec (`compose list zoo`)", nearest=close)


def _nearest_file(name: str, paths: Iterable[str]) -> str | None:
    """The path whose file has the name nearest to that of another; of equal names the first one's."""
    stems = {Path(path).stem: path for path in reversed(list(paths))}
    close = nearest(Path(name).stem, stems)
    return stems[close] if close else None


def _shown(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        root = Path(str(files("compose.zoo"))).resolve()
        return f"zoo/{Path(path).relative_to(root).as_posix()}" if Path(path).is_relative_to(root) else path


def _at_extends(error: SpecErrors, base: Tree) -> SpecErrors:
    value = base.value if isinstance(base, Scalar) else ""
    close = _nearest_file(str(value), zoo_names())
    return SpecErrors(replace(e, place=base.place, nearest=close) if e.place is None else e for e in error.errors)
