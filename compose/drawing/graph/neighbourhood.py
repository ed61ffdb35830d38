"""The neighbours of one label as an SVG: around it by similarity, the nearer to it the more similar."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from compose.drawing.graph.svg import FONT, MARGIN, text_width
from compose.drawing.palette import DIM, EXTERNAL, FAINT, INK, SEEN, UNSEEN
from compose.shown import xml_text

Group = Literal["seen", "unseen", "external"]
COLOURS: dict[Group, str] = {"seen": SEEN.line, "unseen": UNSEEN.line, "external": EXTERNAL.line}
MOST = 72
"""Neighbours that are drawn; more would not be legible."""
INNER, ROOM, TEXT = 46.0, 150.0, 12.0
"""Where similarity 1 and the least one lie from the centre, the second beyond the first; the font's size."""
LINE = 15.5


@dataclass(frozen=True)
class Spoke:
    """A neighbour.

    Args:
        name: its name.
        similarity: from 0 to 1.
        group: what it is; each group has its colour.
        hypernym: whether it lies right above or below the label, and the graph shows it.
        hint: what is said of it where the pointer rests.
    """

    name: str
    similarity: float
    group: Group
    hypernym: bool = False
    hint: str = ""


def neighbourhood_svg(name: str, group: Group, spokes: Sequence[Spoke], *, subtitle: str = "") -> str:
    """The picture as the text of an SVG file.

    Args:
        name: the label in the middle.
        group: what it is.
        spokes: its neighbours, the most similar first; the first ``MOST`` are drawn, clockwise from the top.
        subtitle: stands under the name in the title.
    """
    left_out = f"the {MOST} most similar of {len(spokes):,} neighbours" if len(spokes) > MOST else ""
    heavy = "heavy lines: its hypernyms and hyponyms" if any(spoke.hypernym for spoke in spokes[:MOST]) else ""
    return _Picture(name, group, spokes[:MOST], [subtitle, left_out, heavy]).text()


class _Picture:
    def __init__(self, name: str, group: Group, spokes: Sequence[Spoke], lines: Sequence[str]) -> None:
        self.name, self.group, self.spokes = name, group, spokes
        self.lines = [line for line in lines if line]
        lowest = min((spoke.similarity for spoke in spokes), default=0.5)
        self.least = min(0.9, math.floor(lowest * 10) / 10)
        self.around = max(INNER + ROOM, len(spokes) * LINE / math.tau) + 10

    def text(self) -> str:
        """The whole file."""
        side, above, below = self._reach()
        width = max(2 * side, text_width(self.name, 17.0), *(text_width(line, TEXT) for line in self.lines))
        head = MARGIN + 32 + 17 * len(self.lines)
        width, height = width + 2 * MARGIN, head + above + below + 2 * MARGIN + 16
        middle, centre = width / 2, head + above
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}">',
            f"<title>{xml_text(self.name)}</title>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text x="{middle:.1f}" y="{MARGIN + 8:.1f}" text-anchor="middle" font-size="17" font-weight="600" '
            f'fill="{INK}">{xml_text(self.name)}</text>',
            *(
                f'<text x="{middle:.1f}" y="{MARGIN + 28 + 17 * index:.1f}" text-anchor="middle" '
                f'font-size="{TEXT:g}" fill="{DIM}">{xml_text(line)}</text>'
                for index, line in enumerate(self.lines)
            ),
            f'<g transform="translate({middle:.1f} {centre:.1f})">',
            *self._rings(),
            *(line for index in range(len(self.spokes)) for line in self._spoke(index)),
            f'<circle r="7" fill="{COLOURS[self.group]}" stroke="#ffffff" stroke-width="2"/>',
            *self._levels(),
            "</g>",
            *self._legend(middle, height - MARGIN),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    def _reach(self) -> tuple[float, float, float]:
        """How far the picture reaches from the centre: to either side, up, and down."""
        ends = [self.around + 5 + text_width(spoke.name, TEXT) for spoke in self.spokes]
        places = [(x * end, y * end) for (x, y), end in zip(map(self._direction, range(len(ends))), ends, strict=True)]
        side = max(self.around, *(abs(x) + TEXT / 2 for x, _ in places), 0.0)
        up, down = (max(self.around, *(sign * y + TEXT / 2 for _, y in places), 0.0) for sign in (-1, 1))
        return side, up, down

    def _direction(self, index: int) -> tuple[float, float]:
        """Where a spoke points; the top is left to the levels."""
        turn = math.tau * (index + 1) / (len(self.spokes) + 1)
        return math.sin(turn), -math.cos(turn)

    def _radius(self, similarity: float) -> float:
        return INNER + (self.around - 10 - INNER) * (1 - similarity) / (1 - self.least)

    def _tenths(self) -> list[float]:
        return [tenth / 10 for tenth in range(round(self.least * 10), 11)]

    def _rings(self) -> Iterator[str]:
        for level in self._tenths():
            yield f'<circle r="{self._radius(level):.1f}" fill="none" stroke="#e3e6ea" stroke-width="1"/>'

    def _levels(self) -> Iterator[str]:
        """The similarity of each ring, where the circle begins and ends."""
        for level in self._tenths():
            at = f'x="0" y="{3.5 - self._radius(level):.1f}" font-size="10" text-anchor="middle"'
            yield f'<text {at} fill="none" stroke="#ffffff" stroke-width="4">{level:.1f}</text>'
            yield f'<text {at} fill="{EXTERNAL.line}">{level:.1f}</text>'

    def _spoke(self, index: int) -> Iterator[str]:
        spoke = self.spokes[index]
        x, y = self._direction(index)
        radius, colour = self._radius(spoke.similarity), COLOURS[spoke.group]
        right = x >= 0
        degrees = math.degrees(math.atan2(y, x)) + (0 if right else 180)
        yield f'<g class="{spoke.group}">'
        yield f"<title>{xml_text(spoke.hint or spoke.name)}</title>"
        yield (
            f'<path d="M0 0 L{x * radius:.1f} {y * radius:.1f}" stroke="{colour}" stroke-opacity="0.55" '
            f'stroke-width="{3 if spoke.hypernym else 1.2}"/>'
        )
        yield (
            f'<path d="M{x * radius:.1f} {y * radius:.1f} L{x * self.around:.1f} {y * self.around:.1f}" '
            f'stroke="{FAINT}" stroke-width="0.8" stroke-dasharray="2 3"/>'
        )
        yield f'<circle cx="{x * radius:.1f}" cy="{y * radius:.1f}" r="4" fill="{colour}"/>'
        outer, anchor = self.around + 5, "start" if right else "end"
        yield (
            f'<text transform="translate({x * outer:.1f} {y * outer:.1f}) rotate({degrees:.1f})" dy="0.35em" '
            f'text-anchor="{anchor}" font-size="{TEXT:g}" fill="{INK}">{xml_text(spoke.name)}</text>'
        )
        yield "</g>"

    def _legend(self, middle: float, y: float) -> Iterator[str]:
        there = [group for group in COLOURS if group in {self.group, *(spoke.group for spoke in self.spokes)}]
        widths = [text_width(group, TEXT) + 34 for group in there]
        x = middle - sum(widths) / 2 + 10
        for group, width in zip(there, widths, strict=True):
            yield f'<circle cx="{x:.1f}" cy="{y - 4:.1f}" r="4.5" fill="{COLOURS[group]}"/>'
            yield f'<text x="{x + 10:.1f}" y="{y:.1f}" font-size="{TEXT:g}" fill="{DIM}">{group}</text>'
            x += width
