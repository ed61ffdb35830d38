"""``compose sweep``: what is trained, what is not trained again, and what a mistake stops."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import compose
from tests.cli.conftest import Run


def test_the_runs_of_a_sweep(run: Run) -> None:
    result = run("sweep", "small.yaml", "--sweep", "groups", "-v", "base,no-attention", "--seeds", "2", "--dry-run")
    assert result.exit_code == 0, result.stderr
    rows = [line.split("  ") for line in result.stdout.splitlines()]
    assert len(rows) == 1 + 2 * 2 * 2
    assert rows[1][0] == "runs/small-groups/small-base-groups-1-0"
    assert result.stdout.split("\n")[-2].startswith("runs/small-groups/small-no-attention-groups-2-1")
    assert not Path("runs").exists()


def test_a_member_that_fails_leaves_the_others(run: Run) -> None:
    words = ["sweep", "small.yaml", "-s", "train.main.optimizer.lr=1e-4,1e30", "--out", "all", "--device", "cpu"]
    result = run(*words, "--jobs", 2)
    assert result.exit_code == 1, result.stderr
    assert "small-lr-1e-4-0 has ended" in result.stderr
    assert "error: small-lr-1e30-0 has failed: " in result.stderr
    assert "not finite in epoch 1" in result.stderr
    assert "see it again with: compose compare all" in result.stderr
    assert "small + train.main.optimizer.lr=1e-4" in result.stdout
    again = run(*words)
    assert again.exit_code == 1
    assert "1 of 2 runs have ended and are not trained again: small-lr-1e-4-0" in again.stderr
    assert "1 of 1: small-lr-1e30-0 goes on" in again.stderr
    assert again.stdout == result.stdout


def test_what_was_stopped_goes_on_and_what_is_of_another_spec_is_refused(run: Run, spec: Path) -> None:
    made = compose.train("small.yaml", out="o/small-0", device="cpu", progress=False)
    report = json.loads((made.folder / "report.json").read_text())
    for path in ("report.json", "report.md", "weights/last.safetensors"):
        (made.folder / path).unlink()
    result = run("sweep", "small.yaml", "--out", "o", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    assert "1 of 1: small-0 goes on" in result.stderr
    assert json.loads((made.folder / "report.json").read_text())["result"] == report["result"]
    spec.write_text(spec.read_text().replace("weight: 0.6", "weight: 0.7"))
    other = run("sweep", "small.yaml", "--out", "o")
    assert other.exit_code == 2
    assert "made from another spec than this sweep trains" in other.stderr
    assert "o/small-0 (it differs in `loss.rank.weight`)" in other.stderr
    assert run("sweep", "small.yaml", "--out", "o/small-0").exit_code == 2


def test_every_member_is_checked_before_the_first_is_trained(run: Run) -> None:
    result = run("sweep", "small.yaml", "-v", "three,nope", "-s", "model.pyramid.groups=1,x")
    assert result.exit_code == 2
    assert "the spec has no variant `nope`" in result.stderr
    assert "in the member `nope, groups=1`" in result.stderr
    assert "`groups` of the block `forward_pyramid` is the text `x`" in result.stderr
    assert not Path("runs").exists()


def test_a_mistake_of_the_shapes_stops_it_too(run: Run) -> None:
    result = run("sweep", "small.yaml", "-s", "model.backbone.taps=[block2,block3],[block3]")
    assert result.exit_code == 2
    assert "in the member `taps=[block3]`" in result.stderr
    assert not Path("runs").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--sweep", "grops"), "did you mean `groups`?"),
        (("--seeds", "two"), "--seeds two: expected a number of seeds"),
        (("--seeds", "0"), "expected 1 or more seeds"),
        (("--seeds", "2", "-s", "seed=1,2"), "both name the seeds"),
        (("--jobs", "0"), "--jobs 0: expected 1 or more"),
        (("-s", "train=null"), "the spec has no `train:`"),
    ],
)
def test_usage(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run("sweep", "small.yaml", *words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_paths_of_a_sweep_start_in_the_folder_of_the_spec(run: Run) -> None:
    Path("specs").mkdir()
    swept = {"sweeps": {"start": {"model.backbone.weights": ["w.safetensors", None]}}}
    Path("specs/other.yaml").write_text(f"extends: ../small.yaml\n{json.dumps(swept)[1:-1]}\n")
    from compose.api.sweep_grid import begin_grid

    grid = begin_grid("specs/other.yaml", sweep="start", grid={}, variants=(), overrides=(), blocks=()).grid
    runs = grid.runs(grid.checked(fast=True), [0], Path("o"))
    expected = Path("specs/w.safetensors").absolute()
    assert [run.overrides for run in runs] == [
        (f"model.backbone.weights={expected}",),
        ("model.backbone.weights=null",),
    ]


def test_python(spec: Path) -> None:
    found = compose.sweep("small.yaml", grid={"loss.rank.weight": [0.1, 0.2]}, seeds=[4], dry_run=True)
    assert [(one.member, one.seed, one.state) for one in found.runs] == [
        ("weight=0.1", 4, "new"),
        ("weight=0.2", 4, "new"),
    ]
    assert found.comparison is None
    assert repr(found) == "runs/small-sweep: 0 of 2 runs have ended"
    with pytest.raises(compose.UsageError, match="expected a file, or the name of a packaged spec"):
        compose.sweep({"name": "x"})


def test_a_search_never_looks_at_the_test_examples(run: Run) -> None:
    words = ["sweep", "small.yaml", "-s", "train.main.optimizer.lr=1e-5..1e-3", "--out", "s", "--device", "cpu"]
    result = run(*words, "--search", 1)
    assert result.exit_code == 0, result.stderr
    assert "searching by val/map: train.main.optimizer.lr from 1e-5 to 0.001, log" in result.stderr
    report = json.loads(Path("s/trial-000-0/report.json").read_text())
    assert {task["protocol"]["split"] for task in report["result"]["tasks"].values()} == {"val"}
    again = run(*words, "--search", 2)
    assert again.exit_code == 0, again.stderr
    assert "trial-000-0 |" not in again.stderr
    assert len(again.stdout.splitlines()) == 1 + 2
    assert result.stdout.splitlines()[1] in again.stdout.splitlines()
    assert "evaluate.split" not in again.stderr.splitlines()[-1]
    assert " compose train small.yaml -s train.main.optimizer.lr=" in again.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("-s", "train.main.optimizer.lr=1e-4..1e-2"), "only a search (--search N) draws from a range"),
        (("--search", "3"), "there is nothing to search"),
        (("--objective", "zsl/map"), "expected --search N"),
        (("--search", "3", "--sweep", "groups", "--objective", "zsl/mpa"), "did you mean `zsl/map`?"),
        (("--search", "0", "--sweep", "groups"), "expected 1 or more trials"),
    ],
)
def test_usage_of_a_search(run: Run, words: tuple[str, ...], message: str) -> None:
    result = run("sweep", "small.yaml", *words)
    assert result.exit_code == 2
    assert message in result.stderr
