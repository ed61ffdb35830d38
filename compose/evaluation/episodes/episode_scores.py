"""What a model says to the queries of episodes, beside the truth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float32, Float64, Int8
from torch import Tensor

from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.metrics.metric import chunks
from compose.evaluation.task_scores import ScoringModel

TARGETS = ("targets", "query_targets")
"""What episodes hold that no score may see."""


@dataclass(frozen=True)
class EpisodeScores:
    """The scores of all episodes of a test.

    Args:
        scores: of every query and class.
        targets: 1 = present, -1 = absent, 0 = unknown, and for all classes of a query that only fills an episode up.
        frequency: the label prior: a score for each class of an episode, the same for all its queries.
    """

    scores: Float32[Tensor, "e q n"]
    targets: Int8[Tensor, "e q n"]
    frequency: Float64[Tensor, "e n"]

    @property
    def prior(self) -> Float64[Tensor, "e q n"]:
        """The label prior as the scores of every query."""
        return self.frequency[:, None].expand(self.targets.shape)

    def parts(self) -> Iterator[EpisodeScores]:
        """A few episodes at a time, so that what is computed of them takes little memory."""
        episodes, queries, classes = self.targets.shape
        for rows in chunks(episodes, queries * classes):
            yield EpisodeScores(self.scores[rows], self.targets[rows], self.frequency[rows])


@dataclass(frozen=True)
class EpisodeModel:
    """What scores a batch of episodes, whatever else they hold.

    Args:
        model: the inputs by port name -> ``scores``; called without gradients.
        fixed: inputs that are the same for all episodes, on ``device``.
        device: where the model is.
    """

    model: ScoringModel
    fixed: Mapping[str, Tensor]
    device: torch.device | str

    def __call__(self, given: Mapping[str, Tensor]) -> Float32[Tensor, "e q n"]:
        """The scores of the queries of a batch; it sees no truth but the support's."""
        asked = {name: value.to(self.device) for name, value in given.items() if name not in TARGETS}
        with torch.no_grad():
            return self.model({**self.fixed, **asked})["scores"].float().cpu()


def check_scores(scores: Tensor, targets: Tensor, task: str) -> None:
    """Refuse what no metric can be computed from.

    Raises:
        EvaluationError: scores that are not finite or of another shape than the targets.
    """
    if scores.shape != targets.shape:
        shapes = f"{tuple(targets.shape)} (episodes, queries, classes), got {tuple(scores.shape)}"
        raise EvaluationError(f"expected scores of shape {shapes}", task=task)
    bad = scores.numel() - int(torch.count_nonzero(scores.isfinite()))
    if bad:
        got = f"NaN or infinity in {bad:,} of {scores.numel():,}"
        raise EvaluationError(f"expected finite scores, got {got}", task=task)
