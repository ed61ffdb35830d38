"""What a run does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from compose.block import BlockError
from compose.data.loader import uneven
from compose.training.stages.nodes import check_trained
from compose.training.stages.stage import Stage
from compose.training.stages.work import TrainableModel
from compose.training.training_errors import TrainingError

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.labels.label_space import LabelSpace
    from compose.training.adaptation.adaptation import Adaptation
    from compose.training.prepare import Prepared
    from compose.training.storage.data_record import DataRecord
    from compose.training.storage.kept_blocks import KeptFile


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """What a run does; :meth:`of` makes one.

    Args:
        model: the built model.
        source: the examples.
        space: the label space.
        stages: the training stages by name, in order.
        evaluation: how the result is measured; None for not at all.
        seed: the run's seed.
        lock: the text of its lock file.
        title: what the report calls it.
        adaptation: how weights adapt to episodes where they are evaluated; None where they don't.
        files: what the run's folder keeps from its beginning: the user's files without which the spec cannot be read,
            and what prediction needs of the data.
        fingerprint: what it is made of, which its checkpoints keep.
        data: what it is trained on; None in a process that writes no folder.
        changed: whether a run that goes on has something to do again, as options or data are others than before.
        values: the resolved spec.
    """

    model: TrainableModel
    source: DataSource
    space: LabelSpace
    stages: Mapping[str, Stage]
    evaluation: Evaluation | None
    seed: int
    lock: str
    title: str
    adaptation: Adaptation | None = None
    files: Sequence[KeptFile] = ()
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    data: DataRecord | None = None
    changed: bool = False
    values: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls, made: Prepared, *, data: DataRecord | None = None, lock: str | None = None, changed: bool = False
    ) -> RunPlan:
        """What a spec says, with a model that has weights of its own.

        Args:
            made: the spec with all that it names.
            data: what it is trained on; None in a process that writes no folder.
            lock: the text of the lock file of a run that goes on.
            changed: see above.

        Raises:
            SpecErrors: shapes that cannot meet, or labels without a vector.
        """
        from compose.training.storage.fingerprint import fingerprint
        from compose.training.storage.kept_blocks import kept_files
        from compose.training.storage.kept_data import kept_data
        from compose.training.storage.lock import lock_text, lock_values

        blocks = kept_files(made.spec.blocks)
        return cls(
            model=made.build(),
            source=made.source,
            space=made.space,
            stages=made.stages,
            evaluation=made.evaluation,
            seed=made.seed,
            lock=lock or lock_text(made.spec, blocks=blocks),
            title=made.spec.resolved.name,
            adaptation=made.adaptation,
            fingerprint=fingerprint(made.spec, blocks=blocks, data=data),
            data=data,
            changed=changed,
            values=lock_values(made.spec),
            files=(*blocks, *(kept_data(made) if made.stages else ())),
        )

    def check(self) -> None:
        """Check the stages' options against the model.

        Raises:
            TrainingError: a stage names what the model does not have, or has nothing to train.
        """
        losses = [name.removeprefix("loss.") for name in self.model.loss_weights]
        for name, stage in self.stages.items():
            try:
                stage.check(self.model.nodes, losses)
                check_trained(self.model.plan, self.model.facts, stage.train, stage.freeze, stage.losses or losses)
            except BlockError as error:
                raise refused(name, error) from None

    def check_shares(self, processes: int) -> None:
        """Check that so many processes can share the batches of every stage evenly.

        Raises:
            TrainingError: those of a stage they cannot.
        """
        for name, stage in self.stages.items() if processes > 1 else ():
            source = self.space.external if stage.examples == "external" else self.source
            assert source is not None, "a stage on external examples is refused where there are none"
            unit = "examples" if stage.episodes is None else "episodes"
            if message := uneven(stage.batch, stage.count_of(source), processes, unit=unit):
                raise refused(name, BlockError(message, parameter="batch"))

    def check_sharding(self) -> None:
        """Check that processes can each keep a part of the weights.

        Raises:
            TrainingError: weights adapt to episodes, of which each process must have all.
        """
        for name, stage in self.stages.items():
            if stage.adaptation(self.model.nodes) is not None:
                told = "its weights adapt to episodes, and every process needs all of them: expected `ddp`, got `fsdp`"
                raise refused(name, BlockError(told))


def refused(stage: str, error: BlockError) -> TrainingError:
    """The error of a stage's option, with its place in the spec."""
    option = f".{error.parameter}" if error.parameter else ""
    return TrainingError(f"train.{stage}{option}: {error}")
