"""Layers, orders and places of a diagram's boxes."""

from __future__ import annotations

import random

import numpy as np
import pytest

from compose.drawing.graph.layout import DiagramLayout, Edge, Size, lay_out, levels, spread


def _sizes(names: str) -> dict[str, Size]:
    return {name: Size(60, 30) for name in names}


def test_a_chain_is_straight() -> None:
    layout = lay_out(_sizes("abcd"), [("a", "b"), ("b", "c"), ("c", "d")])
    assert len({round(x, 6) for x, _ in layout.centres.values()}) == 1
    assert [y for _, y in layout.centres.values()] == [15, 91, 167, 243]


def test_what_nothing_feeds_stands_above_its_first_reader() -> None:
    assert levels("abcx", [("a", "b"), ("b", "c"), ("x", "c")]) == {"a": 0, "b": 1, "c": 2, "x": 1}


def test_crossings_that_need_not_be_are_not() -> None:
    edges = [("a", "d"), ("b", "c"), ("a", "f"), ("b", "e")]
    layout = lay_out(_sizes("abcdef"), edges)
    x = {name: at[0] for name, at in layout.centres.items()}
    for start, end in edges:
        for other, other_end in edges:
            assert (x[start] - x[other]) * (x[end] - x[other_end]) >= 0


def test_long_arrows_pass_straight_beside_boxes() -> None:
    layout = lay_out(_sizes("abcd"), [("a", "b"), ("b", "c"), ("c", "d"), ("a", "d")])
    points = layout.paths["a", "d"]
    assert len(points) == 2
    assert points[0][0] == pytest.approx(points[1][0])
    assert abs(points[0][0] - layout.centres["b"][0]) >= 30


def test_nothing_overlaps_in_any_graph() -> None:
    dice = random.Random(0)
    for _ in range(20):
        names = [f"n{i}" for i in range(dice.randint(1, 25))]
        edges = [(a, b) for i, a in enumerate(names) for b in names[i + 1 :] if dice.random() < 0.12]
        sizes = {name: Size(dice.uniform(20, 200), dice.uniform(20, 90)) for name in names}
        _check(lay_out(sizes, edges), sizes, edges)


def _check(layout: DiagramLayout, sizes: dict[str, Size], edges: list[Edge]) -> None:
    boxes = []
    for name, (x, y) in layout.centres.items():
        size = sizes[name]
        boxes.append((x - size.width / 2, y - size.height / 2, x + size.width / 2, y + size.height / 2))
        assert boxes[-1][0] >= -1e-6
        assert boxes[-1][1] >= -1e-6
        assert boxes[-1][2] <= layout.width + 1e-6
        assert boxes[-1][3] <= layout.height + 1e-6
    for index, a in enumerate(boxes):
        for b in boxes[index + 1 :]:
            assert a[2] <= b[0] + 1e-6 or b[2] <= a[0] + 1e-6 or a[3] <= b[1] + 1e-6 or b[3] <= a[1] + 1e-6
    for start, end in edges:
        assert layout.centres[start][1] < layout.centres[end][1]


def test_spread_is_the_constrained_least_squares_solution() -> None:
    dice = np.random.default_rng(0)
    for _ in range(20):
        count = int(dice.integers(1, 7))
        wanted, weights = dice.normal(0, 3, count), dice.uniform(0.1, 5, count)
        distances = dice.uniform(0, 2, count - 1)
        found = np.array(spread(list(wanted), list(weights), list(distances)))
        assert (np.diff(found) >= distances - 1e-9).all()
        best = (weights * (found - wanted) ** 2).sum()
        for _ in range(200):  # no step that keeps the distances is better
            other = found + dice.normal(0, 0.05, count)
            if (np.diff(other) >= distances).all():
                assert (weights * (other - wanted) ** 2).sum() >= best - 1e-9
