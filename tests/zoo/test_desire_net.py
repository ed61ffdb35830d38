"""The variants of DESIRE-Net train and are measured, also together, on a small Delicious."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compose.cli.app import app
from compose.spec.read import read_spec
from compose.training.prepare import prepare

from .stand_ins import write_delicious

TABLE2 = ("no-l2", "no-pretrain", "no-inference", "no-feature", "no-correlation", "no-attention")
SMALL = {"ways": 2, "shots": "[1,2]", "queries": 2, "episodes": 4, "batch": 2, "validation_episodes": 2}
"""A stage of two steps."""
NO_L2 = ("train.tasks.inner_lr=1e-3",)
"""Without L2 normalisation the inner products of features and vectors are large, and larger steps diverge."""


@pytest.fixture(autouse=True)
def tagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_delicious(tmp_path)
    monkeypatch.chdir(tmp_path)


def small(*variants: str) -> list[str]:
    """The words of a command line that make the tasks of a spec small."""
    made = prepare(read_spec("zoo/desire-net.yaml", variants=list(variants)))
    changes = ["evaluate.ways=[2,3]", "evaluate.shots=[1,2]", "evaluate.queries=2", "evaluate.episodes=4"]
    for key, stage in made.stages.items():
        options = SMALL if stage.episodes else {"batch": 100, "log_every": 1}
        changes += [f"train.{key}.{name}={value}" for name, value in {**options, "epochs": 1}.items()]
    changes += NO_L2 if "no-l2" in variants else ()
    return [*(word for name in variants for word in ("-v", name)), *(word for one in changes for word in ("-s", one))]


@pytest.mark.parametrize(
    "variants",
    [*(("delicious", name) for name in TABLE2), ("delicious",), ("delicious", "memorise"), ("paper",)],
    ids=" ".join,
)
def test_variants_train(tmp_path: Path, variants: tuple[str, ...]) -> None:
    call = ["train", "zoo/desire-net.yaml", "--out", str(tmp_path / "run"), *small(*variants)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    tasks = json.loads((tmp_path / "run" / "report.json").read_text())["result"]["tasks"]
    assert set(tasks) == {f"{ways}-way {shots}-shot" for ways in (2, 3) for shots in (1, 2)}
    for task in tasks.values():
        assert {"micro_auc", "micro_f1", "macro_f1"} <= set(task["metrics"])


def test_the_paper_has_its_own_vectors() -> None:
    made = prepare(read_spec("zoo/desire-net.yaml", variants=["paper"]))
    assert made.shaped.facts["extractor"].outputs["out"][1:] == (300,)
    assert made.source.example_protocol == "label_split"


def test_memorise_over_delicious() -> None:
    made = prepare(read_spec("zoo/desire-net.yaml", variants=["delicious", "memorise"]))
    assert made.source.example_protocol == "label_split"
    assert made.sizes["labels.base"] == (6, 129)  # cosines, and the constant
    assert made.spec.values["loss"]["task"]["positive_weight"] == 3  # type: ignore[index, call-overload]
