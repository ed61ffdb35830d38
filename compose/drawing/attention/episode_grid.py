"""How an episode's support pictures are arranged: as few lines as legible pictures allow, all classes side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from PIL import Image

from compose.drawing.palette import GROUND

SMALLEST, LARGEST = 80, 160
"""Between these the longer side of a support picture as drawn; query pictures have the largest."""
FRAME, GAP, CLASS_GAP, QUERY_GAP, MARGIN = 3, 6, 22, 34, 20
WIDEST = 2000
"""No sheet is wider."""


@dataclass(frozen=True)
class Grid:
    """The arrangement of the support pictures.

    Args:
        classes: how many classes stand beside each other before the next ones go below.
        shots: how many pictures of a class stand beside each other before its next ones go below.
        side: the longer side of the pictures as drawn.
    """

    classes: int
    shots: int
    side: int

    @property
    def cell(self) -> int:
        """How wide a picture with its frame is."""
        return self.side + 2 * FRAME

    @property
    def class_width(self) -> int:
        """How wide the pictures of a class are."""
        return self.shots * (self.cell + GAP) - GAP

    @property
    def width(self) -> int:
        """How wide all of it is."""
        return self.classes * (self.class_width + CLASS_GAP) - CLASS_GAP


def arranged(classes: int, shots: int) -> Grid:
    """The arrangement with the fewest lines of pictures; of several that with most classes side by side."""
    lines = product(range(1, classes + 1), range(1, shots + 1))
    grids = [(below * further, _grid(-(-classes // below), -(-shots // further))) for below, further in lines]
    legible = [(count, grid) for count, grid in grids if grid.side >= SMALLEST]
    return min(legible, key=lambda found: (found[0], -found[1].classes))[1]


def _grid(classes: int, shots: int) -> Grid:
    """The largest pictures of which so many fit beside a query picture."""
    room = WIDEST - 2 * MARGIN - (LARGEST + 2 * FRAME) - QUERY_GAP
    class_room = (room + CLASS_GAP) // classes - CLASS_GAP
    return Grid(classes, shots, min(LARGEST, (class_room + GAP) // shots - GAP - 2 * FRAME))


def in_classes(
    cells: Sequence[Image.Image], classes: Sequence[Sequence[int]], grid: Grid, below: Sequence[Image.Image] = ()
) -> Image.Image:
    """Cells of support pictures in the arrangement.

    Args:
        cells: what is drawn of each support picture.
        classes: for each class the places of its pictures.
        grid: the arrangement.
        below: what stands under each class.
    """
    panels = [tiled([cells[place] for place in places], grid.shots, (GAP, GAP)) for places in classes]
    if below:
        panels = [tiled(pair, 1, (0, GAP)) for pair in zip(panels, below, strict=True)]
    return tiled(panels, grid.classes, (CLASS_GAP, 2 * GAP), least=grid.class_width)


def tiled(images: Sequence[Image.Image], across: int, gap: tuple[int, int], *, least: int = 0) -> Image.Image:
    """Images in lines of ``across``; lines are as high and columns as wide as they need, or at least ``least``."""
    columns = [images[start::across] for start in range(min(across, len(images)))]
    lines = [images[start : start + across] for start in range(0, len(images), across)]
    widths = [max(least, *(image.width for image in column)) for column in columns]
    heights = [max(image.height for image in line) for line in lines]
    size = (sum(widths) + gap[0] * (len(widths) - 1), sum(heights) + gap[1] * (len(heights) - 1))
    sheet = Image.new("RGB", size, GROUND)
    for index, image in enumerate(images):
        line, column = divmod(index, across)
        sheet.paste(image, (sum(widths[:column]) + gap[0] * column, sum(heights[:line]) + gap[1] * line))
    return sheet
