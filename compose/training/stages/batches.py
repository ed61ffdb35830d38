"""What stages that train on batches of examples have in common."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from compose.training.stages.stage import Stage
from compose.training.stages.work import Setting

if TYPE_CHECKING:
    from torch import Tensor, nn

    from compose.data.source import DataSource, Examples
    from compose.labels.parents import Parents
    from compose.training.logging.prediction_sheet import Predictions

EXTERNAL = "external_targets"
"""The input of a model that only external examples feed."""


class BatchWork(ABC):
    """A stage at work on batches of examples: which losses they feed, and what of them the model takes.

    Args:
        stage: its options.
        setting: model and data.
        source: where the examples come from.
        examples: what batches are drawn from.
    """

    metrics: Sequence[str] = ()

    def __init__(self, stage: Stage, setting: Setting, source: DataSource, examples: Examples) -> None:
        from compose.data.loader import Loader
        from compose.labels.parents import Parents
        from compose.training.inference import inputs_of

        self._setting, self._source = setting, source
        names = [f"loss.{name}" for name in stage.descends(setting.model.plan, source)]
        self.weights = {name: setting.model.loss_weights[name] for name in names}
        self.module = setting.model.for_losses(self.weights)
        self._inputs = inputs_of(self.module)
        given = setting.space.inputs("seen")
        self._labels = {name: value.to(setting.device) for name, value in given.items() if name in self._inputs}
        self._parents: Parents | None = Parents(source) if "parents_targets" in self._inputs else None
        self._loader = Loader(
            examples,
            batch=stage.batch,
            seed=setting.seed,
            workers=workers_of(stage, setting),
            rank=setting.rank,
            world=setting.world,
        )

    def __len__(self) -> int:
        """Batches in an epoch of this process."""
        return len(self._loader)

    def epoch(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch."""
        for batch in self._loader.epoch(number, start=start):
            targets = batch.pop("targets")
            if self._parents is not None:
                batch["parents_targets"] = self._parents.targets(targets)
            batch |= self.targets(targets)
            yield {name: value for name, value in batch.items() if name in self._inputs}

    def example(self) -> dict[str, Tensor]:
        """A small batch of zeros, to try the model on."""
        import torch

        batch = self.zeros()
        if self._parents is not None:
            images = len(next(iter(batch.values())))
            batch["parents_targets"] = torch.zeros(images, len(self._parents.names), dtype=torch.int8)
        return {name: value for name, value in batch.items() if name in self._inputs}

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> Mapping[str, Tensor]:
        """The losses of a batch."""
        outputs = model(**batch, **self._labels)
        return {name: outputs[name] for name in self.weights}

    def predictions(self, count: int) -> Predictions | None:
        """Nothing to look at."""
        return None

    @abstractmethod
    def targets(self, targets: Tensor) -> dict[str, Tensor]:
        """The targets that the model takes, by port name, from those over all labels of the source: int8 ``b l``."""

    @abstractmethod
    def zeros(self) -> dict[str, Tensor]:
        """A small batch of zeros by port name, the pictures first."""

    @abstractmethod
    def validate(self) -> dict[str, float]:
        """Metrics on the validation examples, of the model in evaluation mode."""


def workers_of(stage: Stage, setting: Setting) -> int:
    """How many processes prepare batches: where the processor trains, they would only take its time."""
    if stage.workers != "auto":
        return stage.workers
    return min(8, (os.cpu_count() or 1) // setting.world) if setting.device.type == "cuda" else 0
