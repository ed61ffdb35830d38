"""A sweep as the list of its members: each one a spec with a few values set, or variants laid over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from itertools import product
from math import prod

from compose.errors import Document, Note, Place, SpecError, SpecErrors, nearest
from compose.spec.layers.override import SweepText
from compose.spec.layers.resolve import Resolved
from compose.spec.yaml.tree import Plain, Sequence, Tree, plain
from compose.spec.yaml.writer import flow

MOST_MEMBERS = 1000
"""How many members a sweep may have."""
VARIANTS = "variants"
"""The key whose values are variants, and not values of the spec."""
FLAG = len("-s ")
"""How much of a flag stands before what is given with it."""
AS_IT_IS = "base"
"""What a member is called for an axis that lays no variant over the spec."""


@dataclass(frozen=True)
class Written:
    """Where a sweep has a key and one of its values."""

    key: Place
    value: Place

    def at(self, flag: str, place: Place) -> Place:
        """A place in the flag that a member stands for, as one in the sweep: a part of the key, or the value."""
        if place.length == len(flag) - FLAG:
            return self.value
        quote = int(self.key.document.lines[self.key.line - 1][self.key.column - 1 :][:1] in ("'", '"'))
        return replace(self.key, column=self.key.column + quote + place.column - FLAG - 1, length=place.length)


@dataclass(frozen=True)
class Member:
    """One point of a grid.

    Args:
        name: its values in words, such as ``groups=3, weight=0.1``.
        variants: variants to lay over the spec.
        overrides: ``key=value`` texts to lay over those.
        written: the flag that each of them would be on the command line -> where the sweep has it.
    """

    name: str
    variants: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    written: dict[str, Written] = field(default_factory=dict, compare=False, repr=False)

    def __add__(self, other: Member) -> Member:
        name = ", ".join(filter(None, [self.name, other.name]))
        written = {**self.written, **other.written}
        return Member(name, self.variants + other.variants, self.overrides + other.overrides, written)

    def told(self, error: SpecError) -> SpecError:
        """A mistake of the spec with the member's values: its places in the sweep instead of in flags."""
        notes = [Note(self._words(note.message), self._at(note.place)) for note in error.notes]
        return replace(error, message=self._words(error.message), place=self._at(error.place), notes=notes)

    def _at(self, place: Place | None) -> Place | None:
        flag = place.document.lines[0] if place and place.document.lines else ""
        found = self.written.get(flag)
        return found.at(flag, place) if place and found else place

    def _words(self, text: str) -> str:
        for flag in self.written:
            text = text.replace(flag, "the sweep")
        return text


def sweep(resolved: Resolved, name: str) -> list[Member]:
    """The members of a sweep, the last key's values next to one another.

    Raises:
        SpecErrors: there is no such sweep, or it has more members than may be.
    """
    along = axes(resolved, name)
    count = prod(map(len, along))
    if count > MOST_MEMBERS:
        raise SpecErrors([_too_many(resolved, name, f"{min(count, 10**12):,} members")])
    return grid(along)


def grid(along: Iterable[Iterable[Member]]) -> list[Member]:
    """One member for each choice of a value of each axis, the last axis' values next to one another."""
    return [_joined(values) for values in product(*along)]


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
        SpecErrors: there is no such sweep, or its keys have more values than it may have members.
    """
    found = resolved.sweeps.get(name)
    if found is None:
        raise SpecErrors([_unknown(name, list(resolved.sweeps))])
    count = sum(len(values.items) for values in found.items.values() if isinstance(values, Sequence))
    if count > MOST_MEMBERS:
        raise SpecErrors([_too_many(resolved, name, f"{count:,} values")])
    labels = short_keys(found.items)
    return [
        _axis(key, found.keys[key], values, labels[key])
        for key, values in found.items.items()
        if isinstance(values, Sequence)
    ]


def _axis(key: str, place: Place, values: Sequence, label: str) -> list[Member]:
    if key == VARIANTS:
        return [_of_variants(place, value) for value in values.items]
    return [_of_value(key, place, value, label) for value in values.items]


def _of_variants(place: Place, value: Tree) -> Member:
    listed = value.items if isinstance(value, Sequence) else (value,)
    chosen = {str(plain(one)): Written(place, one.place) for one in listed}
    names = tuple(chosen)
    return Member("+".join(names) or AS_IT_IS, names, written={f"-v {name}": at for name, at in chosen.items()})


def _of_value(key: str, place: Place, value: Tree, label: str) -> Member:
    text = SweepText.of(f"{key}={flow(plain(value))}", value.place.document.folder)
    written = {f"-s {text}": Written(place, value.place)}
    return Member(f"{label}={_shown(plain(value))}", (), (text,), written)


def short_keys(keys: Iterable[str]) -> dict[str, str]:
    """Key -> as much of its end as tells it from the others."""
    found: dict[str, str] = {}
    known = list(keys)
    for key in known:
        parts = key.split(".")
        ends = (".".join(parts[-length:]) for length in range(1, len(parts) + 1))
        others = [f".{other}" for other in known if other != key]
        found[key] = next((end for end in ends if not any(other.endswith(f".{end}") for other in others)), key)
    return found


def _shown(value: Plain) -> str:
    return value if isinstance(value, str) else flow(value)


def _joined(values: Iterable[Member]) -> Member:
    return sum(values, Member(""))


def _too_many(resolved: Resolved, name: str, counted: str) -> SpecError:
    place = resolved.sweeps[name].place
    return SpecError("too-many-members", f"the sweep `{name}` has {counted}", place, f"at most {MOST_MEMBERS:,}")


def _unknown(name: str, known: list[str]) -> SpecError:
    flag = f"--sweep {name}"
    place = Place(Document("command line", (flag,)), 1, 9, len(name))
    expected = f"one of {', '.join(known)}" if known else "no sweep: the spec has none"
    return SpecError("unknown-sweep", f"the spec has no sweep `{name}`", place, expected, nearest(name, known))
