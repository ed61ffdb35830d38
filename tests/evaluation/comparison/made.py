"""Results made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from compose.evaluation.comparison.measured_run import MeasuredRun
from compose.evaluation.episodes.episode_protocol import EpisodeProtocol
from compose.evaluation.label_protocol import LabelProtocol
from compose.evaluation.result import Result, TaskResult
from compose.evaluation.result_protocol import ResultProtocol

TITLES = {"map": "mAP", "f1@3": "F1@3", "accuracy": "accuracy", "localisation": "localisation mAP"}
ZSL = LabelProtocol(
    task="zsl",
    data="glyph_scenes",
    split="test",
    images="all",
    num_images=3000,
    num_labels=33,
    label_context="task",
    labels="bb6b73762713",
    no_positives="skip",
    ties="grouped",
    positives=4971,
    negatives=94029,
    unknown=0,
)
GZSL = replace(ZSL, task="gzsl", num_labels=161, labels="bd0eee8b1169", positives=9959, negatives=473041)
SHOTS = EpisodeProtocol(
    task="5-way 1-shot",
    data="alphabets",
    split="test",
    ways=5,
    shots=1,
    queries=15,
    episodes=1000,
    num_classes=60,
    labels="c7924743566c",
    seed=0,
)
FIGURES: Mapping[str, Any] = {
    "protocol": {"nus-wide": "81 unseen labels", "open-images": "400 unseen labels", "table1": "nus-wide"},
    "table1": {
        "lesa": {"zsl": {"map": 19.4, "f1@3": 31.6}},
        "ml2p": {"zsl": {"map": 29.4, "f1@3": 32.8}},
        "other": {"zsl": {"map": 5.0}},
    },
    "table2": {"open-images": {"ml2p": {"zsl": {"map": 65.7}}}},
}


def task(protocol: ResultProtocol, **metrics: float) -> TaskResult:
    """The result of a task; ``f1`` stands for ``f1@3``."""
    values = {"f1@3" if key == "f1" else key: value for key, value in metrics.items()}
    chance = dict.fromkeys(values, 0.05)
    return TaskResult(values, chance, dict.fromkeys(values, 0.06), {key: TITLES[key] for key in values}, protocol)


def run(name: str = "ml2p", seed: int = 0, *tasks: TaskResult, **more: Any) -> MeasuredRun:
    """A run; its values tell its changes apart."""
    found = tasks or (task(ZSL, map=0.37, f1=0.45),)
    given: dict[str, Any] = {"folder": f"runs/{name}-{seed}", "seconds": 100.0, "parameters": 531_000, **more}
    given.setdefault("spec", {"model": name, "changes": list(given.get("changes", ()))})
    return MeasuredRun(
        name=name, seed=seed, result=Result({one.protocol.task: one for one in found}), **given
    )  # fmt: skip


def seeds(name: str, values: list[float], protocol: ResultProtocol = ZSL, **more: Any) -> list[MeasuredRun]:
    """The runs of several seeds."""
    return [run(name, seed, task(protocol, map=value), **more) for seed, value in enumerate(values)]
