"""Training on batches of labelled examples."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose.block import REGISTRATION, BlockError, stage
from compose.training.stage import Model, Setting, Stage

if TYPE_CHECKING:
    from torch import Tensor, nn

    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.evaluation.metric import Metric
    from compose.training.pictures import Predictions

EXTERNAL = "external_targets"
"""The input of a model that only external examples feed."""


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
        from compose.training.inference import inputs_of

        self._setting = setting
        names = [f"loss.{name}" for name in stage.losses] if stage.losses else _fed(setting.model, stage.examples)
        self.weights = {name: setting.model.loss_weights[name] for name in names}
        self._drawn = _external(setting) if stage.examples == "external" else _labelled(setting)
        self._inputs = inputs_of(setting.model.for_losses(self.weights))
        given = setting.space.sources("seen")
        self._labels = {name: value.to(setting.device) for name, value in given.items() if name in self._inputs}
        self._loader = Loader(
            self._drawn.source.split("train"),
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
        """The batches of an epoch."""
        for batch in self._loader.epoch(number, start=start):
            batch[self._drawn.targets] = batch.pop("targets")[:, self._drawn.columns]
            yield {name: value for name, value in batch.items() if name in self._inputs}

    def example(self) -> dict[str, Tensor]:
        """Two examples of zeros."""
        import torch

        inputs = {name: torch.zeros(2, *shape) for name, shape in self._drawn.source.shapes.items()}
        inputs[self._drawn.targets] = torch.zeros(2, len(self._drawn.columns), dtype=torch.int8)
        return {name: value for name, value in inputs.items() if name in self._inputs}

    def terms(self, model: nn.Module, batch: dict[str, Tensor]) -> Mapping[str, Tensor]:
        """The losses of a batch."""
        outputs = model(**batch, **self._labels)
        return {name: outputs[name] for name in self.weights}

    def validate(self) -> dict[str, float]:
        """The metrics on the validation split, among the seen labels."""
        assert self._evaluation is not None
        from compose.training.inference import asked

        setting = self._setting
        result = self._evaluation.run(
            asked(setting.model, looks=self._evaluation.looks),
            setting.source,
            lambda labels: setting.space.sources(labels.task),
            data=getattr(type(setting.source), REGISTRATION).name,
            device=setting.device,
            dropped=setting.space.dropped,
        )
        return dict(result["seen"].metrics)

    def predictions(self, count: int) -> Predictions | None:
        """The first validation pictures and what the model says to them."""
        import torch

        from compose.training.inference import call
        from compose.training.pictures import Predictions, top_labels

        examples = self._setting.source.split("val")
        batch = examples[range(min(count, len(examples)))]
        if "image" not in batch:
            return None
        space, device = self._setting.space, self._setting.device
        inputs = {name: value for name, value in batch.items() if name != "targets"} | space.sources("seen")
        model = self._setting.model
        with torch.no_grad():
            outputs = call(model.looking, {name: value.to(device) for name, value in inputs.items()})
            attention = model.attention(outputs, top_labels(outputs["scores"]))
        task = space.task("seen")
        normalisation = getattr(self._setting.source, "normalisation", None)
        return Predictions(
            images=normalisation.undo(batch["image"]) if normalisation else batch["image"],
            scores=outputs["scores"].float().cpu(),
            targets=batch["targets"][:, task.columns],
            labels=task.names,
            attention=None if attention is None else attention.cpu(),
        )


def _fed(model: Model, examples: str) -> list[str]:
    """The losses for a stage that names none: those on its kind of targets."""
    from compose.training.inference import inputs_of

    known = EXTERNAL in model.inputs  # else there is no graph to look into
    external = {name: known and EXTERNAL in inputs_of(model.for_losses([name])) for name in model.loss_weights}
    return [name for name, reads in external.items() if reads == (examples == "external")]


@dataclass(frozen=True)
class Drawn:
    """What a stage's examples are drawn from.

    Args:
        source: where they come from.
        targets: the name by which the model takes their targets.
        columns: the columns of the targets that may be trained on.
    """

    source: DataSource
    targets: str
    columns: Tensor


def _labelled(setting: Setting) -> Drawn:
    return Drawn(setting.source, "targets", setting.space.task("seen").columns)


def _external(setting: Setting) -> Drawn:
    import torch

    source = setting.space.external
    return Drawn(source, EXTERNAL, torch.arange(len(source.labels.names)))


def _validation(setting: Setting, stage: Supervised) -> Evaluation | None:
    """How the stage validates; None where the data has no validation split, or it trains on external examples."""
    from compose.data.source import DataError
    from compose.evaluation.evaluation import Evaluation

    try:
        if not stage.validate_every or stage.examples == "external" or not len(setting.source.split("val")):
            return None
    except DataError:
        return None
    return Evaluation(tasks=("seen",), metrics=tuple(metric.key for metric in stage.metrics()), split="val")


def _workers(stage: Stage, setting: Setting) -> int:
    """How many processes prepare batches: where the processor trains, they would only take its time."""
    if stage.workers != "auto":
        return stage.workers
    return min(8, (os.cpu_count() or 1) // setting.world) if setting.device.type == "cuda" else 0
