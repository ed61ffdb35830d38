"""The pages of ``docs/results`` that have figures of ours for a spec or a table."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from posixpath import relpath

from tools.rooms import ROOT

RESULTS = ROOT / "docs" / "results"


def result_links(names: Collection[str], folder: str) -> str:
    """Links to the pages that name one of these files; "" where none does.

    Args:
        names: specs and tables, as ``zoo/ml2p.yaml``.
        folder: where in the site the links start.
    """
    texts = {path: path.read_text("utf-8") for path in sorted(RESULTS.glob("*.md"))}
    found = [path for path, text in texts.items() if any(name in text for name in names)]
    return ", ".join(f"[{_title(texts[path], path)}]({relpath(f'results/{path.name}', folder)})" for path in found)


def _title(text: str, path: Path) -> str:
    first = text.lstrip().partition("\n")[0]
    return first.removeprefix("# ") if first.startswith("# ") else path.stem
