"""Which labels a few-shot model predicts for the queries of an episode, where an example carries several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.evaluation.evaluation import Evaluation
    from compose.prediction.answered_episode import AnsweredEpisode

USUAL = 0.5


@dataclass(frozen=True)
class PredictedLabel:
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


def predicted_labels(answered: AnsweredEpisode, *, cut: float | None, top: int) -> list[list[PredictedLabel]]:
    """What is said of each query that could be read, the best label first.

    Args:
        answered: an episode whose examples may carry several labels.
        cut: a label is predicted where its score is above it; None where scores are no probabilities.
        top: then so many of the best are.
    """
    return [
        [
            PredictedLabel(guess.label, guess.score, rank < top if cut is None else guess.score > cut, guess.correct)
            for rank, guess in enumerate(prediction.guesses)
        ]
        for prediction in answered.predictions(len(answered.episode.classes))
        if prediction.picture.error is None
    ]


def threshold_of(evaluation: Evaluation) -> float:
    """The first threshold that the evaluation names, or the usual one."""
    return next((metric.cut for metric in evaluation.metrics if metric.cut is not None), USUAL)
