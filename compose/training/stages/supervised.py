"""Training on batches of labelled examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose.block import stage
from compose.spec.wiring.reserved import RESERVED
from compose.training.stages.batches import EXTERNAL, BatchWork
from compose.training.stages.stage import Stage
from compose.training.stages.work import Setting

if TYPE_CHECKING:
    from torch import Tensor

    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.spec.wiring.plan import Plan
    from compose.training.logging.prediction_sheet import Predictions
    from compose.training.stages.stage_validation import StageValidation


@stage
class Supervised(Stage):
    """Train on batches of the training examples, against the targets of the seen labels."""

    def unvalidated(self, source: DataSource, plan: Plan, *, adapts: bool) -> str:
        """Why it does not validate: it measures scores of seen labels, and not those of the classes of episodes."""
        from compose.evaluation.measurable import unmeasurable_split
        from compose.labels.label_set import label_set

        of_episodes = adapts or any(RESERVED[name].of_episodes for name in plan.scoring().reserved)
        if why := super().unvalidated(source, plan, adapts=adapts):
            return why
        if of_episodes:
            return "the model scores the classes of episodes, and it validates on labels"
        why = unmeasurable_split(source.split("val"), label_set(source.labels, "seen"))
        return f"its validation has nothing to measure: {why}" if why else ""

    def validation(self, evaluation: Evaluation) -> StageValidation:
        """By the mean average precision among the seen labels, and what it monitors."""
        from compose.training.stages.stage_validation import StageValidation

        return StageValidation(evaluation, ["map", *self.monitored], {"tasks": ("seen",)})

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
        assert source is not None, "a stage on external examples is refused where there are none"
        super().__init__(stage, setting, source, source.split("train"))
        self._name = EXTERNAL if external else "targets"
        self._columns = torch.arange(len(source.labels.names)) if external else setting.space.label_set("seen").index
        self._validation = setting.validation(stage)
        self.metrics = self._validation.names if self._validation else []

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
        assert self._validation is not None
        from compose.training.inference import asked

        looks = self._validation.evaluation.looks
        return self._validation.run(self._setting, asked(self._setting.model, looks=looks))

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
        inputs = {name: value for name, value in batch.items() if name != "targets"} | dict(space.inputs("seen"))
        model = self._setting.model
        with torch.no_grad():
            outputs = call(model.looking, {name: value.to(device) for name, value in inputs.items()})
            attention = model.attention(outputs, top_labels(outputs["scores"]))
        labels = space.label_set("seen")
        return Predictions(
            images=self._setting.source.displayed(batch["image"]),
            scores=outputs["scores"].float().cpu(),
            targets=batch["targets"][:, labels.index],
            labels=labels.names,
            attention=None if attention is None else attention.cpu(),
        )
