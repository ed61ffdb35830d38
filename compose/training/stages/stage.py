"""A stage of training as a spec writes it: its options, and what they mean for a model, its data and its losses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import Field

from compose.block import BlockError, MayChange, Refers, Use, registration
from compose.errors import nearest
from compose.spec.schema.class_schema import MONITOR
from compose.spec.schema.metric_entry import is_loss
from compose.spec.wiring.reserved import RESERVED
from compose.training.stages.nodes import matches
from compose.training.stages.optimizers import Adam, Optimizer
from compose.training.stages.schedules import Constant, Schedule

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.evaluation.evaluation import Evaluation
    from compose.model.episode_batch import EpisodeBatch
    from compose.spec.wiring.plan import Plan
    from compose.training.adaptation.adaptation import Adaptation
    from compose.training.stages.stage_validation import StageValidation
    from compose.training.stages.work import Setting, Work

EXTERNAL_TARGETS = "external.targets"
"""What only external examples give."""
Monitor = Annotated[str, Field(json_schema_extra={"format": MONITOR})]
"""A metric as text, or a loss."""


class Stage(ABC):
    """Options that every stage shares; a kind of stage adds how batches are drawn and losses computed."""

    gives: ClassVar[tuple[str, ...]] = ()
    """The reserved inputs that its batches feed besides what its examples hold."""

    def __init__(
        self,
        *,
        epochs: Annotated[int, Field(gt=0), MayChange()] = 10,
        batch: Annotated[int, Field(gt=0, le=1_000_000_000)] = 32,
        optimizer: Annotated[Optimizer, Use("optimizer")] | None = None,
        schedule: Annotated[Schedule, Use("schedule")] | None = None,
        examples: Literal["data", "external"] = "data",
        losses: Annotated[list[str], Field(min_length=1), Refers("losses", needed=True)] | None = None,
        train: Annotated[list[str], Field(min_length=1), Refers("nodes", needed=True)] | None = None,
        freeze: Annotated[list[str], Refers("nodes")] | None = None,
        lr_scale: Annotated[dict[str, Annotated[float, Field(gt=0)]], Refers("nodes")] | None = None,
        clip: Annotated[float, Field(gt=0)] | None = None,
        accumulate: Annotated[int, Field(gt=0)] = 1,
        precision: Literal["auto", "bf16", 16, 32] = "auto",
        monitor: Monitor = "map",
        patience: Annotated[int, Field(gt=0), MayChange()] | None = None,
        min_delta: Annotated[float, Field(ge=0)] = 0.0,
        keep: Literal["last", "best"] = "last",
        validate_every: Annotated[int, Field(ge=0), MayChange()] = 1,
        checkpoint_every: Annotated[float, Field(ge=0), MayChange()] = 5.0,
        log_every: Annotated[int, Field(gt=0), MayChange()] = 10,
        workers: Annotated[int, Field(ge=0, le=1024), MayChange()] | Literal["auto"] = "auto",
    ) -> None:
        """Check the options against one another.

        Args:
            epochs: passes over the training examples.
            batch: examples in a batch, over all processes.
            optimizer: what updates the weights; Adam at 1e-3 where none is named.
            schedule: how the learning rate changes; constant where none is named.
            examples: what the stage trains on: the spec's `data`, or those of the data source `labels.external`.
            losses: the losses to train on, by name; where none is named, on external examples all that read
                `external.targets`, else all that its examples feed.
            train: patterns (`*`, `?`) of the nodes to train; all where none is named.
            freeze: patterns of the nodes to leave as they are; batch norms there use their stored statistics.
            lr_scale: pattern of nodes -> factor on their learning rate.
            clip: gradient norm above which gradients are scaled down.
            accumulate: batches whose gradients are averaged into one step.
            precision: `auto` is bf16 on GPUs that have it and 32 elsewhere.
            monitor: what early stopping, `keep` and `plateau` watch: a validation metric, or `loss` (on training data).
            patience: validations without improvement after which the stage ends with its best weights.
            min_delta: by how much a value must beat the best to count as improvement.
            keep: the weights that the stage ends with; `patience` implies `best`.
            validate_every: epochs between validations; 0 for none.
            checkpoint_every: minutes between checkpoints; 0 for one after every step.
            log_every: steps between looks at the losses; on a GPU each look waits for it.
            workers: processes that prepare batches; `auto` is up to 8 beside a GPU, and else none but the run's own.
        """
        self.epochs = epochs
        self.batch = batch
        self.optimizer: Optimizer = optimizer or Adam()
        self.schedule: Schedule = schedule or Constant()
        self.examples = examples
        self.losses = losses
        self.train = train
        self.freeze = freeze
        self.lr_scale = lr_scale or {}
        self.clip = clip
        self.accumulate = accumulate
        self.precision = precision
        self.monitor = monitor
        self.patience = patience
        self.min_delta = min_delta
        self.keep = "best" if patience is not None else keep
        self.validate_every = validate_every
        self.checkpoint_every = checkpoint_every
        self.log_every = log_every
        self.workers = workers
        if self.watches and not validate_every and not is_loss(monitor):
            message = f"expected a number above 0 where {self._watcher[1]} `{monitor}`, got 0"
            raise BlockError(message, parameter="validate_every")

    @property
    def name(self) -> str:
        """The kind, as a spec names it."""
        return registration(type(self)).name

    @property
    def episodes(self) -> EpisodeBatch | None:
        """What its batches of episodes hold; None for a stage on batches of images."""
        return None

    def adaptation(self, nodes: Sequence[str]) -> Adaptation | None:
        """How it adapts weights to each episode; None for a stage that doesn't.

        Args:
            nodes: names of the model's nodes.
        """
        return None

    def feeds(self, source: DataSource) -> set[str]:
        """The reserved inputs that its batches feed.

        Args:
            source: what it trains on.
        """
        if self.examples == "external":
            return {*source.shapes, "external.targets"}
        return {*source.shapes, "targets", "parents.targets", *self.gives}

    def descends(self, plan: Plan, source: DataSource) -> list[str]:
        """The losses that it descends: those that it names, else all that its examples feed.

        On external examples those are the losses on their targets.

        Args:
            plan: the wired spec.
            source: what it trains on.
        """
        if self.losses:
            return [*self.losses]
        given = self.feeds(source)
        fed = {term.name: plan.reserved_of(term) for term in plan.terms}
        return [
            name
            for name, reads in fed.items()
            if not any(RESERVED[read].of_batch and read not in given for read in reads)
            and (self.examples == "data" or EXTERNAL_TARGETS in reads)
        ]

    @property
    def watches(self) -> bool:
        """Whether something depends on the monitored metric."""
        return self.keep == "best" or self.schedule.watches

    @property
    def _watcher(self) -> tuple[str, str]:
        """The option that depends on it, and what that does in words."""
        if self.schedule.watches:
            return "schedule", f"the schedule `{registration(type(self.schedule)).name}` follows"
        if self.patience is not None:
            return "patience", "`patience` waits for"
        return "keep", "`keep: best` looks for"

    def check_monitor(self, losses: Iterable[str], metrics: Iterable[str], why: str) -> None:
        """Check that there is what it watches.

        Args:
            losses: the losses that it descends.
            metrics: what it measures on validation examples.
            why: why it measures nothing; "" where it does.

        Raises:
            BlockError: there is no such metric or loss.
        """
        known = ["loss", *(f"loss.{name}" for name in losses), *metrics]
        if self.watches and self.monitor not in known:
            close = nearest(self.monitor, known)
            hint = f"; did you mean `{close}`?" if close else ""
            reason = f": {why}" if why else ""
            option, watches = self._watcher
            message = f"{watches} `{self.monitor}`, which the stage does not measure{reason}{hint}"
            about = option if why else "monitor"
            raise BlockError(f"{message} (there are: {', '.join(known)})", parameter=about)

    @property
    def patterns(self) -> Mapping[str, Iterable[str]]:
        """The options that name nodes by patterns."""
        return {"train": self.train or (), "freeze": self.freeze or (), "lr_scale": self.lr_scale}

    def unvalidated(self, source: DataSource, plan: Plan, *, adapts: bool) -> str:
        """Why it does not validate; "" where it does.

        Args:
            source: the examples of the spec's `data`.
            plan: the wired spec.
            adapts: whether the model's weights adapt to episodes.
        """
        from compose.data.source import DataError

        if not self.validate_every:
            return "it has `validate_every: 0`"
        if self.examples == "external":
            return "it trains on external examples, and does not validate"
        try:
            return "" if len(source.split("val")) else "the data has no validation examples"
        except DataError:
            return "the data has no validation examples"

    def validation(self, evaluation: Evaluation) -> StageValidation | None:
        """How it validates by a spec's protocol; None for a stage that measures in a way of its own.

        Args:
            evaluation: the spec's.

        Raises:
            BlockError: it monitors what is no metric, or none that its tasks have.
        """
        return None

    @property
    def adapted_outputs(self) -> Sequence[str]:
        """The nodes whose output adapts to an episode."""
        return ()

    @property
    def monitored(self) -> tuple[str, ...]:
        """The name of the metric that it monitors; empty where that is a loss."""
        return () if is_loss(self.monitor) else (self.monitor,)

    def check_episodes(self, source: DataSource) -> None:
        """Check that the data has the episodes that it trains on, if any, without reading their examples.

        Args:
            source: what it trains on.

        Raises:
            DataError: the data has too few classes, or classes with too few pictures.
        """
        return

    def count_of(self, source: DataSource) -> int:
        """How many examples, or episodes, an epoch has, without reading them.

        Args:
            source: what it trains on.
        """
        return len(source.split("train"))

    @abstractmethod
    def open(self, setting: Setting) -> Work:
        """Begin to work on a model and its data."""

    def check(self, nodes: Sequence[str], losses: Sequence[str]) -> None:
        """Check the names in the options against the model's; a spec can be checked so before anything is trained.

        Args:
            nodes: names of the model's nodes.
            losses: names of its losses.

        Raises:
            BlockError: a pattern matches no node, or there is no such loss, or no such metric to monitor.
        """
        for parameter, patterns in self.patterns.items():
            for pattern in patterns:
                if not matches(pattern, nodes):
                    raise BlockError(_unknown("node matches", pattern, nodes), parameter=parameter)
        for name in self.losses or ():
            if name not in losses:
                raise BlockError(_unknown("loss is called", name, losses), parameter="losses")
        watched = self.monitor.removeprefix("loss.")
        if watched != self.monitor and watched not in (self.losses or losses):
            raise BlockError(_unknown("loss is called", watched, self.losses or losses), parameter="monitor")
        if self.validate_every:
            from compose.evaluation.evaluation import Evaluation

            self.validation(Evaluation())


def _unknown(what: str, name: str, valid: Sequence[str]) -> str:
    close = nearest(name, valid)
    meant = f"; did you mean `{close}`?" if close else ""
    return f"no {what} `{name}`{meant} (there are: {', '.join(valid)})"
