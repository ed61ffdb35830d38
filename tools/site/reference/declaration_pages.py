"""The pages of what a spec may name: one for each room of blocks, and one for each other kind."""

from __future__ import annotations

from collections import defaultdict
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
    by_page = defaultdict(list)
    for declaration in registry().all():
        by_page[page_of(declaration)].append(declaration)
    order = sorted(by_page, key=lambda page: ("/blocks/" not in page, page if "/blocks/" in page else _place(page)))
    return {page: _page(by_page[page], dirname(page)) for page in order}


def page_of(declaration: Declaration) -> str:
    """The page on which something stands, by its place in the site."""
    if declaration.kind == "block":
        return f"reference/blocks/{_room(declaration).replace('/', '-')}.md"
    return f"reference/{WORDS[declaration.kind]}.md"


def _room(declaration: Declaration) -> str:
    inner = "/".join(declaration.module.split(".")[2:-1])
    return ROOM_OF.get(inner, inner)


def _place(page: str) -> int:
    return list(TITLES).index(page.removeprefix("reference/").removesuffix(".md"))


def _page(declarations: list[Declaration], folder: str) -> str:
    first = declarations[0]
    if first.kind == "block":
        room = _room(first)
        title, says = room.replace("/", ": ").capitalize(), package_line(ROOT / "blocks" / room)
    else:
        title, says = TITLES[WORDS[first.kind]], ""
    where = f"In a spec: `{WHERE[WORDS[first.kind]]}`"
    entries = (declaration_entry(declaration, folder) for declaration in declarations)
    return paragraphs(f"# {title}", says, where, *entries)
