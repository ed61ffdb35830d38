"""Everything a run tells of itself as it goes: JSON lines, TensorBoard, the terminal, the user's trackers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, TypedDict

import numpy as np
from jaxtyping import UInt8

from compose.evaluation.module_usage import ModuleUsage
from compose.training.logging.hyper_parameters import FlatValues, chosen_values, computed_values
from compose.training.logging.loggers import begin_loggers
from compose.training.logging.prediction_sheet import draw
from compose.training.logging.progress import Reporter
from compose.training.logging.run_logger import GuardedLogger
from compose.training.logging.tensorboard_log import TensorBoardLog
from compose.training.run_state import RunState
from compose.training.storage.metrics_log import MetricsLog
from compose.training.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from torch.fx import GraphModule

    from compose.terminal import Terminal
    from compose.training.logging.graph_def import Shapes
    from compose.training.stages.stage import Stage
    from compose.training.stages.work import Work

PICTURES = 6


class LogSizes(TypedDict):
    """What a run had written of itself when a checkpoint was.

    Args:
        metrics: bytes of the metrics file.
        events: bytes of each of TensorBoard's files.
    """

    metrics: int
    events: dict[str, int]


class RunLog:
    """Passes a run's numbers and pictures on; without a folder, as in all processes but the first, it says nothing.

    Args:
        folder: the run's folder.
        console: the terminal; None for silence.
        step: the step that a resumed run goes on from.
        written: what the resumed run had written by then, see :class:`LogSizes`.

    Raises:
        StorageError: the files cannot be written.
    """

    def __init__(
        self,
        folder: RunFolder | None,
        *,
        console: Terminal | None = None,
        step: int = 0,
        written: LogSizes | None = None,
    ) -> None:
        kept: LogSizes = written or {"metrics": 0, "events": {}}
        self._log = MetricsLog(folder.metrics, size=kept["metrics"], step=step) if folder else None
        self._tensorboard = TensorBoardLog(folder.events, step=step, kept=kept["events"]) if folder else None
        self._folder = folder
        self._trackers: list[GuardedLogger] = []
        self._chosen: FlatValues = {}
        self._ended = False
        self._stage = ""
        self._reporter = Reporter(console if folder else None)
        if self._log and self._tensorboard:
            for loss in filter(None, [self._log.loss, *self._tensorboard.losses]):
                self.note(f"note: {loss}")

    def begin(self, values: Mapping[str, Any], lock: str, loggers: Sequence[str]) -> None:
        """Say what runs.

        Args:
            values: the resolved spec.
            lock: the text of its lock file.
            loggers: the user's trackers.
        """
        if not (self._folder and self._tensorboard):
            return
        self._chosen = chosen_values(lock, values)
        self._tensorboard.chosen(self._chosen)
        self._trackers = begin_loggers(loggers, self._folder.loggers, computed_values(values), self.note)

    def sync(self) -> LogSizes:
        """See that everything is on the disk; returns how much that is."""
        if not (self._log and self._tensorboard):
            return {"metrics": 0, "events": {}}
        return {"metrics": self._log.sync(), "events": self._tensorboard.sync()}

    def begin_stage(self, title: str, *, name: str, stage: Stage, batches: int, state: RunState) -> None:
        """A stage begins or goes on."""
        self._stage = name
        unit = "examples" if stage.episodes is None else "episodes"
        self._reporter.begin_stage(title, epochs=stage.epochs, batches=batches, state=state, unit=unit)

    def advance(self, state: RunState) -> None:
        """A step is done."""
        self._reporter.advance(state)

    def step(self, state: RunState, values: Mapping[str, float]) -> None:
        """Mean values of the last few steps."""
        self._write(self._place("step", state), {f"train/{name}": value for name, value in values.items()})
        self._reporter.losses(values)

    def epoch(self, state: RunState, means: Mapping[str, float], metrics: Mapping[str, float], *, speed: float) -> None:
        """An epoch's mean losses and validation metrics."""
        named = {f"epoch/{name}": value for name, value in means.items()}
        self._write(
            self._place("epoch", state), {**named, **{f"val/{k}": v for k, v in metrics.items()}, "epoch/speed": speed}
        )
        shown = {"loss": means["loss"], **{f"val {name}": value for name, value in metrics.items()}}
        self._reporter.epoch(state, shown, speed=speed)

    def predictions(self, state: RunState, work: Work) -> None:
        """Example predictions."""
        if self._tensorboard:
            predictions = work.predictions(PICTURES)
            if predictions:
                self._picture(state.step, "predictions", draw(predictions))

    def graph(self, model: GraphModule, shapes: Shapes) -> None:
        """The model's graph."""
        if self._tensorboard:
            self._tensorboard.graph(model, shapes)

    def text(self, tag: str, text: str) -> None:
        """A text for TensorBoard, in Markdown."""
        if self._tensorboard:
            self._tensorboard.text(tag, text)

    def note(self, text: str) -> None:
        """A remark for the terminal."""
        self._reporter.note(text)

    def result(self, state: RunState, scalars: Mapping[str, float]) -> None:
        """The metrics of the final evaluation."""
        self._write({"kind": "result", "step": state.step}, {f"result/{name}": v for name, v in scalars.items()})

    def modules(self, state: RunState, usage: ModuleUsage) -> None:
        """Which labels use which attention module in the final evaluation."""
        if self._tensorboard:
            from compose.drawing.usage.usage_chart import usage_image

            picture = np.asarray(usage_image(usage.counts, usage.names, usage.seen))
            self._picture(state.step, "modules", picture)

    def ended(self) -> None:
        """The run has ended, and its report is written."""
        if self._folder and self._tensorboard:
            self._ended = True
            self._tensorboard.ended(self._chosen)
            files = (self._folder.lock, self._folder.report, self._folder.report_data)
            for tracker, path in product(self._trackers, files):
                tracker.file(path)

    def end_stage(self) -> None:
        """A stage is over, however it ended."""
        self._reporter.end_stage()

    def close(self) -> None:
        """Close the files."""
        self.end_stage()
        if self._log and self._tensorboard:
            self._log.close()
            self._tensorboard.close()
        for tracker in self._trackers:
            tracker.close(ended=self._ended)

    def _write(self, place: Mapping[str, Any], values: Mapping[str, float]) -> None:
        if self._log and self._tensorboard:
            self._log.write({**place, **values})
            self._tensorboard.scalars(place["step"], values)
        for tracker in self._trackers:
            tracker.scalars(place["step"], values)

    def _picture(self, step: int, tag: str, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        for log in (self._tensorboard, *self._trackers):
            if log:
                log.picture(step, tag, picture)

    def _place(self, kind: str, state: RunState) -> dict[str, Any]:
        return {"kind": kind, "stage": self._stage, "epoch": state.epoch + 1, "step": state.step}
