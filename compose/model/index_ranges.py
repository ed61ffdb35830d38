"""Which integers a value holds, where a block takes them for places along an axis."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

from compose.block import HoldsIndices
from compose.errors import Note, SpecError
from compose.model.fit import Producer
from compose.spec.wiring.plan import Ref, Step, refs


class IndexRanges:
    """The integers that the values of a model hold, as far as its blocks say.

    Args:
        given: reserved input -> the integers that it holds.
    """

    def __init__(self, given: Mapping[str, range]) -> None:
        self._held = {Ref("", name): held for name, held in given.items()}

    def follow(self, step: Step, module: nn.Module, fed: Mapping[str, Any], producer: Producer) -> list[SpecError]:
        """Take over what a block says of its outputs; an error for each input that holds what it cannot take.

        Args:
            step: the step.
            module: its module.
            fed: input port -> tensor or list of tensors.
            producer: where in the spec what gives a value stands.
        """
        if not isinstance(module, HoldsIndices):
            return []
        known = {port: held for port in fed if (held := self._of(refs(step.inputs[port]))) is not None}
        said = module.index_ranges(fed, known)
        self._held |= {Ref(step.name, port): held for port, held in said.items() if port not in fed}
        return [
            _outside(step, port, known[port], said[port], producer)
            for port in known
            if port in said and not _within(known[port], said[port])
        ]

    def take_over(self, step: Step, known: IndexRanges) -> None:
        """Take over what is known of a step's outputs elsewhere."""
        self._held |= {ref: held for ref, held in known._held.items() if ref.step == step.name}

    def _of(self, sources: Iterable[Ref]) -> range | None:
        """What several values hold together; None where that is not known of each."""
        found = [self._held.get(Ref(ref.step, ref.port)) for ref in sources]
        known = [held for held in found if held is not None]
        if not known or len(known) < len(found):
            return None
        return range(min(held.start for held in known), max(held.stop for held in known))


def _within(held: range, taken: range) -> bool:
    return held.start >= taken.start and held.stop <= taken.stop


def _outside(step: Step, port: str, held: range, taken: range, producer: Producer) -> SpecError:
    source = refs(step.inputs[port])[0]
    message = f"`{source}` counts {_text(held)}, and `{step.name}.{port}` takes {_text(taken)}"
    notes = [Note(f"`{source}` comes from there", place)] if (place := producer(source)) else []
    return SpecError("index-range", message, source.place or step.place, notes=notes)


def _text(counted: range) -> str:
    return f"from {counted.start} to {counted.stop - 1}"
