"""Episodes of blurred pictures, a model that knows them by their distances, and the test of both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from compose.data.classes.single_label import ClassExamples
from compose.data.source import DataSource, LabelTable, Split
from compose.evaluation.episodes.episode_test import EpisodeTest
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.result import TaskResult
from compose.tasks.episodes import EpisodeShape

SPLITS: tuple[Split, ...] = ("train",) * 4 + ("val",) * 3 + ("test",) * 9
SHAPE = EpisodeShape(4, 2, 3)
TEST = EpisodeTest(SHAPE, 30, 5, "test")


@dataclass
class Blobs(DataSource):
    """12 blurred pictures of each class. What is read is remembered."""

    seen: tuple[bool, ...] = tuple(split == "train" for split in SPLITS)
    reads: list[int] = field(default_factory=list)

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple(f"c{i}" for i in range(16)), self.seen, (None,) * 16)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {"image": (1, 2, 2)}

    def split(self, name: Split) -> Blurred:
        return Blurred(name, self.reads)


class Blurred(ClassExamples):
    def __init__(self, split: Split, reads: list[int]) -> None:
        columns = [column for column, own in enumerate(SPLITS) if own == split]
        super().__init__(np.tile(columns, 12), 16)
        random = np.random.default_rng(7)
        self._pictures = random.standard_normal((16, 4))[self._classes] + random.standard_normal((len(self), 4))
        self._reads = reads

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Tensor:
        self._reads.extend(indices)
        return torch.from_numpy(self._pictures[rows]).float().view(-1, 1, 2, 2)


@dataclass
class Nearest:
    """Scores by the distance from each class's mean, and remembers its inputs."""

    calls: list[dict[str, Tensor]] = field(default_factory=list)

    def __call__(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        assert not torch.is_grad_enabled()
        self.calls.append(inputs)
        targets = inputs["support_targets"]
        pictures = inputs["image"].flatten(1).unflatten(0, (len(targets), -1))
        support, queries = pictures[:, : targets.shape[1]], pictures[:, targets.shape[1] :]
        weights = targets.gt(0).float()
        means = weights.mT @ support / weights.sum(1)[..., None]
        return {"scores": -torch.cdist(queries, means)}


def run(test: EpisodeTest = TEST, model: Any = None, source: Blobs | None = None, **options: Any) -> TaskResult:
    given: dict[str, Any] = {"data": "blobs", "inputs": {}, "rules": Rules(), "batch": 256, **options}
    return test.run(model or Nearest(), source or Blobs(), [Accuracy()], **given)
