"""Where a model looks: a row for each picture, and in it a panel for each of its top labels, as one picture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from compose.drawing.attention.legends import attention_legend
from compose.drawing.attention.marks import PixelBox, badge, badge_size, boxes, mark
from compose.drawing.heat import heat, overlaid, shown
from compose.drawing.lettering import broken, font, shorten, shorten_middle
from compose.drawing.palette import DIM, FAINT, GROUND, INK, SEEN, UNSEEN

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

SMALLEST, LARGEST = 192, 256
"""Between these the longer side of the pictures as drawn."""
FRAME, GAP, MARGIN, NARROWEST = 3, 16, 20, 160
CAPTION, NAME, TEXT, TITLE, LINE, MARK = 48, 14.0, 13.0, 18.0, 18, 14


@dataclass(frozen=True)
class AttentionPanel:
    """A label that the model names, and where it looks for it.

    Args:
        name: the label's name.
        score: its score.
        attention: how much each place counts, at any resolution; drawn from 0 to its maximum.
        correct: whether the picture shows it, where that is known.
        seen: whether the model was trained on it, where that matters.
    """

    name: str
    score: float
    attention: Float[Tensor, "h w"]
    correct: bool | None = None
    seen: bool | None = None


@dataclass(frozen=True)
class AttentionRow:
    """A picture and its top labels.

    Args:
        picture: pixels in [0, 1].
        name: stands under the picture.
        labels: the best first.
        boxes: what is known to be in it: left, top, right and bottom in pixels of the picture, and a text.
        note: stands under the name, in two lines at most.
    """

    picture: Float[Tensor, "3 h w"]
    name: str = ""
    labels: Sequence[AttentionPanel] = ()
    boxes: Sequence[PixelBox] = ()
    note: str = ""


def attention_sheet(rows: Sequence[AttentionRow], *, title: str = "", columns: int = 6) -> Image.Image:
    """The pictures, under each other: each with its true boxes, then with the attention for each of its labels.

    Args:
        rows: the pictures.
        title: stands over them.
        columns: panels beside a picture; further labels go on below.
    """
    longest = max((max(row.picture.shape[1:]) for row in rows), default=0)
    side = min(max(longest, SMALLEST), LARGEST)
    pictures = [shown(row.picture, side) for row in rows]
    width = max((picture.width for picture in pictures), default=0)
    width = max(width, NARROWEST) + 2 * FRAME
    lines = [line for row, picture in zip(rows, pictures, strict=True) for line in _lines(row, picture, width, columns)]
    across = max((len(line) for line in lines), default=0)
    content = max(across * (width + GAP) - GAP, 2 * width + GAP)
    return _stacked(lines, title, attention_legend(rows, content), width, content)


def _lines(row: AttentionRow, picture: Image.Image, width: int, columns: int) -> list[list[Image.Image | None]]:
    """The panels of a row; the place of the picture stays empty in all lines but the first."""
    panels = [_label_panel(picture, label, width) for label in row.labels]
    starts = range(0, max(1, len(panels)), columns)
    return [
        [None if start else _input_panel(row, picture, width), *panels[start : start + columns]] for start in starts
    ]


def _stacked(
    lines: Sequence[Sequence[Image.Image | None]], title: str, key: Image.Image, width: int, content: int
) -> Image.Image:
    head = 34 if title else 0
    heights = [max(panel.height for panel in line if panel) + GAP for line in lines]
    sheet = Image.new("RGB", (content + 2 * MARGIN, head + sum(heights) + key.height + 2 * MARGIN), GROUND)
    pen = ImageDraw.Draw(sheet)
    pen.text((MARGIN, MARGIN), shorten(title, content, TITLE, bold=True), fill=INK, font=font(TITLE, bold=True))
    y = MARGIN + head
    for line, height in zip(lines, heights, strict=True):
        for column, panel in enumerate(line):
            if panel:
                sheet.paste(panel, (MARGIN + column * (width + GAP), y))
        y += height
    sheet.paste(key, (MARGIN, y))
    return sheet


def _label_panel(picture: Image.Image, label: AttentionPanel, width: int) -> Image.Image:
    """The picture under a label's attention; below it the mark, the name, the score, and whether the label is seen."""
    tint = {True: SEEN, False: UNSEEN, None: None}[label.seen]
    panel = _framed(overlaid(picture, heat(label.attention, picture.size)), tint.line if tint else FAINT, width)
    pen, y = ImageDraw.Draw(panel), picture.height + 2 * FRAME + 6
    indent = 0 if label.correct is None else MARK + 5
    room = max(picture.width + 2 * FRAME, NARROWEST)
    if label.correct is not None:
        mark(panel, "right" if label.correct else "wrong", (0, y + 1), MARK)
    name = shorten(label.name, room - indent, NAME, bold=True)
    pen.text((indent, y + LINE / 2), name, fill=INK, font=font(NAME, bold=True), anchor="lm")
    pen.text((indent, y + LINE * 1.6), _score(label.score), fill=DIM, font=font(TEXT), anchor="lm")
    if tint:
        word = "seen" if label.seen else "unseen"
        badge(panel, word, tint, (room - badge_size(word)[0], y + LINE + 2))
    return panel


def _score(score: float) -> str:
    """A score in three digits, or in whole numbers where it has more."""
    return f"{score:.0f}" if 1e3 <= abs(score) < 1e6 else f"{score:.3g}"


def _input_panel(row: AttentionRow, picture: Image.Image, width: int) -> Image.Image:
    """The picture with its true boxes; below it its name and the note."""
    drawn = picture.copy()
    boxes(drawn, row.boxes, picture.width / row.picture.shape[2])
    note = broken(row.note, width, TEXT, lines=2)
    panel = _framed(drawn, FAINT, width, below=CAPTION + LINE * (len(note) > 1))
    pen, y = ImageDraw.Draw(panel), picture.height + 2 * FRAME + 6
    name = shorten_middle(row.name, width, NAME, bold=True)
    pen.text((0, y + LINE / 2), name, fill=INK, font=font(NAME, bold=True), anchor="lm")
    for index, line in enumerate(note):
        pen.text((0, y + LINE * (1.6 + index)), line, fill=DIM, font=font(TEXT), anchor="lm")
    return panel


def _framed(picture: Image.Image, colour: str, width: int, *, below: int = CAPTION) -> Image.Image:
    """A picture in a frame at the top left of a panel, with room below for its caption."""
    panel = Image.new("RGB", (width, picture.height + 2 * FRAME + below), GROUND)
    panel.paste(colour, (0, 0, picture.width + 2 * FRAME, picture.height + 2 * FRAME))
    panel.paste(picture, (FRAME, FRAME))
    return panel
