"""A node's output that adapts in place of weights: as weights that are that output, and as a plain loop over tasks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from toy import setting_of

from compose import load
from compose.training.adaptation.task_model import PULL, Outer, TaskModel
from compose.training.stages.maml import Maml

HEAD = """
name: codes
data: {use: glosses}
"""
STAGE = """
train:
  main: {stage: maml, ways: 3, shots: [2], queries: 4, batch: 3, inner_lr: 0.5, inner_steps: 2}
evaluate: {tasks: [episodes], ways: 3, metrics: [micro_auc]}
"""
WEIGHTS = """
model:
  weights: {use: parameter, shape: "3 500", std: 0.1}
  logits: {use: einsum, in: [features, weights], pattern: "b d, n d -> b n"}
  scores: {use: activation, in: logits, kind: sigmoid}
loss:
  task: {use: bce, in: [logits, novel.targets], weight: 0.7}
"""
CODES = """
model:
  encoder: {use: mlp, in: features, sizes: [6]}
  relation: {use: support_relation, in: [encoder, novel.targets], hidden: [5]}
  mean: {use: linear, in: relation, size: 4}
  spread: {use: linear, in: relation, size: 4}
  codes: {use: normal_sample, in: [mean, spread]}
  weights: {use: linear, in: [codes, features]}
  logits: {use: einsum, in: [features, weights], pattern: "b d, n d -> b n"}
  scores: {use: activation, in: logits, kind: sigmoid}
loss:
  task: {use: bce, in: [logits, novel.targets], weight: 0.7}
  divergence: {use: normal_divergence, in: [mean, spread], weight: 0.1}
"""


class Case:
    """A stage at work in double precision, and a batch of its episodes; nothing is drawn in evaluation mode."""

    def __init__(self, folder: Path, model: str, **options: Any) -> None:
        (folder / "codes.yaml").write_text(HEAD + model + STAGE)
        changes = [f"train.main.{key}={json.dumps(value)}" for key, value in options.items()]
        prepared = load(str(folder / "codes.yaml"), overrides=changes)
        (stage,) = prepared.stages.values()
        assert isinstance(stage, Maml)
        torch.manual_seed(0)
        built = prepared.build()
        self.stage, self.work = stage, stage.open(setting_of(prepared, built))
        given = next(self.work.epoch(0, 0))
        self.batch = {name: v.double() if v.is_floating_point() else v for name, v in given.items()}
        self.model: TaskModel = self.work.module.double().eval()
        self.params = dict(built.training.named_parameters())

    def terms(self, outer: Outer) -> dict[str, Tensor]:
        return self.model.terms({**self.batch, **self.model.features(self.batch)}, outer)

    def gradients(self, loss: Tensor) -> list[Tensor]:
        found = torch.autograd.grad(loss, list(self.params.values()), allow_unused=True)
        return [torch.zeros_like(p) if g is None else g for p, g in zip(self.params.values(), found, strict=True)]

    def sides(self, e: int) -> dict[str, tuple[Tensor, Tensor]]:
        """Features and targets of a task's support and queries."""
        support = self.batch["support_targets"].shape[1]
        features = self.batch["features"].unflatten(0, (3, -1))[e]
        targets = {side: self.batch[f"{side}_targets"][e] for side in ("support", "query")}
        return {"support": (features[:support], targets["support"]), "query": (features[support:], targets["query"])}


@pytest.mark.parametrize("first_order", [True, False])
@pytest.mark.parametrize("rates", ["fixed", "step", "layer"])
def test_an_output_that_is_a_weight_adapts_as_the_weight(tmp_path: Path, first_order: bool, rates: str) -> None:
    both: tuple[dict[str, Any], ...] = ({"adapt": ["weights"]}, {"adapt_outputs": ["weights"]})
    cases = [Case(tmp_path, WEIGHTS, inner_rates=rates, **how) for how in both]
    terms = [case.terms(Outer(first_order=first_order)) for case in cases]
    assert torch.equal(cases[0].batch["features"], cases[1].batch["features"])
    torch.testing.assert_close(terms[1], terms[0])
    (of_weight, of_output) = (case.gradients(t["loss.task"]) for case, t in zip(cases, terms, strict=True))
    torch.testing.assert_close(of_output, of_weight)
    torch.testing.assert_close(cases[1].model.scores(cases[1].batch), cases[0].model.scores(cases[0].batch))


