"""The one training loop: every stage runs through it."""

from __future__ import annotations

import time
from contextlib import nullcontext
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from compose.training.best_weights import BestWeights
from compose.training.device import all_reduce
from compose.training.logging.run_log import PICTURES
from compose.training.processes.sharded_weights import is_sharded
from compose.training.stages.schedules import Moment
from compose.training.step_losses import StepLosses
from compose.training.storage.autosave import Autosave
from compose.training.training_errors import NonFiniteLossError, TrainingError
from compose.training.update import Updater

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from compose.training.run_state import RunContext
    from compose.training.stages.nodes import Selection
    from compose.training.stages.stage import Stage
    from compose.training.stages.work import Work


class Loop:
    """A stage on its way from its first step, or from a checkpoint, to its end.

    Args:
        run: what the stages share; its state is moved on.
        stage: the stage's options.
        work: its batches and losses.
        fabric: device, precision and processes.
        selection: what it trains.
        seed: the stage's seed.

    Attributes:
        ended: how it ended, for a run that goes on with more epochs: the epochs done, the state of the loop, and the
            last weights where others were kept.

    Raises:
        TrainingError: there is nothing to train on.
    """

    ended: dict[str, Any]

    def __init__(
        self, run: RunContext, stage: Stage, work: Work, *, fabric: Fabric, selection: Selection, seed: int
    ) -> None:
        self._run, self._stage, self._work = run, stage, work
        self._fabric, self._selection, self._state = fabric, selection, run.state
        self._updater = Updater(work.module, stage=stage, work=work, fabric=fabric, selection=selection, seed=seed)
        self._schedule = deepcopy(stage.schedule)
        self._best = BestWeights(stage.monitor, patience=stage.patience, min_delta=stage.min_delta)
        self._losses = StepLosses(self._updater.names, lambda values: all_reduce(fabric, values))
        self._autosave = Autosave(run, fabric, minutes=stage.checkpoint_every, capture=self.state)
        if not len(work):
            raise TrainingError("there are no training examples")

    def run(self) -> BestWeights:
        """Train to the end of the stage; returns the monitored metric's best value and its weights.

        Raises:
            Interrupted: the user stopped the run; its state is saved.
            NonFiniteLossError: a loss became infinite or not a number.
        """
        while self._state.epoch < self._stage.epochs and not self._best.exhausted:
            began, first = time.monotonic(), self._state.batch
            self._train_epoch()
            batches = self._state.batch - first
            self._end_epoch(speed=batches * self._stage.batch / (time.monotonic() - began))
        self.ended = {"epochs": self._state.epoch, "loop": self.state(), "model": None}
        if self._stage.keep == "best" and self._best.weights is not None:
            model = self._run.model.training
            self.ended["model"] = {
                name: value.detach().to("cpu", copy=True) for name, value in model.state_dict().items()
            }
            model.load_state_dict(self._best.weights)
        self._updater.close()
        return self._best

    def _train_epoch(self) -> None:
        state, total = self._state, len(self._work)
        self._selection.train_mode()
        batches = self._work.epoch(state.epoch, state.batch)
        while state.batch < total:
            size = min(self._stage.accumulate, total - state.batch)
            moment = Moment(state.epoch + state.batch / total, size / total, self._stage.epochs)
            factor = self._schedule.factor(moment)
            values = self._updater.update(batches, size, factor=factor, at=(state.epoch, state.batch))
            state.batch += size
            state.step += 1
            self._losses.add(state.step, values)
            self._after_step(self._stage.optimizer.lr * factor)

    def _after_step(self, rate: float) -> None:
        self._run.log.advance(self._state)
        log = self._state.step % self._stage.log_every == 0
        if log:
            self._look()
            self._run.log.step(self._state, {**self._losses.take_window(), "lr": rate})
        # Several processes can only stop together, and talk to one another only where they look at the losses anyway.
        if log or self._fabric.world_size == 1:
            self._autosave.consider()

    def _look(self) -> None:
        """Read the losses since the last look."""
        for row in self._losses.look():
            bad = self._losses.not_finite(row)
            # Scaled half-precision gradients may overflow: the scaler then skips the step and lowers the scale.
            if not bad or (bad == ["gradient"] and self._updater.scales):
                continue
            terms = [name for name in bad if name != "loss"] or bad
            kept = self._run.checkpoints.latest()
            raise NonFiniteLossError(terms, epoch=self._state.epoch + 1, step=row.step, checkpoint=kept)

    def _end_epoch(self, *, speed: float) -> None:
        self._look()
        number, every = self._state.epoch + 1, self._stage.validate_every
        due = bool(every) and (number % every == 0 or number == self._stage.epochs)
        metrics = self._validate() if due and self._work.metrics else {}
        if self._work.metrics:
            self._predict()
        means = self._losses.means()
        self._observe({**means, **metrics})
        self._run.log.epoch(self._state, means, metrics, speed=speed)
        self._state.epoch, self._state.batch = number, 0
        self._losses.begin_epoch()
        self._autosave.consider()

    def _predict(self) -> None:
        """Log what the model says to a few pictures; whoever has a part of its weights takes part."""
        self._run.model.training.eval()
        if self._fabric.is_global_zero:
            self._run.log.predictions(self._state, self._work)
        elif is_sharded(self._run.model.training):
            self._work.predictions(PICTURES)

    def _validate(self) -> dict[str, float]:
        """The metrics on the validation examples, of which each process scores its share."""
        try:
            with self._run.stop.at_once() if self._fabric.world_size == 1 else nullcontext():
                self._run.model.training.eval()
                return self._work.validate()
        except KeyboardInterrupt:
            # A resumed run validates again.
            self._autosave.consider()
            raise

    def _observe(self, values: dict[str, float]) -> None:
        if self._stage.monitor in values:
            value = values[self._stage.monitor]
            self._best.observe(value, self._state.epoch + 1, self._run.model.training)
            self._schedule.observe(value, higher_is_better=self._best.higher_is_better)

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the stage; looks at the losses first, so that none is saved after a bad one."""
        self._look()
        return {
            "updater": self._updater.state(),
            "schedule": self._schedule.state(),
            "best": self._best.state(),
            "losses": self._losses.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self._updater.restore(state["updater"])
        self._schedule.restore(state["schedule"])
        self._best.restore(state["best"])
        self._losses.restore(state["losses"])
