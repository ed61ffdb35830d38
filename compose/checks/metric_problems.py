"""Metrics of the user's own that fail, tried on a few scores: training would be over before it showed."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from compose.checks.stage_problems import at
from compose.errors import Note, SpecError
from compose.evaluation.evaluation import Evaluation
from compose.evaluation.metrics.metric import EpisodeMetric, Metric
from compose.evaluation.scored_task import ScoredTask
from compose.model.failures.failure import OWN
from compose.registry.python_place import file_of, place_in_traceback, place_of_class
from compose.training.prepare import Prepared

TARGETS = [[1, -1, -1, 1], [-1, 1, -1, -1], [1, -1, 0, -1]]
"""Of three images and four labels; one that nobody knows, and a label that no image carries."""


def metric_problems(made: Prepared) -> Iterator[SpecError]:
    """Those that fail, each at its line."""
    for metric in made.evaluation.metrics:
        cls = type(metric)
        if cls.__module__.startswith(OWN) or metric.looks:
            continue
        try:
            _try(metric, made.evaluation)
        except Exception as error:  # whatever the user's code does
            path = file_of(cls)
            place = (place_in_traceback(error.__traceback__, path) or place_of_class(cls)) if path else None
            told = at(made, ("evaluate", "metrics"), "block-failed", "")
            message = f"the metric `{metric.key}` fails on scores of three images: {type(error).__name__}: {error}"
            note = Note(f"the spec measures `{metric.key}`", told.place)
            yield SpecError(told.code, message, place or told.place, notes=(note,))


def _try(metric: Metric, evaluation: Evaluation) -> None:
    """Measure as an evaluation would."""
    targets = torch.tensor(TARGETS, dtype=torch.int8)
    scores = torch.arange(targets.numel(), dtype=torch.float32).reshape(targets.shape).sin()
    if evaluation.tasks:
        task = ScoredTask(scores, targets, torch.full((4,), 0.5, dtype=torch.float64), [True, True, False, False])
        metric.measure(task, evaluation.rules)
    if evaluation.episodes and isinstance(metric, EpisodeMetric) and not metric.tuned:
        metric.of_episodes(scores[None], targets[None], evaluation.rules)
        metric.chance_of_episodes(scores[None], targets[None], evaluation.rules)
