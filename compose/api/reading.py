"""The forms in which the functions of :mod:`compose` take a spec, and how each is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from numbers import Integral, Real
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from compose.registry.registry import Registry
    from compose.spec.read import Spec
    from compose.spec.spec_text import SpecText
    from compose.spec.yaml.tree import Path as TreePath

SpecLike: TypeAlias = str | PathLike[str] | Mapping[str, Any]
"""A path, the name of a packaged spec, a run, a text of YAML, or a dict of the same content."""
Names: TypeAlias = str | Iterable[str]
"""One name, or several."""
Overrides: TypeAlias = Mapping[str, Any] | Names
"""Values by their keys (``{"seed": 3}``), or ``key=value`` texts."""
Files: TypeAlias = str | PathLike[str] | Iterable[str | PathLike[str]]
"""One file, or several."""

LOCK = "spec.lock.yaml"
HOLDS = "a number, a text, true, false, None, a list or a dict"
"""What a spec can hold."""


def read(
    spec: SpecLike,
    *,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    all_variants: bool = False,
) -> Spec:
    """The checked spec.

    Args:
        spec: a path, the name of a packaged spec, a run, a text of YAML, or a dict.
        variants: variants to lay over it, in order.
        overrides: values to lay over those.
        blocks: Python files with blocks of the user's own. A run's lock file finds those that the run keeps.
        all_variants: whether every variant of the spec is checked, too.

    Raises:
        SpecErrors: every mistake that can be seen without torch.
        UsageError: an override is not of the form ``key=value``, or a file of blocks cannot be used.
    """
    from compose.spec.read import read_spec

    named = named_spec(spec)
    files = tuple(map(Path, _listed(blocks))) or kept_beside(named)
    found = read_spec(
        named,
        variants=_listed(variants),
        overrides=override_texts(overrides),
        all_variants=all_variants,
        known=_registry_with(files),
    )
    return replace(found, blocks=files)


def named_spec(spec: SpecLike) -> str | SpecText:
    """A spec in the form that is read: the name of a file, or a text. A run stands for the spec that it keeps.

    Raises:
        SpecErrors: a dict holds what no spec can hold.
        UsageError: it is nothing that names a spec.
    """
    from compose.errors import UsageError
    from compose.spec.spec_text import SpecText
    from compose.training.storage.find_run import lock_of

    if isinstance(spec, Mapping):
        return _dict_text(spec)
    if not isinstance(spec, str | PathLike):
        raise UsageError(f"expected a spec: a path, the name of a packaged one, a text or a dict; got {spec!r}")
    name = fspath(spec)
    is_text = isinstance(spec, str) and ("\n" in name or (": " in name and not Path(name).exists()))
    if is_text:
        return SpecText(name)
    lock = lock_of(Path(name))
    return name if lock is None else str(lock)


def check_choice(name: str, value: object, valid: Sequence[str]) -> None:
    """Refuse a value that is none of those that an argument takes.

    Args:
        name: the argument.
        value: what it is given; None is not given.
        valid: what it takes.

    Raises:
        UsageError: it is another.
    """
    from compose.errors import UsageError, nearest

    if value is not None and value not in valid:
        close = nearest(str(value), valid)
        hint = f"; did you mean `{close}`?" if close else ""
        raise UsageError(f"{name}: expected {' or '.join(f'`{one}`' for one in valid)}, got `{value}`{hint}")


def kept_beside(named: str | SpecText) -> tuple[Path, ...]:
    """The block files that a run keeps, where the spec is its lock file.

    Raises:
        UsageError: one of them is gone, or has changed.
    """
    from compose.training.storage.kept_blocks import blocks_beside

    return blocks_beside(Path(named)) if isinstance(named, str) and Path(named).name == LOCK else ()


def override_texts(overrides: Overrides) -> list[str]:
    """Overrides as ``key=value`` texts.

    Raises:
        UsageError: a value is of a type that no spec can hold.
    """
    from compose.errors import UsageError
    from compose.spec.yaml.writer import flow

    if not isinstance(overrides, Mapping):
        return _listed(overrides)
    foreign: dict[TreePath, str] = {}
    plain = {str(key): _plain(value, (str(key),), foreign) for key, value in overrides.items()}
    for path, kind in foreign.items():
        key = ".".join(map(str, path))
        raise UsageError(f"overrides: a spec cannot hold a {kind}, the value of `{key}`; expected {HOLDS}")
    return [f"{key}={flow(value)}" for key, value in plain.items()]


def name_texts(names: Names) -> list[str]:
    """One name, or several, as a list."""
    return [str(name) for name in _listed(names)]


def file_paths(files: Files) -> list[Path]:
    """One file, or several, as paths."""
    return list(map(Path, _listed(files)))


def _listed(given: Any) -> list[Any]:
    from compose.errors import UsageError

    if isinstance(given, str | PathLike):
        return [given]
    if not isinstance(given, Iterable):
        raise UsageError(f"expected a text or path, or several of them, got {given!r}")
    return list(given)


def known_with(blocks: Files) -> Registry:
    """The registry with the user's files.

    Raises:
        UsageError: a file of blocks cannot be used.
    """
    from compose.registry.registry import registry

    return _registry_with(map(Path, _listed(blocks))) or registry()


def _registry_with(files: Iterable[Path]) -> Registry | None:
    """The registry with the user's files; None where there are none.

    It is one of its own, so that two specs may be at work with different versions of a file. Metrics alone go into that
    of the process, too: they are looked up by name as long as a run lasts.
    """
    from compose.registry.registry import load_block_file, registry

    given = tuple(files)
    if not given:
        return None
    found = registry().copy()
    for path in given:
        load_block_file(path, found)
    registry().adopt(found, "metric")
    return found


def _dict_text(values: Mapping[str, Any]) -> SpecText:
    """A dict as the text that it would be in a file, so that its mistakes have lines."""
    from compose.errors import SpecError, SpecErrors
    from compose.spec.spec_text import SpecText
    from compose.spec.yaml.reader import load_text
    from compose.spec.yaml.tree import place_of
    from compose.spec.yaml.writer import dump

    foreign: dict[TreePath, str] = {}
    text = SpecText(dump(_plain(values, (), foreign)), "<dict>")
    if foreign:
        tree = load_text(text.text, text.name)
        raise SpecErrors(
            SpecError("wrong-type", f"a spec cannot hold a {kind}", place_of(tree, path), HOLDS)
            for path, kind in foreign.items()
        )
    return text


def _plain(value: Any, path: TreePath, foreign: dict[TreePath, str]) -> Any:
    """A value in the types of a spec; those of another type are noted by their paths, and shown as text."""
    match value:
        case Mapping():
            return {str(key): _plain(inner, (*path, str(key)), foreign) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner, (*path, index), foreign) for index, inner in enumerate(value)]
        case str() | bool() | None:
            return value
        case PathLike():
            return fspath(value)
        case Integral():
            return int(value)
        case Real():
            return float(value)
    of_array = value.tolist() if hasattr(value, "tolist") else None  # also numpy's own truth values
    if isinstance(of_array, bool | int | float | str | list):
        return _plain(of_array, path, foreign)
    foreign[path] = type(value).__name__
    return str(value)
