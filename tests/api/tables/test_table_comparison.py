"""A table shows its rows in the paper's order, each with the runs that are of its spec and no others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import compose
from tests.api.tables.conftest import MadeRun


def rows(found: compose.Comparison) -> dict[str, list[str]]:
    """Row -> its cells in the order of the columns."""
    (block,) = found.blocks
    cells = found.cells
    return {
        found.rows[row].label: [cells[row, column].text if (row, column) in cells else "" for column in block.columns]
        for row in block.rows
    }


def heads(found: compose.Comparison) -> list[str]:
    (block,) = found.blocks
    return [found.columns[column].name for column in block.columns]


def test_rows_in_the_order_of_the_paper_beside_its_figures(made_run: MadeRun) -> None:
    for seed, value in enumerate([0.40, 0.42, 0.44]):
        made_run(f"runs/tables/any{seed}", variants=["flat"], seed=seed, value=value)
    made_run("runs/tables/second-0", "second.yaml", value=0.30)
    made_run("runs/tables/first-0", value=0.35)
    found = compose.compare("table.yaml")
    assert heads(found) == ["zsl mAP", "zsl mAP (paper)"]
    assert rows(found) == {
        "Flat": ["42.0 ± 5.0", "20.0"],
        "Other": ["30.0", "25.0"],
        "LSTM": ["", "10.0"],
        "Ours": ["35.0", "30.0"],
        "chance": ["5.0", ""],
        "class prior": ["6.0", ""],
    }
    assert "LSTM is left out: no block computes it" in found.notes
    assert (
        "zsl mAP: 2 of 3 pairs stand the other way round than printed in first, table 1: "
        "Flat above Other; Flat above Ours" in found.notes
    )
    assert not any("not run" in note for note in found.notes)
    assert found.page is not None
    assert found.page.heading == "Table 1 of first: What is compared"


def test_what_has_not_run_is_told_and_what_is_printed_of_it_stands(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.35)
    found = compose.compare("table.yaml")
    assert rows(found)["Flat"] == ["", "20.0"]
    assert "not run: Flat, Other" in found.notes
    nothing = compose.compare("table.yaml", "runs/tables", overrides={"train.main.epochs": 7})
    assert "not run: Flat, Other, Ours" in nothing.notes
    assert heads(nothing) == ["zsl mAP (paper)"]


def test_a_run_of_another_spec_is_in_no_row(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", overrides=["train.main.epochs=2"])
    made_run("runs/tables/first-flat-0", variants=["flat"])
    found = compose.compare("table.yaml")
    assert rows(found)["Ours"] == ["", "30.0"]
    assert found.skipped == (
        "runs/tables/first-0 is left out: it is not of the row Ours, from which it differs in `train.main.epochs`",
    )


def test_protocols_that_differ_have_columns_of_their_own(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.35)
    made_run("runs/tables/second-0", "second.yaml", value=0.30, num_images=2000)
    found = compose.compare("table.yaml")
    assert heads(found) == ["zsl [1] mAP", "zsl [2] mAP", "zsl mAP (paper)"]
    assert rows(found)["Other"] == ["30.0", "", "25.0"]
    assert rows(found)["Ours"] == ["", "35.0", "30.0"]
    assert "zsl [1] and [2] differ in the number of images: 2,000 against 3,000" in found.notes
    assert not any("the other way round" in note for note in found.notes)


def test_runs_that_have_not_ended_or_failed_are_told(made_run: MadeRun) -> None:
    made_run("a/one", value=0.35)
    (made_run("a/two", variants=["flat"]) / "report.json").unlink()
    found = compose.compare("table.yaml", "a")
    assert found.skipped == (
        "a/two is left out: it has ended without a result and without a checkpoint; train it again",
    )
    assert "not run: Flat, Other" in found.notes


def test_runs_are_found_in_the_folders_that_are_named(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.1)
    made_run("b/mine", value=0.35)
    assert rows(compose.compare("table.yaml", "b"))["Ours"][0] == "35.0"
    with pytest.raises(compose.UsageError, match="there is no run nowhere"):
        compose.compare("table.yaml", "nowhere")
    with pytest.raises(compose.UsageError, match=r"expected one table, got table\.yaml, table\.yaml"):
        compose.compare("table.yaml", "table.yaml")
    with pytest.raises(compose.UsageError, match="expected a table among what is compared"):
        compose.compare("b", overrides={"seed": 1})


def test_printed_figures_can_be_left_out(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.35)
    assert heads(compose.compare("table.yaml", printed="none")) == ["zsl mAP"]
    assert heads(compose.compare("table.yaml", metrics="gzsl")) == ["gzsl mAP"]
    with pytest.raises(compose.UsageError, match="no result has the metric `mpa`"):
        compose.compare("table.yaml", metrics="mpa")


def test_the_page(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.35)
    page = compose.compare("table.yaml").markdown().splitlines()
    assert page[0] == "# Table 1 of first: What is compared"
    assert page[2].startswith("Rebuilt by `compose sweep table.yaml --seeds 3`, written by `compose compare table.yaml")
    assert "| model | zsl mAP | zsl mAP (paper) | parameters | time | seeds |" in page
    assert "| Flat |  | 20.0 | – | – | 0 |" in page
    assert "| Ours | 35.0 | **30.0** | 12.3 k | 1 min 1 s | 1 |" in page
    assert "- not run: Flat, Other" in page
    assert page[-3:] == [
        "| Flat | `compose train first.yaml -v flat` |",
        "| Other | `compose train second.yaml` |",
        "| Ours | `compose train first.yaml` |",
    ]


def test_printed_figures_are_told_as_such_in_csv_and_json(made_run: MadeRun) -> None:
    made_run("runs/tables/first-0", value=0.35)
    found = compose.compare("table.yaml")
    ours = [line for line in found.csv().splitlines() if line.startswith("Ours,")]
    assert [line.split(",")[1:4] for line in ours] == [["run", "", ""], ["printed", "first", "table 1"]]
    values = found.to_json()["values"]
    assert [(one["kind"], one["seeds"]) for one in values if one["model"] == "Ours"] == [("run", (0,)), ("printed", ())]
    json.dumps(found.to_json())
    assert found.svg().startswith("<?xml")
    assert "mAP (paper)" in found.latex()


def test_packaged_specs_are_named_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = compose.compare("zoo/tables/lesa-table2.yaml")
    assert found.page is not None
    assert found.page.commands["L_rank"] == "compose train zoo/lesa.yaml -v table2-rank"
    assert found.page.source == "table 2 of lesa"
