"""A model whose weights adapt to episodes, as the evaluation calls it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from compose.training.adaptation.adaptation import Adaptation, task_losses
from compose.training.adaptation.episode_labels import EpisodeLabels
from compose.training.adaptation.task_model import TaskModel

if TYPE_CHECKING:
    from compose.evaluation.episodes.episode_test import ModelParts
    from compose.labels.label_space import LabelSpace
    from compose.training.stages.work import TrainableModel


class TaskScorer:
    """Adapts to each episode and scores its queries.

    Args:
        module: the model and its inner loop, in evaluation mode, on its device.
        labels: what the label space gives.
        device: where the model is.
    """

    def __init__(self, module: TaskModel, labels: EpisodeLabels, device: torch.device | str) -> None:
        self._module, self._labels, self._device = module, labels, device

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        """``scores`` ``e q n`` of a batch of episodes: the examples or their features, targets and labels."""
        batch = {**inputs, **self._module.features(inputs), **self._labels(inputs["episode_labels"])}
        return {"scores": self._module.scores(batch).float()}

    @property
    def parts(self) -> ModelParts | None:
        """The model in parts, so that what does not adapt is computed once of each example; None where all adapts."""
        from compose.evaluation.episodes.episode_test import ModelParts

        kept = partial(self._module.kept, device=self._device)
        return None if self._module.parts is None else ModelParts(kept, self)


def task_scorer(
    model: TrainableModel, adaptation: Adaptation, space: LabelSpace, device: torch.device | str
) -> TaskScorer:
    """A built model as the evaluation of episodes calls it.

    Args:
        model: on its device and in evaluation mode.
        adaptation: the inner loop.
        space: the label space.
        device: where the model is.
    """
    labels = EpisodeLabels(space, device)
    return TaskScorer(trained_task_model(model, adaptation, labels), labels, device)


def trained_task_model(model: TrainableModel, adaptation: Adaptation, labels: EpisodeLabels) -> TaskModel:
    """A built model that adapts as it was trained to, in evaluation mode.

    Args:
        model: on its device.
        adaptation: the inner loop.
        labels: what the label space gives.
    """
    names = [f"loss.{name}" for name in task_losses(model.plan, adaptation.losses)]
    losses = {name: model.loss_weights[name] for name in names}
    return TaskModel(model, adaptation, losses, fixed=labels.fixed).eval()
