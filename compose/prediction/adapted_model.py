"""A trained model whose weights adapt to each episode, as it is asked about episodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from compose.prediction.asked_episode import Episode
    from compose.prediction.trained_model import TrainedModel


class AdaptedModel:
    """Adapts to an episode and scores its queries.

    Args:
        trained: the model.
    """

    def __init__(self, trained: TrainedModel) -> None:
        from compose.training.adaptation.episode_labels import EpisodeLabels
        from compose.training.adaptation.task_scorer import trained_task_model

        made, built, device = trained.made, trained.built, trained.device
        assert made.adaptation is not None
        self._made, self._device, self._asked = made, device, trained.asked
        self._labels = EpisodeLabels(made.space, device)
        self._model = trained_task_model(built, made.adaptation, self._labels)
        read = {ref.step for term in built.plan.terms for ref in term.reads}
        self.activates = built.plan.scores.step not in read
        """Whether the scores are made of what the loss takes, as probabilities are of logits."""

    def __call__(self, episode: Episode) -> Float[Tensor, "q n"]:
        """The scores of an episode's queries.

        The user's pictures are each scored beside the support, and not beside one another: where the model normalises
        by the batch, one picture alone says too little, and its answer should not depend on what else is asked.

        Raises:
            UsageError: classes of the user's without a vector.
        """
        import torch

        given = {name: value.to(self._device) for name, value in episode.examples.items()}
        support = len(episode.support_targets)
        with self._asked():
            examples = self._model.features(given)
            labels = self._labels_of(episode)
            if episode.columns is not None:
                return self._scores(examples, episode, labels)
            every = range(support + len(episode.queries))
            taught = list(every[:support])
            found = []
            for query in every[support:]:
                rows = [*taught, query, *taught]
                beside = {name: value[rows] for name, value in examples.items()}
                found.append(self._scores(beside, episode, labels)[:1])
            return torch.cat(found)

    def _scores(self, examples: dict[str, Tensor], episode: Episode, labels: dict[str, Tensor]) -> Tensor:
        targets = episode.support_targets[None].to(self._device)
        return self._model.scores({**examples, **labels, "support_targets": targets})[0].float().cpu()

    def _labels_of(self, episode: Episode) -> dict[str, Tensor]:
        from compose.prediction.own_labels import own_labels

        if episode.columns is not None:
            return dict(self._labels(episode.columns[None]))
        read = "labels_novel" in self._model.takes
        given = own_labels(self._made, episode.classes, vectors=read)
        return {name: value.to(self._device) for name, value in given.items()}
