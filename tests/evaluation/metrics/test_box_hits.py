"""Places, boxes and the distances between them."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from compose.evaluation.metrics.box_hits import BoxHits, Locator, ShownBoxes, label_places


def locate(place: tuple[float, float], boxes: list[list[float]], labels: list[int] | None = None) -> BoxHits:
    """One picture of 10 × 20 pixels with one label, whose boxes are those with a 1."""
    locator = Locator([0])
    shown = torch.tensor([[[on] for on in labels or [1] * len(boxes)]], dtype=torch.int8)
    truth = ShownBoxes(torch.ones(1, 1, dtype=torch.int8), torch.tensor([boxes]), shown, (10, 20))
    locator.add(torch.tensor([[place]]), truth)
    return locator.box_hits


@pytest.mark.parametrize(
    ("box", "distance"),
    [
        ([0, 0, 20, 10], 0),
        ([10, 5, 12, 7], 0),  # the place is its corner
        ([0, 0, 10, 5], 0),
        ([0, 0, 9, 10], 1),
        ([13, 0, 20, 10], 3),
        ([0, 7, 20, 10], 2),
        ([0, 0, 20, 1], 4),
        ([13, 7, 20, 10], 3),
    ],
)
def test_distance_of_the_middle(box: list[float], distance: float) -> None:
    assert locate((0.5, 0.5), [[float(side) for side in box]]).distances[0, [0, 2]].tolist() == [distance] * 2


def test_the_nearest_of_several_boxes_counts_and_others_labels_do_not() -> None:
    boxes = [[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 8.0, 10.0], [9.0, 4.0, 11.0, 6.0], [0.0, 0.0, 0.0, 0.0]]
    assert locate((0.5, 0.5), boxes, [1, 1, 1, 0]).distances[0, 0] == 0
    assert locate((0.5, 0.5), boxes, [1, 1, 0, 0]).distances[0, 0] == 2
    assert locate((0.0, 0.0), boxes, [0, 0, 1, 0]).distances[0, 0] == 9
    assert len(locate((0.5, 0.5), boxes, [0, 0, 0, 0]).images) == 0


def test_only_present_labels_that_are_in_use() -> None:
    targets = torch.tensor([[1, -1, 1], [0, 1, 1]], dtype=torch.int8)
    truth = ShownBoxes(targets, torch.zeros(2, 1, 4), torch.ones(2, 1, 3, dtype=torch.int8), (4, 4))
    locator = Locator([2, 0])
    for _ in range(2):
        locator.add(torch.zeros(2, 2, 2), truth)
    found = locator.box_hits
    assert list(zip(found.images.tolist(), found.labels.tolist(), strict=True)) == [
        (image, label) for image, label in [(0, 2), (0, 0), (1, 2), (2, 2), (2, 0), (3, 2)]
    ]


SCORES = torch.zeros(1, 2)
PEAKS = torch.zeros(1, 3, 2, 4)
PEAKS[0, 0, 1, 3] = PEAKS[0, 1, 0, 1] = PEAKS[0, 1, 1, 0] = 1.0  # module 1 ties; module 2 is flat


@pytest.mark.parametrize(
    ("outputs", "places"),
    [
        ({"attention": PEAKS, "winner": torch.tensor([[1, 0]])}, [[0.375, 0.25], [0.875, 0.75]]),
        ({"attention": PEAKS, "winner": torch.tensor([[2, 2]])}, [[0.125, 0.25]] * 2),
        ({"label_maps": PEAKS[:, :2]}, [[0.875, 0.75], [0.375, 0.25]]),
        ({"label_maps": PEAKS[:, :2].half()}, [[0.875, 0.75], [0.375, 0.25]]),
        ({"attention": PEAKS}, [[0.375, 0.25]] * 2),
    ],
)
def test_the_greatest_place(outputs: dict[str, Tensor], places: list[list[float]]) -> None:
    assert label_places({"scores": SCORES, **outputs})[0].tolist() == places


def test_the_greatest_place_is_that_of_the_map_brought_to_the_picture() -> None:
    """With 9 × 11 pixels a cell, so that a pixel has the cell's centre in its own."""
    maps = torch.rand(40, 5, 4, 6, generator=torch.Generator().manual_seed(0))
    left, top = (label_places({"label_maps": maps}) * torch.tensor([66, 36])).int().unbind(-1)
    grown = torch.nn.functional.interpolate(maps, (36, 66), mode="bilinear")
    images, labels = torch.meshgrid(torch.arange(40), torch.arange(5), indexing="ij")
    torch.testing.assert_close(grown[images, labels, top, left], grown.flatten(2).amax(-1))


def test_what_two_processes_have_found_stands_in_the_order_of_the_images() -> None:
    class Two:
        """Two processes, the second of which has images 0 and 2, and in image 0 two labels."""

        rank = 0

        def each(self, own: tuple[torch.Tensor, ...]) -> list[tuple[torch.Tensor, ...]]:
            return [own, (torch.tensor([0, 0, 2]), torch.tensor([5, 1, 4]), torch.zeros(3, 3))]

    class Rows:
        shares = Two()

        def places(self, rank: int) -> torch.Tensor:
            return torch.tensor([1, 3])

    locator = Locator([0, 1, 2])
    locator._found = [BoxHits(torch.tensor([0, 1]), torch.tensor([2, 3]), torch.ones(2, 3))]
    locator.collect(cast("Any", Rows()))
    found = locator.box_hits
    assert found.images.tolist() == [0, 0, 1, 2, 3]
    assert found.labels.tolist() == [5, 1, 2, 4, 3]
    assert found.distances[:, 0].tolist() == [0, 0, 1, 0, 1]
