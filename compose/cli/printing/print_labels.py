"""Print which labels a few-shot model predicts for the queries of an episode, where an example carries several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose.prediction.answered_episode import AnsweredEpisode
    from compose.prediction.predicted_labels import PredictedLabel

NONE = "none"


def print_labels(answered: AnsweredEpisode, *, threshold: float, top: int, as_json: bool) -> None:
    """Print the labels predicted for each query, which of them are right, and which true ones are missed.

    Args:
        answered: an episode, and what the model says.
        threshold: a label is predicted where its score is above it; where scores are no probabilities, the best are.
        top: how many labels are printed, the best first, besides those missed.
        as_json: print a line of JSON for each query.
    """
    from compose.cli.console import echo_json, echo_name, table
    from compose.cli.printing.print_unread import print_unread
    from compose.prediction.predicted_labels import predicted_labels

    episode, cut = answered.episode, threshold if answered.answer.bounded else None
    rows = []
    for query, said in zip(episode.queries, predicted_labels(answered, cut=cut, top=top), strict=True):
        if as_json:
            line = _line(episode.name, query, said, top=top, cut=cut)
            echo_json(line)
        rows.append((query, *_cells(said, top=top)))
    if not as_json:
        echo_name(f"{episode.name}: {', '.join(episode.classes)}")
        others = "missed" if cut is None else f"not above {cut:g}"
        table(("query", "best" if cut is None else "predicted", others), rows)
    for picture in episode.unread.values():
        print_unread(picture, as_json=as_json)


def _cells(said: Sequence[PredictedLabel], *, top: int) -> tuple[str, str]:
    predicted = [str(each) for each in said[:top] if each.predicted]
    others = [str(each) for rank, each in enumerate(said) if not each.predicted and (rank < top or each.missed)]
    return ", ".join(predicted) or NONE, ", ".join(others)


def _line(episode: str, query: str, said: Sequence[PredictedLabel], *, top: int, cut: float | None) -> dict[str, Any]:
    labels = [
        {"label": each.label, "score": each.score}
        | ({} if cut is None else {"predicted": each.predicted})
        | {"correct": each.correct}
        for each in said[:top]
    ]
    missed = [each.label for each in said if each.missed]
    return {"episode": episode, "example": query, "labels": labels, "missed": missed}
