"""How a stage validates: by the protocol of the spec's own evaluation, on the validation split."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from compose.block import BlockError

if TYPE_CHECKING:
    from compose.evaluation.episodes.episode_test import ModelParts
    from compose.evaluation.evaluation import Evaluation
    from compose.evaluation.task_scores import ScoringModel
    from compose.training.stages.work import Setting


class StageValidation:
    """What a stage measures on validation examples, and how.

    Args:
        evaluation: the spec's.
        metrics: names of what is measured; one that the spec measures with options of its own is measured with those.
        options: what differs from the spec's evaluation.

    Attributes:
        evaluation: what is run.

    Raises:
        BlockError: a name is no metric's, or its tasks do not have the metric.
    """

    def __init__(self, evaluation: Evaluation, metrics: Iterable[str], options: Mapping[str, Any]) -> None:
        names = list(dict.fromkeys(metrics))
        try:
            self.evaluation = evaluation.validating([evaluation.entry(name) for name in names], **options)
        except BlockError as error:
            raise BlockError(str(error), parameter="monitor") from None
        self._keys = {name: metric.key for name, metric in zip(names, self.evaluation.metrics, strict=True)}

    @property
    def names(self) -> list[str]:
        """What is measured, as it was asked for."""
        return list(self._keys)

    def run(self, setting: Setting, model: ScoringModel, parts: ModelParts | None = None) -> dict[str, float]:
        """Measure; where there are several tasks, the mean over them, and NaN where nothing could be measured.

        Args:
            setting: data, label space and device.
            model: as the evaluation calls it, in evaluation mode.
            parts: of a model of episodes.
        """
        result = self.evaluation.run(
            model,
            setting.source,
            setting.space,
            data=setting.source.name,
            device=setting.device,
            parts=parts,
            shares=setting.shares,
        )
        tasks = list(result.tasks.values())
        if not tasks:
            return dict.fromkeys(self._keys, math.nan)
        return {name: sum(task.metrics[key] for task in tasks) / len(tasks) for name, key in self._keys.items()}
