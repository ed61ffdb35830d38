"""Print which labels a few-shot model predicts for the queries of an episode, where an example carries several."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float, Int8
    from torch import Tensor

    from compose.evaluation.evaluation import Evaluation
    from compose.prediction.asked_episode import Episode
    from compose.prediction.episode_predictor import Answer

USUAL = 0.5
NONE = "none"


@dataclass(frozen=True)
class Said:
    """What a model says of a query and a label.

    Args:
        label: its name.
        score: its score.
        predicted: whether that is above the threshold; where there is none, whether it is among the best.
        correct: whether the query carries it; None where that is unknown.
    """

    label: str
    score: float
    predicted: bool
    correct: bool | None

    @property
    def missed(self) -> bool:
        """Whether the query carries it, and it is not predicted."""
        return self.correct is True and not self.predicted

    def __str__(self) -> str:
        mark = {True: "right", False: "wrong", None: ""}[self.correct] if self.predicted else "missed" * self.missed
        return f"{self.label} {self.score:.2f} {mark}".rstrip()


def print_labels(episode: Episode, answer: Answer, *, threshold: float, top: int, as_json: bool) -> None:
    """Print the labels predicted for each query, which of them are right, and which true ones are missed.

    Args:
        episode: with queries of known labels.
        answer: what the model says.
        threshold: a label is predicted where its score is above it; where scores are no probabilities, the best are.
        top: how many labels are printed, the best first, besides those missed.
        as_json: print a line of JSON for each query.
    """
    from compose.cli.console import echo, table

    cut = threshold if answer.bounded else None
    rows = []
    for query, said in zip(episode.queries, _said(episode, answer, cut=cut, top=top), strict=True):
        if as_json:
            print(json.dumps(_line(episode, query, said, top=top, cut=cut), ensure_ascii=False), flush=True)
        rows.append((query, *_cells(said, top=top)))
    if not as_json:
        echo(f"{episode.name}: {', '.join(episode.classes)}", style="bold")
        others = "missed" if cut is None else f"not above {cut:g}"
        table(("query", "best" if cut is None else "predicted", others), rows)


def threshold_of(evaluation: Evaluation) -> float:
    """The first threshold that the evaluation names, or the usual one."""
    return next((metric.cut for metric in evaluation.metrics if metric.cut is not None), USUAL)


def _said(episode: Episode, answer: Answer, *, cut: float | None, top: int) -> Iterator[list[Said]]:
    """What is said of each query, the best label first."""
    assert episode.query_targets is not None
    for scores, targets in zip(answer.scores, episode.query_targets, strict=True):
        yield _of_query(episode.classes, scores, targets, cut=cut, top=top)


def _of_query(
    labels: Sequence[str], scores: Float[Tensor, " n"], targets: Int8[Tensor, " n"], *, cut: float | None, top: int
) -> list[Said]:
    truth = {1: True, -1: False, 0: None}
    best, values, known = scores.argsort(descending=True, stable=True).tolist(), scores.tolist(), targets.tolist()
    return [
        Said(labels[i], values[i], rank < top if cut is None else values[i] > cut, truth[known[i]])
        for rank, i in enumerate(best)
    ]


def _cells(said: Sequence[Said], *, top: int) -> tuple[str, str]:
    predicted = [str(each) for each in said[:top] if each.predicted]
    others = [str(each) for rank, each in enumerate(said) if not each.predicted and (rank < top or each.missed)]
    return ", ".join(predicted) or NONE, ", ".join(others)


def _line(episode: Episode, query: str, said: Sequence[Said], *, top: int, cut: float | None) -> dict[str, Any]:
    labels = [
        {"label": each.label, "score": each.score}
        | ({} if cut is None else {"predicted": each.predicted})
        | {"correct": each.correct}
        for each in said[:top]
    ]
    missed = [each.label for each in said if each.missed]
    return {"episode": episode.name, "example": query, "labels": labels, "missed": missed}
