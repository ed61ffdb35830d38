"""The inner loop of all episodes at once is that of one after the other, gradients included."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.func import functional_call
from toy import setting_of

from compose import load
from compose.training.adaptation.task_model import Outer, TaskModel
from compose.training.prepare import Prepared
from compose.training.stages.maml import Maml
from compose.training.stages.maml_work import MamlWork

SPEC = """
name: small
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 6}}
model:
  extractor: {use: semantic_features, in: features, hidden: [12]}
  feature: {use: feature_inference, in: extractor}
  correlation: {use: correlation_inference, in: extractor}
  attention: {use: attention_inference, in: extractor}
  inference: {use: add, in: [feature, correlation, attention], learned: true}
  scores: {use: activation, in: inference, kind: sigmoid}
loss:
  task: {use: bce, in: [inference, novel.targets], weight: 0.7}
train:
  main: {stage: maml, freeze: [extractor], adapt: [feature, correlation, attention], ways: 3, shots: 2, queries: 4,
     batch: 3, inner_lr: 0.5, inner_steps: 2}
evaluate: {tasks: [episodes], ways: 3, metrics: [micro_auc]}
"""
Make = Callable[..., Prepared]
Params = dict[str, Tensor]


@pytest.fixture
def made(tmp_path: Path) -> Make:
    """The spec with some options of its stage changed."""

    def change(**options: Any) -> Prepared:
        (tmp_path / "small.yaml").write_text(SPEC)
        changes = [f"train.main.{key}={json.dumps(value)}" for key, value in options.items()]
        return load(str(tmp_path / "small.yaml"), overrides=changes)

    return change


class Case:
    """A stage at work in double precision, and a batch of its episodes."""

    def __init__(self, prepared: Prepared) -> None:
        torch.manual_seed(0)
        (stage,) = prepared.stages.values()
        assert isinstance(stage, Maml)
        self.stage, built = stage, prepared.build()
        built.training.extractor.requires_grad_(False)
        self.work: MamlWork = stage.open(setting_of(prepared, built))
        given = next(self.work.epoch(0, 0))
        self.model: TaskModel = self.work.module.double()
        self.whole = built.for_losses(["scores", "loss.task"]).double()
        (numbers, *_) = self.work._loader._order
        self.raw = stage.draw(prepared.source, 0)[numbers]["features"].double()
        torch.testing.assert_close(self.model.features({"features": self.raw})["extractor"].float(), given["extractor"])
        doubled = {name: value.double() if value.is_floating_point() else value for name, value in given.items()}
        self.batch = {**doubled, **self.model.features({"features": self.raw})}
        self.fixed = {"labels_base": prepared.space.inputs("seen")["labels_base"].double()}
        self.model._fixed |= self.fixed
        self.params = {name: value for name, value in built.training.named_parameters() if value.requires_grad}

    def reference(self, *, first_order: bool = False, shares: Tensor | None = None) -> Tensor:
        """Algorithm 1, episode by episode, with autograd alone."""
        episodes = self.batch["support_targets"].shape[0]
        each = [self._episode(e, first_order=first_order, shares=shares) for e in range(episodes)]
        return torch.stack(each).mean()

    def _episode(self, e: int, *, first_order: bool, shares: Tensor | None) -> Tensor:
        steps = self.stage.inner_steps
        adapted = {name: value for name, value in self.params.items() if name.split(".")[0] in self.stage.adapt}
        places = {name: i for i, name in enumerate(adapted)}
        after = []
        for step in range(steps):
            inner = 0.7 * self._loss(adapted, e, "support")
            gradients = torch.autograd.grad(inner, list(adapted.values()), create_graph=not first_order)
            moved = {}
            for (name, value), gradient in zip(adapted.items(), gradients, strict=True):
                moved[name] = value - self._rate(step, places[name]) * gradient
            adapted = moved
            after.append(self._loss(adapted, e, "query"))
        return after[-1] if shares is None else sum(share * loss for share, loss in zip(shares, after, strict=True))

    def _rate(self, step: int, place: int) -> float | Tensor:
        if self.model.rates is None:
            return self.stage.inner_lr
        values = self.model.rates.values
        return values[step, place if values.shape[1] > 1 else 0]

    def _loss(self, weights: Mapping[str, Tensor], e: int, side: str) -> Tensor:
        support = self.batch["support_targets"].shape[1]
        images = self.raw.unflatten(0, (self.batch["support_targets"].shape[0], -1))[e]
        given = {
            "features": images[:support] if side == "support" else images[support:],
            "labels_novel": self.batch["labels_novel"][e],
            "labels_base_mask": self.batch["labels_base_mask"][e],
            "novel_targets": self.batch[f"{side}_targets"][e],
            **self.fixed,
        }
        loss: Tensor = functional_call(self.whole, dict(weights), (), given)["loss.task"]
        return loss


def compare(case: Case, found: Tensor, expected: Tensor) -> None:
    """The same loss and the same gradients of all that is trained."""
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-12)
    left = torch.autograd.grad(found, list(case.params.values()), retain_graph=True)
    right = torch.autograd.grad(expected, list(case.params.values()))
    for name, one, two in zip(case.params, left, right, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-7, atol=1e-12, msg=lambda text, name=name: f"{name}: {text}")
        assert one.abs().sum() > 0, name


@pytest.mark.parametrize("first_order", [False, True])
@pytest.mark.parametrize("rates", ["fixed", "step", "layer"])
@pytest.mark.parametrize("steps", [1, 3])
def test_all_episodes_at_once_are_each_by_itself(made: Make, steps: int, rates: str, first_order: bool) -> None:
    case = Case(made(inner_steps=steps, inner_rates=rates))
    found = case.model.terms(case.batch, Outer(first_order=first_order))["loss.task"]
    compare(case, found, case.reference(first_order=first_order))


def test_first_order_is_another_gradient(made: Make) -> None:
    case = Case(made())
    both = [case.model.terms(case.batch, Outer(first_order=first))["loss.task"] for first in (False, True)]
    one, two = (torch.autograd.grad(loss, case.params["feature.transform.layers.0.weight"])[0] for loss in both)
    assert (one - two).norm() > 1e-3 * one.norm()


def test_a_loss_after_every_step(made: Make) -> None:
    case = Case(made(inner_steps=3, multi_step=4))
    shares = case.work._shares(case.batch)
    assert shares is not None
    torch.testing.assert_close(shares, torch.full((3,), 1 / 3))
    found = case.model.terms(case.batch, Outer(), shares=shares.double())["loss.task"]
    compare(case, found, case.reference(shares=shares.double()))
    case.work._epoch = 2
    half = case.work._shares(case.batch)
    assert half is not None
    torch.testing.assert_close(half, torch.tensor([1 / 6, 1 / 6, 2 / 3]))
    case.work._epoch = 4
    assert case.work._shares(case.batch) is None


def test_reptile_moves_towards_the_weights_of_the_episodes(made: Make) -> None:
    case = Case(made(outer="reptile", inner_steps=3))
    loss = case.work.terms(case.model, case.batch)["loss.task"]
    adapted = {name: value for name, value in case.params.items() if name.split(".")[0] in case.stage.adapt}
    found = dict(zip(adapted, torch.autograd.grad(0.7 * loss, list(adapted.values())), strict=True))
    both = torch.cat([case.batch["support_targets"], case.batch["query_targets"]], dim=1)
    case.batch |= {"query_targets": both, "support_targets": both[:, :0]}  # all examples are a side by themselves
    moved: dict[str, list[Tensor]] = {name: [] for name in adapted}
    for e in range(len(both)):
        weights = dict(adapted)
        for _ in range(3):
            gradients = torch.autograd.grad(0.7 * case._loss(weights, e, "query"), list(weights.values()))
            weights = {n: v - 0.5 * g for (n, v), g in zip(weights.items(), gradients, strict=True)}
        for name in adapted:
            moved[name].append(weights[name].detach())
    for name, value in adapted.items():
        torch.testing.assert_close(found[name], value.detach() - torch.stack(moved[name]).mean(0))
        assert found[name].norm() > 0


def test_attention_is_trained_through_its_adaptation(tmp_path: Path) -> None:
    attended = "attended: {use: transformer_layer, in: extractor, heads: 2, hidden: 4, dropout: 0}"
    layer = f"{attended}\n  feature: {{use: feature_inference, in: attended}}"
    text = SPEC.replace("feature: {use: feature_inference, in: extractor}", layer)
    (tmp_path / "small.yaml").write_text(text.replace("adapt: [feature,", "adapt: [attended, feature,"))
    case = Case(load(str(tmp_path / "small.yaml")))
    case.model.terms(case.batch, Outer())["loss.task"].backward()
    assert all(value.grad is not None for name, value in case.params.items() if name.startswith("attended"))


def test_what_adapts_may_serve_the_losses_alone(tmp_path: Path) -> None:
    text = SPEC.replace("scores: {use: activation, in: inference", "scores: {use: activation, in: feature")
    (tmp_path / "small.yaml").write_text(text)
    case = Case(load(str(tmp_path / "small.yaml")))
    with torch.no_grad():
        assert case.model.scores(case.batch).shape == case.batch["query_targets"].shape


def test_scores_are_by_adapted_weights_and_leave_the_own_ones(made: Make) -> None:
    case = Case(made(inner_steps=2, inner_rates="layer"))
    before = {name: value.detach().clone() for name, value in case.params.items()}
    with torch.no_grad():
        scores = case.model.scores(case.batch)
        blind = {name: value for name, value in case.batch.items() if name != "query_targets"}
        torch.testing.assert_close(case.model.scores(blind), scores)
    assert all(torch.equal(value, before[name]) for name, value in case.params.items())
    for e in range(3):
        adapted = {name: value for name, value in case.params.items() if name.split(".")[0] in case.stage.adapt}
        places = {name: i for i, name in enumerate(adapted)}
        for step in range(2):
            gradients = torch.autograd.grad(0.7 * case._loss(adapted, e, "support"), list(adapted.values()))
            adapted = {
                n: (v - case._rate(step, places[n]) * g).detach().requires_grad_()
                for (n, v), g in zip(adapted.items(), gradients, strict=True)
            }
        given = {
            "features": case.raw.unflatten(0, (3, -1))[e][6:],
            "labels_novel": case.batch["labels_novel"][e],
            "labels_base_mask": case.batch["labels_base_mask"][e],
            "novel_targets": case.batch["query_targets"][e],
            **case.fixed,
        }
        expected = functional_call(case.whole, adapted, (), given)["scores"]
        torch.testing.assert_close(scores[e], expected)
    own = functional_call(case.whole, {}, (), given)["scores"]
    assert (own - expected).abs().max() > 1e-4


def test_novel_labels_leave_the_base_set(made: Make) -> None:
    prepared = made()
    case = Case(prepared)
    assert case.batch["labels_base_mask"].shape == (3, sum(prepared.source.labels.seen))
    assert case.batch["labels_base_mask"].eq(0).sum(1).tolist() == [3, 3, 3]
    vectors = prepared.space.inputs("seen")["labels_base"].double()
    for mask, novel in zip(case.batch["labels_base_mask"], case.batch["labels_novel"], strict=True):
        left = vectors[mask == 0]
        assert {tuple(v.tolist()) for v in left} == {tuple(v.tolist()) for v in novel}
