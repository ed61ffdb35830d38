"""What may be wired in place of a value that does not fit, the cheapest first; not one of them is tried yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from torch import Tensor

from compose.model.fit import dtype_fits
from compose.model.proposals.adapter import Adapter, adapters
from compose.model.proposals.given import given_by
from compose.model.proposals.opening import Opening
from compose.model.proposals.sources import Source, Sources
from compose.model.proposals.spot import Feed, Spot
from compose.model.proposals.wanted import Wanted
from compose.model.walk import Walk
from compose.spec.wiring.plan import Step
from compose.spec.wiring.scope import WiredComposite

SWAP, BESIDE, ALIKE, RESERVED_INPUT, ADAPTER, BEFORE, ANY = (0,), (1,), (2,), (2,), (3,), (3, 0, 9), (3, 0, 9)
"""What other wirings cost, in order; an adapter by its weights and blocks, so that what stands before the producer
comes after adapters without weights."""


@dataclass(frozen=True)
class Candidate:
    """Another wiring.

    Args:
        spot: where it is wired.
        cost: what it costs; less comes first.
        message: what it is.
        texts: feed -> what feeds the port instead.
        adapter: blocks behind the one text; None where it feeds the port itself.
    """

    spot: Spot
    cost: tuple[int, ...]
    message: str
    texts: tuple[tuple[Feed, str], ...]
    adapter: Adapter | None = None

    def extends(self, other: Candidate) -> bool:
        """Whether it does what another does, and more."""
        if self.adapter is None or other.adapter is None or self.texts != other.texts:
            return False
        return self.adapter.links[: len(other.adapter.links)] == other.adapter.links


class Candidates:
    """Finds them for one place of the spec.

    Args:
        opening: the place.
        walk: what is known of the shapes.
        steps: the steps by name.
        composites: the nodes that use composites, by their paths.
    """

    def __init__(
        self, opening: Opening, walk: Walk, steps: dict[str, Step], composites: Mapping[str, WiredComposite]
    ) -> None:
        self._opening, self._spot, self._walk, self._steps = opening, opening.spot, walk, steps
        self._sources = Sources(opening.spot, walk, steps, composites)

    def __iter__(self) -> Iterator[Candidate]:
        """All of them."""
        yield from self._swapped()
        for feed, wanted in self._opening.faults:
            yield from self._rewired(feed, wanted)
            yield from self._adapted(feed, wanted)

    def _swapped(self) -> Iterator[Candidate]:
        ports = {feed.port for feed, _ in self._opening.faults}
        for first, second in combinations(self._spot.feeds, 2):
            if first.port != second.port and not ports.isdisjoint({first.port, second.port}):
                texts = ((first, second.text), (second, first.text))
                yield Candidate(self._spot, SWAP, f"`{first.text}` and `{second.text}` in the other order", texts)

    def _rewired(self, feed: Feed, wanted: Wanted) -> Iterator[Candidate]:
        opening = self._opening
        kinds: tuple[tuple[tuple[int, ...], Iterable[Source]], ...] = (
            (BESIDE, self._sources.beside(feed)),
            (ALIKE, self._sources.alike(feed, wanted)),
            (RESERVED_INPUT, self._sources.reserved(feed, wanted)),
            (BEFORE, self._sources.before(feed)),
            (ANY, self._sources.any(feed) if opening.refused and not opening.one_of_list else ()),
        )
        for cost, sources in kinds:
            for source in sources:
                if _may_take(wanted, source.value) and not self._is_there(feed, source.text):
                    other = int(cost == BESIDE and source.ref.port != feed.port)  # one name: made for each other
                    yield Candidate(
                        self._spot, (*cost, other), f"`{source.text}`, {source.what}", ((feed, source.text),)
                    )

    def _is_there(self, feed: Feed, text: str) -> bool:
        """Whether a value is wired to the node already: taken twice it would say nothing new."""
        return any(other != feed and other.text == text for other in self._spot.feeds)

    def _adapted(self, feed: Feed, wanted: Wanted) -> Iterator[Candidate]:
        value = self._walk.held(feed.ref)
        own = [Source(feed.text, feed.ref, value, "")] if isinstance(value, Tensor) else self._sources.beside(feed)
        if self._spot.is_end:
            own = [source for source in own if source.ref.step]  # what has no weights behind it trains nothing
        for source in own:
            given = given_by(source.text, source.ref, source.value, self._steps)
            for adapter in adapters(given, wanted, refused=self._opening.refused):
                reserved = int(not source.ref.step)
                cost = (*ADAPTER, *adapter.cost, reserved)
                start = "" if source.text == feed.text else f"`{source.text}`, "
                yield Candidate(self._spot, cost, f"{start}{adapter.message}", ((feed, source.text),), adapter)


def _may_take(wanted: Wanted, value: Tensor) -> bool:
    return wanted.takes(tuple(value.shape)) and dtype_fits(wanted.dtype, value.dtype)
