"""The mistakes in the scores of a task, or of episodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from compose.data.source import Split
from compose.evaluation.episodes.episode_scores import EpisodeScores
from compose.evaluation.mistakes.confused_pairs import PairCounts, confused_classes, confused_pairs
from compose.evaluation.mistakes.ranking_loss import margins, ranking_losses, worst_rows
from compose.evaluation.mistakes.task_mistakes import (
    MOST_EXAMPLES,
    MOST_LABELS,
    MOST_PAIRS,
    TOP_LABELS,
    ClassResult,
    ConfusedPair,
    ScoredLabel,
    TaskMistakes,
    WrongExample,
)
from compose.evaluation.scored_task import ScoredTask

PRESENT: dict[int, bool | None] = {1: True, -1: False, 0: None}
AGAIN = 8
"""Queries of episodes that are looked at for each that is told, as one example may be a query of several."""


def task_mistakes(task: ScoredTask, rows: Int64[Tensor, " b"], names: Sequence[str], split: Split) -> TaskMistakes:
    """The mistakes in a task.

    Args:
        task: the examples and labels that count.
        rows: where each example stands in its split.
        names: of the labels.
        split: of the data.
    """
    scores, targets = task.scores, task.targets
    losses = ranking_losses(scores, targets)
    worst = worst_rows(losses, margins(scores, targets), MOST_EXAMPLES)
    examples = [_wrong(scores[i], targets[i], int(rows[i]), float(losses[i]), names) for i in worst.tolist()]
    return TaskMistakes(split, "split", examples, _named(confused_pairs(scores, targets, MOST_PAIRS), names))


def episode_mistakes(
    found: EpisodeScores,
    classes: Int64[Tensor, "e n"],
    query_rows: Callable[[int], Sequence[int]],
    names: Sequence[str],
    split: Split,
) -> TaskMistakes:
    """The mistakes in episodes.

    Args:
        found: their scores.
        classes: which classes, or labels, of the data each episode has.
        query_rows: an episode's number -> where its queries stand in the split.
        names: of all classes of the data.
        split: of the data.
    """
    ways = found.scores.shape[2]
    scores, targets = found.scores.reshape(-1, ways), found.targets.reshape(-1, ways)
    losses = ranking_losses(scores, targets)
    examples: dict[int, WrongExample] = {}
    for query in worst_rows(losses, margins(scores, targets), AGAIN * MOST_EXAMPLES).tolist():
        episode, place = divmod(query, found.scores.shape[1])
        row = query_rows(episode)[place]
        own = [names[label] for label in classes[episode].tolist()]
        if len(examples) < MOST_EXAMPLES and row not in examples:
            examples[row] = _wrong(scores[query], targets[query], row, float(losses[query]), own)
    pairs = confused_classes(found.scores, found.targets, classes, MOST_PAIRS)
    return TaskMistakes(
        split, "tasks", [*examples.values()], _named(pairs, names), _worst_classes(found, classes, names)
    )


def _worst_classes(found: EpisodeScores, classes: Int64[Tensor, "e n"], names: Sequence[str]) -> list[ClassResult]:
    """The classes that are right least often; of equal ones those that are asked most."""
    asked, right = (torch.zeros(len(names), dtype=torch.int64) for _ in range(2))
    sizes = [len(part.scores) for part in found.parts()]
    for part, own in zip(found.parts(), torch.split_with_sizes(classes, sizes), strict=True):
        present = part.targets > 0
        wrong = part.scores.masked_fill(part.targets >= 0, -torch.inf).amax(-1, keepdim=True)  # e q 1
        asked.index_add_(0, own.flatten(), present.sum(1).flatten())
        right.index_add_(0, own.flatten(), (present & (part.scores > wrong)).sum(1).flatten())
    results = [ClassResult(*row) for row in zip(names, asked.tolist(), right.tolist(), strict=True) if row[1]]
    return sorted(results, key=lambda one: (one.right / one.asked, -one.asked))[:MOST_LABELS]


def _wrong(
    scores: Float[Tensor, " l"], targets: Int8[Tensor, " l"], row: int, loss: float, names: Sequence[str]
) -> WrongExample:
    """One example."""
    wrong = scores[targets < 0].sort().values

    def told(labels: Tensor) -> list[ScoredLabel]:
        above = len(wrong) - torch.searchsorted(wrong, scores[labels].contiguous(), right=True)
        own = zip(labels.tolist(), scores[labels].tolist(), targets[labels].tolist(), above.tolist(), strict=True)
        return [ScoredLabel(names[label], score, PRESENT[target], count) for label, score, target, count in own]

    shown = (targets > 0).nonzero()[:, 0]
    lowest = shown[scores[shown].argsort(stable=True)]
    best = scores.argsort(descending=True, stable=True)[:TOP_LABELS]
    return WrongExample(row, loss, told(lowest[:TOP_LABELS]), max(0, len(lowest) - TOP_LABELS), told(best))


def _named(pairs: PairCounts, names: Sequence[str]) -> list[ConfusedPair]:
    rows = zip(*(part.tolist() for part in pairs), strict=True)
    return [ConfusedPair(names[shown], names[above], count, of) for shown, above, count, of in rows]
