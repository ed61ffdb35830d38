"""Blocks that give a value other dims: some pooled away, joined, split, reordered, or repeated."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations, permutations
from math import isqrt, prod

from compose.model.dims import Shape
from compose.model.proposals.given import Given
from compose.model.proposals.link import Link
from compose.model.proposals.wanted import SPACE, Wanted

MOST_DIMS = 4
"""Tensors with more dims are not reordered."""


@dataclass(frozen=True)
class Laid:
    """A value in another layout, and the blocks that made it so."""

    links: tuple[Link, ...]
    given: Given


def layouts(given: Given, wanted: Wanted) -> Iterator[Laid]:
    """A value in every layout that has as many dims as are wanted; the plainest first."""
    for rank in _ranks(given, wanted):
        for way in WAYS:
            yield from way(given, rank, wanted)
    yield from aligned(given, wanted)


def _ranks(given: Given, wanted: Wanted) -> list[int]:
    """How many dims the value may have; where any number may stand before the wanted ones, one: the examples."""
    least = len(wanted.axes)
    if not least and wanted.spread:
        return []
    if not wanted.spread:
        return [least]
    usual = [least + 1] if wanted.fixed == 0 else [least, least + 1]
    return usual


def _pooled(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """The mean over some dims: those that are wanted stay, else the first and the channels."""
    wanted_letters = [axis.letter for axis in reversed(wanted.axes)]

    def preference(kept: tuple[int, ...]) -> tuple[int, int, tuple[int, ...]]:
        same = sum(given.letters[i] == letter for i, letter in zip(reversed(kept), wanted_letters, strict=False))
        space = sum(given.letters[i] in "hwyx" for i in kept)
        return -same, space, tuple(-i for i in kept)

    space = {len(given.shape) - 1, len(given.shape) - 2} if given.is_map else set[int]()

    def is_whole(kept: tuple[int, ...]) -> bool:
        """Whether the examples stay apart, and of a map no place's channels are mixed unless a map is wanted."""
        places = space & set(kept)
        stay = not places or (wanted.is_map and places == space)
        return rank == 0 or (kept[0] == 0 and stay)

    options = [kept for kept in combinations(range(len(given.shape)), rank) if is_whole(kept)]
    if len(given.shape) > rank:
        for kept in sorted(options, key=preference):
            gone = [letter for i, letter in enumerate(given.letters) if i not in kept]
            right = " ".join(given.letters[i] for i in kept)
            pattern = f"{given.pattern} -> {right}".strip()
            message = f"the mean over {_listed(gone)}"
            yield _laid(given, "reduce", pattern, tuple(given.shape[i] for i in kept), message, "mean")


