"""The pages of ``docs/results`` that have figures of ours for a spec or a table."""

from __future__ import annotations

from collections.abc import Collection
from itertools import dropwhile, takewhile
from pathlib import Path
from posixpath import relpath

from compose.spec.layers.table_file import TableFile
from tools.rooms import ROOT

RESULTS = ROOT / "docs" / "results"


def result_links(names: Collection[str], folder: str) -> str:
    """Links to the pages that name one of these files; "" where none does.

    Args:
        names: specs and tables, as ``zoo/ml2p.yaml``.
        folder: where in the site the links start.
    """
    texts = {path: path.read_text("utf-8") for path in sorted(RESULTS.glob("*.md")) if path.name != "index.md"}
    found = [path for path, text in texts.items() if any(name in text for name in names)]
    return ", ".join(f"[{_title(texts[path], path)}]({relpath(f'results/{path.name}', folder)})" for path in found)


def result_table(found: TableFile) -> str:
    """Our figures beside the printed ones, as the page of a table of the zoo has them; "" where it was not run."""
    path = RESULTS / f"{found.name}.md"
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    table = dropwhile(lambda line: not line.startswith("|"), lines)
    return "\n".join(takewhile(lambda line: line.startswith("|"), table))


def _title(text: str, path: Path) -> str:
    first = text.lstrip().partition("\n")[0]
    return first.removeprefix("# ") if first.startswith("# ") else path.stem
