"""Runs are found, read and put beside one another; what cannot be is told."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import compose
from compose.training.storage.folder_lock import FolderLock
from tests.api.run_folders import run_folder

SPEC = "name: ml2p\ndata: {use: glyph_scenes}\nmodel: {scores: {use: linear}}\nvariants: {deep: {seed: 1}}\n"


def labels(found: compose.Comparison) -> list[str]:
    return [row.label for row in found.rows if row.kind == "run"]


def test_folders_of_runs_and_runs(here: Path) -> None:
    run_folder(here / "runs/ml2p/a", seed=0)
    run_folder(here / "runs/ml2p/b", seed=1)
    other = run_folder(here / "elsewhere", name="lesa")
    found = compose.compare("runs", other)
    assert labels(found) == ["lesa", "ml2p"]
    assert [row.seeds for row in found.rows if row.kind == "run"] == [(0,), (0, 1)]
    assert repr(compose.compare(other, "runs")) == repr(found)


def test_an_opened_run(here: Path) -> None:
    run = compose.Run(run_folder(here / "a"))
    assert labels(compose.compare(run, here / "a")) == ["ml2p"]


def test_all_runs_of_a_spec(here: Path) -> None:
    (here / "my.yaml").write_text(SPEC)
    run_folder(here / "runs/ml2p/1")
    run_folder(here / "runs/ml2p-deep/1", name="ml2p-deep", made="-v deep", more="scores: scores")
    run_folder(here / "runs/by-name", made="-s seed=3", seed=3)
    run_folder(here / "runs/lesa/1", name="lesa")
    assert labels(compose.compare("my.yaml")) == ["ml2p", "ml2p + deep"]
    assert labels(compose.compare("my.yaml", variants="deep")) == ["ml2p + deep"]
    with pytest.raises(compose.SpecErrors, match="dep"):
        compose.compare("my.yaml", variants="dep")


def test_a_spec_without_runs(here: Path) -> None:
    (here / "my.yaml").write_text(SPEC)
    with pytest.raises(compose.UsageError, match=r"there is no run of `ml2p` in runs/; `compose train` makes one"):
        compose.compare("my.yaml")
    run_folder(here / "runs/ml2p/1")
    with pytest.raises(compose.UsageError, match="there is no run of `ml2p` with the variant deep in runs/"):
        compose.compare("my.yaml", variants=["deep"])


def test_nothing_named() -> None:
    with pytest.raises(compose.UsageError, match="expected runs or specs to compare"):
        compose.compare()


def test_no_such_run(here: Path) -> None:
    run_folder(here / "runs/ml2p-0")
    with pytest.raises(compose.UsageError, match=r"there is no run runs/ml2p-1; did you mean runs/ml2p-0\?"):
        compose.compare("runs/ml2p-1")


def test_what_cannot_be_compared_is_told_once_and_the_rest_is_compared(here: Path) -> None:
    good = run_folder(here / "good")
    for name, written in {
        "damaged": "{",
        "other": json.dumps({"result": {"tasks": {"zsl": {"metrics": {}, "protocol": {"of": "another"}}}}}),
        "nothing": json.dumps({"result": None}),
        "empty": json.dumps({"result": {"tasks": {}, "unmeasured": {"zsl": "no unseen label"}}}),
    }.items():
        (run_folder(here / name) / "report.json").write_text(written)
    for name in ("failed", "interrupted", "training"):
        (run_folder(here / name) / "report.json").unlink()
    (here / "interrupted/checkpoints").mkdir()
    (here / "interrupted/checkpoints/step-000000010.safetensors").touch()
    (run_folder(here / "lock") / "spec.lock.yaml").write_text("name: [")
    (here / "notes.txt").touch()
    (here / "folder").mkdir()
    with FolderLock.take(here / "training"):
        found = compose.compare(*sorted(path.name for path in here.iterdir()))
    assert labels(found) == ["ml2p"]
    assert found.rows[0].folders == (good.name,)
    assert sorted(found.skipped) == [
        "damaged is left out: its report.json is damaged",
        "empty is left out: nothing could be measured (zsl: no unseen label)",
        "failed is left out: it has ended without a result and without a checkpoint; train it again",
        "folder is left out: it is no run, and there is none in it",
        "interrupted is left out: it has not ended; go on with: compose train --resume interrupted",
        "lock is left out: its spec.lock.yaml is damaged",
        "notes.txt is left out: it is no run",
        "nothing is left out: its spec asks for no evaluation",
        f"other is left out: its report was written by compose 0.2.0 and cannot be read by this one "
        f"({compose.__version__}); train it again",
        "training is left out: it is still being trained",
    ]


def test_nothing_is_left_to_compare(here: Path) -> None:
    (run_folder(here / "a") / "report.json").unlink()
    expected = "there is no run to compare\na is left out: it has ended without a result"
    with pytest.raises(compose.UsageError, match=expected):
        compose.compare("a")


def test_of_one_seed_the_newest_counts(here: Path) -> None:
    run_folder(here / "a", value=0.1, begun=1000.0)
    run_folder(here / "b", value=0.2, begun=2000.0)
    found = compose.compare("b", "a")
    assert "a is left out: b is a newer run of the same spec and seed (0)" in found.notes
    assert found.rows[0].folders == ("b",)


def test_data_of_training_alone_divides_no_column(here: Path) -> None:
    run_folder(here / "a", name="a", data=", train: 100, boxes: true, fresh: false")
    run_folder(here / "b", name="b", data=", train: 200, val: 7, normalisation: imagenet")
    run_folder(here / "c", name="c", data=", seed: 0")
    assert len(compose.compare("a", "b", "c", printed="none").columns) == 1


@pytest.mark.parametrize("parameter", ["seed: 1", "clutter: 9", "noise: 0.1", "objects: [1, 1]"])
def test_data_that_is_drawn_otherwise_is_another_column(here: Path, parameter: str) -> None:
    run_folder(here / "a", name="a")
    run_folder(here / "b", name="b", data=f", {parameter}")
    found = compose.compare("a", "b", printed="none")
    assert [column.name for column in found.columns] == ["zsl [1] mAP", "zsl [2] mAP"]
    assert any(f"`{parameter.partition(':')[0]}` of the data" in line for line in found.notes)


def test_of_files_their_content_counts_and_not_where_they_lie(here: Path) -> None:
    record = {"labels": [], "seen": [], "synsets": [], "trained": [], "examples": {}}
    for name, content in (("a", "0" * 64), ("b", "0" * 64), ("c", "1" * 64)):
        folder = run_folder(here / name, name=name, data=f", split: {name}.json")
        (folder / "data.json").write_text(json.dumps({**record, "content": content}))
    assert len(compose.compare("a", "b", printed="none").columns) == 1
    found = compose.compare("a", "c", printed="none")
    assert len(found.columns) == 2
    assert "zsl [1] and [2] differ in `files` of the data: 000000000000 against 111111111111" in found.notes


def test_the_figures_of_its_spec_stand_below(here: Path) -> None:
    run_folder(here / "a")
    found = compose.compare("a")
    assert [block.title for block in found.blocks] == ["", "Printed in ml2p, table 1"]


def test_a_packaged_specs_figures_are_those_of_this_edition(here: Path) -> None:
    title = compose.load("zoo/ml2p.yaml").spec.values["paper"]["title"]  # type: ignore[index, call-overload]
    folder = run_folder(here / "a", spec="zoo/ml2p.yaml")
    lock = folder / "spec.lock.yaml"
    lock.write_text(lock.read_text().replace("title: A paper", f'title: "{title}"'))
    assert "Printed in ml2p, nus-wide" in [block.title for block in compose.compare("a").blocks]


def test_values_with_blanks_in_the_command_that_made_a_run(here: Path) -> None:
    made = "-v deep -s evaluate.metrics=[map, f1@3] -s seed=4 --blocks my own.py"
    run_folder(here / "a", name="ml2p-deep", made=made)
    assert labels(compose.compare("a")) == ["ml2p + deep + evaluate.metrics=[map, f1@3]"]


def test_what_changes_nothing_makes_no_row_and_a_repeated_run_has_its_own(here: Path) -> None:
    run_folder(here / "a", made="-s train.main.epochs=3", more="train: {main: {epochs: 3}}")
    run_folder(here / "b", spec="a/spec.lock.yaml", more="train: {main: {epochs: 3}}", seed=1)
    run_folder(here / "c", made="-s data.size=48")
    run_folder(here / "d", seed=1)
    found = compose.compare("a", "b", "c", "d")
    rows = {row.label: row.seeds for row in found.rows if row.kind == "run"}
    assert rows == {"ml2p + train.main.epochs=3": (0, 1), "ml2p": (0, 1)}


def test_an_older_report_has_no_number_of_parameters(trained: compose.Run, here: Path) -> None:
    told = trained.report["parameters"]
    assert told == sum(parameter.numel() for parameter in trained.model.parameters())
    assert compose.compare(trained).rows[0].parameters == told
    report = trained.report
    older = shutil.copytree(trained.folder, here / "older")
    (older / "report.json").write_text(json.dumps({key: report[key] for key in report if key != "parameters"}))
    assert compose.compare(older).rows[0].parameters == told


def test_one_run_by_two_names(here: Path) -> None:
    run_folder(here / "b")
    (here / "a").symlink_to(here / "b")
    for order in (("a", "b"), ("b", "a")):
        assert compose.compare(*order).rows[0].folders == ("a",)


def test_it_shows_itself_and_is_written(here: Path) -> None:
    found = compose.compare(run_folder(here / "a"))
    assert found._repr_markdown_() == found.markdown()
    for form in (".md", ".csv", ".tex", ".json", ".svg"):
        found.write(here / f"table{form}")
        assert (here / f"table{form}").read_text("utf-8")
    with pytest.raises(ValueError, match=r"table\.pdf: expected a name that ends in \.md"):
        found.write(here / "table.pdf")
