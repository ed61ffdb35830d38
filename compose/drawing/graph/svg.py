"""A diagram as SVG, drawn without any other program."""

from __future__ import annotations

import itertools
from collections import defaultdict

from compose.drawing.graph.diagram import SIGNS, Arrow, Box, BoxMark, Diagram
from compose.drawing.graph.layout import DiagramLayout, Edge, Size, lay_out, spread
from compose.drawing.palette import BOXES, DIM, INK, MARKS
from compose.shown import xml_text

TITLE, TEXT, LABEL = 14.0, 12.0, 11.0
"""Font sizes."""

PAD_X, PAD_Y, LINE = 14.0, 9.0, 16.0
MARGIN, HEAD = 24.0, 34.0
PORT_GAP, CORNER = 22.0, 14.0
"""Distance of the ends of arrows from one another, and from the corners of a box."""

LEGEND = 30.0
"""Height of the legend of a diagram of two models."""
STROKES: dict[BoxMark, str] = {
    "": 'stroke-width="1.3"',
    "added": 'stroke-width="2.6"',
    "gone": 'stroke-width="1.3" stroke-dasharray="5 4"',
    "changed": 'stroke-width="2.6" stroke-dasharray="12 3"',
}
"""How lines are drawn that tell what became of a part, beside their colour."""

FONT = "'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif"
NARROW, WIDE = set("iljtfrI.,:;'|()[] "), set("mwMW@×→")


def svg(diagram: Diagram) -> str:
    """The diagram as the text of an SVG file."""
    sizes = {box.key: box_size(box) for box in diagram.boxes}
    layout = lay_out(sizes, [(arrow.start, arrow.end) for arrow in diagram.arrows])
    picture = _Picture(diagram, sizes, layout)
    return picture.text()


def box_size(box: Box) -> Size:
    """How large a box must be for its text."""
    widest = max(text_width(box.signed, TITLE) * 1.08, *(text_width(line, TEXT) for line in box.lines), 40.0)
    return Size(widest + 2 * PAD_X, 2 * PAD_Y + TITLE + LINE * len(box.lines) + 2)


def text_width(text: str, size: float) -> float:
    """About how wide a text is, without the font at hand; rather too wide than too narrow."""
    return sum(_char_width(char) for char in text) * size


def _char_width(char: str) -> float:
    if char in NARROW:
        return 0.34
    return 0.92 if char in WIDE else 0.6


