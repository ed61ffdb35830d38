"""Every benchmark can be imported, says how it is called, and runs at its smallest setting."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

import benchmarks.measure
from benchmarks.measure import medians

ROOT = Path(__file__).parents[2]
NO_SCRIPTS = {"measure", "held_out_labels"}
SCRIPTS = sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - NO_SCRIPTS)
SMALLEST = {
    "composed": ("--rounds 1 --batch 2", "ratio"),
    "evaluation": ("--images 200 --labels 90", "200 x 90"),
    "fuzz": ("--specs 4 --jobs 1", "4 specs"),
    "kills": ("--kills 5", "5 kills"),
    "maml": ("--rounds 1 --tasks 2", "times all at once"),
    "margin_ranking": ("--rounds 1 --labels 50", "peak memory"),
    "published_rows": ("--rows 20000", "20,000 rows"),
    "rgcn": ("--rounds 1 --batch 2 --labels 8 --external 8 --edges 0.2", "peak memory"),
    "soundness": ("--specs 2 --jobs 1", "2 specs"),
    "stanet": ("--rounds 1 --episodes 2", "times the batched"),
    "validate": ("zoo/starter.yaml --rounds 1", "compose validate zoo/starter.yaml"),
    "vector_correlation": ("--pairs 100", "WUP and shared hypernyms"),
    "wup": ("--sizes 50", "10 nearest"),
}


def imported(name: str) -> ModuleType:
    return importlib.import_module(f"benchmarks.{name}")


@pytest.mark.parametrize("name", SCRIPTS)
def test_its_help_says_how_it_is_called(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with pytest.raises(SystemExit) as stopped:
        imported(name).main()
    assert stopped.value.code == 0
    assert f"python -m benchmarks.{name}" in capsys.readouterr().out


@pytest.mark.parametrize("name", SMALLEST)
def test_it_runs(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    options, printed = SMALLEST[name]
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", [name, *options.split()])
    imported(name).main()
    assert printed in capsys.readouterr().out


def test_only_those_that_take_minutes_are_not_run() -> None:
    assert set(SCRIPTS) - set(SMALLEST) == {"desire_net", "loss_rows", "posvae", "search_zoo", "sizing"}


def test_a_table_of_trained_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    task = {
        "metrics": {"micro_auc": 0.9, "micro_f1": 0.5},
        "intervals": {"micro_auc": 0.01, "micro_f1": 0.02},
        "all_positive": {"micro_f1": 0.3},
        "prior": {"micro_auc": 0.6},
    }
    (tmp_path / "maml").mkdir()
    (tmp_path / "maml" / "report.json").write_text(json.dumps({"seconds": 61, "result": {"tasks": {"5-shot": task}}}))
    monkeypatch.setattr(sys, "argv", ["desire_net", str(tmp_path), "zoo/maml.yaml"])
    imported("desire_net").main()
    lines = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()]
    assert lines[2] == ["5-shot", "maml.yaml", "90.0 ± 1.0", "50.0 ± 2.0", "–", "–"]
    assert lines[3] == ["5-shot", "all positive", "50.0", "30.0", "–", "–"]
    assert lines[4] == ["5-shot", "label prior", "60.0", "–", "–", "–"]


def test_medians_alternate_and_leave_out_the_warmup(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = iter([100.0, 100.0, 1.0, 10.0, 30.0, 2.0, 3.0, 20.0])
    order: list[str] = []
    monkeypatch.setattr(benchmarks.measure, "seconds", lambda call: (call(), next(taken))[1])
    calls = {name: lambda name=name: order.append(name) for name in ("a", "b")}
    assert medians(calls, 3) == {"a": 2.0, "b": 20.0}
    assert "".join(order) == "baabbaab"
