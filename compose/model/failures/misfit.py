"""A value that does not fit where it is wired, as an error that still knows what was wired there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from compose.errors import SpecError, SpecErrors
from compose.registry.declaration import Port
from compose.spec.wiring.plan import Ref, Step

if TYPE_CHECKING:
    from compose.model.walk import Walk


@dataclass(frozen=True)
class End:
    """Where a value leaves the model: its scores, its attention, a term of its loss.

    Args:
        path: the key of the spec that names the value.
        value: what it names.
        port: what is wanted there, with a letter for each dim.
        sizes: letter -> its size, as far as known.
    """

    path: tuple[str, ...]
    value: Ref
    port: Port
    sizes: dict[str, int] = field(default_factory=dict)


@dataclass
class Misfit(SpecError):
    """An error of shapes, for which there may be a fix.

    Args:
        at: the step that takes the value, or the end of the model that does.
        ports: the input ports of the step at fault; all where none is named.
    """

    at: Step | End | None = field(default=None, kw_only=True)
    ports: tuple[str, ...] = field(default=(), kw_only=True)


class UnfitError(SpecErrors):
    """The mistakes that were found while shapes were worked out.

    Args:
        errors: the mistakes.
        walk: what is known of the shapes.
    """

    def __init__(self, errors: Iterable[SpecError], walk: Walk) -> None:
        super().__init__(errors)
        self.walk = walk
