"""What a port takes beside what already reaches the other ports: letters, and the sizes that are known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from compose.model.dims import Bindings, Mismatch, Shape
from compose.model.failures.misfit import End
from compose.model.fit import bind
from compose.model.proposals.spot import Feed
from compose.registry.declaration import Port
from compose.registry.dim_name import dim_name
from compose.spec.wiring.plan import Step

SPACE = (("h", "w"), ("y", "x"))
"""How ports name the height and width of a map."""


@dataclass(frozen=True)
class WantedAxis:
    """One dim that a port takes.

    Args:
        letter: its name; "" where it has none.
        size: its size, where it is known.
        like: how the spec names a tensor whose last axis has that size; "" where there is none.
    """

    letter: str
    size: int | None = None
    like: str = ""

    def takes(self, size: int) -> bool:
        """Whether a tensor may have this size here."""
        return self.size in (None, size)


@dataclass(frozen=True)
class Wanted:
    """What a port takes.

    Args:
        axes: its dims, without those that stand for any number.
        spread: whether there may be others, before the last axes.
        fixed: how many of ``axes`` stand before those others.
        dtype: ``float``, ``int``, ``bool`` or ``any``.
        others: what else reaches the node, by the text that names it.
        letters: the names of all its dims.
        leading: how the spec names a tensor that is fed to another port and begins with the same axis as this one.
    """

    axes: tuple[WantedAxis, ...]
    spread: bool
    dtype: str
    fixed: int = 0
    leading: str = ""
    others: tuple[tuple[str, Shape], ...] = ()
    letters: tuple[str, ...] = ()

    @property
    def unnamed(self) -> Wanted:
        """The same where the spec's names for what else is wired there mean nothing."""
        axes = tuple(replace(axis, like="") for axis in self.axes)
        return replace(self, axes=axes, leading="", others=())

    @property
    def is_map(self) -> bool:
        """Whether its last dims are places of a map."""
        return len(self.axes) > 2 and tuple(axis.letter for axis in self.axes[-2:]) in SPACE

    @property
    def of_images(self) -> bool:
        """Whether its first axis are the images of a batch."""
        return bool(self.axes) and self.axes[0].letter == "b"

    @property
    def last(self) -> WantedAxis:
        """The last axis."""
        return self.axes[-1]

    def takes(self, shape: Shape) -> bool:
        """Whether a tensor of this shape may reach the port."""
        if len(shape) < len(self.axes) or (len(shape) > len(self.axes) and not self.spread):
            return False
        end = len(shape) - (len(self.axes) - self.fixed)
        sizes = (*shape[: self.fixed], *shape[end:])
        return all(axis.takes(size) for axis, size in zip(self.axes, sizes, strict=True))


@dataclass(frozen=True)
class Known:
    """What reaches the other ports.

    Args:
        bindings: their dims.
        likes: letter -> how the spec names a tensor whose last axis it is.
        firsts: letter -> how it names one whose first axis it is.
        shapes: each of them by the text that names it.
    """

    bindings: Bindings
    likes: dict[str, str] = field(default_factory=dict)
    firsts: dict[str, str] = field(default_factory=dict)
    shapes: tuple[tuple[str, Shape], ...] = ()


def wanted_by_end(end: End) -> Wanted:
    """What may leave the model somewhere."""
    return _wanted(end.port, Known(Bindings()), end.sizes)


def wanted_by_port(step: Step, feed: Feed, values: Mapping[Feed, Any]) -> Wanted:
    """What may reach a port.

    Args:
        step: the step that takes it.
        feed: the value that should be another.
        values: what reaches each port.
    """
    assert step.declaration is not None
    ports = {port.name: port for port in step.declaration.inputs}
    others = [(ports[other.port], other.text, value) for other, value in values.items() if other != feed]
    return _wanted(ports[feed.port], _known(others), {})


def _known(others: Iterable[tuple[Port, str, Tensor]]) -> Known:
    others = list(others)
    shapes = {text: tuple(value.shape) for _, text, value in others if isinstance(value, Tensor) and value.ndim}
    known = Known(Bindings(), shapes=tuple(shapes.items()))
    for port, text, value in others:
        with suppress(Mismatch):
            bind(port, value, known.bindings)
        if port.dims and isinstance(value, Tensor):
            for letters, text_of in ((port.dims[-1], known.likes), (port.dims[0], known.firsts)):
                if letter := dim_name(letters).letter:
                    text_of.setdefault(letter, text)
    return known


def _wanted(port: Port, known: Known, given: dict[str, int]) -> Wanted:
    if port.dims is None:
        return Wanted((), True, port.dtype, others=known.shapes)
    names = [dim_name(text) for text in port.dims]
    sizes = {letter: bound.size for letter, bound in known.bindings.sizes.items()} | given
    axes: list[WantedAxis] = []
    fixed, spread = 0, False
    for name in names:
        if name.spread:
            taken = known.bindings.spreads.get(name.letter)
            if taken is None or name.broadcast:
                fixed, spread = len(axes), True
            else:
                axes += [WantedAxis("", size) for size in taken.size]
        else:
            size = name.computed(sizes) if name.terms else name.size or sizes.get(name.letter)
            axes.append(WantedAxis(name.letter, None if name.broadcast else size, known.likes.get(name.letter, "")))
    leading = known.firsts.get(axes[0].letter, "") if axes else ""
    return Wanted(tuple(axes), spread, port.dtype, fixed, leading, known.shapes, tuple(name.letter for name in names))
