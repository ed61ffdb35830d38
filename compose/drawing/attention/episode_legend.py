"""What the colours and marks of a sheet of an episode mean, as far as the sheet has them."""

from __future__ import annotations

from PIL import Image, ImageDraw

from compose.drawing.attention.attention_legend import GAP, LINE, TEXT
from compose.drawing.attention.episode_grid import FRAME, tiled
from compose.drawing.attention.episode_panels import BAR, MARK, STRONGEST
from compose.drawing.attention.marks import Mark, mark
from compose.drawing.heat import heat_scale
from compose.drawing.lettering import font, text_length
from compose.drawing.palette import DIM, FAINT, GROUND, OTHERS, RIGHT


def legend(width: int, *, spatial: bool, task: bool) -> Image.Image:
    """The legend in as many lines as the width asks for.

    Args:
        width: how wide it may be.
        spatial: whether the sheet has spatial attention.
        task: whether it has task attention.
    """
    entries = [
        [_frame(), _text("the query's class")],
        [_mark("right"), _text("predicted, right")],
        [_mark("wrong"), _text("predicted, wrong")],
        [_text("under a name: its probability")],
    ]
    if spatial:
        entries.append([_text("spatial attention: none"), heat_scale(110, 14), _text("most in the picture")])
    if task:
        entries.append([_bar(OTHERS), _text("task attention (a whole bar: the query's greatest)")])
        entries.append([_bar(STRONGEST), _text("greatest of its layer")])
    return _flowing([tiled([_tall(part) for part in entry], len(entry), (6, 0)) for entry in entries], width)


def _flowing(entries: list[Image.Image], width: int) -> Image.Image:
    """The entries beside each other, and below where they are too many."""
    lines = [entries[:1]]
    for entry in entries[1:]:
        if sum(other.width + GAP for other in lines[-1]) + entry.width <= width:
            lines[-1].append(entry)
        else:
            lines.append([entry])
    return tiled([tiled(line, len(line), (GAP, 0)) for line in lines], 1, (0, 0))


def _tall(part: Image.Image) -> Image.Image:
    """A part of an entry in the middle of a line."""
    panel = Image.new("RGB", (part.width, LINE), GROUND)
    panel.paste(part, (0, (LINE - part.height) // 2))
    return panel


def _text(text: str) -> Image.Image:
    panel = Image.new("RGB", (round(text_length(text, TEXT)) + 1, LINE), GROUND)
    ImageDraw.Draw(panel).text((0, LINE // 2), text, fill=DIM, font=font(TEXT), anchor="lm")
    return panel


def _frame() -> Image.Image:
    sample = Image.new("RGB", (22, 18), RIGHT)
    sample.paste(FAINT, (FRAME, FRAME, 22 - FRAME, 18 - FRAME))
    return sample


def _mark(kind: Mark) -> Image.Image:
    sample = Image.new("RGB", (MARK, MARK), GROUND)
    mark(sample, kind, (0, 0), MARK)
    return sample


def _bar(colour: str) -> Image.Image:
    return Image.new("RGB", (26, BAR), colour)
