"""A trained few-shot model that classifies the queries of episodes, and tells where it looks for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from compose.model.build import Built
    from compose.prediction.adapted_model import AdaptedModel
    from compose.prediction.asked_episode import Episode
    from compose.training.prepare import Prepared
    from compose.training.storage.find_run import FoundRun


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
        made: the run's spec with all that it names.
        built: its model, on ``device``.
        device: where it runs.
        adapted: the model with its inner loop, where its weights adapt to an episode.
    """

    made: Prepared
    built: Built
    device: Any
    adapted: AdaptedModel | None

    def answer(self, episode: Episode, *, look: bool) -> Answer:
        """The classes of an episode's queries.

        Args:
            episode: the episode.
            look: whether to tell where the model looks; not of a model whose weights adapt.

        Raises:
            UsageError: the model needs vectors of the classes, and some have none.
        """
        if self.adapted is not None:
            scores, activates, attention = self.adapted(episode), self.adapted.activates, {}
        else:
            outputs = self._outputs(episode, look=look)
            scores, activates = outputs["scores"][0].float().cpu(), False
            attention = self._attention(outputs) if look else {}
        is_final = episode.several or (activates and _bounded(scores))
        return Answer(scores if is_final else scores.softmax(-1), attention)

    def _outputs(self, episode: Episode, *, look: bool) -> dict[str, Tensor]:
        import torch

        from compose.training.inference import call

        given = {**episode.examples, "support_targets": episode.support_targets[None]}
        given |= dict(self.made.space.inputs("seen"))
        graph = self.built.looking if look else self.built.inference
        with torch.no_grad():
            return call(graph, {name: value.to(self.device) for name, value in given.items()})

    def _attention(self, outputs: dict[str, Tensor]) -> dict[str, Tensor]:
        import torch

        return {
            port: torch.stack([outputs[f"{port}.{i}"][0] for i in range(len(refs))]).float().cpu()
            for port, refs in self.made.spec.plan.episode_attention.items()
        }


def load_episode_predictor(made: Prepared, run: FoundRun, *, weights: str | None, device: str) -> EpisodePredictor:
    """A run's model of episodes.

    Args:
        made: the run's spec with all that it names.
        run: the run.
        weights: which of its weights.
        device: where it runs.
    """

    from compose.prediction.adapted_model import AdaptedModel
    from compose.training.device import choose_device

    target = choose_device(device)
    scoring = made.scoring()
    built = scoring.build()
    run.load(built, weights)
    for graph in (built.training, built.inference, built.looking):
        graph.to(target).eval()
    adapted = AdaptedModel(scoring, built, target) if made.adaptation is not None else None
    return EpisodePredictor(scoring, built, target, adapted)


def _bounded(scores: Tensor) -> bool:
    return bool(((scores >= 0) & (scores <= 1)).all())
