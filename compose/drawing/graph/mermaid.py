"""A diagram as Mermaid text."""

from __future__ import annotations

from compose.drawing.graph.diagram import Box, Diagram, Role
from compose.drawing.palette import BOXES
from compose.shown import printable

OPEN: dict[Role, tuple[str, str]] = {
    "input": ("([", "])"),
    "node": ("[", "]"),
    "scores": ("[", "]"),
    "loss": ("{{", "}}"),
}


def mermaid(diagram: Diagram) -> str:
    """The diagram as a Mermaid flowchart, top to bottom."""
    ids = {box.key: f"n{index}" for index, box in enumerate(diagram.boxes)}
    lines = ["---", f"title: {_quoted(diagram.title)}", "---", "flowchart TD"]
    lines += [f"    {ids[box.key]}{_box(box)}" for box in diagram.boxes]
    for arrow in diagram.arrows:
        label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
        lines.append(f"    {ids[arrow.start]} -->{label} {ids[arrow.end]}")
    for role, colour in BOXES.items():
        members = ",".join(ids[box.key] for box in diagram.boxes if box.role == role)
        if members:
            lines.append(f"    classDef {role} fill:{colour.fill},stroke:{colour.line},color:{colour.text}")
            lines.append(f"    class {members} {role}")
    return "\n".join(lines) + "\n"


def _box(box: Box) -> str:
    opening, closing = OPEN[box.role]
    parts = [f"<b>{_escaped(box.title)}</b>", *map(_escaped, box.lines)]
    return f'{opening}"{"<br/>".join(parts)}"{closing}'


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _escaped(text: str) -> str:
    """Text inside quotes: Mermaid reads entities with ``#``."""
    return printable(text).replace("#", "#35;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