class _Picture:
    def __init__(self, diagram: Diagram, sizes: dict[str, Size], layout: DiagramLayout) -> None:
        self.diagram, self.sizes, self.layout = diagram, sizes, layout
        self.starts = self._ends(lower=False)
        self.stops = self._ends(lower=True)

    def text(self) -> str:
        """The whole file."""
        width = max(self.layout.width, text_width(self.diagram.title, 17.0)) + 2 * MARGIN
        height = self.layout.height + 2 * MARGIN + HEAD + (LEGEND if self.diagram.marks else 0)
        shift = (width - self.layout.width) / 2
        lines = [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{FONT}">',
            f"<title>{xml_text(self.diagram.title)}</title>",
            f'<rect width="{width:.0f}" height="{height:.0f}" fill="#ffffff"/>',
            f'<text x="{width / 2:.1f}" y="{MARGIN + 8:.1f}" text-anchor="middle" font-size="17" font-weight="600" '
            f'fill="{INK}">{xml_text(self.diagram.title)}</text>',
            f'<g transform="translate({shift:.1f} {MARGIN + HEAD:.1f})">',
            *self._arrows(),
            *(line for box in self.diagram.boxes for line in self._box(box)),
            *self._labels(),
            "</g>",
            *self._legend(width / 2, height - MARGIN),
            "</svg>",
        ]
        return "\n".join(lines) + "\n"

    # --- boxes ------------------------------------------------------------------------------------------------

    def _box(self, box: Box) -> list[str]:
        size, colour = self.sizes[box.key], MARKS[box.mark] if self.diagram.marks else BOXES[box.role]
        x, y = self.layout.centres[box.key]
        left, top = x - size.width / 2, y - size.height / 2
        radius = min(size.height / 2, 18.0) if box.role == "input" else 6.0
        hint = [f"<title>{xml_text(box.hint)}</title>"] if box.hint else []
        lines = [
            f'<text x="{x:.1f}" y="{top + PAD_Y + TITLE + 1 + LINE * (index + 1):.1f}" text-anchor="middle" '
            f'font-size="{TEXT:g}" fill="{DIM}">{xml_text(line)}</text>'
            for index, line in enumerate(box.lines)
        ]
        return [
            f'<g class="{f"{box.role} {box.mark}".rstrip()}">',
            *hint,
            f'<rect x="{left:.1f}" y="{top:.1f}" width="{size.width:.1f}" height="{size.height:.1f}" '
            f'rx="{radius:.1f}" fill="{colour.fill}" stroke="{colour.line}" {STROKES[box.mark]}/>',
            f'<text x="{x:.1f}" y="{top + PAD_Y + TITLE - 2:.1f}" text-anchor="middle" font-size="{TITLE:g}" '
            f'font-weight="600" fill="{colour.text}">{xml_text(box.signed)}</text>',
            *lines,
            "</g>",
        ]

    # --- arrows -----------------------------------------------------------------------------------------------

    def _edges(self) -> dict[Edge, list[Arrow]]:
        """Arrows between the same two boxes are drawn as one, with their labels in lines."""
        found: dict[Edge, list[Arrow]] = defaultdict(list)
        for arrow in self.diagram.arrows:
            found[arrow.start, arrow.end].append(arrow)
        return dict(found)

    def _ends(self, *, lower: bool) -> dict[Edge, tuple[float, float]]:
        """Where each arrow leaves (or with ``lower`` enters) its box: side by side, in the order of the other ends."""
        at_box: dict[str, list[Edge]] = defaultdict(list)
        for edge in self._edges():
            at_box[edge[1] if lower else edge[0]].append(edge)
        found = {}
        for name, edges in at_box.items():
            edges.sort(key=lambda edge: self._towards(edge, lower=lower))
            x, y = self.layout.centres[name]
            size = self.sizes[name]
            room = self._room(name)
            gap = min(PORT_GAP, 2 * room / max(1, len(edges) - 1))
            wanted = [self._wanted(edge, lower=lower) for edge in edges]
            places = spread(wanted, [1.0] * len(edges), [gap] * (len(edges) - 1))
            over = max(0.0, places[-1] - x - room) + min(0.0, places[0] - x + room)
            for edge, place in zip(edges, places, strict=True):
                found[edge] = (place - over, y - size.height / 2 if lower else y + size.height / 2)
        return found

    def _towards(self, edge: Edge, *, lower: bool) -> float:
        """The x of what an arrow meets first, seen from the box."""
        points = self.layout.paths[edge]
        if points:
            return points[-1 if lower else 0][0]
        return self.layout.centres[edge[0] if lower else edge[1]][0]

    def _wanted(self, edge: Edge, *, lower: bool) -> float:
        """Where an arrow would leave or enter if it were alone: straight up and down, if it can."""
        box = edge[1] if lower else edge[0]
        x, room = self.layout.centres[box][0], self._room(box)
        target = self._towards(edge, lower=lower)
        if not self.layout.paths[edge]:
            other = edge[0] if lower else edge[1]
            target = min(max((x + target) / 2, target - self._room(other)), target + self._room(other))
        return min(max(target, x - room), x + room)

    def _room(self, box: str) -> float:
        """How far from its centre arrows may meet a box."""
        return max(0.0, self.sizes[box].width / 2 - CORNER)

    def _arrows(self) -> list[str]:
        return [self._arrow(edge) for edge in self._edges()]

    def _arrow(self, edge: Edge) -> str:
        points = self._points(edge)
        path = f"M{points[0][0]:.1f} {points[0][1]:.1f}"
        for (x0, y0), (x1, y1) in itertools.pairwise(points):
            if abs(x0 - x1) < 0.5:
                path += f" L{x1:.1f} {y1:.1f}"
            else:
                bend = (y1 - y0) / 2
                path += f" C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
        x, y = self.stops[edge]
        head = f"M{x - 4:.1f} {y - 8:.1f} L{x:.1f} {y - 0.5:.1f} L{x + 4:.1f} {y - 8:.1f}"
        marks = {arrow.mark for arrow in self._edges()[edge]}
        mark: BoxMark = marks.pop() if len(marks) == 1 else "changed"
        colour = MARKS[mark].line if mark else "#6b7480"
        return f'<path d="{path} {head}" fill="none" stroke="{colour}" {STROKES[mark]} stroke-linejoin="round"/>'

    def _legend(self, middle: float, y: float) -> list[str]:
        """The signs and lines of what became of the parts, and what they mean."""
        texts = {mark: f"{SIGNS[mark]} {mark}" for mark in self.diagram.marks}
        widths = {mark: text_width(text, TEXT) + 56 for mark, text in texts.items()}
        x, lines = middle - sum(widths.values()) / 2, []
        for mark, text in texts.items():
            line = f'<path d="M{x:.1f} {y - 4:.1f} h30" stroke="{MARKS[mark].line}" {STROKES[mark]}/>'
            words = f'<text x="{x + 36:.1f}" y="{y:.1f}" font-size="{TEXT:g}" fill="{INK}">{text}</text>'
            lines += [line, words]
            x += widths[mark]
        return lines

    def _points(self, edge: Edge) -> list[tuple[float, float]]:
        """The path of an arrow: straight through the layers that it passes, bent only between layers."""
        points = [self.starts[edge]]
        layer = next(i for i, names in enumerate(self.layout.layers) if edge[0] in names)
        if points[0][1] < self.layout.bottoms[layer] - 0.5:
            points.append((points[0][0], self.layout.bottoms[layer]))
        for offset, (x, _) in enumerate(self.layout.paths[edge], start=layer + 1):
            points += [(x, self.layout.tops[offset]), (x, self.layout.bottoms[offset])]
        end = self.stops[edge]
        last = next(i for i, names in enumerate(self.layout.layers) if edge[1] in names)
        if end[1] > self.layout.tops[last] + 0.5:
            points.append((end[0], self.layout.tops[last]))
        return [*points, end]

    def _labels(self) -> list[str]:
        """The ports of the arrows, where they end: beside the outermost ones, above one another between them."""
        named: dict[str, list[tuple[Edge, str]]] = defaultdict(list)
        for edge, arrows in self._edges().items():
            named[edge[1]] += [(edge, f"{SIGNS[arrow.mark]} {arrow.label}".lstrip()) for arrow in arrows if arrow.label]
        lines = []
        for labels in named.values():
            labels.sort(key=lambda label: self.stops[label[0]])
            for index, (edge, text) in enumerate(labels):
                left = index == 0 and len(labels) > 1
                lines += self._label(
                    self.stops[edge], text, left=left, height=max(0, len(labels) - 1 - index) * (not left)
                )
        return lines

    def _label(self, end: tuple[float, float], text: str, *, left: bool, height: int) -> list[str]:
        x, y = end
        anchor, shift = ("end", -7) if left else ("start", 7)
        at = f'x="{x + shift:.1f}" y="{y - 10 - 13 * height:.1f}" font-size="{LABEL:g}" text-anchor="{anchor}"'
        # Once as a white outline, so that arrows behind it do not cut the text.
        return [
            f'<text {at} fill="none" stroke="#ffffff" stroke-width="4">{xml_text(text)}</text>',
            f'<text {at} fill="#7a4fb3">{xml_text(text)}</text>',
        ]
