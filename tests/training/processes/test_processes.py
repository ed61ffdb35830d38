"""Several processes, as torchrun starts them, compute what one does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from meta_learn import weights as meta_learn
from safetensors.torch import load_file
from together import CASES, ToyStage, stages, training

HERE = Path(__file__).parent


def launch(number, script, *words):
    """Run a script as so many processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(number)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, str(HERE / script), *map(str, words)], env=environment, start_new_session=True
    )
    try:
        assert process.wait(timeout=240) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def rows(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "epoch/speed"} for line in lines]


def assert_same_rows(found, expected, *, rel):
    """The same losses and metrics at the same steps."""
    for row, other in zip(rows(found), rows(expected), strict=True):
        assert row.keys() == other.keys()
        for name, value in other.items():
            same = value if isinstance(value, str) else pytest.approx(value, rel=rel)
            assert row[name] == same, (name, row, other)


def assert_same_run(found, expected):
    """The same losses and metrics at every step, and the same weights."""
    assert_same_rows(found, expected, rel=1e-4)
    for name in ("last", "best"):
        weights, others = (load_file(folder / "weights" / f"{name}.safetensors") for folder in (found, expected))
        assert weights.keys() == others.keys()
        for key, value in others.items():
            torch.testing.assert_close(weights[key], value, rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def one(tmp_path_factory):
    """The run of one process."""
    folder = tmp_path_factory.mktemp("one")
    training(folder / "run")
    return folder / "run"


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """What two processes compute."""
    folder = tmp_path_factory.mktemp("two")
    launch(2, "together.py", folder, *CASES)
    return folder


@pytest.fixture(scope="module")
def four(tmp_path_factory):
    """What four processes compute."""
    folder = tmp_path_factory.mktemp("four")
    launch(4, "together.py", folder, "gradients", "evaluation", "ddp")
    return folder


@pytest.mark.parametrize(
    ("number", "case"),
    [("two", "gradients"), ("two", "evaluation"), ("two", "features"), ("four", "gradients"), ("four", "evaluation")],
)
def test_they_compute_what_one_does(case, number, request):
    expected = CASES[case](None)
    found = torch.load(request.getfixturevalue(number) / f"{case}.pt")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, msg=lambda text, name=name: f"{name}: {text}")


@pytest.mark.parametrize("number", ["two", "four"])
def test_they_train_what_one_does(number, request, one):
    assert_same_run(request.getfixturevalue(number) / "ddp", one)


def test_each_with_a_part_of_the_weights_they_train_what_one_does(two, one):
    assert_same_run(two / "fsdp", one)


def test_one_process_goes_on_with_what_two_began(two, one):
    steps = [row["step"] for row in rows(two / "stopped")]
    assert steps[-1] < rows(one)[-1]["step"]
    training(two / "stopped")
    assert_same_run(two / "stopped", one)


def test_the_stages_are_worth_comparing():
    """The losses are no means over examples, and the second stage has batch norms to train."""
    first, second = stages()
    assert first.freeze == ["backbone"]
    assert isinstance(second, ToyStage)
    assert second.freeze is None
    assert second.losses is None


MAML = """
name: small
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 6}}
model:
  extractor: {use: semantic_features, in: features, hidden: [12]}
  feature: {use: feature_inference, in: extractor}
  correlation: {use: correlation_inference, in: extractor}
  inference: {use: add, in: [feature, correlation], learned: true}
  scores: {use: activation, in: inference, kind: sigmoid}
loss:
  task: {use: bce, in: [inference, novel.targets]}
train:
  first: {stage: maml, freeze: [extractor], adapt: [feature], outer: reptile, ways: 3, queries: 4, episodes: 8,
     batch: 4, epochs: 1, validate_every: 0, optimizer: {use: sgd, lr: 0.5}}
  second: {stage: maml, freeze: [extractor], adapt: [feature], inner_rates: layer, ways: 3, queries: 4, episodes: 8,
     batch: 4, epochs: 2, validation_episodes: 3, optimizer: {use: sgd, lr: 0.5}}
evaluate: {tasks: [episodes], ways: 3, episodes: 5, metrics: [micro_auc]}
"""


def test_two_processes_meta_learn_what_one_does(tmp_path):
    (tmp_path / "small.yaml").write_text(MAML)
    launch(2, "meta_learn.py", tmp_path / "small.yaml", tmp_path / "two")
    expected = meta_learn(tmp_path / "small.yaml", tmp_path / "one")
    found = load_file(tmp_path / "two" / "weights" / "last.safetensors")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)
    assert_same_rows(tmp_path / "two", tmp_path / "one", rel=1e-3)
