"""What may be wired in place of a value that does not fit, the cheapest first; not one of them is tried yet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from torch import Tensor

from compose.model.fit import dtype_fits
from compose.model.misfit import End, Misfit
from compose.model.proposals.adapter import Adapter, adapters
from compose.model.proposals.given import given_by
from compose.model.proposals.sources import Source, Sources
from compose.model.proposals.spot import Feed, Spot
from compose.model.proposals.wanted import Wanted, wanted_at
from compose.model.walk import Walk
from compose.spec.wiring.plan import Ref, Step

SWAP, BESIDE, ALIKE, RESERVED_INPUT, ADAPTER, BEFORE, ANY = (0,), (1,), (2,), (2,), (3,), (3, 0, 9), (3, 0, 9)
"""What other wirings cost, in order; an adapter by its weights and blocks, so that what stands before the producer
comes after adapters without weights."""


@dataclass(frozen=True)
class Candidate:
    """Another wiring.

    Args:
        cost: what it costs; less comes first.
        message: what it is.
        texts: feed -> what feeds the port instead.
        adapter: blocks behind the one text; None where it feeds the port itself.
    """

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
    """Finds them for one mistake.

    Args:
        misfit: the mistake.
        spot: what is wired there.
        walk: what is known of the shapes.
        steps: the steps by name.
    """

    def __init__(self, misfit: Misfit, spot: Spot, walk: Walk, steps: dict[str, Step]) -> None:
        assert misfit.at is not None
        self._at, self._ports, self._spot, self._steps = misfit.at, misfit.ports, spot, steps
        self._code = misfit.code
        self._refused = not misfit.ports or misfit.code == "list-for-one"
        self._sources = Sources(spot, walk, steps)
        self._values = {feed: value for feed in spot.feeds if (value := walk.held(feed.ref)) is not None}

    def __iter__(self) -> Iterator[Candidate]:
        """All of them, in order of cost."""
        return iter(sorted(self._all(), key=lambda candidate: candidate.cost))

    def _all(self) -> Iterator[Candidate]:
        yield from self._swapped()
        for feed in self._at_fault():
            wanted = wanted_at(self._at, self._spot, feed, self._values)
            yield from self._rewired(feed, wanted)
            yield from self._adapted(feed, wanted)

    def _at_fault(self) -> list[Feed]:
        """The feeds that may be changed: of the ports at fault, and ports at fault that nothing feeds."""
        wired = [feed for feed in self._spot.feeds if not self._ports or feed.port in self._ports]
        there = {feed.port for feed in self._spot.feeds}
        return wired + [Feed(port, None, Ref("", ""), "") for port in self._ports if port not in there]

    def _swapped(self) -> Iterator[Candidate]:
        for first, second in combinations(self._spot.feeds, 2):
            if first.port != second.port and not {first.port, second.port}.isdisjoint(self._ports or {first.port}):
                texts = ((first, second.text), (second, first.text))
                yield Candidate(SWAP, f"`{first.text}` and `{second.text}` in the other order", texts)

    def _rewired(self, feed: Feed, wanted: Wanted) -> Iterator[Candidate]:
        kinds: tuple[tuple[tuple[int, ...], Iterable[Source]], ...] = (
            (BESIDE, self._sources.beside(feed)),
            (ALIKE, self._sources.alike(feed, wanted)),
            (RESERVED_INPUT, self._sources.reserved(feed, wanted)),
            (BEFORE, self._sources.before(feed)),
            (ANY, self._sources.any(feed) if self._refused and self._code != "list-for-one" else ()),
        )
        for cost, sources in kinds:
            for source in sources:
                if _may_take(wanted, source.value) and not self._is_there(feed, source.text):
                    other = int(cost == BESIDE and source.ref.port != feed.port)  # one name: made for each other
                    yield Candidate((*cost, other), f"`{source.text}`, {source.what}", ((feed, source.text),))

    def _is_there(self, feed: Feed, text: str) -> bool:
        """Whether a value is an item of the same list already."""
        return any(other.port == feed.port and other.text == text for other in self._spot.feeds)

    def _adapted(self, feed: Feed, wanted: Wanted) -> Iterator[Candidate]:
        value = self._values.get(feed)
        own = [Source(feed.text, feed.ref, value, "")] if isinstance(value, Tensor) else self._sources.beside(feed)
        if isinstance(self._at, End):
            own = [source for source in own if source.ref.step]  # what has no weights behind it trains nothing
        for source in own:
            given = given_by(source.text, source.ref, source.value, self._steps)
            for adapter in adapters(given, wanted, refused=self._refused):
                reserved = int(not source.ref.step)
                cost = (*ADAPTER, *adapter.cost, reserved)
                start = "" if source.text == feed.text else f"`{source.text}`, "
                yield Candidate(cost, f"{start}{adapter.message}", ((feed, source.text),), adapter)


def _may_take(wanted: Wanted, value: Tensor) -> bool:
    return wanted.takes(tuple(value.shape)) and dtype_fits(wanted.dtype, value.dtype)
