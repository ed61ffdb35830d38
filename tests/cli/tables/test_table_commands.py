"""``compose sweep TABLE``: every row is trained once, whatever the other tables call it; what fails leaves the rest."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import compose
from tests.cli.conftest import Run

FIGURES = "paper: {title: A paper, figures: {table1: {three: {zsl: {map: 20.0}}, small: {zsl: {map: 10.0}}}}}\n"
TABLE = """title: What is compared
paper: small.yaml
table: table1
spec: small.yaml
metrics: [zsl/map]
rows:
  Three: {variants: three, printed: three}
  Lost: {set: {train.main.optimizer.lr: 1e30}}
  One: {printed: small}
"""


@pytest.fixture
def table(spec: Path) -> Path:
    spec.write_text(spec.read_text() + FIGURES)
    path = Path("table.yaml")
    path.write_text(TABLE)
    return path


@pytest.mark.usefixtures("table")
def test_a_sweep_of_a_table(run: Run) -> None:
    words = ["sweep", "table.yaml", "--device", "cpu", "--jobs", 2]
    result = run(*words)
    assert result.exit_code == 1, result.stderr
    assert "error: small-train.main.optimizer.lr-1e30-0 has failed: " in result.stderr
    assert "see it again with: compose compare table.yaml\n" in result.stderr
    lines = result.stdout.splitlines()
    assert lines[0] == "Table 1 of small: What is compared"
    names = [line.split("  ")[0].strip() for line in lines[6:9]]
    assert names == ["Three", "Lost", "One"]
    assert "- not run: Lost" in lines
    assert sorted(path.name for path in Path("runs/tables").iterdir()) == [
        "small-0", "small-three-0", "small-train.main.optimizer.lr-1e30-0",
    ]  # fmt: skip
    shown = run("compare", "table.yaml")
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout == result.stdout
    Path("other.yaml").write_text(TABLE.replace("  Lost: {set: {train.main.optimizer.lr: 1e30}}\n", "  Two: {}\n"))
    again = run("sweep", "other.yaml", "--device", "cpu")
    assert again.exit_code == 0, again.stderr
    assert "2 of 2 runs have ended and are not trained again: small-three-0, small-0" in again.stderr
    report = json.loads(Path("runs/tables/small-0/report.json").read_text())
    assert f"{100 * report['result']['tasks']['zsl']['metrics']['map']:.1f}" in again.stdout


@pytest.mark.usefixtures("table")
def test_the_runs_of_a_table(run: Run) -> None:
    result = run("sweep", "table.yaml", "--seeds", 2, "-s", "data.train=48", "--dry-run", "--out", "o")
    assert result.exit_code == 0, result.stderr
    assert [line.split()[0] for line in result.stdout.splitlines()[1:4]] == [
        "o/small-three-0", "o/small-train.main.optimizer.lr-1e30-0", "o/small-0",
    ]  # fmt: skip
    assert len(result.stdout.splitlines()) == 1 + 6


@pytest.mark.usefixtures("table")
def test_what_is_laid_over_all_rows(run: Run) -> None:
    found = compose.sweep("table.yaml", variants="no-attention", dry_run=True)
    assert found.folder == Path("runs/tables-no-attention")
    assert found.seen_with == "compose compare table.yaml -v no-attention"
    given = compose.sweep("table.yaml", overrides={"data.train": 48}, out="o", dry_run=True)
    assert given.seen_with == "compose compare table.yaml -s data.train=48 o"
    result = run("compare", "table.yaml", "-v", "no-attention", "-s", "data.train=48", "--format", "markdown")
    assert result.exit_code == 0, result.stderr
    assert "| Three | `compose train small.yaml -v no-attention -v three -s data.train=48` |" in result.stdout
    assert "- not run: Three, Lost, One" in result.stdout


@pytest.mark.usefixtures("table")
def test_mistakes_of_a_table_stop_its_sweep(run: Run) -> None:
    Path("table.yaml").write_text(TABLE.replace("variants: three", "variants: tree"))
    for words in (["sweep", "table.yaml"], ["validate", "table.yaml"], ["compare", "table.yaml"]):
        result = run(*words)
        assert result.exit_code == 2
        assert "table.yaml:7:21: error: the spec has no variant `tree` [unknown-variant]" in result.stderr
        assert "did you mean `three`?" in result.stderr
    assert run("train", "table.yaml").exit_code == 2
    assert "table.yaml is a table and no spec" in run("train", "table.yaml").stderr


def test_tables_are_listed(run: Run) -> None:
    found = run("list", "tables")
    assert "zoo/tables/lesa-table2.yaml" in found.stdout
    assert json.loads(run("list", "table", "--json").stdout)["tables"]["zoo/tables/stanet-table3.yaml"].startswith(
        "Meta"
    )
