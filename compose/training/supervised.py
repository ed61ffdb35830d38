"""Training on batches of labelled examples."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from compose.block import REGISTRATION, BlockError, stage
from compose.training.stage import Setting, Stage

if TYPE_CHECKING:
    from torch import Tensor, nn

    from compose.evaluation.evaluation import Evaluation
    from compose.evaluation.metric import Metric
    from compose.training.pictures import Predictions


@stage
class Supervised(Stage):
    """Train on batches of the training examples, against the targets of the seen labels."""

    def check(self, nodes: Sequence[str], losses: Sequence[str]) -> None:
        """Check the names in the options, that of the monitored metric too."""
        super().check(nodes, losses)
        if self.validate_every:
            self.metrics()

    def metrics(self) -> tuple[Metric, ...]:
        """What is measured on the validation split: mAP, and what the stage monitors."""
        from compose.evaluation.entries import make_metrics

        watched = [] if self.monitor == "loss" or self.monitor.startswith("loss.") else [self.monitor]
        try:
            return make_metrics(dict.fromkeys(["map", *watched]))
        except BlockError as error:
            raise BlockError(str(error), parameter="monitor") from None

    def open(self, setting: Setting) -> SupervisedWork:
        """Begin to work on a model and its data."""
        return SupervisedWork(self, setting)


class SupervisedWork:
    """A supervised stage at work.

    Args:
        stage: its options.
        setting: model and data.
    """

    def __init__(self, stage: Supervised, setting: Setting) -> None:
        from compose.data.loader import Loader

        self._setting = setting
        self._task = setting.space.task("seen")
        self._labels = {
            name: value.to(setting.device) for name, value in self._task.sources.items() if name in setting.model.inputs
        }
        names = stage.losses or [name.removeprefix("loss.") for name in setting.model.loss_weights]
        self.weights = {f"loss.{name}": setting.model.loss_weights[f"loss.{name}"] for name in names}
        self._loader = Loader(
            setting.source.split("train"),
            batch=stage.batch,
            seed=setting.seed,
            workers=_workers(stage, setting),
            rank=setting.rank,
            world=setting.world,
        )
        self._evaluation = _validation(setting, stage)
        self.metrics: Sequence[str] = [metric.key for metric in self._evaluation.metrics] if self._evaluation else []

    def __len__(self) -> int:
        """Batches in an epoch of this process."""
        return len(self._loader)

    def epoch(self, number: int, start: int) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch; targets are cut to the seen labels."""
        for batch in self._loader.epoch(number, start=start):
            batch["targets"] = batch["targets"][:, self._task.columns]
            yield {name: value for name, value in batch.items() if name in self._setting.model.inputs}

    def example(self) -> dict[str, Tensor]:
        """Two examples of zeros."""
        import torch

        inputs = {name: torch.zeros(2, *shape) for name, shape in self._setting.source.shapes.items()}
        inputs["targets"] = torch.zeros(2, len(self._task.names), dtype=torch.int8)
        return {name: value for name, value in inputs.items() if name in self._setting.model.inputs}

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> Mapping[str, Tensor]:
        """The losses of a batch."""
        outputs = model(**batch, **self._labels)
        return {name: outputs[name] for name in self.weights}

    def validate(self) -> dict[str, float]:
        """The metrics on the validation split, among the seen labels."""
        assert self._evaluation is not None
        from compose.training.inference import scorer

        setting = self._setting
        result = self._evaluation.run(
            scorer(setting.model.inference),
            setting.source,
            lambda labels: setting.space.task(labels.task).sources,
            data=getattr(type(setting.source), REGISTRATION).name,
            device=setting.device,
            dropped=setting.space.dropped,
        )
        return dict(result["seen"].metrics)

    def predictions(self, count: int) -> Predictions | None:
        """The first validation pictures and what the model says to them."""
        import torch

        from compose.training.inference import call
        from compose.training.pictures import Predictions

        examples = self._setting.source.split("val")
        batch = examples[range(min(count, len(examples)))]
        if "image" not in batch:
            return None
        inputs = {name: value.to(self._setting.device) for name, value in batch.items() if name != "targets"}
        with torch.no_grad():
            outputs = call(self._setting.model.inference, {**inputs, **self._labels})
        normalisation = getattr(self._setting.source, "normalisation", None)
        attention = next((value for name, value in outputs.items() if name.endswith(".attention")), None)
        return Predictions(
            images=normalisation.undo(batch["image"]) if normalisation else batch["image"],
            scores=outputs["scores"].float().cpu(),
            targets=batch["targets"][:, self._task.columns],
            labels=self._task.names,
            attention=None if attention is None else attention.float().cpu(),
        )


def _validation(setting: Setting, stage: Supervised) -> Evaluation | None:
    """How the stage validates; None where the data has no validation split."""
    from compose.data.source import DataError
    from compose.evaluation.evaluation import Evaluation

    try:
        if not stage.validate_every or not len(setting.source.split("val")):
            return None
    except DataError:
        return None
    return Evaluation(tasks=("seen",), metrics=tuple(metric.key for metric in stage.metrics()), split="val")


def _workers(stage: Stage, setting: Setting) -> int:
    """How many processes prepare batches: where the processor trains, they would only take its time."""
    if stage.workers != "auto":
        return stage.workers
    return min(8, (os.cpu_count() or 1) // setting.world) if setting.device.type == "cuda" else 0