def _listed_places(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """The places of a map as a list."""
    letters, shape = given.letters, given.shape
    if len(shape) == rank + 1 == 4 and letters[2:] in SPACE:
        b, c, h, w = letters
        size = (shape[0], shape[2] * shape[3], shape[1])
        yield _laid(given, "rearrange", f"{given.pattern} -> {b} ({h} {w}) {c}", size, "its places as a list", "places")


def _joined(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """Two neighbouring dims as one: rows as one long row, episodes as examples."""
    letters, shape = given.letters, given.shape
    if len(shape) == rank + 1 > 2:
        for start in (len(shape) - 2, 0):
            pair = f"({letters[start]} {letters[start + 1]})"
            right = " ".join([*letters[:start], pair, *letters[start + 2 :]])
            size = (*shape[:start], shape[start] * shape[start + 1], *shape[start + 2 :])
            message = f"{letters[start]} and {letters[start + 1]} joined"
            yield _laid(given, "rearrange", f"{given.pattern} -> {right}", size, message, "joined")
    if len(shape) > rank + 1 and rank == 2:
        rest = letters[1:]
        message = f"{_listed(list(rest))} joined"
        pattern = f"{given.pattern} -> {letters[0]} ({' '.join(rest)})"
        yield _laid(given, "rearrange", pattern, (shape[0], prod(shape[1:])), message, "joined")


def _reordered(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """The dims in another order, those first of which fewest move."""
    if len(given.shape) == rank <= MOST_DIMS and not wanted.takes(given.shape):
        fixed = given.letters[0] == "b"  # the examples are first wherever they are
        orders = [order for order in permutations(range(rank)) if order != tuple(range(rank)) and order[0] * fixed == 0]
        for order in sorted(orders, key=lambda order: sum(i != place for place, i in enumerate(order))):
            right = " ".join(given.letters[i] for i in order)
            size = tuple(given.shape[i] for i in order)
            yield _laid(given, "rearrange", f"{given.pattern} -> {right}", size, "its dims reordered", "reordered")


def _split(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """One dim as two: a long row as rows of the wanted size, a list of places as a map."""
    letters, shape = given.letters, given.shape
    if len(shape) + 1 != rank:
        return
    side = isqrt(shape[1]) if rank == 4 else 0
    if side and side * side == shape[1]:
        b, _, c = letters
        pattern = f"{b} (h w) {c} -> {b} {c} h w"
        size = (shape[0], shape[2], side, side)
        yield _laid(given, "rearrange", pattern, size, "the list as a map", "map", {"h": side})
    for axis in (len(shape) - 1, 0):
        for inner in (1, 0):
            known = wanted.axes[axis + inner - rank].size if rank - axis - inner <= len(wanted.axes) else None
            if known and shape[axis] > known and shape[axis] % known == 0 and (axis or not wanted.of_images):
                yield _cut(given, axis, known, inner=bool(inner))


def _cut(given: Given, axis: int, known: int, *, inner: bool) -> Laid:
    letter, new = given.letters[axis], next(x for x in "mgnk" if x not in given.letters)
    pair = (new, letter) if inner else (letter, new)
    left = [*given.letters[:axis], f"({pair[0]} {pair[1]})", *given.letters[axis + 1 :]]
    right = [*given.letters[:axis], *pair, *given.letters[axis + 1 :]]
    outer = given.shape[axis] // known
    size = (*given.shape[:axis], *((outer, known) if inner else (known, outer)), *given.shape[axis + 1 :])
    pattern = f"{' '.join(left)} -> {' '.join(right)}"
    return _laid(given, "rearrange", pattern, size, f"{letter} cut by {known}", "rows", {pair[inner]: known})


def _widened(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """A dim of size 1 more for each image or episode, behind the first or at the end."""
    letters, shape = given.letters, given.shape
    if letters[:1] not in (("b",), ("e",)):
        return
    if len(shape) + 1 == rank and rank > 1:
        pattern = f"{given.pattern} -> {' '.join([letters[0], '1', *letters[1:]])}"
        size = (shape[0], 1, *shape[1:])
        yield _laid(given, "rearrange", pattern, size, "with a dim of size 1", "widened", forced=True)
    if (len(shape), rank) == (2, 4):
        pattern = f"{given.pattern} -> {given.pattern} 1 1"
        yield _laid(given, "rearrange", pattern, (*shape, 1, 1), "as a map of one place", "map", forced=True)


def aligned(given: Given, wanted: Wanted) -> Iterator[Laid]:
    """Dims of size 1 where another value that reaches the node has others, so that the two meet entry by entry."""
    rank = len(given.shape)
    for name, other in wanted.others if wanted.spread else ():
        for places in combinations(range(len(other)), rank):
            if 0 < rank < len(other) and all(size == other[i] for size, i in zip(given.shape, places, strict=True)):
                letters = dict(zip(places, given.letters, strict=True))
                right = " ".join(letters.get(place, "1") for place in range(len(other)))
                size = tuple(other[place] if place in letters else 1 for place in range(len(other)))
                message = f"with dims of size 1 where `{name}` has others"
                yield _laid(given, "rearrange", f"{given.pattern} -> {right}", size, message, "aligned")


def _repeated(given: Given, rank: int, wanted: Wanted) -> Iterator[Laid]:
    """The same for each entry of the first dim that is wanted."""
    first = wanted.axes[0] if wanted.axes else None
    apart = first and first.letter not in given.letters
    if first and apart and first.size and wanted.leading and len(given.shape) + 1 == rank:
        letter = first.letter
        pattern = f"{given.pattern}, {letter} ... -> {letter} {given.pattern}"
        message = f"the same for each {letter} of `{wanted.leading}`"
        yield _laid(given, "repeat", pattern, (first.size, *given.shape), message, "repeated", like=wanted.leading)


WAYS: tuple[Callable[[Given, int, Wanted], Iterator[Laid]], ...] = (
    _listed_places, _pooled, _joined, _reordered, _split, _repeated, _widened,
)  # fmt: skip


def _laid(
    given: Given, use: str, pattern: str, shape: Shape, message: str, word: str, sizes: dict[str, int] | None = None,
    *, like: str = "", forced: bool = False,
) -> Laid:  # fmt: skip
    params = {"pattern": pattern, **({"how": "mean"} if use == "reduce" else {}), **({"sizes": sizes} if sizes else {})}
    right = pattern.partition("->")[2].split()
    letters = tuple(right) if len(right) == len(shape) and all(len(x) == 1 for x in right) else ()
    known = letters or tuple("abcdefgh"[: len(shape)])
    return Laid((Link(use, params, message, word, like, forced=forced),), Given("", shape, known, given.is_float))


def _listed(letters: list[str]) -> str:
    *first, last = letters
    return f"{', '.join(first)} and {last}" if first else last
