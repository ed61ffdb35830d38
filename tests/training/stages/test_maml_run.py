"""A run of the command line that meta-learned, and what is asked of it; and one that did not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from typer.testing import CliRunner

from compose.cli.app import app
from compose.training.adaptation.adaptation import Adaptation, evaluated_adaptation
from compose.training.adaptation.inner_rates import InnerRates

from .meta_learned import LABELS, Make, lines


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the command line."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "labels.yaml").write_text(LABELS)
    call("train", folder / "labels.yaml", "--out", folder / "run", "--device", "cpu")
    return folder / "run"


def call(*words: object) -> str:
    result = CliRunner().invoke(app, list(map(str, words)))
    assert result.exit_code == 0, result.output
    return result.stdout


def measured(folder: Path, *overrides: str) -> float:
    """The AUC that ``compose evaluate`` gives, with all its digits."""
    words = [word for override in overrides for word in ("-s", override)]
    result = json.loads(call("evaluate", folder, "--json", "--device", "cpu", *words))
    value = result["tasks"]["3-way 2-shot"]["metrics"]["micro_auc"]
    assert isinstance(value, float)
    return value


def test_a_run_learns(trained: Path) -> None:
    epochs = [line for line in lines(trained) if line["stage"] == "second"]
    assert epochs[1]["epoch/loss.task"] < 0.9 * epochs[0]["epoch/loss.task"]
    assert epochs[1]["val/micro_auc"] > 0.6
    assert measured(trained) > 0.6


def test_learned_rates_are_weights_of_the_run(trained: Path) -> None:
    weights = load_file(trained / "weights" / "last.safetensors")
    rates = weights["inner_rates.values"]
    assert rates.shape == (2, 1)
    assert (rates - 0.1).abs().min() > 1e-4
    (result,) = lines(trained, "result")
    assert measured(trained) == pytest.approx(result["result/3-way 2-shot/micro_auc"], abs=1e-9)
    assert measured(trained, "evaluate.inner_lr=0.1") != measured(trained)
    one = "evaluate.inner_steps=1"
    assert measured(trained, one, f"evaluate.inner_lr={float(rates[0])!r}") == pytest.approx(measured(trained, one))


def test_no_steps_are_the_model_as_it_is(trained: Path) -> None:
    none = measured(trained, "evaluate.inner_steps=0")
    assert none != measured(trained)
    assert none == measured(trained, "evaluate.inner_steps=0", "evaluate.inner_lr=9")
    assert none == pytest.approx(measured(trained, "evaluate.inner_lr=1e-9"), abs=1e-6)


def test_steps_beyond_those_learned_take_the_last_rate() -> None:
    rates = InnerRates(steps=2, tensors=3, lr=0.1)
    rates.values.data = torch.arange(6.0).view(2, 3)
    assert [[rates(step, tensor).item() for tensor in range(3)] for step in (0, 1, 2, 7)] == [
        [0, 1, 2],
        [3, 4, 5],
        [3, 4, 5],
        [3, 4, 5],
    ]


def test_more_steps_than_learned(trained: Path) -> None:
    assert measured(trained, "evaluate.inner_steps=5") != measured(trained)


# --- where no stage meta-learns ---------------------------------------------------------------------------------------


BASELINE = """
name: baseline
data: {use: glosses}
model:
  extractor: {use: mlp, in: features, sizes: [64]}
  base: {use: linear, in: extractor, size: 180}
  scores: {use: linear, in: extractor, size: 3}
loss:
  base: {use: bce, in: base}
  task: {use: bce, in: [scores, novel.targets]}
train:
  main: {stage: supervised, freeze: [scores], epochs: 2, batch: 256, optimizer: {use: adam, lr: 5e-3}}
evaluate:
  {tasks: [episodes], ways: 3, shots: 2, queries: 4, episodes: 40, adapt: [scores], inner_steps: 20, inner_lr: 0.1,
   metrics: [micro_auc]}
"""


def test_a_model_that_was_trained_otherwise_adapts(tmp_path: Path) -> None:
    (tmp_path / "baseline.yaml").write_text(BASELINE)
    call("train", tmp_path / "baseline.yaml", "--out", tmp_path / "run", "--device", "cpu")
    adapted, none = measured(tmp_path / "run"), measured(tmp_path / "run", "evaluate.inner_steps=0")
    assert adapted > 0.55
    assert adapted > none + 0.05
    assert not [key for line in lines(tmp_path / "run") for key in line if key.startswith("val/")]


def test_the_evaluation_says_how_it_adapts(labels: Make) -> None:
    evaluation, inner = labels().evaluation, Adaptation(("a", "b"), 2, 0.5, "layer", ("task",), ("a", "b", "c"))
    assert evaluated_adaptation(evaluation, None) is None
    assert evaluated_adaptation(evaluation, inner) == inner
    evaluation.adapt, evaluation.inner_steps, evaluation.inner_lr = ["c"], 0, 0.3
    found = evaluated_adaptation(evaluation, inner)
    assert found == Adaptation(("c",), 0, 0.3, "fixed", ("task",), ("a", "b", "c"), ("a", "b"))
    assert evaluated_adaptation(evaluation, None) == Adaptation(("c",), 0, 0.3, rated=())
