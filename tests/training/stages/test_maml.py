"""Meta-learning through the real loop: its options, its frozen part, and how it resumes."""

from __future__ import annotations

import math
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from compose.training.adaptation.task_model import Outer, TaskModel
from compose.training.stages import maml_work
from compose.training.stages.maml import Maml
from compose.training.stages.maml_work import MamlWork
from compose.training.training_errors import Interrupted

from .meta_learned import Make, lines, opened, run, same


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


def test_validation_is_by_the_protocol_of_the_spec(classes: Make) -> None:
    work, _ = opened(classes("evaluate.ties=worst", "evaluate.split=test"))
    assert work._validation is not None
    assert (work._validation.evaluation.rules.ties, work._validation.evaluation.split) == ("worst", "val")
    assert work.metrics == ["micro_auc", "accuracy"]


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
