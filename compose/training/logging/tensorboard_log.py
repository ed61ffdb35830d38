"""A run's TensorBoard events."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import UInt8

from compose.training.logging.event_files import cut_back, sizes
from compose.training.logging.graph_def import Shapes, graph_def
from compose.training.logging.hyper_parameters import FlatValues
from compose.training.storage.writing import writing

if TYPE_CHECKING:
    from torch.fx import GraphModule

SESSION_START, SESSION_END = 1, 2


class TensorBoardLog:
    """Writes TensorBoard events; everything is flushed as it comes, so that a kill loses none.

    Args:
        folder: where they go.
        step: the step that the run goes on from, 0 at its start; what a TensorBoard that is open has read of later ones
            is hidden.
        kept: the files at that step, and how much of each was written: what came later is deleted.

    Attributes:
        losses: what is missing of them, a line for each file.

    Raises:
        StorageError: they cannot be written.
    """

    def __init__(self, folder: Path, *, step: int, kept: Mapping[str, int]) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self._folder = folder
        with writing(folder):
            self.losses = cut_back(folder, kept)
            self._writer = SummaryWriter(str(folder), purge_step=step + 1)

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """Numbers by tag; ``train/loss`` and ``train/lr`` share a section."""
        with writing(self._folder):
            for tag, value in values.items():
                self._writer.add_scalar(tag, value, step)
            self._writer.flush()

    def graph(self, model: GraphModule, shapes: Shapes) -> None:
        """The model's graph, one box for each node, with the shapes that are known."""
        from tensorboard.compat.proto.event_pb2 import Event

        event = Event(graph_def=graph_def(model, shapes).SerializeToString())
        with writing(self._folder):
            self._writer._get_file_writer().add_event(event)  # type: ignore[no-untyped-call]
            self._writer.flush()

    def picture(self, step: int, tag: str, picture: UInt8[np.ndarray, "height width 3"]) -> None:
        """A picture."""
        with writing(self._folder):
            self._writer.add_image(tag, picture, step, dataformats="HWC")
            self._writer.flush()

    def chosen(self, values: FlatValues) -> None:
        """What tells this run from others of its spec, for the tab HPARAMS, which sets it beside the run's numbers."""
        self._hyper_parameters(values, SESSION_START)

    def ended(self, values: FlatValues) -> None:
        """The same of a run that has ended."""
        self._hyper_parameters(values, SESSION_END)

    def text(self, tag: str, text: str) -> None:
        """A text in Markdown."""
        with writing(self._folder):
            self._writer.add_text(tag, text)
            self._writer.flush()

    def sync(self) -> dict[str, int]:
        """See that all of it is on the disk; returns the bytes of each file."""
        with writing(self._folder):
            self._writer.flush()
            return sizes(self._folder)

    def close(self) -> None:
        """Close the file."""
        with writing(self._folder):
            self._writer.close()

    def _hyper_parameters(self, values: FlatValues, which: int) -> None:
        """One of the three summaries of the tab; the first, of the experiment, is made from all runs that are shown."""
        from torch.utils.tensorboard.summary import hparams

        summary = hparams(dict(values), {})[which]  # type: ignore[no-untyped-call]
        with writing(self._folder):
            self._writer._get_file_writer().add_summary(summary)  # type: ignore[no-untyped-call]
            self._writer.flush()
