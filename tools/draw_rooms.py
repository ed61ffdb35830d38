"""Draw ``docs/rooms.svg``, the picture of the project's rooms in ``docs/architecture.md``.

python -m tools.draw_rooms

An arrow says that a room uses another. One that follows from others (a room uses what its lower rooms use) is left out.
"""

from __future__ import annotations

import ast
from pathlib import Path

from compose.drawing.graph.diagram import Arrow, Box, Diagram, Role
from compose.drawing.graph.svg import svg
from tools.rooms import FLOORS, PARTS, ROOT, uses

PICTURE = ROOT / "docs" / "rooms.svg"
SAYS = {
    "api": "load, validate, train, evaluate, predict, Run",
    "contract": "what a block needs to be one; every mistake as one message; text of users as it is shown",
}
"""What stands under a room that has no package of its own."""
ROLES: dict[str, Role] = {"cli": "input", "api": "input", "blocks": "scores", "graphs": "scores", "contract": "loss"}


def draw() -> str:
    """The picture as the text of an SVG file."""
    boxes = tuple(_box(name) for floor in FLOORS for name in floor)
    return svg(Diagram("The rooms of compose: each uses those that its arrows lead to", boxes, tuple(_arrows())))


def _box(name: str) -> Box:
    title = {"api": "compose", "contract": "compose.block, compose.errors"}.get(name, name)
    return Box(name, ROLES.get(name, "node"), title, tuple(_wrapped(_says(name))))


def _says(name: str) -> str:
    """The first line of the room's docstring."""
    if name in SAYS:
        return SAYS[name]
    folder = ROOT / name if name in PARTS else ROOT / "compose" / name
    doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    return doc.splitlines()[0].rstrip(".").replace("``", "")


def _wrapped(text: str, width: int = 46) -> list[str]:
    lines = [""]
    for word in text.split():
        joined = f"{lines[-1]} {word}".strip()
        lines[-1:] = [joined] if len(joined) <= width or not lines[-1] else [lines[-1], word]
    return lines


def _arrows() -> list[Arrow]:
    """The uses that do not follow from others."""
    pairs = set(uses())
    below: dict[str, set[str]] = {}
    for name in (name for floor in reversed(FLOORS) for name in floor):
        direct = {lower for upper, lower in pairs if upper == name}
        below[name] = direct.union(*(below.get(lower, set()) for lower in direct))
    order = [name for floor in FLOORS for name in floor]
    return [
        Arrow(upper, lower)
        for upper, lower in sorted(pairs, key=lambda pair: (order.index(pair[0]), order.index(pair[1])))
        if not any(lower in below[other] for other in order if (upper, other) in pairs and other != lower)
    ]


def main(path: Path = PICTURE) -> None:
    """Write the picture."""
    path.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
