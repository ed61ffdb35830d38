"""The one training loop: every stage runs through it."""

from __future__ import annotations

import time
from contextlib import nullcontext
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from compose.errors import nearest
from compose.training.best_weights import Watch
from compose.training.device import all_reduce
from compose.training.stages.schedules import Moment
from compose.training.step_losses import Ledger
from compose.training.storage.autosave import Keeper
from compose.training.training_errors import NonFiniteLossError, TrainingError
from compose.training.update import Updater

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from compose.training.run_state import Run
    from compose.training.stages.nodes import Selection
    from compose.training.stages.stage import Stage, Work


class Loop:
    """A stage on its way from its first step, or from a checkpoint, to its end.

    Args:
        run: what the stages share; its position is moved on.
        stage: the stage's options.
        work: its batches and losses.
        fabric: device, precision and processes.
        selection: what it trains.
        seed: the stage's seed.

    Raises:
        TrainingError: there is nothing to train on, or the monitored metric does not exist.
    """

    def __init__(self, run: Run, stage: Stage, work: Work, *, fabric: Fabric, selection: Selection, seed: int) -> None:
        self._run, self._stage, self._work = run, stage, work
        self._fabric, self._selection, self._position = fabric, selection, run.position
        self._updater = Updater(work.module, stage=stage, work=work, fabric=fabric, selection=selection, seed=seed)
        self._schedule = deepcopy(stage.schedule)
        self._watch = Watch(stage.monitor, patience=stage.patience, min_delta=stage.min_delta)
        self._ledger = Ledger(self._updater.names, lambda values: all_reduce(fabric, values))
        self._keeper = Keeper(run, fabric, minutes=stage.checkpoint_every, capture=self.state)
        self._check()

    def run(self) -> Watch:
        """Train to the end of the stage; returns the monitored metric's best value and its weights.

        Raises:
            Interrupted: the user stopped the run; its state is saved.
            NonFiniteLossError: a loss became infinite or not a number.
        """
        while self._position.epoch < self._stage.epochs and not self._watch.exhausted:
            began, first = time.monotonic(), self._position.batch
            self._train_epoch()
            batches = self._position.batch - first
            self._end_epoch(speed=batches * self._stage.batch / (time.monotonic() - began))
        if self._stage.keep == "best" and self._watch.weights is not None:
            self._run.model.training.load_state_dict(self._watch.weights)
        self._updater.close()
        return self._watch

    def _train_epoch(self) -> None:
        position, total = self._position, len(self._work)
        self._selection.train_mode()
        batches = self._work.epoch(position.epoch, position.batch)
        while position.batch < total:
            size = min(self._stage.accumulate, total - position.batch)
            moment = Moment(position.epoch + position.batch / total, size / total, self._stage.epochs)
            factor = self._schedule.factor(moment)
            values = self._updater.update(batches, size, factor=factor, at=(position.epoch, position.batch))
            position.batch += size
            position.step += 1
            self._ledger.add(position.step, values)
            self._after_step(self._stage.optimizer.lr * factor)

    def _after_step(self, rate: float) -> None:
        self._run.journal.advance(self._position)
        log = self._position.step % self._stage.log_every == 0
        if log:
            self._look()
            self._run.journal.step(self._position, {**self._ledger.take_window(), "lr": rate})
        # Several processes can only stop together, and talk to one another only where they look at the losses anyway.
        if log or self._fabric.world_size == 1:
            self._keeper.consider()

    def _look(self) -> None:
        """Read the losses since the last look."""
        for row in self._ledger.look():
            bad = self._ledger.not_finite(row)
            # Scaled half-precision gradients may overflow: the scaler then skips the step and lowers the scale.
            if not bad or (bad == ["gradient"] and self._updater.scales):
                continue
            terms = [name for name in bad if name != "loss"] or bad
            kept = self._run.checkpoints.latest()
            raise NonFiniteLossError(terms, epoch=self._position.epoch + 1, step=row.step, checkpoint=kept)

    def _end_epoch(self, *, speed: float) -> None:
        self._look()
        number, every = self._position.epoch + 1, self._stage.validate_every
        due = bool(every) and (number % every == 0 or number == self._stage.epochs)
        metrics = self._validate() if due and self._work.metrics else {}
        if self._work.metrics and self._fabric.is_global_zero:
            self._run.model.training.eval()
            self._run.journal.predictions(self._position, self._work)
        means = self._ledger.means()
        self._observe({**means, **metrics})
        self._run.journal.epoch(self._position, means, metrics, speed=speed)
        self._position.epoch, self._position.batch = number, 0
        self._ledger.begin_epoch()
        self._keeper.consider()

    def _validate(self) -> dict[str, float]:
        """The metrics on the validation examples, which the first process computes for all."""
        metrics: dict[str, float] = {}
        try:
            with self._run.stop.at_once() if self._fabric.world_size == 1 else nullcontext():
                if self._fabric.is_global_zero:
                    self._run.model.training.eval()
                    metrics = self._work.validate()
        except KeyboardInterrupt:
            # A resumed run validates again.
            self._keeper.consider()
            raise
        return self._fabric.broadcast(metrics)

    def _observe(self, values: dict[str, float]) -> None:
        if self._stage.monitor in values:
            value = values[self._stage.monitor]
            self._watch.observe(value, self._position.epoch + 1, self._run.model.training)
            self._schedule.observe(value, higher_is_better=self._watch.higher_is_better)

    def _check(self) -> None:
        if not len(self._work):
            raise TrainingError("there are no training examples")
        known = [*self._ledger.names, *self._work.metrics]
        if self._stage.watches and self._stage.monitor not in known:
            close = nearest(self._stage.monitor, known)
            why = "" if self._work.metrics else ", and the data has no validation examples"
            hint = f"; did you mean `{close}`?" if close else ""
            raise TrainingError(
                f"there is no `{self._stage.monitor}` to monitor{why}{hint} (there are: {', '.join(known)})"
            )

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of the stage; looks at the losses first, so that none is saved after a bad one."""
        self._look()
        return {
            "updater": self._updater.state(),
            "schedule": self._schedule.state(),
            "watch": self._watch.state(),
            "ledger": self._ledger.state(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`."""
        self._updater.restore(state["updater"])
        self._schedule.restore(state["schedule"])
        self._watch.restore(state["watch"])
        self._ledger.restore(state["ledger"])
