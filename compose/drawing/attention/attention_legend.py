"""What the colours and marks of a sheet of attention mean, as far as the sheet has them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from compose.drawing.attention.marks import Mark, badge, badge_size, boxes, mark
from compose.drawing.heat import heat_scale
from compose.drawing.lettering import font, text_length
from compose.drawing.palette import DIM, FAINT, GROUND, SEEN, UNSEEN

if TYPE_CHECKING:
    from compose.drawing.attention.attention_sheet import AttentionRow

TEXT, LINE, GAP = 12.0, 28, 24
Item = tuple[int, Callable[[Image.Image, int, int], None]]
"""How wide an entry is, and what draws it at the left end and the middle of its place."""


def legend(rows: Sequence[AttentionRow], width: int) -> Image.Image:
    """The legend in as many lines as the width asks for; none where there is nothing to explain."""
    placed, x, line = [], 0, 0
    for room, draw in _items(rows):
        if x and x + room > width:
            x, line = 0, line + 1
        placed.append((x, line, draw))
        x += room + GAP
    image = Image.new("RGB", (width, LINE * (line + 1) if placed else 0), GROUND)
    for x, line, draw in placed:
        draw(image, x, LINE * line + LINE // 2)
    return image


def _items(rows: Sequence[AttentionRow]) -> Iterator[Item]:
    labels = [label for row in rows for label in row.labels]
    if labels:
        yield _scale()
    if any(row.boxes for row in rows):
        yield _box()
    if any(label.correct is not None for label in labels):
        yield _mark("right", "the picture shows it")
        yield _mark("wrong", "it does not")
    if any(label.seen is not None for label in labels):
        yield _badge("seen", "trained on")
        yield _badge("unseen", "not trained on")


def _scale() -> Item:
    before, after, bar = "attention: none", "most in the panel", 110
    start = round(text_length(before, TEXT)) + 6

    def draw(image: Image.Image, x: int, y: int) -> None:
        _text(image, x, y, before)
        image.paste(heat_scale(bar, 14), (x + start, y - 7))
        _text(image, x + start + bar + 6, y, after)

    return start + bar + 6 + _length(after), draw


def _box() -> Item:
    text = "true box"

    def draw(image: Image.Image, x: int, y: int) -> None:
        sample = Image.new("RGB", (26, 18), FAINT)
        boxes(sample, [(4, 4, 22, 14, "")], 1)
        image.paste(sample, (x, y - 9))
        _text(image, x + 32, y, text)

    return 32 + _length(text), draw


def _mark(kind: Mark, text: str) -> Item:
    def draw(image: Image.Image, x: int, y: int) -> None:
        mark(image, kind, (x, y - 7), 14)
        _text(image, x + 19, y, text)

    return 19 + _length(text), draw


def _badge(word: str, text: str) -> Item:
    width, height = badge_size(word)

    def draw(image: Image.Image, x: int, y: int) -> None:
        badge(image, word, SEEN if word == "seen" else UNSEEN, (x, y - height // 2))
        _text(image, x + width + 6, y, text)

    return width + 6 + _length(text), draw


def _text(image: Image.Image, x: int, y: int, text: str) -> None:
    ImageDraw.Draw(image).text((x, y), text, fill=DIM, font=font(TEXT), anchor="lm")


def _length(text: str) -> int:
    return round(text_length(text, TEXT))
