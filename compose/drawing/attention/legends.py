"""What the colours and marks of sheets of attention mean, as far as a sheet has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from compose.drawing.attention.episode_grid import FRAME, tiled
from compose.drawing.attention.episode_panels import BAR, MARK, STRONGEST
from compose.drawing.attention.marks import Mark, badge, badge_size, boxes, mark
from compose.drawing.heat import heat_scale
from compose.drawing.lettering import font, text_length
from compose.drawing.palette import DIM, FAINT, GROUND, OTHERS, RIGHT, SEEN, UNSEEN

if TYPE_CHECKING:
    from compose.drawing.attention.attention_sheet import AttentionRow

TEXT, LINE, GAP = 12.0, 28, 24
Entry = list[Image.Image]
"""Samples and texts that stand beside each other."""


def attention_legend(rows: Sequence[AttentionRow], width: int) -> Image.Image:
    """The legend of a sheet of labels in as many lines as the width asks for; none where nothing needs one."""
    labels = [label for row in rows for label in row.labels]
    entries: list[Entry] = []
    if labels:
        entries.append([_text("attention: none"), heat_scale(110, 14), _text("most in the panel")])
    if any(row.boxes for row in rows):
        entries.append([_box(), _text("true box")])
    if any(label.correct is not None for label in labels):
        entries += [[_mark("right"), _text("the picture shows it")], [_mark("wrong"), _text("it does not")]]
    if any(label.seen is not None for label in labels):
        entries += [[_badge("seen"), _text("trained on")], [_badge("unseen"), _text("not trained on")]]
    return _flowing(entries, width)


def episode_legend(width: int, *, spatial: bool, task: bool) -> Image.Image:
    """The legend of a sheet of an episode in as many lines as the width asks for.

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
    return _flowing(entries, width)


def _flowing(entries: Sequence[Entry], width: int) -> Image.Image:
    """The entries beside each other, and below where they are too many."""
    lines: list[Entry] = [[]]
    for entry in entries:
        panel = tiled([_tall(part) for part in entry], len(entry), (6, 0))
        if lines[-1] and sum(other.width + GAP for other in lines[-1]) + panel.width > width:
            lines.append([])
        lines[-1].append(panel)
    if not entries:
        return Image.new("RGB", (width, 0), GROUND)
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


def _mark(kind: Mark) -> Image.Image:
    sample = Image.new("RGB", (MARK, MARK), GROUND)
    mark(sample, kind, (0, 0), MARK)
    return sample


def _box() -> Image.Image:
    sample = Image.new("RGB", (26, 18), FAINT)
    boxes(sample, [(4, 4, 22, 14, "")], 1)
    return sample


def _badge(word: str) -> Image.Image:
    sample = Image.new("RGB", badge_size(word), GROUND)
    badge(sample, word, SEEN if word == "seen" else UNSEEN, (0, 0))
    return sample


def _frame() -> Image.Image:
    sample = Image.new("RGB", (22, 18), RIGHT)
    sample.paste(FAINT, (FRAME, FRAME, 22 - FRAME, 18 - FRAME))
    return sample


def _bar(colour: str) -> Image.Image:
    return Image.new("RGB", (26, BAR), colour)
