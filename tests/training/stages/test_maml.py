"""Meta-learning through the real loop: what is learned, kept, resumed and evaluated."""

from __future__ import annotations

import json
import math
import signal
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from toy import setting_of
from typer.testing import CliRunner

from compose import load
from compose.cli.app import app
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.training.adaptation.adaptation import Adaptation, evaluated_adaptation, holders
from compose.training.adaptation.inner_rates import InnerRates, rated_tensors
from compose.training.adaptation.task_model import Outer, TaskModel
from compose.training.adaptation.task_scorer import task_scorer
from compose.training.prepare import Prepared
from compose.training.run_plan import RunPlan
from compose.training.stages import maml_work
from compose.training.stages.maml import Maml
from compose.training.stages.maml_work import MamlWork
from compose.training.stages.nodes import Selection
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train
from compose.training.training_errors import Interrupted

LABELS = """
name: labels
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 20}, standardise: true, length: 4, constant: 3}
model:
  extractor: {use: semantic_features, in: features, hidden: [48], dropout: 0.2}
  base: {use: fixed_classifier, in: extractor}
  feature: {use: feature_inference, in: extractor, dropout: 0.1}
  correlation: {use: correlation_inference, in: extractor}
  attention: {use: attention_inference, in: extractor}
  inference: {use: gated_sum, in: [feature, correlation, attention]}
  scores: {use: sigmoid, in: inference}
loss:
  base: {use: bce, in: base}
  task: {use: bce, in: [inference, novel.targets]}
train:
  first: {stage: supervised, losses: [base], train: [extractor], epochs: 3, batch: 256, validate_every: 0,
     optimizer: {use: adam, lr: 5e-3}}
  second: {stage: maml, losses: [task], freeze: [extractor], adapt: [feature, correlation, attention], ways: 3,
     shots: 2, queries: 4, inner_lr: 0.1, inner_rates: step, inner_steps: 2, episodes: 200, batch: 10, epochs: 2,
     validation_episodes: 16}
evaluate: {tasks: [episodes], ways: 3, shots: 2, queries: 4, episodes: 20, metrics: [micro_auc]}
"""
CLASSES = """
name: classes
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8]}
  pooled: {use: global_pool, in: backbone.last}
  scores: {use: linear, in: pooled, size: 3}
loss:
  task: {use: cross_entropy, in: [scores, novel.targets]}
train:
  main: {stage: maml, ways: 3, shots: 1, queries: 3, inner_lr: 0.4, episodes: 48, batch: 8, epochs: 3,
     monitor: accuracy, validation_episodes: 12, optimizer: {use: adam, lr: 5e-3}}
evaluate: {tasks: [episodes], ways: 3, shots: 1, queries: 3, episodes: 12, split: val, metrics: [accuracy]}
"""
ADAPTING = ("feature", "correlation", "attention")
SHORT = {"episodes": 20, "epochs": 2, "validation_episodes": 4, "shots": 1}
Make = Callable[..., Prepared]


@pytest.fixture
def labels(tmp_path: Path) -> Make:
    """The spec on several labels an example, its first stage short, with options of the other changed."""

    def change(*overrides: str, **options: Any) -> Prepared:
        (tmp_path / "labels.yaml").write_text(LABELS)
        given = [f"train.second.{key}={json.dumps(value)}" for key, value in {**SHORT, **options}.items()]
        return load(str(tmp_path / "labels.yaml"), overrides=["train.first.epochs=1", *given, *overrides])

    return change


@pytest.fixture
def classes(tmp_path: Path) -> Make:
    """The spec on pictures of one class each, with options of its stage changed."""

    def change(*overrides: str, **options: Any) -> Prepared:
        (tmp_path / "classes.yaml").write_text(CLASSES)
        given = [f"train.main.{key}={json.dumps(value)}" for key, value in options.items()]
        return load(str(tmp_path / "classes.yaml"), overrides=[*given, *overrides])

    return change


def run(prepared: Prepared, path: Path, *, resume: bool = False) -> dict[str, Tensor]:
    """Train a fresh model and return its weights."""
    plan = RunPlan.of(prepared)
    train(plan, RunFolder(path), device="cpu", resume=resume)
    return plan.model.training.state_dict()


