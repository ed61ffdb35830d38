"""Overrides of the command line: ``key.path=value`` laid over a spec, with places in the text that the user typed."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from compose.errors import Document, Place, SpecError, SpecErrors, UsageError, nearest
from compose.spec.layers.merge import Removed, set_at
from compose.spec.layers.null import NAMED
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, Scalar, Tree, descend, relabel


def override(tree: Mapping, text: str) -> Mapping:
    """The tree with an override laid over it.

    Args:
        tree: the spec.
        text: ``key=value``.

    Raises:
        SpecErrors: the key leads nowhere, or the value is not YAML.
        UsageError: the text is not of the form ``key=value``.
    """
    key, equals, value = text.partition("=")
    if not equals or not key or not all(key.split(".")):
        raise UsageError(f"-s {text}: expected KEY=VALUE, such as -s train.main.epochs=3")
    path = tuple(int(part) if part.isdigit() else part for part in key.split("."))
    if path[0] == "extends":
        raise SpecErrors([_extends_overridden(text, key)])
    try:
        if len(path) > 2 and _is_unknown(tree, str(path[0]), str(path[1])):
            raise KeyError(1)
        laid = set_at(tree, path, _value(text, value), _places(text, key))
    except KeyError as error:
        raise SpecErrors([_bad_path(tree, text, key.split("."), error.args[0])]) from None
    assert isinstance(laid, Mapping), "what is laid over a mapping leaves one"
    return laid


def _extends_overridden(text: str, key: str) -> SpecError:
    message = "an override cannot change `extends`: it is laid over what the spec extends"
    return SpecError("override-extends", message, _places(text, key)[0], "`extends` in the file of the spec")


def _is_unknown(tree: Mapping, section: str, name: str) -> bool:
    """Whether an override leads below a node, loss, stage or block that the spec does not have."""
    found = tree.get(section)
    below = found.was if isinstance(found, Removed) else found
    return section in NAMED and not (isinstance(below, Mapping) and name in below.items)


def _value(text: str, value: str) -> Tree:
    """The value as YAML, its places in the text of the override."""
    document = Document("command line", (f"-s {text}",))
    whole = Place(document, 1, 4, len(text))
    if not value.strip() or value.strip() in ("~", "null"):
        return Scalar(whole, None, layer=f"-s {text}")
    try:
        parsed = load_text(value, f"-s {text}")
    except SpecErrors as error:
        raise SpecErrors(replace(e, place=whole) for e in error.errors) from None
    return relabel(_moved(parsed, whole), f"-s {text}")


def _moved(tree: Tree, place: Place) -> Tree:
    if isinstance(tree, Mapping):
        keys = dict.fromkeys(tree.keys, place)
        return replace(tree, place=place, items={k: _moved(v, place) for k, v in tree.items.items()}, keys=keys)
    if isinstance(tree, Scalar):
        return replace(tree, place=place)
    return replace(tree, place=place, items=tuple(_moved(item, place) for item in tree.items))


def _places(text: str, key: str) -> tuple[Place, ...]:
    """Where each step of an override's path stands."""
    document, parts = Document("command line", (f"-s {text}",)), key.split(".")
    starts = accumulate((len(part) + 1 for part in parts[:-1]), initial=4)
    return tuple(Place(document, 1, start, len(part)) for start, part in zip(starts, parts, strict=True))


def _bad_path(tree: Mapping, text: str, parts: list[str], good: int) -> SpecError:
    at = min(good, len(parts) - 1)
    place, missing = _places(text, ".".join(parts))[at], parts[at]
    reached = ".".join(parts[:good]) or "the spec"
    above = descend(tree, tuple(int(part) if part.isdigit() else part for part in parts[:good]))
    known = list(above.items) if isinstance(above, Mapping) else []
    expected = f"one of {', '.join(known)}" if known else None
    return SpecError("override-path", f"`{reached}` has no `{missing}`", place, expected, nearest(missing, known))
