"""How often each attention module gives each label's score, as stacked columns: LESA, figure 4 (top)."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from compose.drawing.lettering import shorten, text_length
from compose.drawing.palette import DIM, FAINT, INK, UNSEEN
from compose.drawing.usage.shapes import Rectangle, Shape, Text
from compose.drawing.usage.shapes_pixels import to_image
from compose.drawing.usage.shapes_svg import to_svg
from compose.drawing.usage.usage_series import module_series
from compose.drawing.usage.usage_table import Usage, totals, usages

if TYPE_CHECKING:
    from jaxtyping import Int
    from PIL import Image
    from torch import Tensor

ACROSS, TALL = 1120.0, 120.0
"""The widest a row of columns gets, and the height of a full column."""
WIDEST, NAMED, THINNEST = 64.0, 13.0, 2.5
"""Room for a column: at most; the least at which every label is named; the least at all."""
ROWS = 5
"""Rows of columns that all have their names; more labels get thinner columns instead."""
MARGIN, AXIS, HEAD, ROW_GAP, GROUP_GAP = 20.0, 42.0, 22.0, 16.0, 6.0
NAME, TEXT, TITLE, LONGEST = 11.0, 12.0, 17.0, 130.0


def usage_chart(counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool], *, title: str = "") -> str:
    """The chart as the text of an SVG file; the pointer on a column tells its numbers.

    Args:
        counts: for each label, how often each module gave its score.
        names: the labels.
        seen: which of them the model was trained on; the names of the others are heavy and orange.
        title: stands over the chart.
    """
    shapes, size = _Chart(usages(counts, names, seen), title).draw()
    return to_svg(shapes, size, title=title or "attention modules")


def usage_image(
    counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool], *, title: str = "", scale: float = 2
) -> Image.Image:
    """The same chart in pixels, ``scale`` of them to a unit of the SVG."""
    return to_image(*_Chart(usages(counts, names, seen), title).draw(), scale=scale)


class _Chart:
    def __init__(self, found: Sequence[Usage], title: str) -> None:
        self.found, self.title = found, title
        self.used = totals(found)
        self.series = module_series(self.used)
        fitting = max(ACROSS / max(1, len(found)), min(NAMED, ROWS * ACROSS / max(1, len(found))))
        self.pitch = min(WIDEST, max(THINNEST, fitting))
        self.every = math.ceil(NAMED / self.pitch - 1e-9)
        self.short = {usage.name: shorten(usage.name, LONGEST, NAME, bold=True) for usage in found[:: self.every]}
        longest = max((text_length(name, NAME, bold=True) for name in self.short.values()), default=0.0)
        self.degrees = 0 if longest < self.pitch - 4 else 45 if self.pitch > 1.6 * NAMED else 90
        self.turn = math.radians(self.degrees)
        overhang = longest * math.cos(self.turn) - self.pitch / 2 if self.degrees else 0.0
        self.left = MARGIN + max(AXIS, overhang)

    def draw(self) -> tuple[list[Shape], tuple[float, float]]:
        """The shapes and the size of the chart."""
        y, shapes, right = MARGIN + 32 * bool(self.title), list[Shape](), self.left + 400
        for row in self._rows():
            shapes += self._row(row, y + HEAD)
            y += HEAD + TALL + self._below(row) + ROW_GAP
        right = max([right, *(shape.x + shape.width for shape in shapes if isinstance(shape, Rectangle))])
        key, y = self._legend(y, right)
        if self.title:
            head = shorten(self.title, right - MARGIN, TITLE, bold=True)
            shapes.insert(0, Text(MARGIN, MARGIN + 8, head, TITLE, INK, bold=True))
        return [*shapes, *key], (right + MARGIN, y + MARGIN)

    # --- a row of columns -----------------------------------------------------------------------------------------

    def _rows(self) -> Iterator[list[tuple[int, Usage]]]:
        """The labels and their numbers, about equally many in each row."""
        rows = math.ceil(len(self.found) * self.pitch / ACROSS - 1e-6)
        length = math.ceil(len(self.found) / max(1, rows))
        numbered = list(enumerate(self.found))
        for start in range(0, len(numbered), max(1, length)):
            yield numbered[start : start + length]

    def _below(self, row: Sequence[tuple[int, Usage]]) -> float:
        """The height of the names under a row."""
        named = (self.short[usage.name] for index, usage in row if index % self.every == 0)
        longest = max((text_length(name, NAME, bold=True) for name in named), default=0.0)
        return longest * math.sin(self.turn) + NAME * math.cos(self.turn) + 8

    def _row(self, row: Sequence[tuple[int, Usage]], top: float) -> list[Shape]:
        places, x = [], self.left
        for (_, before), (_, usage) in itertools.pairwise([row[0], *row]):
            x += GROUP_GAP * (before.main != usage.main)
            places.append(x)
            x += self.pitch
        shapes = [*self._axis(top, x), *self._groups(row, places, top)]
        for (index, usage), place in zip(row, places, strict=True):
            shapes += self._column(usage, place, top)
            if index % self.every == 0:
                shapes.append(self._name(usage, place + self.pitch / 2, top + TALL))
        return shapes

    def _axis(self, top: float, right: float) -> Iterator[Shape]:
        for percent in (0, 50, 100):
            y = top + TALL * (1 - percent / 100)
            yield Rectangle(self.left - 4, y - 0.5, right - self.left + 4, 1, FAINT)
            yield Text(self.left - 8, y, f"{percent}%", 10, DIM, "end")

    def _groups(self, row: Sequence[tuple[int, Usage]], places: Sequence[float], top: float) -> Iterator[Shape]:
        """Over the columns, what their main module is, as far as there is room."""
        placed = zip((usage.main for _, usage in row), places, strict=True)
        for main, group in itertools.groupby(placed, key=lambda place: place[0]):
            found = [place for _, place in group]
            left, width = found[0], found[-1] + self.pitch - found[0]
            texts = [f"module {main}", str(main)] if main is not None else ["never predicted", "–"]
            fitting = [text for text in texts if text_length(text, NAME) <= width + GROUP_GAP - 2]
            yield Rectangle(left + 0.5, top - 5, width - 1, 1.5, DIM)
            if fitting:
                yield Text(left + width / 2, top - 13, fitting[0], NAME, DIM, "middle")

    def _column(self, usage: Usage, x: float, top: float) -> Iterator[Shape]:
        """The shares of the modules; that of the main one stands at the bottom."""
        gap = min(3.0, 0.15 * self.pitch)
        at, width, bottom = x + gap / 2, self.pitch - gap, top + TALL
        for series in sorted(self.series, key=lambda series: usage.main not in series.modules):
            count = sum(usage.counts[module] for module in series.modules)
            if count:
                height = TALL * count / usage.total
                hint = f"{usage.name}: module {series.name}, {count:,} of {usage.total:,} ({count / usage.total:.0%})"
                bottom -= height
                yield Rectangle(at, bottom, width, height, series.fill, series.texture, hint)

    def _name(self, usage: Usage, x: float, bottom: float) -> Text:
        fill, hint = INK if usage.seen else UNSEEN.text, f"{usage.name}, {'seen' if usage.seen else 'unseen'}"
        y = bottom + (NAME if not self.degrees else 6)
        name = Text(x, y, self.short[usage.name], NAME, fill, "middle", bold=not usage.seen, hint=hint)
        return replace(name, anchor="end", degrees=self.degrees) if self.degrees else name

    # --- legend ---------------------------------------------------------------------------------------------------

    def _legend(self, y: float, right: float) -> tuple[list[Shape], float]:
        """The modules with their shares of all scores, then what the colours of names mean; and where it ends."""
        shapes, x, total = list[Shape](), MARGIN, max(1, sum(self.used))
        for series in self.series:
            share = sum(self.used[module] for module in series.modules) / total
            text = f"{'module ' * (len(series.modules) == 1)}{series.name}: {share:.1%}"
            room = 18 + text_length(text, TEXT)
            if x > MARGIN and x + room > right:
                x, y = MARGIN, y + 22
            shapes += [Rectangle(x, y, 13, 13, series.fill, series.texture), Text(x + 18, y + 6.5, text, TEXT, DIM)]
            x += room + 20
        if any(not usage.seen for usage in self.found):
            text = "unseen label"
            if x > MARGIN and x + text_length(text, TEXT, bold=True) > right:
                x, y = MARGIN, y + 22
            shapes.append(Text(x, y + 6.5, text, TEXT, UNSEEN.text, bold=True))
        return shapes, y + 14
