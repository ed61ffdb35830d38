"""Where a spec can be changed so that a value fits: at the node itself, and at the nodes whose composites it is in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from compose.model.failures.misfit import End, Misfit
from compose.model.proposals.spot import Feed, Spot, feeds_of, spot_of_end, spot_of_node
from compose.model.proposals.wanted import Wanted, wanted_by_end, wanted_by_port
from compose.model.walk import Walk
from compose.spec.wiring.plan import Ref, Step
from compose.spec.wiring.scope import WiredComposite
from compose.spec.yaml.tree import Mapping as MappingTree


@dataclass(frozen=True)
class Opening:
    """A place of the spec.

    Args:
        spot: what is wired there.
        faults: the values that may be others, with what is wanted for each.
        refused: whether the block refuses what by its ports should fit, so that one can only guess.
        one_of_list: whether one tensor of a list is wanted.
    """

    spot: Spot
    faults: tuple[tuple[Feed, Wanted], ...]
    refused: bool = False
    one_of_list: bool = False


def openings(
    misfit: Misfit, tree: MappingTree, walk: Walk, composites: Mapping[str, WiredComposite]
) -> Iterator[Opening]:
    """The places at which a mistake may be taken away, the nearest first.

    Args:
        misfit: the mistake.
        tree: the resolved spec.
        walk: what is known of the shapes.
        composites: the nodes that use composites, by their paths.
    """
    one_of_list = misfit.code == "list-for-one"
    if isinstance(misfit.at, End):
        end = spot_of_end(misfit.at, tree)
        yield Opening(end, ((end.feeds[0], wanted_by_end(misfit.at)),), one_of_list, one_of_list)
    elif misfit.at is not None:
        refused = one_of_list or not misfit.ports
        spot = spot_of_node(misfit.at.name, misfit.at.inputs, tree)
        faults = _faults(misfit.at, misfit.ports, spot.feeds if spot else tuple(feeds_of(misfit.at.inputs)), walk)
        if spot:
            yield Opening(spot, faults, refused, one_of_list)
        for around, wired in _around(misfit.at.name, composites):
            outer = spot_of_node(around, wired.inputs, tree)
            found = tuple(_outer(outer, faults)) if outer else ()
            if outer and found:
                yield Opening(outer, found, refused, one_of_list)


def _faults(step: Step, ports: tuple[str, ...], feeds: tuple[Feed, ...], walk: Walk) -> tuple[tuple[Feed, Wanted], ...]:
    """The feeds of the ports at fault, all where none is named, and ports at fault that nothing feeds."""
    values: dict[Feed, Any] = {feed: value for feed in feeds if (value := walk.held(feed.ref)) is not None}
    wired = [feed for feed in feeds if not ports or feed.port in ports]
    there = {feed.port for feed in feeds}
    wired += [Feed(port, None, Ref("", ""), "") for port in ports if port not in there]
    return tuple((feed, wanted_by_port(step, feed, values)) for feed in wired)


def _around(name: str, composites: Mapping[str, WiredComposite]) -> list[tuple[str, WiredComposite]]:
    """The nodes whose composites a step is in, the nearest first."""
    paths = list(accumulate(name.split(".")[:-1], lambda path, part: f"{path}.{part}"))
    return [(path, composites[path]) for path in reversed(paths) if path in composites]


def _outer(spot: Spot, faults: tuple[tuple[Feed, Wanted], ...]) -> Iterator[tuple[Feed, Wanted]]:
    """What feeds a composite with the values at fault inside."""
    for inner, wanted in faults:
        for feed in spot.feeds:
            if (feed.ref.step, feed.ref.port) == (inner.ref.step, inner.ref.port):
                yield feed, wanted.unnamed
