"""Training on episodes: what a batch holds, what is validated, and a run of the real loop."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from toy import setting_of

from compose import load
from compose.block import BlockError
from compose.evaluation.evaluation import Evaluation
from compose.training.inference import scorer
from compose.training.prepare import Prepared
from compose.training.run_plan import RunPlan
from compose.training.stages.episodic import Episodic, EpisodicWork
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train
from compose.training.training_errors import Interrupted

SPEC = """
name: small
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8, 8]}
  scores: {use: prototypes, in: backbone.last}
  semantic: {use: semantic_branch, in: [backbone.last, parents.targets]}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  semantic: {use: cross_entropy, in: [semantic, parents.targets], weight: 0.5}
train:
  main: {stage: episodic, ways: 4, shots: [1, 2], queries: 3, query_classes: 2, batch: 3, validation_episodes: 6}
evaluate: {tasks: [episodes], ways: 4, shots: 1, queries: 2, episodes: 4}
"""

Make = Callable[..., Prepared]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """The spec with some options of its stage changed."""

    def change(**options: Any) -> Prepared:
        (tmp_path / "small.yaml").write_text(SPEC)
        changes = [f"train.main.{key}={json.dumps(value)}" for key, value in options.items()]
        return load(str(tmp_path / "small.yaml"), overrides=changes)

    return change


def open_work(made: Prepared, *, rank: int = 0, world: int = 1) -> EpisodicWork:
    (stage,) = made.stages.values()
    assert isinstance(stage, Episodic)
    return stage.open(setting_of(made, made.build(), rank=rank, world=world))


def batches(work: EpisodicWork, epoch: int, start: int = 0, count: int = 2) -> list[dict[str, Tensor]]:
    return [batch for batch, _ in zip(work.epoch(epoch, start), range(count), strict=False)]


# --- batches ------------------------------------------------------------------------------------------------------


def test_a_batch_holds_support_and_queries_with_their_classes(made: Make) -> None:
    work = open_work(made())
    for epoch, shots in enumerate((1, 2, 1)):
        (batch,) = batches(work, epoch, count=1)
        assert set(batch) == {"image", "support_targets", "query_targets", "parents_targets"}
        support, queries = 4 * shots, 2 * 3
        assert batch["image"].shape == (3 * (support + queries), 1, 16, 16)
        assert batch["support_targets"].shape == (3, support, 4)
        assert batch["query_targets"].shape == (3, queries, 4)
        assert batch["support_targets"].gt(0).sum(1).eq(shots).all()
        asked = batch["query_targets"].gt(0).sum(1)
        assert asked.sort(descending=True).values.tolist() == [[3, 3, 0, 0]] * 3


def test_parents_are_those_of_the_pictures_classes(made: Make) -> None:
    prepared = made()
    work = open_work(prepared)
    episodes = prepared.stages["main"].draw(prepared.source, 0)
    parents = prepared.source.parents
    alphabets = list(dict.fromkeys(p for p, seen in zip(parents, prepared.source.labels.seen, strict=True) if seen))
    shown = prepared.source.split("train").classes()
    drawn = {  # the rows of every episode of the first epoch, by its classes' alphabets
        tuple(alphabets.index(parents[shown[row]]) for row in rows) for rows in episodes.draw(range(len(episodes))).rows
    }
    (batch,) = batches(work, 0, count=1)
    assert batch["parents_targets"].shape == (batch["image"].shape[0], len(alphabets))
    assert batch["parents_targets"].gt(0).sum(1).eq(1).all()
    assert {tuple(rows) for rows in batch["parents_targets"].argmax(1).reshape(3, -1).tolist()} <= drawn


def test_batches_are_a_function_of_epoch_and_number(made: Make) -> None:
    first, again = open_work(made()), open_work(made())
    whole, rest = batches(first, 1, count=4), batches(again, 1, start=2)
    for left, right in zip(whole[2:], rest, strict=True):
        assert all(torch.equal(left[name], right[name]) for name in left)
    other = batches(again, 3, count=1)[0]
    assert not torch.equal(whole[0]["image"], other["image"])


def test_processes_share_the_episodes_of_a_batch(made: Make) -> None:
    whole = batches(open_work(made(batch=4)), 1)
    shares = [batches(open_work(made(batch=4), rank=rank, world=2), 1) for rank in range(2)]
    for batch, one, two in zip(whole, *shares, strict=True):
        for name, value in batch.items():
            parts = value.unflatten(0, (4, -1))
            torch.testing.assert_close(one[name], parts[:2].flatten(0, 1))
            torch.testing.assert_close(two[name], parts[2:].flatten(0, 1))


def test_an_epoch_holds_every_class_once_or_as_many_episodes_as_asked(made: Make) -> None:
    prepared = made()
    classes = sum(prepared.source.labels.seen)
    assert len(open_work(prepared)) == classes // 4 // 3
    assert len(open_work(made(episodes=7, batch=2))) == 3


def test_the_losses_decide_what_is_read(made: Make) -> None:
    work = open_work(made(losses=["task"]))
    assert work.weights == {"loss.task": 1.0}
    assert set(batches(work, 0, count=1)[0]) == {"image", "support_targets", "query_targets"}
    work = open_work(made(losses=["semantic"]))
    assert set(batches(work, 0, count=1)[0]) == {"image", "parents_targets"}
    assert open_work(made()).weights == {"loss.task": 1.0, "loss.semantic": 0.5}


def test_the_example_has_the_shapes_of_a_batch(made: Make) -> None:
    work = open_work(made(batch=2))
    example, batch = work.example(), batches(work, 0, count=1)[0]
    assert {name: (value.shape, value.dtype) for name, value in example.items()} == {
        name: (value.shape, value.dtype) for name, value in batch.items()
    }


# --- validation ---------------------------------------------------------------------------------------------------


def test_validation_is_the_mean_over_the_shots(made: Make) -> None:
    prepared = made()
    work = open_work(prepared)
    model = work._setting.model
    model.training.eval()
    found = work.validate()
    values = []
    tests = work._validation.evaluation.episodes
    for test in tests:
        episodes = test.draw(prepared.source)
        right = []
        for number in range(6):
            batch = episodes[[number]]
            asked = batch.pop("query_targets")
            assert asked.gt(0).sum(1).eq(3).all()  # of every class
            scores = scorer(model.inference)(batch)["scores"]
            right += (scores.argmax(-1) == asked.argmax(-1)).flatten().tolist()
        values.append(np.mean(right))
    assert found == {"accuracy": pytest.approx(np.mean(values))}
    assert [test.task for test in tests] == ["4-way 1-shot", "4-way 2-shot"]
    assert found == work.validate()


def test_validation_is_by_the_protocol_of_the_spec(made: Make) -> None:
    prepared = made(monitor="macro_f1", validation_episodes=4)
    setting = setting_of(prepared, prepared.build(), evaluation=Evaluation(no_positives="zero", batch=5))
    work = prepared.stages["main"].open(setting)
    assert isinstance(work, EpisodicWork)
    assert work._validation is not None
    assert (work._validation.evaluation.rules.no_positives, work._validation.evaluation.batch) == ("zero", 5)
    assert work.validate().keys() == {"accuracy", "macro_f1"}


def test_without_validation_there_are_no_metrics(made: Make) -> None:
    assert open_work(made(validate_every=0)).metrics == []
    assert list(open_work(made(monitor="loss.task")).metrics) == ["accuracy"]


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "parameter", "message"),
    [
        ({"ways": 3, "query_classes": 4}, "query_classes", "expected at most the 3 classes of an episode, got 4"),
        ({"examples": "external"}, "examples", "expected `data`, which episodes are drawn from, got `external`"),
        (
            {"patience": 2, "validate_every": 0},
            "validate_every",
            "above 0 where `patience` waits for `accuracy`, got 0",
        ),
    ],
)
def test_options_that_contradict_one_another(options: dict[str, Any], parameter: str, message: str) -> None:
    with pytest.raises(BlockError, match=message) as caught:
        Episodic(**options)
    assert caught.value.parameter == parameter


@pytest.mark.parametrize(
    ("monitor", "message"),
    [
        ("map", "a metric that episodes have, such as accuracy, got map"),
        ("accurac", "did you mean `accuracy`?"),
    ],
)
def test_what_episodes_do_not_measure_cannot_be_monitored(monitor: str, message: str) -> None:
    with pytest.raises(BlockError, match=message) as caught:
        Episodic(monitor=monitor).check(["backbone"], ["task"])
    assert caught.value.parameter == "monitor"


def test_the_largest_batch_is_that_of_most_support() -> None:
    batch = Episodic(ways=4, shots=[2, 5, 1], queries=3, query_classes=2, batch=8).episodes
    assert batch.images == 8 * (4 * 5 + 2 * 3)
    assert batch.sizes == {"support.targets": (8, 20, 4), "query.targets": (8, 6, 4)}


# --- the loop -----------------------------------------------------------------------------------------------------


def run(prepared: Prepared, path: Path, *, resume: bool = False) -> dict[str, Tensor]:
    """Train a fresh model and return its weights."""
    plan = RunPlan.of(prepared)
    train(plan, RunFolder(path), device="cpu", resume=resume)
    return plan.model.training.state_dict()


def lines(path: Path, kind: str) -> list[dict[str, Any]]:
    read = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "epoch/speed"} for line in read if line["kind"] == kind]


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def test_a_run_learns(made: Make, tmp_path: Path) -> None:
    run(made(epochs=4, episodes=60, batch=6, losses=["task"], validation_episodes=30), tmp_path / "run")
    epochs = lines(tmp_path / "run", "epoch")
    losses = [line["epoch/loss.task"] for line in epochs]
    assert losses[2] < 0.8 * losses[0]  # both of one shot
    assert losses[3] < 0.8 * losses[1]
    assert all(0 < line["val/accuracy"] < 1 for line in epochs)
    assert epochs[-1]["val/accuracy"] > 1 / 4 + 0.1
    (result,) = lines(tmp_path / "run", "result")
    assert 0 <= result["result/4-way 1-shot/accuracy"] <= 1
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["result"]["tasks"]["4-way 1-shot"]["protocol"]["episodes"] == 4


def test_interrupted_it_resumes_to_the_same_weights(
    made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"epochs": 3, "episodes": 6, "batch": 2, "log_every": 2}
    expected = run(made(**options), tmp_path / "whole")
    targets = EpisodicWork.targets
    drawn = 0

    def trap(self: EpisodicWork, given: Tensor) -> dict[str, Tensor]:
        nonlocal drawn
        drawn += 1
        if drawn == 5:  # the second batch of the second epoch
            signal.raise_signal(signal.SIGINT)
        return targets(self, given)

    with monkeypatch.context() as patch:
        patch.setattr(EpisodicWork, "targets", trap)
        with pytest.raises(Interrupted):
            run(made(**options), tmp_path / "run")
    assert drawn < 9
    assert same(run(made(**options), tmp_path / "run", resume=True), expected)
    assert lines(tmp_path / "run", "epoch") == lines(tmp_path / "whole", "epoch")


def test_the_best_weights_are_kept(made: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"episodes": 4, "batch": 2}
    values = iter([0.3, 0.6, 0.5, 0.3, 0.6])
    monkeypatch.setattr(EpisodicWork, "validate", lambda self: {"accuracy": next(values)})
    best = run(made(**options, epochs=3, keep="best"), tmp_path / "best")
    second = run(made(**options, epochs=2), tmp_path / "second")
    assert same(best, second)
    assert same(load_file(RunFolder(tmp_path / "best").weights("last")), best)


def test_a_supervised_stage_before_trains_on_what_it_feeds(tmp_path: Path) -> None:
    pretrain = "train:\n  pretext: {stage: supervised, epochs: 1, batch: 256}"
    (tmp_path / "two.yaml").write_text(SPEC.replace("train:", pretrain))
    short = ["train.main.epochs=1", "train.main.episodes=4", "train.main.freeze=[semantic]"]
    run(load(str(tmp_path / "two.yaml"), overrides=short), tmp_path / "run")
    first, second = lines(tmp_path / "run", "epoch")
    keys = {"epoch/loss", "epoch/loss.semantic"}
    assert {key for key in first if key.startswith("epoch/loss")} == keys
    assert {key for key in second if key.startswith("epoch/loss")} == {*keys, "epoch/loss.task"}
    assert not [key for key in first if key.startswith("val/")]  # the scores are of episodes
    assert "val/accuracy" in second


# --- several labels an example --------------------------------------------------------------------------------------

LABELS = """
name: labels
data: {use: glosses}
model:
  extractor: {use: mlp, in: features, sizes: [32, 16]}
  scores: {use: prototypes, in: extractor}
  seen: {use: linear, in: extractor, size: 180}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  seen: {use: bce, in: seen}
train:
  main: {stage: episodic, ways: 3, shots: 2, queries: 4, episodes: 40, batch: 10, epochs: 2, validation_episodes: 8,
     monitor: micro_auc}
evaluate: {tasks: [episodes], ways: 3, shots: 2, queries: 4, episodes: 8, metrics: [micro_auc]}
"""


def test_tasks_of_labels_train_too(tmp_path: Path) -> None:
    (tmp_path / "labels.yaml").write_text(LABELS)
    prepared = load(str(tmp_path / "labels.yaml"))
    (batch,) = batches(open_work(prepared), 0, count=1)
    assert set(batch) == {"features", "targets", "support_targets", "query_targets"}
    assert batch["targets"].shape == (10 * 18, 180)
    assert batch["targets"].gt(0).any(1).sum() > 10 * 10  # all that are no padding carry a seen label
    run(prepared, tmp_path / "run")
    epochs = lines(tmp_path / "run", "epoch")
    assert epochs[1]["epoch/loss.seen"] < epochs[0]["epoch/loss.seen"]
    assert epochs[1]["val/micro_auc"] > 0.5
