"""Training on episodes: small tasks of a few classes, as those that the model is tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from compose.block import BlockError, stage
from compose.data.source import Count
from compose.training.stages.batches import BatchWork
from compose.training.stages.stage import Monitor, Stage
from compose.training.stages.work import Setting

if TYPE_CHECKING:
    from torch import Tensor

    from compose.data.source import DataSource, Examples
    from compose.evaluation.evaluation import Evaluation
    from compose.model.episode_batch import EpisodeBatch
    from compose.tasks.episodes import Episodes, EpisodeShape
    from compose.tasks.label_tasks import LabelTasks
    from compose.training.stages.stage_validation import StageValidation


@stage
class Episodic(Stage):
    """Train on N-way K-shot episodes of the seen classes: a few support pictures of each, and queries to classify.

    A batch is of episodes; all their pictures go through the model at once.
    """

    gives = ("support.targets", "query.targets")
    measured: ClassVar[str] = "accuracy"
    """What is always measured on validation episodes."""

    def __init__(
        self,
        *,
        ways: Annotated[int, Field(ge=2, le=1_000_000)] = 5,
        shots: Count | Annotated[tuple[Count, ...], Field(min_length=1)] = 1,
        queries: Count = 5,
        query_classes: Count | None = None,
        sampling: Literal["balanced", "uniform"] = "balanced",
        episodes: Count | None = None,
        batch: Count = 16,
        monitor: Monitor = "accuracy",
        validation_episodes: Annotated[int, Field(ge=2)] = 200,
        **options: Any,
    ) -> None:
        """Check the options against one another.

        Args:
            ways: classes, or labels, in an episode.
            shots: support examples of each class; where there are several numbers, the epochs take them in turn.
            queries: query examples of each class that is asked about.
            query_classes: classes that are asked about, drawn anew in each episode; all where not given.
            sampling: `balanced` takes every class once before any comes again, but for those left over when their
                number is no multiple of `ways`; `uniform` draws the classes of each episode from all.
            episodes: episodes in an epoch; where not given, as many as hold every class once.
            batch: episodes in a batch, over all processes.
            monitor: what early stopping, `keep` and `plateau` watch: a validation metric, or `loss` (on training data).
            validation_episodes: episodes of the validation classes for each number of `shots`, the same ones each time.
        """
        super().__init__(batch=batch, monitor=monitor, **options)
        if self.examples == "external":
            raise BlockError("expected `data`, which episodes are drawn from, got `external`", parameter="examples")
        if query_classes is not None and query_classes > ways:
            message = f"expected at most the {ways} classes of an episode, got {query_classes}"
            raise BlockError(message, parameter="query_classes")
        self.ways, self.queries, self.query_classes = ways, queries, query_classes
        self.shots = (shots,) if isinstance(shots, int) else tuple(shots)
        self.sampling, self.count, self.validation_episodes = sampling, episodes, validation_episodes

    @property
    def shapes(self) -> tuple[EpisodeShape, ...]:
        """What the episodes of each epoch hold, in turn."""
        from compose.tasks.episodes import EpisodeShape

        return tuple(EpisodeShape(self.ways, shots, self.queries, self.query_classes) for shots in self.shots)

    @property
    def episodes(self) -> EpisodeBatch:
        """What its largest batches hold."""
        from compose.model.episode_batch import EpisodeBatch

        return EpisodeBatch(self.batch, max(self.shapes, key=lambda shape: shape.support))

    def validation(self, evaluation: Evaluation) -> StageValidation:
        """On episodes as in training, of all their classes; the metrics are the mean over the numbers of shots."""
        from compose.training.stages.stage_validation import StageValidation

        episodes = {
            "tasks": ("episodes",),
            "ways": self.ways,
            "shots": self.shots,
            "queries": self.queries,
            "episodes": self.validation_episodes,
        }
        return StageValidation(evaluation, [self.measured, *self.monitored], episodes)

    def check_episodes(self, source: DataSource) -> None:
        """Check that the data has the episodes that it trains on, without reading their examples."""
        self.draw(source, seed=0)

    def draw(self, source: DataSource, seed: int, examples: Examples | None = None) -> Episodes | LabelTasks:
        """The training episodes.

        Args:
            source: the data.
            seed: another seed draws others.
            examples: what the examples are read from, by their places in the split; the split itself where None.

        Raises:
            DataError: the data has too few classes, or classes with too few pictures.
        """
        from compose.tasks.task_pool import draw_tasks

        return draw_tasks(
            source, "train", self.shapes, sampling=self.sampling, seed=seed, count=self.count, examples=examples
        )

    def count_of(self, source: DataSource) -> int:
        """How many episodes an epoch has."""
        return self.count or len(self.draw(source, seed=0))

    def open(self, setting: Setting) -> EpisodicWork:
        """Begin to work on a model and its data."""
        return EpisodicWork(self, setting)


class EpisodicWork(BatchWork):
    """An episodic stage at work.

    Args:
        stage: its options.
        setting: model and data.
    """

    def __init__(self, stage: Episodic, setting: Setting) -> None:
        super().__init__(stage, setting, setting.source, stage.draw(setting.source, setting.seed))
        self._stage, self._columns = stage, setting.space.label_set("seen").index
        self._validation = setting.validation(stage)
        self.metrics = self._validation.names if self._validation else []

    def targets(self, targets: Tensor) -> dict[str, Tensor]:
        """Those of the training classes."""
        return {"targets": targets[:, self._columns]}

    def zeros(self) -> dict[str, Tensor]:
        """Two episodes."""
        import torch

        from compose.model.episode_batch import EpisodeBatch

        batch = EpisodeBatch(2, self._stage.shapes[0])
        inputs = {name: torch.zeros(batch.images, *shape) for name, shape in self._source.shapes.items()}
        inputs["targets"] = torch.zeros(batch.images, len(self._columns), dtype=torch.int8)
        ports = {name.replace(".", "_"): size for name, size in batch.sizes.items()}
        return inputs | {port: torch.zeros(size, dtype=torch.int8) for port, size in ports.items()}

    def validate(self) -> dict[str, float]:
        """The metrics on the validation episodes, the mean over the numbers of shots."""
        assert self._validation is not None
        from compose.training.inference import episode_parts, scorer

        model, device = self._setting.model, self._setting.device
        return self._validation.run(self._setting, scorer(model.inference), episode_parts(model, device))
