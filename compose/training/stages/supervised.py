"""Training on batches of labelled examples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compose.block import stage
from compose.training.stages.batches import EXTERNAL, BatchWork, validates, watched
from compose.training.stages.stage import Setting, Stage

if TYPE_CHECKING:
    from torch import Tensor

    from compose.evaluation.evaluation import Evaluation
    from compose.training.logging.prediction_sheet import Predictions


@stage
class Supervised(Stage):
    """Train on batches of the training examples, against the targets of the seen labels."""

    def check(self, nodes: Sequence[str], losses: Sequence[str]) -> None:
        """Check the names in the options, that of the monitored metric too."""
        super().check(nodes, losses)
        if self.validate_every:
            watched(self, "map")

    def open(self, setting: Setting) -> SupervisedWork:
        """Begin to work on a model and its data."""
        return SupervisedWork(self, setting)


class SupervisedWork(BatchWork):
    """A supervised stage at work.

    Args:
        stage: its options.
        setting: model and data.
    """

    def __init__(self, stage: Supervised, setting: Setting) -> None:
        import torch

        external = stage.examples == "external"
        source = setting.space.external if external else setting.source
        super().__init__(stage, setting, source, source.split("train"))
        self._name = EXTERNAL if external else "targets"
        self._columns = torch.arange(len(source.labels.names)) if external else setting.space.task("seen").columns
        self._evaluation = _validation(setting, stage)
        self.metrics = [metric.key for metric in self._evaluation.metrics] if self._evaluation else []

    def targets(self, targets: Tensor) -> dict[str, Tensor]:
        """Those of the labels that may be trained on."""
        return {self._name: targets[:, self._columns]}

    def zeros(self) -> dict[str, Tensor]:
        """Two examples."""
        import torch

        inputs = {name: torch.zeros(2, *shape) for name, shape in self._source.shapes.items()}
        return inputs | {self._name: torch.zeros(2, len(self._columns), dtype=torch.int8)}

    def validate(self) -> dict[str, float]:
        """The metrics on the validation split, among the seen labels."""
        assert self._evaluation is not None
        from compose.training.inference import asked

        setting = self._setting
        result = self._evaluation.run(
            asked(setting.model, looks=self._evaluation.looks),
            setting.source,
            lambda labels: setting.space.inputs(labels.task),
            data=setting.source.name,
            device=setting.device,
            dropped=setting.space.dropped,
        )
        return dict(result["seen"].metrics)

    def predictions(self, count: int) -> Predictions | None:
        """The first validation pictures and what the model says to them."""
        import torch

        from compose.training.inference import call
        from compose.training.logging.prediction_sheet import Predictions, top_labels

        examples = self._setting.source.split("val")
        batch = examples[range(min(count, len(examples)))]
        if "image" not in batch:
            return None
        space, device = self._setting.space, self._setting.device
        inputs = {name: value for name, value in batch.items() if name != "targets"} | space.inputs("seen")
        model = self._setting.model
        with torch.no_grad():
            outputs = call(model.looking, {name: value.to(device) for name, value in inputs.items()})
            attention = model.attention(outputs, top_labels(outputs["scores"]))
        task = space.task("seen")
        return Predictions(
            images=self._setting.source.displayed(batch["image"]),
            scores=outputs["scores"].float().cpu(),
            targets=batch["targets"][:, task.columns],
            labels=task.names,
            attention=None if attention is None else attention.cpu(),
        )


def _validation(setting: Setting, stage: Supervised) -> Evaluation | None:
    """How the stage validates; None where the data has no validation split, or the scores are of episodes."""
    if setting.adaptation is not None:
        return None
    from compose.evaluation.evaluation import Evaluation
    from compose.spec.wiring.reserved import RESERVED
    from compose.training.inference import inputs_of

    of_episodes = {known.port for known in RESERVED.values() if known.of_episodes}
    if not validates(stage, setting.source) or of_episodes & inputs_of(setting.model.inference):
        return None
    return Evaluation(tasks=("seen",), metrics=tuple(metric.key for metric in watched(stage, "map")), split="val")
