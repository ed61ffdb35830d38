"""Two specs that meta-learn, small enough to be trained in a test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from toy import setting_of

from compose.training.prepare import Prepared
from compose.training.run_plan import RunPlan
from compose.training.stages.maml import Maml
from compose.training.stages.maml_work import MamlWork
from compose.training.stages.nodes import Selection
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train

LABELS = """
name: labels
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 20}, standardise: true, length: 4, constant: 3}
model:
  extractor: {use: semantic_features, in: features, hidden: [48], dropout: 0.2}
  base: {use: einsum, in: [extractor, labels.base], pattern: "b d, m d -> b m"}
  feature: {use: feature_inference, in: extractor, dropout: 0.1}
  correlation: {use: correlation_inference, in: extractor}
  attention: {use: attention_inference, in: extractor}
  inference: {use: add, in: [feature, correlation, attention], learned: true}
  scores: {use: activation, in: inference, kind: sigmoid}
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
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
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
    Selection(model, stage.train, stage.freeze).__enter__().train_mode()
    return stage.open(setting_of(prepared, model)), model
