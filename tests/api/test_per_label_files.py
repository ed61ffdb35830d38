"""The results of single labels in a run's folder, and what an evaluation writes where."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import compose
from compose.cli.app import app
from compose.errors import UsageError
from compose.evaluation.mistakes.task_mistakes import MOST_EXAMPLES

from .conftest import SMALL, TINY

WITH_POSITIVES = {"evaluate.images": "with_positives"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> compose.Run:
    out = tmp_path_factory.mktemp("labels") / "run"
    return compose.train(TINY, variants="short", overrides=SMALL, out=out, device="cpu", progress=False)


def written(run: compose.Run) -> dict[Path, int]:
    """Every file of a run with the time of its last change."""
    return {path: path.stat().st_mtime_ns for path in run.folder.rglob("*") if path.is_file()}


def evaluated(run: compose.Run, *words: object) -> Any:
    result = CliRunner().invoke(app, list(map(str, ["evaluate", run.folder, "--device", "cpu", *words])))
    assert result.exit_code == 0, result.output
    return result


def test_training_writes_them(run: compose.Run) -> None:
    assert sorted(path.name for path in (run.folder / "results").iterdir()) == ["gzsl.csv", "zsl.csv"]
    assert run.results is not None
    for task in ("zsl", "gzsl"):
        labels, protocol = run.per_label(task), run.results[task].protocol
        assert len(labels) == protocol.num_labels  # type: ignore[attr-defined]
        assert sum(label.positives for label in labels) == protocol.positives  # type: ignore[attr-defined]
        known = [label.ap for label in labels if not math.isnan(label.ap)]
        assert sum(known) / len(known) == pytest.approx(run.results[task].metrics["map"])
    assert {label.seen for label in run.per_label("gzsl")} == {True, False}
    page = (run.folder / "errors.html").read_text("utf-8")
    assert page.count("Worst pictures") == page.count("Most confused pairs</h3>") == 2
    assert page.count("data:image/jpeg") == 2 * MOST_EXAMPLES
    assert len(page) < 400_000
    assert "[What it gets wrong](errors.html)" in (run.folder / "report.md").read_text("utf-8")


def test_a_task_that_the_run_does_not_have(run: compose.Run) -> None:
    with pytest.raises(UsageError, match=r"no results of single labels of `gszl`; .* gzsl, zsl; did you mean `gzsl`"):
        run.per_label("gszl")


def test_measured_as_the_run_says_it_writes_them_anew(run: compose.Run) -> None:
    file = run.folder / "results" / "zsl.csv"
    before = file.read_text()
    file.write_text("damaged")
    with pytest.raises(UsageError, match=r"zsl\.csv is damaged: expected the columns label, .*writes it anew"):
        run.per_label("zsl")
    page = run.folder / "errors.html"
    whole = page.read_text("utf-8")
    page.unlink()
    told = evaluated(run).stderr
    assert f"note: what is reached on each label: {file}" in told
    assert f"note: what is got wrong, to open in a browser: {page}" in told
    assert file.read_text() == before
    assert page.read_text("utf-8") == whole


def test_measured_otherwise_the_run_stays_as_it_is(run: compose.Run) -> None:
    before = written(run)
    told = evaluated(run, "-s", "evaluate.images=with_positives").stderr
    assert "measured otherwise than the run's report: `-o FOLDER` also writes" in told
    compose.evaluate(run, weights="best")
    assert written(run) == before


@pytest.mark.parametrize("overrides", [{}, WITH_POSITIVES])
def test_an_output_is_all_that_is_written(run: compose.Run, overrides: dict[str, Any], tmp_path: Path) -> None:
    before = written(run)
    result = run.evaluate(overrides=overrides, out=tmp_path / "all")
    run.evaluate(overrides=overrides, out=tmp_path / "one.json")
    assert written(run) == before
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file())
    tables = ["modules.csv", "modules.svg", "result.json", "result.md", "results/gzsl.csv", "results/zsl.csv"]
    details = ["errors.html", "evaluated.yaml", *tables]
    assert found == [*(f"all/{name}" for name in details), "one.json"]
    assert (tmp_path / "one.json").read_text() == (tmp_path / "all/result.json").read_text() == result.dumps()
    assert json.loads(result.dumps())["tasks"]["zsl"]["protocol"]["images"] == (
        "with_positives" if overrides else "all"
    )


def test_outputs_that_are_refused_before_anything_is_measured(run: compose.Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for out, told in {
        run.folder: "is a run and has a result of its own",
        tmp_path / "result.csv": "expected a name that ends in .json or .md, or a folder",
        tmp_path / "file": "expected a name that ends in .json or .md, or a folder",
        tmp_path / "nowhere" / "result.json": "there is no folder",
    }.items():
        with pytest.raises(UsageError, match=told):
            run.evaluate(out=out)


def test_results_of_tasks_that_are_gone_are_taken_away(tmp_path: Path) -> None:
    made = compose.train(TINY, variants="short", overrides=SMALL, out=tmp_path / "run", device="cpu", progress=False)
    compose.train(resume=made.folder, overrides={"evaluate.tasks": ["zsl"]}, device="cpu", progress=False)
    assert [path.name for path in (made.folder / "results").iterdir()] == ["zsl.csv"]
