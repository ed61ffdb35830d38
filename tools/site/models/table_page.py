"""The tables that come along: each rebuilds a table or figure of a paper, and has a page."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from posixpath import dirname, relpath

from compose.spec.layers.spec_files import find_spec, table_names
from compose.spec.layers.table_file import TableFile, TableRow, read_table
from tools.site.markdown import fence, paragraphs, prose, table
from tools.site.models.opening_comment import opening_comment
from tools.site.models.result_pages import result_links


@cache
def packaged_tables() -> tuple[TableFile, ...]:
    """Every table of the zoo."""
    return tuple(map(read_table, table_names()))


def page_of_table(found: TableFile) -> str:
    """Its page, by the place in the site."""
    return str(Path(found.file).with_suffix(".md"))


def table_page(found: TableFile) -> str:
    """The page as Markdown: its commands, its rows, and where our figures stand."""
    text = find_spec(found.file).read_text("utf-8")
    commands, said = opening_comment(text)
    folder = dirname(page_of_table(found))
    ours = result_links([found.file], folder)
    return paragraphs(
        f"# {found.name}",
        f"**{prose(found.title)}**",
        *map(prose, said),
        f"Needs {prose(found.needs)}." if found.needs else "",
        fence(commands, "sh"),
        f"Ours: {ours}." if ours else "",
        table(("row", "spec", "with", "printed row"), (_row(row, folder) for row in found.rows)),
        "## File",
        f"`{found.file}`",
        fence(text, "yaml"),
    )


def _row(row: TableRow, folder: str) -> tuple[str, str, str, str]:
    printed = f"`{row.printed.value}`" if row.printed else ""
    if row.left_out:
        return prose(row.name), "left out", prose(row.left_out), printed
    spec = f"[`{row.spec}`]({relpath(Path(row.spec).with_suffix('.md').as_posix(), folder)})"
    flags = ["".join(f" {flag}" for flag in member.written) for member in row.members]
    return prose(row.name), spec, ", ".join(f"`{given.strip()}`" for given in flags if given), printed
