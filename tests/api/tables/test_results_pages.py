"""``python -m tools.write_results`` writes what was run, and tells what was not."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose
from tests.api.tables.conftest import TABLE, MadeRun
from tools.write_results import write


def test_pages_and_their_index(made_run: MadeRun) -> None:
    made_run("r/first-0", value=0.35)
    made_run("r/flat", variants=["flat"])
    more = "".join(f"  Epochs {count}: {{set: {{train.main.epochs: {count}}}}}\n" for count in (2, 3))
    Path("barely.yaml").write_text(f"{TABLE}{more}")
    Path("pages").mkdir()
    Path("pages/other.md").write_text("# Written by hand\n")
    write(Path("r"), Path("pages"), ["table.yaml", "barely.yaml"])
    assert sorted(path.name for path in Path("pages").iterdir()) == ["index.md", "other.md", "table.md"]
    assert Path("pages/table.md").read_text() == compose.compare("table.yaml", "r").markdown()
    index = Path("pages/index.md").read_text()
    assert "\n## Tables\n\n- [Table 1 of first: What is compared](table.md)\n" in index
    assert "\n## More\n\n- [Written by hand](other.md)\n" in index
    assert index.endswith("\n## Not run yet\n\n- `barely.yaml`\n")


@pytest.mark.usefixtures("table")
def test_nothing_was_run() -> None:
    Path("r").mkdir()
    write(Path("r"), Path("pages"), ["table.yaml"])
    assert [path.name for path in Path("pages").iterdir()] == ["index.md"]
