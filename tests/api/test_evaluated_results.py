"""What ``evaluate -o FOLDER`` writes stands beside runs in a comparison."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose
from compose.api.evaluated_record import EvaluatedRecord
from compose.api.run_record import RunRecord

CHANGED = {"evaluate.images": "with_unseen"}


@pytest.fixture
def again(here: Path, trained: compose.Run) -> Path:
    """A folder of the run, measured on the images that show an unseen label."""
    trained.evaluate(overrides=CHANGED, out=here / "all/again")
    return here / "all/again"


def test_a_result_beside_its_run(again: Path, trained: compose.Run) -> None:
    found = compose.compare("all", trained.folder, metrics=["map"])
    labels = [row.label for row in found.rows if row.kind == "run"]
    (own,) = {*labels} - {label for label in labels if "with_unseen" in label}
    assert sorted(labels) == sorted([own, f"{own} + evaluate.images=with_unseen"])
    heads = [column.name for column in found.columns]
    assert {"gzsl [1] mAP", "gzsl [2] mAP"} <= {*heads}
    assert any("which images: " in note and "with_unseen" in note for note in found.notes)
    (row,) = (row for row in found.rows if "with_unseen" in row.label)
    assert row.folders == (str(again.relative_to(Path.cwd())),)
    assert row.seconds is not None
    assert row.parameters == next(one.parameters for one in found.rows if one.label == own)


def test_what_is_compared_of_it(again: Path, trained: compose.Run) -> None:
    record, run = EvaluatedRecord(again), RunRecord(trained.folder)
    assert record.computed["evaluate"]["images"] == "with_unseen"
    assert {**record.computed, "evaluate": None} == {**run.computed, "evaluate": None}
    assert (record.name, record.seed, record.state) == (run.name, run.seed, "finished")
    assert record.result == trained.evaluate(overrides=CHANGED)
    (again / "result.json").write_text("{")
    with pytest.raises(compose.UsageError, match=r"again is left out: its result\.json is damaged"):
        compose.compare(again)


def test_the_weights_that_were_measured_are_told(here: Path, trained: compose.Run) -> None:
    file = next((trained.folder / "weights").glob("*.safetensors"))
    compose.evaluate(file, out=here / "named")
    (change,) = {*EvaluatedRecord(here / "named").changes} - {*RunRecord(trained.folder).changes}
    assert change == f"weights=weights/{file.name}"


def test_the_rows_of_a_table_take_it(again: Path, trained: compose.Run) -> None:
    Path("spec.yaml").write_text((trained.folder / "spec.lock.yaml").read_text())
    Path("table.yaml").write_text(
        "title: A table\nspec: spec.yaml\nrows: {Again: {set: {evaluate.images: with_unseen}}, Own: {}}\n"
    )
    found = compose.compare("table.yaml", "all", trained.folder, metrics=["gzsl/map"])
    assert [row.label for row in found.rows if row.seeds] == ["Again", "Own"]
    swept = compose.sweep("table.yaml", out="all", dry_run=True)
    assert [run.state for run in swept.runs] == ["new", "new"]
