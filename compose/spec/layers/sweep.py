"""A sweep as the list of its members: each one a spec with a few values set, or variants laid over it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from compose.errors import Document, Place, SpecError, SpecErrors, nearest
from compose.spec.layers.resolve import Resolved
from compose.spec.yaml.tree import Mapping, Plain, Sequence, plain

VARIANTS = "variants"
"""The key whose values are variants, and not values of the spec."""
AS_IT_IS = "base"
"""What a member is called for an axis that lays no variant over the spec."""


@dataclass(frozen=True)
class Member:
    """One point of a grid.

    Args:
        name: its values in words, such as ``groups=3, weight=0.1``.
        variants: variants to lay over the spec.
        overrides: ``key=value`` texts to lay over those.
    """

    name: str
    variants: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()

    def __add__(self, other: Member) -> Member:
        name = ", ".join(filter(None, [self.name, other.name]))
        return Member(name, self.variants + other.variants, self.overrides + other.overrides)


def sweep(resolved: Resolved, name: str) -> list[Member]:
    """The members of a sweep, the last key's values next to one another.

    Raises:
        SpecErrors: there is no such sweep.
    """
    return [_joined(values) for values in product(*axes(resolved, name))]


def probes(resolved: Resolved, name: str) -> list[Member]:
    """A few members in which every value of every key stands once: enough to see mistakes that need no torch."""
    along = axes(resolved, name)
    first = [values[0] for values in along]
    found = [first] + [
        [*first[:index], value, *first[index + 1 :]] for index, values in enumerate(along) for value in values[1:]
    ]
    return [_joined(values) for values in found]


def axes(resolved: Resolved, name: str) -> list[list[Member]]:
    """The values of each key as members.

    Raises:
        SpecErrors: there is no such sweep.
    """
    found = resolved.sweeps.get(name)
    if found is None:
        raise SpecErrors([_unknown(name, list(resolved.sweeps))])
    labels = _short(found)
    return [_axis(key, values, labels[key]) for key, values in found.items.items() if isinstance(values, Sequence)]


def _axis(key: str, values: Sequence, label: str) -> list[Member]:
    listed = [plain(value) for value in values.items]
    if key != VARIANTS:
        return [Member(f"{label}={_shown(value)}", (), (f"{key}={json.dumps(value)}",)) for value in listed]
    chosen = [tuple(map(str, value)) if isinstance(value, list) else (str(value),) for value in listed]
    return [Member("+".join(names) or AS_IT_IS, names) for names in chosen]


def _short(tree: Mapping) -> dict[str, str]:
    """Key -> as much of its end as tells it from the others."""
    found: dict[str, str] = {}
    for key in tree.items:
        parts = key.split(".")
        ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
        others = [f".{other}" for other in tree.items if other != key]
        found[key] = next((end for end in ends if not any(other.endswith(f".{end}") for other in others)), key)
    return found


def _shown(value: Plain) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _joined(values: Iterable[Member]) -> Member:
    return sum(values, Member(""))


def _unknown(name: str, known: list[str]) -> SpecError:
    flag = f"--sweep {name}"
    place = Place(Document("command line", (flag,)), 1, 9, len(name))
    expected = f"one of {', '.join(known)}" if known else "no sweep: the spec has none"
    return SpecError("unknown-sweep", f"the spec has no sweep `{name}`", place, expected, nearest(name, known))
