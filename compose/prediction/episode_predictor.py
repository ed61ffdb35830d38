"""A trained few-shot model that classifies the queries of episodes, and tells where it looks for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from compose.prediction.adapted_model import AdaptedModel
    from compose.prediction.asked_episode import Episode
    from compose.prediction.trained_model import TrainedModel


@dataclass(frozen=True)
class Answer:
    """What a model says to an episode.

    Args:
        scores: of each query and class: where an example has one class, their probabilities; else as the model gives
            them.
        attention: where it looks, a layer each, by port: see :data:`~compose.spec.wiring.plan.EPISODE_ATTENTION`.
    """

    scores: Float[Tensor, "q n"]
    attention: dict[str, Float[Tensor, "m q *place"]]

    @property
    def bounded(self) -> bool:
        """Whether the scores can be probabilities."""
        return _bounded(self.scores)


@dataclass(frozen=True)
class EpisodePredictor:
    """A trained model.

    Args:
        trained: the model.
        adapted: the model with its inner loop, where its weights adapt to an episode.
    """

    trained: TrainedModel
    adapted: AdaptedModel | None

    @classmethod
    def of(cls, trained: TrainedModel) -> EpisodePredictor:
        """A trained model that answers episodes."""
        from compose.prediction.adapted_model import AdaptedModel

        return cls(trained, None if trained.made.adaptation is None else AdaptedModel(trained))

    def answer(self, episode: Episode, *, look: bool) -> Answer:
        """The classes of an episode's queries.

        Args:
            episode: the episode.
            look: whether to tell where the model looks; not of a model whose weights adapt.

        Raises:
            UsageError: the model needs vectors of the classes, and some have none.
        """
        if not episode.queries:
            return Answer(episode.support_targets.new_zeros(0, len(episode.classes)).float(), {})
        if self.adapted is not None:
            scores, activates, attention = self.adapted(episode), self.adapted.activates, {}
        else:
            outputs = self._outputs(episode, look=look)
            scores, activates = outputs["scores"][0].float().cpu(), False
            attention = self._attention(outputs) if look else {}
        is_final = episode.several or (activates and _bounded(scores))
        return Answer(scores if is_final else scores.softmax(-1), attention)

    def _outputs(self, episode: Episode, *, look: bool) -> dict[str, Tensor]:
        from compose.training.inference import call

        given = {**episode.examples, "support_targets": episode.support_targets[None]}
        given |= dict(self.trained.made.space.inputs("seen"))
        graph = self.trained.built.looking if look else self.trained.built.inference
        with self.trained.asked():
            return call(graph, {name: value.to(self.trained.device) for name, value in given.items()})

    def _attention(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        import torch

        return {
            port: torch.stack([outputs[f"{port}.{i}"][0] for i in range(len(refs))]).float().cpu()
            for port, refs in self.trained.made.spec.plan.episode_attention.items()
        }


def _bounded(scores: Tensor) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())
