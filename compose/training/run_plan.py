"""What a run does, as the command line hands it over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose.block import BlockError
from compose.training.stages.stage import Stage, TrainableModel
from compose.training.training_errors import TrainingError

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.labels.label_space import LabelSpace
    from compose.training.adaptation.adaptation import Adaptation


@dataclass(frozen=True)
class RunPlan:
    """What a run does.

    Args:
        model: the built model.
        source: the examples.
        space: the label space.
        stages: the training stages in order.
        evaluation: how the result is measured; None for not at all.
        seed: the run's seed.
        lock: the text of its lock file.
        title: what the report calls it.
        adaptation: how weights adapt to episodes where they are evaluated; None where they don't.
    """

    model: TrainableModel
    source: DataSource
    space: LabelSpace
    stages: Sequence[Stage]
    evaluation: Evaluation | None
    seed: int
    lock: str
    title: str
    adaptation: Adaptation | None = None

    def check(self) -> None:
        """Check the names in the stages' options against the model's.

        Raises:
            TrainingError: a stage names what the model does not have.
        """
        losses = [name.removeprefix("loss.") for name in self.model.loss_weights]
        for number, stage in enumerate(self.stages):
            try:
                stage.check(self.model.nodes, losses)
            except BlockError as error:
                raise refused(number, error) from None


def refused(stage: int, error: BlockError) -> TrainingError:
    """The error of a stage's option, with its place in the spec."""
    option = f".{error.parameter}" if error.parameter else ""
    return TrainingError(f"train.{stage}{option}: {error}")
