"""Learning-rate schedules: factors on the optimizer's rate, as functions of the moment in training.

All but :class:`Plateau` depend on the moment alone, so that a resumed run needs no state of theirs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi
from typing import Annotated, Any, Literal

from pydantic import Field

from compose.block import BlockError, schedule
from compose.data.source import Share

Epochs = Annotated[float, Field(ge=0)]
Factor = Annotated[float, Field(gt=0, lt=1)]


@dataclass(frozen=True)
class Moment:
    """Where an optimizer step stands in its stage.

    Args:
        epoch: epochs done when the step begins, with fractions.
        length: the step's share of an epoch.
        epochs: epochs of the stage.
    """

    epoch: float
    length: float
    epochs: int


class Schedule(ABC):
    """The base of all that ``schedule: {use: ...}`` may name.

    Args:
        warmup: epochs in which the rate rises linearly to its full value.
    """

    watches = False
    """Whether the schedule follows the monitored metric."""

    def __init__(self, *, warmup: float = 0.0) -> None:
        self.warmup = warmup

    def factor(self, moment: Moment) -> float:
        """What the learning rate is multiplied by at a step."""
        # The end of the step, so that the first step already has a rate.
        rise = (moment.epoch + moment.length) / self.warmup if self.warmup else 1.0
        return min(1.0, rise) * self.after_warmup(moment)

    @abstractmethod
    def after_warmup(self, moment: Moment) -> float:
        """The factor, warmup aside."""

    def remark(self, epochs: int) -> str:
        """What its options mean and do not come to in a stage of so many epochs; "" where they do."""
        if self.warmup > epochs:
            return f"its warm-up of {self.warmup:g} epochs is longer than the stage's {epochs}"
        return ""

    def observe(self, value: float, *, higher_is_better: bool) -> None:  # noqa: B027 - most schedules don't
        """Take note of a new value of the monitored metric."""

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:  # noqa: B027
        """The inverse of :meth:`state`."""


@schedule
class Constant(Schedule):
    """The same rate throughout.

    Args:
        warmup: epochs in which the rate rises linearly to its full value.
    """

    def __init__(self, *, warmup: Epochs = 0.0) -> None:
        super().__init__(warmup=warmup)

    def after_warmup(self, moment: Moment) -> float:
        """Always 1."""
        return 1.0


@schedule(name="step")
class StepDecay(Schedule):
    """Multiply the rate by a factor after some epochs.

    Args:
        at: after how many epochs; fractions fall inside an epoch.
        factor: what the rate is multiplied by each time.
        warmup: epochs in which the rate rises linearly to its full value.
    """

    def __init__(
        self,
        *,
        at: Annotated[list[Annotated[float, Field(gt=0)]], Field(min_length=1)],
        factor: Annotated[float, Field(gt=0)] = 0.1,
        warmup: Epochs = 0.0,
    ) -> None:
        super().__init__(warmup=warmup)
        self.at = at
        self.by = factor

    def remark(self, epochs: int) -> str:
        """Marks that the stage never passes."""
        late = "" if min(self.at) < epochs else f"the stage ends after {epochs} epochs, before the first of `at`"
        return super().remark(epochs) or late

    def after_warmup(self, moment: Moment) -> float:
        """The factor to the power of the marks passed."""
        return float(self.by ** sum(mark <= moment.epoch for mark in self.at))


@schedule
class Cosine(Schedule):
    """Half a cosine from the full rate down, after an optional warmup.

    Args:
        warmup: epochs in which the rate rises linearly to its full value.
        floor: the factor at the end.
    """

    def __init__(self, *, warmup: Epochs = 0.0, floor: Share = 0.0) -> None:
        super().__init__(warmup=warmup)
        self.floor = floor

    def after_warmup(self, moment: Moment) -> float:
        """From 1 at the end of the warmup to the floor at the end of the stage."""
        falling = moment.epochs - self.warmup
        return _anneal(1.0, self.floor, (moment.epoch - self.warmup) / falling if falling > 0 else 0.0)


@schedule
class OneCycle(Schedule):
    """Rise to the full rate and fall far below the start, both along a cosine (Smith & Topin, super-convergence).

    Args:
        rise: the share of training spent rising.
        start: the factor at the start.
        end: the factor at the end.
    """

    def __init__(
        self, *, rise: Annotated[float, Field(gt=0, lt=1)] = 0.3, start: Share = 0.04, end: Share = 4e-6
    ) -> None:
        super().__init__()
        self.rise = rise
        self.start = start
        self.end = end

    def after_warmup(self, moment: Moment) -> float:
        """Up to 1 at ``rise``, then down."""
        done = moment.epoch / moment.epochs
        if done < self.rise:
            return _anneal(self.start, 1.0, done / self.rise)
        return _anneal(1.0, self.end, (done - self.rise) / (1 - self.rise))


@schedule
class Plateau(Schedule):
    """Multiply the rate by a factor when the monitored metric stops improving.

    Args:
        factor: what the rate is multiplied by each time.
        patience: how many values without improvement are let pass.
        min_delta: by how much a value must beat the best to count as improvement; with ``against: last``, by how much
            it must fall behind the one before to count as worse.
        floor: the factor below which the rate does not fall.
        against: a value is held against the ``best`` so far, or against the ``last`` one, and is then worse only
            where it falls behind.
        smoothing: the share of a new value in a running mean, which is watched instead of the values; it starts at 0
            where higher is better, and else at the first value. 1 for the values themselves.
        cooldown: how many values are passed over after the rate has fallen.
        warmup: epochs in which the rate rises linearly to its full value.
    """

    watches = True

    def __init__(
        self,
        *,
        factor: Factor = 0.1,
        patience: Annotated[int, Field(ge=0)] = 2,
        min_delta: Annotated[float, Field(ge=0)] = 0.0,
        floor: Share = 1e-4,
        against: Literal["best", "last"] = "best",
        smoothing: Annotated[float, Field(gt=0, le=1)] = 1.0,
        cooldown: Annotated[int, Field(ge=0)] = 0,
        warmup: Epochs = 0.0,
    ) -> None:
        super().__init__(warmup=warmup)
        if floor >= 1:
            raise BlockError(f"expected a floor below 1, got {floor}", parameter="floor")
        self.by = factor
        self.patience = patience
        self.min_delta = min_delta
        self.floor = floor
        self.against = against
        self.smoothing = smoothing
        self.cooldown = cooldown
        self._now = 1.0
        self._best: float | None = None
        self._last: float | None = None
        self._waited = 0
        self._cooling = 0

    def after_warmup(self, moment: Moment) -> float:
        """The factor that the metric has earned so far."""
        return self._now

    def observe(self, value: float, *, higher_is_better: bool) -> None:
        """Lower the factor after ``patience`` values without improvement."""
        sign = 1 if higher_is_better else -1
        value = self._smoothed(value, higher_is_better=higher_is_better)
        improved = self._best is None or sign * (value - self._best) > self.min_delta
        worse = self._last is not None and sign * (self._last - value) > self.min_delta
        self._best, self._last = value if improved else self._best, value
        counts = worse if self.against == "last" else not improved
        self._waited = self._waited + 1 if counts else 0
        if self._cooling:
            self._cooling, self._waited = self._cooling - 1, 0
        if self._waited > self.patience:
            self._now, self._waited = max(self.floor, self._now * self.by), 0
            self._cooling = self.cooldown

    def _smoothed(self, value: float, *, higher_is_better: bool) -> float:
        if self._last is None and not higher_is_better:
            return value
        return self.smoothing * value + (1 - self.smoothing) * (self._last or 0.0)

    def state(self) -> dict[str, Any]:
        """Factor, best and last value, patience and rest spent."""
        rest = {"waited": self._waited, "cooling": self._cooling}
        return {"now": self._now, "best": self._best, "last": self._last, **rest}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self._now, self._best, self._last = state["now"], state["best"], state["last"]
        self._waited, self._cooling = state["waited"], state["cooling"]


def _anneal(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + cos(pi * min(1.0, max(0.0, done)))) / 2
