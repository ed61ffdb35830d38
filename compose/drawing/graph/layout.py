"""Lay a diagram out in layers, top to bottom, with few crossings and straight arrows.

After Sugiyama, Tagawa and Toda: layers by longest path, points where an arrow passes a layer, orders by barycentres.
The places within a layer minimise the sideways way of all arrows (a sum of absolute values, by reweighted least
squares) under the boxes' widths: for one layer, its neighbours fixed, that is an isotonic regression, so that one pass
of pooling adjacent violators solves it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Edge = tuple[str, str]
ORDER_SWEEPS, PLACE_SWEEPS = 24, 80
STRAIGHT = (3.0, 1.0, 8.0)
"""How much it matters that an arrow is straight: between two boxes, a box and a point, two points."""


@dataclass(frozen=True)
class Size:
    """Width and height of a box."""

    width: float
    height: float


GAP = Size(28, 46)


@dataclass
class DiagramLayout:
    """Where everything is.

    Args:
        centres: box -> its centre.
        paths: arrow -> the points that it passes between the two boxes, from top to bottom.
        tops: the upper edge of each layer, ``bottoms`` the lower.
        width: of the whole picture, ``height`` likewise.
    """

    centres: dict[str, tuple[float, float]]
    paths: dict[Edge, list[tuple[float, float]]]
    layers: list[list[str]]
    tops: list[float]
    bottoms: list[float]
    width: float
    height: float


def lay_out(sizes: Mapping[str, Size], edges: Sequence[Edge], *, gap: Size | None = None) -> DiagramLayout:
    """The layout of boxes, given in an order in which every edge leads onward.

    Args:
        sizes: box -> size.
        edges: pairs of boxes.
        gap: least distance between boxes of a layer, and between layers.
    """
    distinct = list(dict.fromkeys(edges))
    graph = _Layered(sizes, distinct, gap or GAP)
    graph.order()
    graph.place()
    return graph.layout()


@dataclass
class _Layered:
    """The graph with a point for every layer that an edge passes."""

    sizes: Mapping[str, Size]
    edges: list[Edge]
    gap: Size
    layers: list[list[str]] = field(default_factory=list)
    chains: dict[Edge, list[str]] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)
    x: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        level = levels(list(self.sizes), self.edges)
        self.layers = [[] for _ in range(max(level.values(), default=-1) + 1)]
        for name in self.sizes:
            self.layers[level[name]].append(name)
            self.above[name], self.below[name] = [], []
        for start, end in self.edges:
            self._chain((start, end), level)

    def _chain(self, edge: Edge, level: Mapping[str, int]) -> None:
        start, end = edge
        points = [f"{start}>{end}@{index}" for index in range(level[start] + 1, level[end])]
        for offset, point in enumerate(points):
            self.layers[level[start] + 1 + offset].append(point)
            self.above[point], self.below[point] = [], []
        chain = [start, *points, end]
        self.chains[edge] = points
        for upper, lower in itertools.pairwise(chain):
            self.below[upper].append(lower)
            self.above[lower].append(upper)

    # --- order ------------------------------------------------------------------------------------------------

    def order(self) -> None:
        """Order the layers for few crossings: barycentre sweeps down and up, the best order kept."""
        best, crossings = [list(layer) for layer in self.layers], self.crossings()
        for sweep in range(ORDER_SWEEPS):
            down = sweep % 2 == 0
            for layer in self.layers[1:] if down else self.layers[-2::-1]:
                self._sort(layer, self.above if down else self.below)
            now = self.crossings()
            if now < crossings:
                best, crossings = [list(layer) for layer in self.layers], now
        self.layers = best

    def _sort(self, layer: list[str], neighbours: Mapping[str, list[str]]) -> None:
        place = {name: index for names in self.layers for index, name in enumerate(names)}
        weight = {
            name: sum(place[other] for other in neighbours[name]) / len(neighbours[name])
            if neighbours[name]
            else place[name]
            for name in layer
        }
        layer.sort(key=lambda name: weight[name])

    def crossings(self) -> int:
        """How many pairs of edges cross."""
        return sum(self._between(upper, lower) for upper, lower in zip(self.layers, self.layers[1:], strict=False))

    def _between(self, upper: list[str], lower: list[str]) -> int:
        place = {name: index for index, name in enumerate(lower)}
        ends = [end for name in upper for end in sorted(place[other] for other in self.below[name])]
        return sum(first > second for index, first in enumerate(ends) for second in ends[index + 1 :])

    # --- places -----------------------------------------------------------------------------------------------

    def place(self) -> None:
        """Give every box and point its x."""
        for layer in self.layers:
            wanted = [0.0] * len(layer)
            self.x |= dict(zip(layer, spread(wanted, [1.0] * len(layer), self._distances(layer)), strict=True))
        for sweep in range(PLACE_SWEEPS):
            for layer in self.layers if sweep % 2 == 0 else reversed(self.layers):
                self._fit(layer)

    def _fit(self, layer: list[str]) -> None:
        """Move a layer to where the arrows to its neighbours are shortest."""
        wanted, weights = [], []
        for name in layer:
            pulls = [(self.x[other], self._pull(name, other)) for other in self.above[name] + self.below[name]]
            total = sum(pull for _, pull in pulls)
            wanted.append(sum(x * pull for x, pull in pulls) / total if pulls else self.x[name])
            weights.append(total or 1.0)
        self.x |= dict(zip(layer, spread(wanted, weights, self._distances(layer)), strict=True))

    def _pull(self, name: str, other: str) -> float:
        """The weight of an arrow's square that makes it count by its absolute value."""
        passing = (name not in self.sizes) + (other not in self.sizes)
        return STRAIGHT[passing] / max(1.0, abs(self.x[name] - self.x[other]))

    def _distances(self, layer: list[str]) -> list[float]:
        return [(self._width(a) + self._width(b)) / 2 + self.gap.width for a, b in itertools.pairwise(layer)]

    def _width(self, name: str) -> float:
        return self.sizes[name].width if name in self.sizes else 0.0

    # --- result -----------------------------------------------------------------------------------------------

    def layout(self) -> DiagramLayout:
        """The layout, moved so that it begins at 0, 0."""
        left = min((self.x[name] - self._width(name) / 2 for name in self.x), default=0.0)
        right = max((self.x[name] + self._width(name) / 2 for name in self.x), default=0.0)
        heights = [max((self.sizes[n].height for n in layer if n in self.sizes), default=0.0) for layer in self.layers]
        tops = [sum(heights[:index]) + self.gap.height * index for index in range(len(heights))]
        bottoms = [top + height for top, height in zip(tops, heights, strict=True)]
        middle = {name: (tops[i] + bottoms[i]) / 2 for i, layer in enumerate(self.layers) for name in layer}
        at = {name: (self.x[name] - left, middle[name]) for name in self.x}
        centres = {name: at[name] for name in self.sizes}
        paths = {edge: [at[point] for point in points] for edge, points in self.chains.items()}
        return DiagramLayout(centres, paths, self.layers, tops, bottoms, right - left, bottoms[-1] if bottoms else 0.0)


