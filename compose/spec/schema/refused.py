"""Values that have the right types and that a class's own check refuses all the same, told at their places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from compose.errors import SpecError
from compose.registry.declaration import Declaration
from compose.registry.refusal import checked, refusal
from compose.spec.schema.explain import Subject
from compose.spec.schema.faults import Fault
from compose.spec.schema.node_keys import placeholder
from compose.spec.yaml.tree import Mapping, Sequence, Tree, plain

PATTERN = "bad-name"
"""The code of a text that breaks a pattern of the schema."""


def refused(
    tree: Tree, declaration: Declaration, found: Iterable[Fault], subject: Subject, *, inside: bool
) -> SpecError | None:
    """What the check of a class refuses, or None.

    Args:
        tree: the values.
        declaration: the class.
        found: what is wrong with the values by the schema. The check does not see a value of a wrong type; of a text
            whose form is wrong it says better than a regular expression can what is wrong with it.
        subject: the class as messages call it.
        inside: whether ``$name`` stands for values that are not known yet.
    """
    names = checked(declaration)
    if not names or not isinstance(tree, Mapping) or any(_unfit(fault, names) for fault in found):
        return None
    values = {name: value for name in names if (value := tree.get(name))}
    if inside and any(map(is_open, values.values())):
        return None
    error = refusal(declaration, {name: plain(value) for name, value in values.items()})
    if error is None:
        return None
    at = values.get(error.parameter or "")
    name = f"`{error.parameter}` of {subject.name}" if error.parameter else subject.name
    known = any(at is fault.tree for fault in found)
    place = at.place if at else subject.place or tree.place
    return SpecError("wrong-value" if known else "bad-parameter", f"{name}: {error}", place, error.expected)


def tells(error: SpecError | None, fault: Fault) -> bool:
    """Whether an error of the check is about a text that breaks a pattern of the schema."""
    return error is not None and fault.code == PATTERN and fault.tree.place == error.place


def _unfit(fault: Fault, names: Iterable[str]) -> bool:
    return fault.code != PATTERN and any(name in (*fault.path[:1], fault.key) for name in names)


def is_open(value: Any) -> bool:
    """Whether a value has ``$name`` in it."""
    if isinstance(value, Mapping):
        return any(map(is_open, value.items.values()))
    return any(map(is_open, value.items)) if isinstance(value, Sequence) else placeholder(value) is not None
