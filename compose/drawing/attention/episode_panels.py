"""The parts of a sheet of an episode: framed pictures, names, and numbers with their bars."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from compose.drawing.attention.episode_grid import FRAME
from compose.drawing.attention.marks import Mark, mark
from compose.drawing.heat import heat, overlaid, shown
from compose.drawing.lettering import font, one_line, shorten, shorten_middle, text_length
from compose.drawing.palette import DIM, GROUND, INK, MODULES, OTHERS, RIGHT, WRONG

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

NAME, SMALL, LINE, MARK, BAR = 13.0, 12.0, 18, 13, 8
TRACK, STRONGEST = "#eef0f2", MODULES[0]
"""The ground of a bar, and the colour of the strongest."""


def plain(picture: Float[Tensor, "c h w"], side: int) -> Image.Image:
    """A picture of one or three channels as it is; its longer side is ``side``."""
    return shown(picture.expand(3, -1, -1), side)


def attended(picture: Image.Image, attention: Float[Tensor, "h w"]) -> Image.Image:
    """A picture under its spatial attention."""
    return overlaid(picture, heat(attention, picture.size))


def framed(picture: Image.Image, colour: str, side: int) -> Image.Image:
    """A picture in a frame, in the middle of a square of ``side`` and the frame's width."""
    panel = Image.new("RGB", (side + 2 * FRAME, side + 2 * FRAME), GROUND)
    left, top = (side - picture.width) // 2, (side - picture.height) // 2
    panel.paste(colour, (left, top, left + picture.width + 2 * FRAME, top + picture.height + 2 * FRAME))
    panel.paste(picture, (left + FRAME, top + FRAME))
    return panel


def named(names: Sequence[str], width: int, colours: Sequence[str]) -> list[Image.Image]:
    """Class names, all as high as the highest: each in two lines at most, and in a further one what it belongs to."""
    names = [one_line(name) for name in names]
    broken = [_in_two(own_name(name), width) for name in names]
    parents = [name.removesuffix(own_name(name)) for name in names]
    most = max(len(lines) + bool(parent) for lines, parent in zip(broken, parents, strict=True))
    panels = []
    for lines, parent, colour in zip(broken, parents, colours, strict=True):
        panel = Image.new("RGB", (width, most * LINE), GROUND)
        pen = ImageDraw.Draw(panel)
        for index, line in enumerate(lines):
            pen.text((0, LINE * (index + 0.5)), line, fill=colour, font=font(NAME, bold=True), anchor="lm")
        short = shorten(parent.rstrip("/"), width, SMALL)
        pen.text((0, LINE * (len(lines) + 0.5)), short, fill=DIM, font=font(SMALL), anchor="lm")
        panels.append(panel)
    return panels


def own_name(name: str) -> str:
    """A name without what the class belongs to: ``ayb small letter`` of ``Armenian/ayb small letter``."""
    return name.partition("/")[2] or name


def _in_two(name: str, width: int) -> list[str]:
    """A name in one line, or broken between its words into two; their middles are left out where they are too long."""
    ends = [end.end() for end in re.finditer(r"[ /_]+", name)]
    fitting = [end for end in [*ends, len(name)] if text_length(name[:end].rstrip(), NAME, bold=True) <= width]
    cut = max(fitting, default=min(ends, default=len(name)))
    return [shorten_middle(part, width, NAME, bold=True) for part in (name[:cut], name[cut:]) if part]


def written(text: str, width: int, kind: Mark | None = None) -> Image.Image:
    """A line of small text, behind a tick or a cross where there is one."""
    panel = Image.new("RGB", (width, LINE), GROUND)
    indent = MARK + 5 if kind else 0
    if kind:
        mark(panel, kind, (0, (LINE - MARK) // 2), MARK)
    short = shorten(text, width - indent, SMALL)
    ImageDraw.Draw(panel).text((indent, LINE / 2), short, fill=DIM, font=font(SMALL), anchor="lm")
    return panel


def class_score(score: float, width: int, *, correct: bool | None, predicted: bool) -> Image.Image:
    """A class's probability as number and bar; behind a tick or a cross where it is the predicted one.

    Where nothing is known to be correct, the predicted one is only set off.
    """
    marked = predicted and correct is not None
    colour = _bar_colour(correct=correct, predicted=predicted)
    panel = _measured(score, score, width, colour, strong=predicted, indent=MARK + 5 if marked else 0)
    if marked:
        mark(panel, "right" if correct else "wrong", (0, (LINE - MARK) // 2), MARK)
    return panel


def _bar_colour(*, correct: bool | None, predicted: bool) -> str:
    if correct:
        return RIGHT
    if not predicted:
        return OTHERS
    return STRONGEST if correct is None else WRONG


def task_weight(weight: float, share: float, width: int, *, strongest: bool) -> Image.Image:
    """The task attention of a support picture as a number, and as a bar of a share of the whole length."""
    return _measured(weight, share, width, STRONGEST if strongest else OTHERS, strong=strongest)


def _measured(number: float, share: float, width: int, colour: str, *, strong: bool, indent: int = 0) -> Image.Image:
    panel = Image.new("RGB", (width, LINE), GROUND)
    pen, middle = ImageDraw.Draw(panel), LINE // 2
    ink = INK if strong else DIM
    pen.text((indent, middle), f"{number:.2f}", fill=ink, font=font(SMALL, bold=strong), anchor="lm")
    left = indent + round(text_length("0.00", SMALL, bold=True)) + 5
    pen.rectangle((left, middle - BAR // 2, width - 1, middle + BAR // 2 - 1), fill=TRACK)
    length = round(min(share, 1) * (width - left)) if share > 0 else 0  # none where it is no number
    if length:
        pen.rectangle((left, middle - BAR // 2, left + length - 1, middle + BAR // 2 - 1), fill=colour)
    return panel