def levels(names: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """The layer of each box: below all that feeds it; what nothing feeds stands right above its first reader."""
    level = dict.fromkeys(names, 0)
    fed = {end for _, end in edges}
    into: dict[str, list[str]] = {}
    for start, end in edges:
        into.setdefault(end, []).append(start)
    for name in names:
        level[name] = max((level[start] + 1 for start in into.get(name, ())), default=0)
    for name in names:
        readers = [level[end] for start, end in edges if start == name]
        if name not in fed and readers:
            level[name] = min(readers) - 1
    return level


def spread(wanted: Sequence[float], weights: Sequence[float], distances: Sequence[float]) -> list[float]:
    """The places nearest to those wanted (weighted least squares) that keep the distances.

    Args:
        wanted: a place for each.
        weights: how much each matters.
        distances: the least distance between each and the next.
    """
    offsets = [0.0]
    for distance in distances:
        offsets.append(offsets[-1] + distance)
    pools: list[tuple[float, float, int]] = []  # mean, weight, how many
    for place, weight, offset in zip(wanted, weights, offsets, strict=False):
        mean, total, count = place - offset, weight, 1
        while pools and pools[-1][0] > mean:
            other, other_weight, other_count = pools.pop()
            mean = (mean * total + other * other_weight) / (total + other_weight)
            total, count = total + other_weight, count + other_count
        pools.append((mean, total, count))
    means = [mean for mean, _, count in pools for _ in range(count)]
    return [mean + offset for mean, offset in zip(means, offsets, strict=False)]
