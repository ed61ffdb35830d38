"""The front page of the reference: every name that a spec may use, with a line and a link."""

from __future__ import annotations

from posixpath import relpath

from compose.cli.list import WHERE
from compose.registry.declaration import Declaration
from tools.site.markdown import paragraphs, prose, table
from tools.site.reference.declaration_pages import WORDS, by_page, page_of, title_of

INTRODUCTION = """What a spec may name, as the project's code declares it: `compose list` and `compose describe NAME`
say the same in a terminal. Shapes are written in letters: `b` batch, `c` channels, `h w` space, `r` regions, `m`
semantic vectors, `g` groups, `d` word size, `l` labels, `n` graph nodes, `e` episodes, `s` support, `q` query; `*d`
stands for any number of dims.

Besides: the [inputs](inputs.md) that data and labels give, the [commands](commands/index.md), and the
[Python API](python.md)."""


def overview() -> str:
    """The page as Markdown."""
    return paragraphs("# Reference", INTRODUCTION, *map(_section, by_page().values()))


def _section(declarations: list[Declaration]) -> str:
    """What stands on one page."""
    first = declarations[0]
    rows = [(link(declaration, "reference"), prose(declaration.summary)) for declaration in declarations]
    return paragraphs(f"## {title_of(first)}", f"`{WHERE[WORDS[first.kind]]}`", table(("name", ""), rows))


def link(declaration: Declaration, folder: str) -> str:
    """A link to where something is described, from a page in a folder of the site."""
    return f"[`{declaration.name}`]({relpath(page_of(declaration), folder)}#{declaration.name})"
