"""What a model says while one set of labels is in use, for the tasks that this set serves."""

from __future__ import annotations

from collections.abc import Mapping

from jaxtyping import Float32, Int8, Int64
from torch import Tensor

from compose.evaluation.accumulator import Accumulator
from compose.evaluation.label_protocol import CountedImages, Task
from compose.evaluation.metrics.box_hits import Locator, ShownBoxes, label_places
from compose.evaluation.module_usage import count_modules
from compose.evaluation.scored_task import counted
from compose.labels.label_set import LabelSet


class LabelScores:
    """Fills up batch by batch; of the maps of attention nothing is kept.

    Args:
        tasks: the labels of each task.
        labels: the labels in use, those of the tasks among them.
        count: how many images come.
        images: which images count where modules are counted.
        looks: whether places are compared with boxes.
    """

    def __init__(
        self, tasks: Mapping[Task, LabelSet], labels: LabelSet, count: int, *, images: CountedImages, looks: bool
    ) -> None:
        self.tasks, self.labels = tasks, labels
        self.usage: dict[Task, Int64[Tensor, "l m"]] = {}
        self.locator = Locator(labels.columns) if looks else None
        self._accumulator = Accumulator(count, len(labels.columns), task=next(iter(tasks)))
        self._images: CountedImages = images
        column = {label: column for column, label in enumerate(labels.columns)}
        self._columns = {task: [column[label] for label in own.columns] for task, own in tasks.items()}

    def add(self, outputs: Mapping[str, Tensor], targets: Int8[Tensor, "b l"], shown: ShownBoxes | None) -> None:
        """Take in a batch.

        Args:
            outputs: of the model.
            targets: the truth over all labels of the data.
            shown: the same with boxes, where places are compared with them.
        """
        self._accumulator.add(outputs["scores"])
        if self.locator and shown:
            self.locator.add(label_places(outputs).cpu(), shown)
        if "attention" in outputs and "winner" in outputs:
            self._count(outputs["winner"].cpu(), outputs["attention"].shape[1], targets)

    def _count(self, winner: Int64[Tensor, "b k"], modules: int, targets: Int8[Tensor, "b l"]) -> None:
        for task, own in self.tasks.items():
            kept = counted(targets[:, own.columns], self._images)
            counts = count_modules(winner[kept][:, self._columns[task]], modules)
            so_far = self.usage.get(task)
            self.usage[task] = counts if so_far is None else so_far + counts

    def scores(self, task: Task) -> Float32[Tensor, "b l"]:
        """A task's own columns of the scores of the labels in use."""
        scores = self._accumulator.scores
        return scores if self.tasks[task].columns == self.labels.columns else scores[:, self._columns[task]]
