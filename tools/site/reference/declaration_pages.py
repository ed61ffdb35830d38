"""The pages of what a spec may name: one for each room of blocks, and one for each other kind."""

from __future__ import annotations

from posixpath import dirname

from compose.cli.list import PLURALS, WHERE
from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from tools.rooms import ROOT
from tools.site.markdown import paragraphs
from tools.site.reference.declaration_entry import declaration_entry
from tools.site.reference.package_line import package_line

TITLES = {
    "composites": "Composites",
    "losses": "Losses",
    "metrics": "Metrics",
    "data": "Data sources",
    "vectors": "Label vectors",
    "graphs": "Label graphs",
    "stages": "Stages",
    "optimizers": "Optimizers",
    "schedules": "Schedules",
    "sections": "Sections of a spec",
}
"""The word of a kind -> the title of its page."""
WORDS = {kind: word for word, kind in PLURALS.items()}
ROOM_OF = {"core": "core/layers"}
"""Blocks that stand above the rooms of ``core``, and where they are shown."""


def declaration_pages() -> dict[str, str]:
    """Each page by its place in the site."""
    return {page: _page(declarations, dirname(page)) for page, declarations in by_page().items()}


def by_page() -> dict[str, list[Declaration]]:
    """What stands on each page, in the order of the navigation."""
    found: dict[str, list[Declaration]] = {}
    for declaration in sorted(registry().all(), key=_place):
        found.setdefault(page_of(declaration), []).append(declaration)
    return found


def page_of(declaration: Declaration) -> str:
    """The page on which something stands, by its place in the site."""
    if declaration.kind == "block":
        return f"reference/blocks/{_room(declaration).replace('/', '-')}.md"
    return f"reference/{WORDS[declaration.kind]}.md"


def title_of(declaration: Declaration) -> str:
    """The title of that page."""
    if declaration.kind == "block":
        room, _, part = _room(declaration).partition("/")
        return f"{room.capitalize()} blocks{f': {part}' if part else ''}"
    return TITLES[WORDS[declaration.kind]]


def _room(declaration: Declaration) -> str:
    inner = "/".join(declaration.module.split(".")[2:-1])
    return ROOM_OF.get(inner, inner)


def _place(declaration: Declaration) -> tuple[int, str]:
    """Blocks come first, room by room, and then the other kinds."""
    if declaration.kind == "block":
        return -1, _room(declaration)
    return list(TITLES).index(WORDS[declaration.kind]), ""


def _page(declarations: list[Declaration], folder: str) -> str:
    first = declarations[0]
    says = package_line(ROOT / "blocks" / _room(first)) if first.kind == "block" else ""
    where = f"In a spec: `{WHERE[WORDS[first.kind]]}`"
    entries = (declaration_entry(declaration, folder) for declaration in declarations)
    return paragraphs(f"# {title_of(first)}", says, where, *entries)
