"""Blocks that give an axis another size: a linear layer, a 1 × 1 convolution, a map of another height and width."""

from __future__ import annotations

from collections.abc import Iterator

from compose.model.proposals.given import Given
from compose.model.proposals.link import Link
from compose.model.proposals.wanted import Wanted, WantedAxis

WORD, VECTORS = "d", "labels.vectors"
"""The letter of a word vector's size, and the reserved input that has it: what comes after is likely to want it."""

Links = tuple[Link, ...]


def sized(given: Given, wanted: Wanted) -> Iterator[Links]:
    """The blocks after which a value of the right number of dims has the right sizes; none where it has them."""
    rank = len(wanted.axes)
    if len(given.shape) < rank or (len(given.shape) > rank and not wanted.spread):
        return
    if wanted.takes(given.shape):
        yield ()
        if rank and wanted.last.letter == WORD and wanted.last.size is None and not given.is_map:
            yield (_linear(WantedAxis(WORD, like=VECTORS)),)
        return
    wrong = _wrong(given, wanted)
    if wanted.is_map and wrong <= {-1, -2, -3}:
        yield _of_map(given, wanted, wrong)
    elif wrong == {-1} and not given.is_map:
        yield (_linear(wanted.last),)


def guessed(given: Given, wanted: Wanted) -> Iterator[Links]:
    """Sizes that a block may want which its ports do not tell: those of what else reaches it, or a multiple of them."""
    if not wanted.takes(given.shape) or len(given.shape) < 2:
        return
    is_map = given.is_map and len(given.shape) > 2
    for text, shape in wanted.others:
        if is_map and len(shape) > 2 and shape[-2:] != given.shape[-2:]:
            yield (_resize(list(shape[-2:]), text),)
        channels, size = given.shape[-3 if is_map else -1], shape[-1]
        whole = -(-channels // size) * size
        if size == 1 or whole == channels:
            continue
        if is_map:
            yield (_convolution(WantedAxis("", whole)),)
        else:
            yield (_linear(WantedAxis("", whole, text if whole == size else "")),)


def _wrong(given: Given, wanted: Wanted) -> set[int]:
    """The axes of another size, counted from the end; the first of all for one before the dims of any number."""
    tail = len(wanted.axes) - wanted.fixed
    wrong = {-i for i in range(1, tail + 1) if not wanted.axes[-i].takes(given.shape[-i])}
    first = [axis.takes(size) for axis, size in zip(wanted.axes[: wanted.fixed], given.shape, strict=False)]
    return wrong | (set() if all(first) else {-len(given.shape)})


def _of_map(given: Given, wanted: Wanted, wrong: set[int]) -> Links:
    links: Links = ()
    if wrong & {-1, -2}:
        size = [axis.size or there for axis, there in zip(wanted.axes[-2:], given.shape[-2:], strict=True)]
        links += (_resize(size, wanted.last.like),)
    if -3 in wrong:
        links += (_convolution(wanted.axes[-3]),)
    return links


def _linear(axis: WantedAxis) -> Link:
    if axis.like:
        message = f"a linear layer to the last size of `{axis.like}`"
        return Link("linear", {}, message, "projected", axis.like, learned=True)
    return Link("linear", {"size": axis.size}, f"a linear layer to {axis.size}", "projected", learned=True)


def _convolution(axis: WantedAxis) -> Link:
    message = f"a 1 × 1 convolution to {axis.size} channels"
    return Link("convolution", {"channels": axis.size, "kernel": 1}, message, "convolved", learned=True)


def _resize(size: list[int], like: str = "") -> Link:
    if like:
        return Link("resize", {"mode": "bilinear"}, f"the map resized to the size of `{like}`", "resized", like)
    message = f"the map resized to {size[0]} × {size[1]}"
    return Link("resize", {"size": size, "mode": "bilinear"}, message, "resized")
