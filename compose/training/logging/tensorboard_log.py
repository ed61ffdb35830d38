"""A run's TensorBoard events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from compose.evaluation.module_usage import ModuleUsage
from compose.training.logging.graph_def import Shapes, graph_def
from compose.training.logging.prediction_sheet import Predictions, draw

if TYPE_CHECKING:
    from torch.fx import GraphModule


class TensorBoardLog:
    """Writes TensorBoard events; everything is flushed as it comes, so that a kill loses none.

    Args:
        folder: where they go.
        step: the step that the run goes on from, 0 at its start; later events of an interrupted one are hidden.
    """

    def __init__(self, folder: Path, *, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by tag; ``train/loss`` and ``train/lr`` share a section."""
        for tag, value in values.items():
            self._writer.add_scalar(tag, value, step)
        self._writer.flush()

    def graph(self, model: GraphModule, shapes: Shapes) -> None:
        """The model's graph, one box for each node, with the shapes that are known."""
        from tensorboard.compat.proto.event_pb2 import Event

        event = Event(graph_def=graph_def(model, shapes).SerializeToString())
        self._writer._get_file_writer().add_event(event)  # type: ignore[no-untyped-call]
        self._writer.flush()

    def predictions(self, step: int, predictions: Predictions) -> None:
        """Example predictions."""
        self._writer.add_image("predictions", draw(predictions), step, dataformats="HWC")
        self._writer.flush()

    def modules(self, step: int, usage: ModuleUsage) -> None:
        """How often each attention module gives each label's score."""
        from compose.drawing.usage.usage_chart import usage_image

        chart = usage_image(usage.counts, usage.names, usage.seen)
        self._writer.add_image("modules", np.asarray(chart), step, dataformats="HWC")
        self._writer.flush()

    def text(self, tag: str, text: str) -> None:
        """A text in Markdown."""
        self._writer.add_text(tag, text)
        self._writer.flush()

    def close(self) -> None:
        """Close the file."""
        self._writer.close()
