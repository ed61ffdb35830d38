"""``compose compare`` and ``compose list runs``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose.training.storage.folder_lock import FolderLock
from tests.api.run_folders import run_folder
from tests.cli.conftest import Run

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def runs(spec: Path) -> Path:
    """Three seeds of one model, one of another that was measured alike, and one on fewer images."""
    for seed, value in enumerate((0.35, 0.37, 0.36)):
        run_folder(Path(f"runs/ml2p-{seed}"), seed=seed, value=value, begun=1000.0 + seed)
    run_folder(Path("runs/lesa-0"), name="lesa", value=0.301, begun=1010.0)
    run_folder(Path("runs/cut"), name="cut", made="-s data.test=1000", num_images=1000, begun=1020.0)
    return Path("runs")


@pytest.mark.parametrize("form", ["terminal", "markdown", "csv", "latex"])
def test_every_form(run: Run, runs: Path, form: str, update_golden: bool) -> None:
    result = run("compare", "runs", "--format", form)
    assert result.exit_code == 0, result.stderr
    golden = GOLDEN / f"compare-{form}.txt"
    if update_golden:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(result.stdout, "utf-8")
    assert result.stdout == golden.read_text("utf-8")


def test_the_order_of_the_arguments_does_not_matter(run: Run, runs: Path) -> None:
    folders = sorted(runs.iterdir())
    assert run("compare", *folders).stdout == run("compare", *reversed(folders)).stdout


def test_files(run: Run, runs: Path) -> None:
    result = run("compare", "runs", "-o", "table.tex", "--plot", "table.svg", "--metric", "zsl/map")
    assert result.exit_code == 0, result.stderr
    assert r"\begin{tabular}" in Path("table.tex").read_text()
    assert "lesa" in Path("table.svg").read_text()


@pytest.mark.parametrize("option", [("-o", "table.pdf"), ("--plot", "table.gif")])
def test_a_form_of_file_that_there_is_not(run: Run, runs: Path, option: tuple[str, str]) -> None:
    result = run("compare", "runs", *option)
    assert result.exit_code == 2
    assert f"{' '.join(option)}: expected a name that ends in" in result.stderr


def test_json(run: Run, runs: Path) -> None:
    found = json.loads(run("compare", "runs", "--json").stdout)
    model = next(one for one in found["values"] if one["model"] == "ml2p" and one["kind"] == "run")
    assert model["values"] == [35.0, 37.0, 36.0]
    assert model["interval"] == pytest.approx(2.4841)
    assert model["parameters"] == 12_345


def test_what_is_left_out_is_a_note(run: Run, runs: Path) -> None:
    (run_folder(Path("runs/broken")) / "report.json").write_text("{")
    result = run("compare", "runs")
    assert result.exit_code == 0
    assert "note: runs/broken is left out: its report.json is damaged" in result.stderr


def test_an_unknown_metric(run: Run, runs: Path) -> None:
    result = run("compare", "runs", "--metric", "mpa")
    assert result.exit_code == 2
    assert "no result has the metric `mpa`; did you mean `map`?" in result.stderr


def test_a_trained_spec(run: Run, spec: Path) -> None:
    for seed in (0, 1):
        assert run("train", "small.yaml", "-s", f"seed={seed}", "--device", "cpu").exit_code == 0
    assert run("train", "small.yaml", "-v", "no-attention", "--device", "cpu").exit_code == 0
    result = run("compare", "small.yaml", "--metric", "map")
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert [line[-1] for line in lines if line[:1] == ["small"]] in (["2", "1"], ["1", "2"])
    listed = run("list", "runs").stdout
    assert listed.count("finished") == 3
    assert "small + no-attention" in listed


def test_the_list_of_runs(run: Run, runs: Path) -> None:
    (runs / "ml2p-0/report.json").unlink()
    (runs / "ml2p-1/report.json").unlink()
    (runs / "ml2p-1/metrics.jsonl").write_text('{"kind": "epoch", "stage": "main", "epoch": 3, "step": 9}\n')
    (runs / "ml2p-1/checkpoints").mkdir()
    (runs / "ml2p-1/checkpoints/step-000000009.safetensors").touch()
    (runs / "ml2p-2/report.json").write_text("{")
    (runs / "lesa-0/report.json").unlink()
    with FolderLock.take(runs / "lesa-0"):
        found = json.loads(run("list", "runs", "--json").stdout)
        table = run("list", "runs", "runs").stdout
    assert [(Path(one["folder"]).name, one["state"], one["headline"]) for one in found] == [
        ("cut", "finished", "zsl mAP 30.0"),
        ("lesa-0", "training", ""),
        ("ml2p-2", "damaged", ""),
        ("ml2p-1", "interrupted", "main, epoch 3"),
        ("ml2p-0", "failed", ""),
    ]
    assert found[0]["spec"] == "cut + data.test=1000"
    assert table.splitlines()[0].split() == ["run", "begun", "state", "headline", "seed", "spec"]


def test_no_runs(run: Run, spec: Path) -> None:
    result = run("list", "runs")
    assert (result.exit_code, result.stdout) == (0, "")
    assert "there is no run in runs/; `compose train` makes one" in result.stderr
    missing = run("list", "runs", "nowhere")
    assert missing.exit_code == 2
    assert "there is no folder nowhere" in missing.stderr


def test_only_runs_lie_in_folders(run: Run, spec: Path) -> None:
    result = run("list", "blocks", "runs")
    assert result.exit_code == 2
    assert "`compose list blocks` takes no folder; `compose list runs runs` lists its runs" in result.stderr


def test_the_list_of_runs_takes_the_singular(run: Run, runs: Path) -> None:
    assert run("list", "run").stdout == run("list", "runs").stdout