def relation(p: dict[str, Tensor], features: Tensor, targets: Tensor) -> Tensor:
    """LEO, eq. 4, pair by pair."""
    known = [i for i in range(len(features)) if targets[i].ne(0).any()]
    hidden = features @ p["encoder.layers.0.weight"].T + p["encoder.layers.0.bias"]
    rows = []
    for label in range(targets.shape[1]):
        pairs = [torch.cat([hidden[i], hidden[j]]) for i in known if targets[i, label] > 0 for j in known]
        rows.append(
            torch.stack([(p["relation.pairs.weight"] @ x + p["relation.pairs.bias"]).relu() for x in pairs]).mean(0)
        )
    return torch.stack(rows)


def bce(features: Tensor, codes: Tensor, targets: Tensor, p: dict[str, Tensor]) -> Tensor:
    logits = features @ (codes @ p["weights.weight"].T + p["weights.bias"]).T
    each = torch.nn.functional.softplus(-logits * targets) * targets.ne(0)
    return each.sum() / targets.ne(0).sum()


def test_codes_that_adapt_are_those_of_a_plain_loop(tmp_path: Path) -> None:
    """LEO's algorithm 1 without its draws: the terms, and the gradient of their sum."""
    case = Case(tmp_path, CODES, adapt_outputs=["codes"], pull=0.3)
    p = {name.replace(".layer.", "."): value for name, value in case.params.items()}
    assert case.work.weights == {"loss.task": 0.7, "loss.divergence": 0.1, PULL: 0.3}
    found: dict[str, list[Tensor]] = {"loss.task": [], "loss.divergence": [], PULL: []}
    scores = []
    for e in range(3):
        sides = case.sides(e)
        related = relation(p, *sides["support"])
        mean = related @ p["mean.weight"].T + p["mean.bias"]
        spread = related @ p["spread.weight"].T + p["spread.bias"]
        codes = mean
        for _ in range(2):
            inner = 0.7 * bce(sides["support"][0], codes, sides["support"][1], p)
            codes = codes - 0.5 * torch.autograd.grad(inner, codes, create_graph=True)[0]
        found["loss.task"].append(bce(sides["query"][0], codes, sides["query"][1], p))
        found["loss.divergence"].append(0.5 * (spread.exp() + mean**2 - 1 - spread).sum(-1).mean())
        found[PULL].append((codes.detach() - mean).square().sum(-1).mean())
        scores.append((sides["query"][0] @ (codes @ p["weights.weight"].T + p["weights.bias"]).T).sigmoid())
    expected = {name: torch.stack(values).mean() for name, values in found.items()}
    terms = case.terms(Outer(pulls=True))
    torch.testing.assert_close({name: terms[name] for name in expected}, expected)
    total, wanted = (sum(case.work.weights[name] * each[name] for name in expected) for each in (terms, expected))
    torch.testing.assert_close(case.gradients(total), case.gradients(wanted))
    torch.testing.assert_close(case.model.scores(case.batch), torch.stack(scores))


def test_scores_see_no_targets_of_the_queries(tmp_path: Path) -> None:
    case = Case(tmp_path, CODES, adapt_outputs=["codes"])
    other = {**case.batch, "query_targets": -case.batch["query_targets"]}
    assert torch.equal(case.model.scores(other), case.model.scores(case.batch))
    changed = {**case.batch, "support_targets": -case.batch["support_targets"]}
    assert not torch.equal(case.model.scores(changed), case.model.scores(case.batch))


def test_codes_are_drawn_while_training_alone(tmp_path: Path) -> None:
    case = Case(tmp_path, CODES, adapt_outputs=["codes"])
    assert torch.equal(case.terms(Outer())["loss.task"], case.terms(Outer())["loss.task"])
    case.model.train()
    assert not torch.equal(case.terms(Outer())["loss.task"], case.terms(Outer())["loss.task"])
