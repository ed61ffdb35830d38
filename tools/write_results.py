"""Write ``docs/results``: a page for each table of the zoo of which something was run, and their index.

    compose sweep zoo/tables/lesa-table2.yaml --seeds 3
    python -m tools.write_results [RUNS]

RUNS is the folder of the runs, ``runs/tables`` where not given. A page is what ``compose compare TABLE RUNS -o
FILE.md`` writes; a table of which less than half was run has none.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

import compose
from compose.shown import markdown_text
from compose.spec.layers.spec_files import table_names
from tools.rooms import ROOT

PAGES = ROOT / "docs" / "results"
INDEX = "index.md"
HEAD = """# Results

What the zoo reaches on the data that comes along, each figure with the protocol it was measured by. The pages of tables
are those of the papers, in the papers' order and beside the papers' figures; they are written by `python -m
tools.write_results` from what `compose sweep TABLE` has trained, and not by hand. Times are those of the clock, of one
CPU thread beside other work, and tell the order of size.
"""


def main() -> None:
    """Write the pages and the index."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("runs", type=Path, nargs="?", default=Path("runs/tables"))
    options.add_argument("--out", type=Path, default=PAGES)
    given = options.parse_args()
    write(given.runs, given.out)


def write(runs: Path, out: Path, names: Sequence[str] | None = None) -> None:
    """Write a page for each table half of whose rows have runs, and the index of all pages.

    Args:
        runs: the folder of the runs.
        out: the folder of the pages.
        names: the tables; those of the zoo where not given.
    """
    known = table_names() if names is None else names
    out.mkdir(parents=True, exist_ok=True)
    for name in known:
        found = compose.compare(name, runs)
        rows = [row for row in found.rows if found.page and found.page.commands.get(row.label)]
        if 2 * sum(bool(row.seeds) for row in rows) >= len(rows):
            found.write(out / f"{Path(name).stem}.md")
    (out / INDEX).write_text(index(out, known), "utf-8")


def index(pages: Path, names: Sequence[str]) -> str:
    """The index: the tables that were run, the other pages, and the tables that were not run.

    Args:
        pages: the folder of the pages.
        names: the tables.
    """
    tables = {Path(name).stem: name for name in names}
    found = {path.stem: path for path in sorted(pages.glob("*.md")) if path.name != INDEX}
    run = [_linked(found[stem]) for stem in tables if stem in found]
    other = [_linked(path) for stem, path in found.items() if stem not in tables]
    missing = [f"- `{name}`" for stem, name in tables.items() if stem not in found]
    parts = {"Tables": run, "More": other, "Not run yet": missing}
    return "\n".join([HEAD, *(line for title, lines in parts.items() for line in _part(title, lines))])


def _part(title: str, lines: list[str]) -> Iterator[str]:
    if lines:
        yield from (f"## {title}", "", *lines, "")


def _linked(path: Path) -> str:
    heading = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
    return f"- [{heading}]({markdown_text(path.name)})"


if __name__ == "__main__":
    main()
