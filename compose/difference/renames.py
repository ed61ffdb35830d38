"""Entries that are called otherwise in the second spec, and are else the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from compose.difference.compared_spec import SpecEntry

IsSame = Callable[[SpecEntry, SpecEntry, Mapping[str, str]], bool]


def renames(gone: list[SpecEntry], added: list[SpecEntry], is_same: IsSame) -> dict[str, str]:
    """Name in the first spec -> name in the second.

    What feeds an entry may be renamed, too, so that pairs are found one by one. Of several that might be one another
    those are it which the same nodes read.

    Args:
        gone: entries of a section that only the first spec has, by their names.
        added: those that only the second has.
        is_same: whether two are the same under the names found so far.
    """
    found: dict[str, str] = {}
    while pairs := list(_pairs(gone, added, found, is_same)):
        before, after = min(pairs, key=lambda pair: _rank(pair[0], pair[1], found))
        found[before.name] = after.name
    return found


def _pairs(
    gone: list[SpecEntry], added: list[SpecEntry], found: Mapping[str, str], is_same: IsSame
) -> Iterator[tuple[SpecEntry, SpecEntry]]:
    taken = set(found.values())
    for before in gone:
        for after in added:
            if before.name not in found and after.name not in taken and is_same(before, after, found):
                yield before, after


def _rank(before: SpecEntry, after: SpecEntry, found: Mapping[str, str]) -> tuple[int, list[str]]:
    """The pair with the most common readers first; else by the names, whichever spec has which."""
    readers = {(_renamed_reader(reader, found), port) for reader, port in before.readers}
    return -len(readers & after.readers), sorted([before.name, after.name])


def _renamed_reader(reader: str, found: Mapping[str, str]) -> str:
    section, _, name = reader.partition(".")
    return f"{section}.{found.get(name, name)}"


def as_renamed(source: str, names: Mapping[str, str]) -> str:
    """A source of the first spec, as the second calls it."""
    head, dot, port = source.partition(".")
    return f"{names.get(head, head)}{dot}{port}"
