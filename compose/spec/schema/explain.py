"""From a fault to the error that a person reads: what is wrong, what was expected, the nearest valid name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from compose.errors import Note, Place, SpecError, nearest
from compose.spec.schema.faults import Fault
from compose.spec.schema.node_keys import Schema
from compose.spec.schema.words import hint, shown, text, words
from compose.spec.yaml.tree import Mapping, Path, Scalar, Tree, plain

OVERRIDE = "-s "
"""How the layer of a value begins that an override of the command line sets."""


@dataclass(frozen=True)
class Subject:
    """What is checked, as messages call it.

    Args:
        name: such as ``the block `channel_groups```.
        word: what its keys are: ``parameter`` or ``key``.
        place: where a missing key is reported; where the value stands if None.
    """

    name: str
    word: str
    place: Place | None = None


def explain(fault: Fault, subject: Subject) -> SpecError:
    """The error that a fault is."""
    match fault.code:
        case "unknown":
            known = [key for key, schema in fault.schema.get("properties", {}).items() if schema is not True]
            return unknown(fault.tree, fault.key, known, _inner(fault, subject))
        case "missing":
            return _missing(fault, _inner(fault, subject))
        case "bad-name":
            return _bad_name(fault, subject)
    value = plain(fault.tree)
    name, place, expected = (
        _named(fault.path, subject.name),
        fault.tree.place,
        words(fault.schema, sizes=fault.code == "out-of-range"),
    )
    options = _options(fault.schema)
    if fault.code == "wrong-value":
        close = nearest(value, options) if isinstance(value, str) else None
        return SpecError(fault.code, f"{name} cannot be `{text(value)}`", place, expected, close)
    why = hint(value, fault.schema, quoted=_quoted(fault.tree)) or _as_text(value, fault)
    notes = (Note(why),) if why else ()
    return SpecError(fault.code, f"{name} is {shown(value)}", place, expected, notes=notes)


def unknown(tree: Tree, key: str, valid: list[str], subject: Subject) -> SpecError:
    """A key that does not exist."""
    assert isinstance(tree, Mapping)
    expected = f"one of {', '.join(valid)}" if valid else f"no {subject.word}s: it has none"
    message = f"{subject.name} has no {subject.word} `{key}`"
    return SpecError(f"unknown-{subject.word}", message, tree.keys[key], expected, nearest(key, valid))


def _missing(fault: Fault, subject: Subject) -> SpecError:
    schema: Schema = fault.schema.get("properties", {}).get(fault.key, {})
    about = schema.get("description", "").partition(". ")[0].rstrip(".")
    expected = f"`{fault.key}`: {words(schema)}{f' ({about})' if about else ''}"
    message = f"{subject.name} needs `{fault.key}`"
    removed = fault.tree.gone.get(fault.key) if isinstance(fault.tree, Mapping) else None
    return SpecError(f"missing-{subject.word}", message, removed or subject.place or fault.tree.place, expected)


def _bad_name(fault: Fault, subject: Subject) -> SpecError:
    if fault.key and isinstance(fault.tree, Mapping):
        message, place = f"`{fault.key}` is no name that may stand here", fault.tree.keys[fault.key]
    else:
        message = f"{_named(fault.path, subject.name)} cannot be `{text(plain(fault.tree))}`"
        place = fault.tree.place
    return SpecError(fault.code, message, place, words(fault.schema))


def _inner(fault: Fault, subject: Subject) -> Subject:
    """The subject of a fault deep in a value, whose keys are no parameters."""
    return Subject(_named(fault.path, subject.name), "key") if fault.path else subject


def _named(path: Path, subject: str) -> str:
    steps = [f"`{step}`" if isinstance(step, str) else f"item {step + 1}" for step in reversed(path)]
    return " of ".join([*steps, subject])


def _as_text(value: Any, fault: Fault) -> str | None:
    """How a number, or a word such as ``true``, is written where it is meant as text."""
    if fault.schema.get("type") != "string" or "pattern" in fault.schema or not isinstance(value, bool | int | float):
        return None
    key, equals, _ = fault.tree.layer.removeprefix(OVERRIDE).partition("=")
    if equals and fault.tree.layer.startswith(OVERRIDE):
        return f"as text it is written -s '{key}=\"{text(value)}\"'"
    return f'as text it is written "{text(value)}"'


def _options(schema: Schema) -> list[str]:
    found = [str(option) for option in schema.get("enum", ())]
    found += [schema["const"]] if isinstance(schema.get("const"), str) else []
    return found + [option for arm in schema.get("anyOf", ()) for option in _options(arm)]


def _quoted(tree: Tree) -> bool:
    place = tree.place
    line = place.document.lines[place.line - 1] if place.line <= len(place.document.lines) else ""
    return isinstance(tree, Scalar) and line[place.column - 1 : place.column] in ('"', "'") and line != ""
