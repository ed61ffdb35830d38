"""Write ``docs/zoo.md``, the table of the zoo's specs, from the specs themselves.

python -m tools.list_zoo
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.spec_files import table_names, zoo_names
from compose.spec.layers.table_file import TableFile, read_table
from compose.spec.yaml.tree import plain
from tools.rooms import ROOT

PAGE = ROOT / "docs" / "zoo.md"
HEAD = """# The zoo

Specs that come with `compose`. They train by name from any folder, on data that is embedded or drawn, so that nothing
is downloaded. The variants of the third column bring the data and the training of a paper, and want files of yours
(`-s data.folder=DIR`); `-v released` is what its authors' code does otherwise. A hybrid has no paper, and so no such
variant. How many other variants and sweeps there are, the last column says; `compose show SPEC -v NAME` shows one. The
figures that papers print stand in each spec, under `paper.figures`.

Written by `make zoo`.
"""
SECTIONS = {
    "": ("Papers", "One spec for each of the five papers, and the starter that `compose new` copies."),
    "baselines": ("Baselines", "What the papers compare with, on the same data and backbones as the papers' specs."),
    "hybrids": ("Hybrids", "Parts of several papers in one model; none of them needs code."),
}
"""A folder of the zoo -> the title of its section, and what stands under it."""
TABLES = """## Tables

The tables and figures of the papers, and hybrids beside their parents, as files of rows. `compose sweep TABLE
--seeds 3` trains every row, goes on where it was stopped, and takes what another table has trained; `compose compare
TABLE` shows the rows in the paper's order, with the paper's figures beside ours; `-o FILE.md` writes them as a page.
`-v paper -s data.folder=DIR` lies over every row. What a row has no blocks for, or a table no data, stands in the file.
Table 3 of DESIRE-Net has formulas and no figures.
"""
COLUMNS = ("spec", "trains on", "with files of yours", "paper", "it also varies")


def page() -> str:
    """The page as Markdown."""
    return "\n".join([HEAD, *(_section(folder) for folder in SECTIONS), TABLES, *_tables(), ""])


def _tables() -> list[str]:
    tables = [read_table(name) for name in table_names()]
    rows = [
        (f"[`{table.name}`](../{table.file}): {_cell(table.title)}", _rows(table), _cell(table.needs) or "none")
        for table in tables
    ]
    heads = ("table", "rows", "needs")
    return [f"| {' | '.join(row)} |" for row in (heads, ("---",) * len(heads), *rows)]


def _rows(table: TableFile) -> str:
    return str(sum(max(1, len(row.members)) for row in table.rows))


def _section(folder: str) -> str:
    title, says = SECTIONS[folder]
    names = [name for name in zoo_names() if name.removeprefix("zoo/").rpartition("/")[0] == folder]
    rule = "|".join(["---"] * len(COLUMNS))
    rows = [f"| {' | '.join(COLUMNS)} |", f"|{rule}|", *(f"| {' | '.join(_row(name))} |" for name in names)]
    return "\n".join([f"## {title}", "", says, "", *rows, ""])


def _row(name: str) -> tuple[str, ...]:
    found = resolve(name)
    values: Any = plain(found.tree)
    spec = f"[`{Path(name).stem}`](../{name}): {_cell(values['description'])}<br>`compose train {name}`"
    return spec, f"`{values['data']['use']}`", _settings(found), _cited(values.get("paper")), _varies(found)


def _cited(paper: dict[str, Any] | None) -> str:
    return _cell(f"{paper['title']}, {paper['venue']}") if paper and "title" in paper else "none"


def _settings(found: Resolved) -> str:
    """The variants that bring other data, and those of released code."""
    named = [f"`-v {name}` ({data})" for name, data in _data_of_variants(found).items()]
    return ", ".join([*named, *("`-v released`" for name in found.variants if name == "released")]) or "none"


def _varies(found: Resolved) -> str:
    apart = {*_data_of_variants(found), "released"}
    counts = {"variant": len(found.variants.keys() - apart), "sweep": len(found.sweeps)}
    return ", ".join(f"{count} {word}{'s' * (count > 1)}" for word, count in counts.items() if count)


def _data_of_variants(found: Resolved) -> dict[str, str]:
    """Variant -> the data source that it brings."""
    overlays: dict[str, Any] = {name: plain(tree) for name, tree in found.variants.items()}
    return {name: tree["data"]["use"] for name, tree in overlays.items() if "use" in (tree.get("data") or {})}


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def main(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