def lines(path: Path, kind: str = "epoch") -> list[dict[str, Any]]:
    read = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{k: v for k, v in line.items() if k != "epoch/speed"} for line in read if line["kind"] == kind]


def same(left: Mapping[str, Tensor], right: Mapping[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def opened(prepared: Prepared) -> tuple[MamlWork, Any]:
    """The last stage at work on a fresh model, as the loop opens it."""
    stage, model = [*prepared.stages.values()][-1], prepared.build()
    assert isinstance(stage, Maml)
    Selection(model.training, model.nodes, stage.train, stage.freeze).__enter__().train_mode()
    return stage.open(setting_of(prepared, model)), model


def test_validation_is_by_the_protocol_of_the_spec(classes: Make) -> None:
    work, _ = opened(classes("evaluate.ties=worst", "evaluate.split=test"))
    assert work._validation is not None
    assert (work._validation.evaluation.rules.ties, work._validation.evaluation.split) == ("worst", "val")
    assert work.metrics == ["micro_auc", "accuracy"]


# --- a trained run, and what is asked of it -----------------------------------------------------------------------


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


# --- resuming -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rates", ["step", "layer"])
def test_interrupted_it_resumes_to_the_same_weights(
    labels: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rates: str
) -> None:
    options = {"inner_rates": rates, "batch": 5, "epochs": 3, "log_every": 2, "shots": [1, 2]}
    whole = run(labels(**options), tmp_path / "whole")
    taken, drawn = MamlWork._taken, 0

    def trap(self: MamlWork, batch: Mapping[str, Tensor]) -> dict[str, Tensor]:
        nonlocal drawn
        drawn += 1
        if drawn == 6:  # the second batch of the second epoch
            signal.raise_signal(signal.SIGINT)
        return taken(self, batch)

    with monkeypatch.context() as patch:
        patch.setattr(MamlWork, "_taken", trap)
        with pytest.raises(Interrupted):
            run(labels(**options), tmp_path / "run")
    assert drawn < 12
    assert same(run(labels(**options), tmp_path / "run", resume=True), whole)
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")
    assert (whole["inner_rates.values"] != 0.1).all()


# --- what is trained, and what adapts -------------------------------------------------------------------------------


def changed(prepared: Prepared, path: Path) -> set[str]:
    """The nodes whose weights the last stage changes; the first one trains the extractor."""
    before, after = prepared.build().training.state_dict(), run(prepared, path)
    return {name.partition(".")[0] for name in after if not torch.equal(before[name], after[name])}


def test_gates_are_trained_and_do_not_adapt(labels: Make, tmp_path: Path) -> None:
    assert changed(labels(), tmp_path / "run") == {"extractor", *ADAPTING, "inference", "inner_rates"}
    work, _ = opened(labels())
    assert {name.partition(".")[0] for name in work.module._own()} == set(ADAPTING)


def test_reptile_changes_only_what_adapts(labels: Make, tmp_path: Path) -> None:
    options: dict[str, Any] = {"outer": "reptile", "inner_rates": "fixed"}
    assert changed(labels(**options), tmp_path / "run") == {"extractor", *ADAPTING}
    assert changed(labels(**options, adapt=["feature"]), tmp_path / "one") == {"extractor", "feature"}
    assert all(math.isfinite(line["epoch/loss"]) for line in lines(tmp_path / "run"))


def test_where_nothing_is_named_all_that_is_trained_adapts(labels: Make) -> None:
    work, _ = opened(labels(adapt=None))
    assert {name.partition(".")[0] for name in work.module._own()} == {*ADAPTING, "inference"}


def test_the_outer_rule_changes_with_the_epochs(labels: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    terms, seen = TaskModel.terms, []

    def spy(self: TaskModel, batch: Any, outer: Outer, *, shares: Tensor | None = None) -> dict[str, Tensor]:
        seen.append((outer.first_order, None if shares is None else [round(share, 4) for share in shares.tolist()]))
        assert batch["support_targets"].shape[1] == 3 * (1 + len(seen[1:]) % 2)
        return terms(self, batch, outer, shares=shares)

    monkeypatch.setattr(TaskModel, "terms", spy)
    options = {"first_order": 1, "multi_step": 2, "epochs": 4, "batch": 20, "shots": [1, 2]}
    run(labels(**options), tmp_path / "run")
    assert seen == [(True, [0.5, 0.5]), (False, [0.25, 0.75]), (False, None), (False, None)]


@pytest.mark.parametrize("options", [{"accumulate": 2, "batch": 5}, {"precision": "bf16"}, {"clip": 0.1}])
def test_options_of_every_stage(labels: Make, tmp_path: Path, options: dict[str, Any]) -> None:
    weights = run(labels(**options), tmp_path / "run")
    assert all(value.isfinite().all() for value in weights.values() if value.is_floating_point())
    assert all(math.isfinite(line["epoch/loss"]) for line in lines(tmp_path / "run"))


def test_a_regulariser_that_is_listed_counts(labels: Make) -> None:
    term = "loss.spread={use: probability_mse, in: [feature, correlation], weight: 0.3}"
    assert opened(labels(term, losses=None))[0].weights == {"loss.task": 1.0}
    work, _ = opened(labels(term, losses=["task", "spread"]))
    assert work.weights == {"loss.task": 1.0, "loss.spread": 0.3}
    assert set(work.terms(work.module, next(work.epoch(0, 0)))) == {"loss.task", "loss.spread"}


def test_dropout_while_training_alone(labels: Make) -> None:
    work, model = opened(labels())
    batch = next(work.epoch(0, 0))
    one, two = (float(work.terms(work.module, batch)["loss.task"].detach()) for _ in range(2))
    assert one != two
    assert work.validate() == work.validate()
    model.training.eval()
    one, two = (float(work.terms(work.module, batch)["loss.task"].detach()) for _ in range(2))
    assert one == two


# --- the frozen part ------------------------------------------------------------------------------------------------


class Counter:
    """How many examples go through a module, and in which mode."""

    def __init__(self, module: nn.Module) -> None:
        self.rows, self.modes = 0, set[bool]()
        module.register_forward_hook(self._count)

    def _count(self, module: nn.Module, inputs: Any, output: Tensor) -> None:
        self.rows += len(output)
        self.modes |= {part.training for part in module.modules()}


def test_frozen_features_are_computed_once(labels: Make) -> None:
    prepared = labels()
    work, model = opened(prepared)
    counter = Counter(model.training.extractor)
    batches = [batch for epoch in range(2) for batch in work.epoch(epoch, 0)]
    assert 0 < counter.rows - len(prepared.source.split("train")) <= 3  # three to see whether they are of each alone
    for batch in batches:
        work.terms(work.module, batch)
        assert "features" not in batch
    assert counter.rows - len(prepared.source.split("train")) <= 3
    assert counter.modes == {False}
    assert isinstance([*prepared.stages.values()][-1], Maml)
    work._loader._order.epoch = 0
    (numbers, *_) = work._loader._order
    raw = [*prepared.stages.values()][-1].draw(prepared.source, 0)[numbers]["features"]
    expected = model.training.extractor.eval()(raw, prepared.space.inputs("seen")["labels_base"])
    torch.testing.assert_close(batches[0]["extractor"], expected)


@pytest.mark.parametrize("how", ["trained", "too much"])
def test_features_that_are_not_kept(labels: Make, monkeypatch: pytest.MonkeyPatch, how: str) -> None:
    if how == "too much":
        monkeypatch.setattr(maml_work, "LIMIT", 1000)
    work, model = opened(labels(freeze=["base"] if how == "trained" else ["extractor"]))
    batch = next(work.epoch(0, 0))
    assert "features" in batch
    assert "extractor" not in batch
    counter = Counter(model.training.extractor)
    work.terms(work.module, batch)["loss.task"].backward()
    assert counter.modes == ({True} if how == "trained" else {False})
    assert any(p.grad is not None for p in model.training.extractor.parameters()) is (how == "trained")


# --- rates of each weight tensor --------------------------------------------------------------------------------------


def test_rates_of_tensors_are_those_of_what_the_loss_reads(labels: Make, tmp_path: Path) -> None:
    """`base` is trained by the stage and read by no loss of it; the model that is evaluated is without it."""
    prepared = labels("train.second.adapt=null", inner_rates="layer")
    weights = run(prepared, tmp_path / "run")
    built = prepared.scoring().build()
    assert built.training.inner_rates.values.shape == weights["inner_rates.values"].shape
    assert not hasattr(built.training, "base")
    assert prepared.inner is not None
    names = [rated_tensors(model, prepared.inner, ["loss.task"]) for model in (prepared.build(), built)]
    assert names[0] == names[1]
    assert len(names[0]) == weights["inner_rates.values"].shape[1]


def test_other_nodes_than_those_with_rates_may_adapt(labels: Make) -> None:
    prepared = labels("evaluate.adapt=[correlation, inference]", inner_rates="layer", adapt=["feature", "correlation"])
    assert prepared.adaptation is not None
    assert prepared.inner is not None
    model = prepared.build()
    module = TaskModel(model, prepared.adaptation, {"loss.task": 1.0}, fixed=prepared.space.inputs("seen"))
    names = rated_tensors(model, prepared.inner, ["loss.task"])
    assert module.rates is not None
    module.rates.values.data = torch.arange(float(2 * len(names))).view(2, -1)
    loop = module._loop(first_order=True)
    for name in module._own():
        assert torch.as_tensor(loop._rate(1, name)).item() == pytest.approx(
            len(names) + names.index(name) if name in names else 0.1
        )
    assert "inference.factors" in module._own()


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


# --- pictures of one class each ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("adapt", [None, ["scores"]])
def test_pictures_of_classes(classes: Make, tmp_path: Path, adapt: list[str] | None) -> None:
    """Batch norms know the batch alone, in validation and evaluation alike, whether their node adapts or not."""
    prepared = classes(adapt=adapt)
    before, after = prepared.build().training.state_dict(), run(prepared, tmp_path / "run")
    stored = [name for name in after if "running" in name or "tracked" in name]
    assert stored
    assert all(torch.equal(before[name], after[name]) for name in stored)
    epochs = lines(tmp_path / "run")
    assert epochs[-1]["epoch/loss"] < epochs[0]["epoch/loss"]
    (result,) = lines(tmp_path / "run", "result")
    assert result["result/3-way 1-shot/accuracy"] == pytest.approx(epochs[-1]["val/accuracy"])  # the same episodes
    assert epochs[-1]["val/accuracy"] > (0.4 if adapt is None else 0.34)


def test_batch_norms_of_frozen_nodes_use_what_is_stored(classes: Make) -> None:
    prepared = classes(freeze=["backbone"])
    work, model = opened(prepared)
    norms = [module for module in model.training.backbone.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.running_var.fill_(4.0)  # type: ignore[union-attr]
    batch = next(work.epoch(0, 0))
    (found,) = work.module.features(batch).values()
    torch.testing.assert_close(found, model.training.backbone.eval()(batch["image"])[-1])
    assert not work.module._norms


def test_evaluation_is_deterministic_and_changes_nothing(classes: Make) -> None:
    prepared = classes()
    model = prepared.build()
    before = {name: value.clone() for name, value in model.training.state_dict().items()}
    assert prepared.adaptation is not None
    model.training.eval()
    scorer = task_scorer(model, prepared.adaptation, prepared.space, "cpu")
    (test,) = prepared.evaluation.episodes
    assert isinstance(test, EpisodeTest)
    batch = test.draw(prepared.source)[range(4)]
    given = {name: value for name, value in batch.items() if name not in ("targets", "query_targets")}
    with torch.no_grad():
        one, two, alone = scorer(given), scorer(given), scorer({**given, "episode_labels": given["episode_labels"] * 0})
    assert torch.equal(one["scores"], two["scores"])
    assert torch.equal(one["scores"], alone["scores"])  # they are named by their positions alone
    assert one["scores"].shape == (4, 9, 3)
    assert same(model.training.state_dict(), before)
    assert model.training.training is False


# --- shared weights ---------------------------------------------------------------------------------------------------


def test_a_node_that_shares_weights_adapts_those(labels: Make) -> None:
    twin = "model.twin={use: feature_inference, in: extractor, dropout: 0.1, share: feature}"
    summed = "model.inference.in=[feature, twin, correlation, attention]"
    prepared = labels(twin, summed, adapt=["twin"])
    assert holders(prepared.spec.plan, ["twin"]) == {"feature"}
    work, _ = opened(prepared)
    assert {name.partition(".")[0] for name in work.module._own()} == {"feature"}
