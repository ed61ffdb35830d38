"""Overrides of the command line: ``key.path=value`` laid over a spec, with places in the text that the user typed."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate

from compose.errors import Document, Note, Place, SpecError, SpecErrors, UsageError, listed, nearest
from compose.spec.layers.merge import Removed, is_null, set_at
from compose.spec.layers.null import NAMED
from compose.spec.yaml.reader import MAX_DEPTH, load_text
from compose.spec.yaml.tree import Mapping, Path, Scalar, Tree, descend, relabel

ENTRIES_OF = (*NAMED, "variants", "sweeps")
"""Sections of entries with names of their own: below one that is not there, an override changes nothing."""
MOST = 10
"""How many names a message lists."""
INDICATORS = tuple("#@%*&!|>`")
"""Characters that have a meaning in YAML at the beginning of a value, and that people begin texts with."""
LONGEST_ADVICE = 200
"""Characters of an override that a message writes anew."""
INDEX = "[0-9]{1,9}"
"""How the index of an item is written."""


class SweepText(str):
    """An override that stands in a file, as a value of a sweep does: its paths start in that file's folder.

    Attributes:
        folder: that folder; "" for the current one.
    """

    __slots__ = ("folder",)
    folder: str

    @classmethod
    def of(cls, text: str, folder: str) -> SweepText:
        """An override with the folder of its paths."""
        made = cls(text)
        made.folder = folder
        return made


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
    path = tuple(map(_step, key.split(".")))
    if len(path) > MAX_DEPTH:
        raise SpecErrors([_too_deep(text, key)])
    if path[0] == "extends":
        raise SpecErrors([_extends_overridden(text, key)])
    try:
        for depth in _entries_on(path):
            if not _is_there(tree, path[: depth + 1]):
                raise KeyError(depth)
        laid = set_at(tree, path, _value(text, value), _places(text, key))
    except KeyError as error:
        raise SpecErrors([_bad_path(tree, text, key.split("."), error.args[0])]) from None
    assert isinstance(laid, Mapping), "what is laid over a mapping leaves one"
    return laid


def _step(part: str) -> str | int:
    """A step of a path: the index of an item, or a key."""
    return int(part) if re.fullmatch(INDEX, part) else part


def _too_deep(text: str, key: str) -> SpecError:
    return SpecError("too-deep", f"more than {MAX_DEPTH} levels of nesting", _places(text, key)[MAX_DEPTH])


def _extends_overridden(text: str, key: str) -> SpecError:
    message = "an override cannot change `extends`: it is laid over what the spec extends"
    return SpecError("override-extends", message, _places(text, key)[0], "`extends` in the file of the spec")


def _entries_on(path: Path) -> list[int]:
    """Where along a path stands an entry with a name of its own, below which it leads on."""
    found = [1] if path[0] in ENTRIES_OF else []
    found += [3] if path[0] == "blocks" and path[2:3] == ("model",) else []
    return [depth for depth in found if len(path) > depth + 1]


def _is_there(tree: Tree, path: Path) -> bool:
    """Whether the spec has something at a path, or had before a layer removed it."""
    for step in path:
        below = tree.was if isinstance(tree, Removed) else tree
        inner = descend(below, (step,)) if below else None
        if inner is None:
            return False
        tree = inner
    return True


def _value(text: str, value: str) -> Tree:
    """The value as YAML, its places in the text of the override."""
    document = Document("command line", (f"-s {text}",), text.folder if isinstance(text, SweepText) else "")
    whole = Place(document, 1, 4, len(text))
    if not value.strip() or value.strip() in ("~", "null"):
        return Scalar(whole, None, layer=f"-s {text}")
    try:
        parsed = load_text(value, f"-s {text}")
    except SpecErrors as error:
        raise SpecErrors(_of_value(e, text, whole) for e in error.errors) from None
    return relabel(_moved(parsed, whole), f"-s {text}")


def _of_value(error: SpecError, text: str, place: Place) -> SpecError:
    """A mistake of a value, and how it is written where it is meant as text."""
    key, _, value = text.partition("=")
    is_text = value.lstrip().startswith(INDICATORS) and set(value).isdisjoint("\"'\\\n")
    if not is_text or len(text) > LONGEST_ADVICE:
        return replace(error, place=place)
    written = Note(f"as text it is written -s '{key}=\"{value}\"'")
    if error.code == "empty":
        message = f"`{value}` is a comment in YAML, so that no value is left"
        return SpecError("empty", message, place, "a value", notes=(written,))
    message = f"`{value}` is no value: `{value.strip()[0]}` has a meaning of its own at the beginning of one"
    return SpecError(error.code, message, place, "a value as in YAML", notes=(written,))


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
    above = descend(tree, tuple(map(_step, parts[:good])))
    known = [key for key, value in above.items.items() if not is_null(value)] if isinstance(above, Mapping) else []
    expected = f"one of {listed(known, most=MOST)}" if known else f"no name: `{reached}` is empty"
    return SpecError("override-path", f"`{reached}` has no `{missing}`", place, expected, nearest(missing, known))
