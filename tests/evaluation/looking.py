"""Pictures with boxes, a model that tells where it looks at them, and localisation the slow way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from compose.data.source import DataSource, Examples, LabelTable, Split
from compose.labels.label_set import LabelSet

LABELS, MODULES, HEIGHT, WIDTH = 7, 3, 8, 16
Kind = Literal["modules", "labels", "mean"]


@dataclass
class Pictures(DataSource, Examples):
    """Random pictures and boxes: several boxes of a label, boxes of several labels, labels without a box, unknown ones,
    a label that has no box at all, and one that is nowhere."""

    size: int = 30
    seen: tuple[bool, ...] = (True, True, False, True, False, True, False)
    boxed: bool = True

    def __post_init__(self) -> None:
        dice = np.random.default_rng(0)
        targets = dice.choice([-1, -1, 0, 1, 1], (self.size, LABELS)).astype(np.int8)
        targets[:, 6] = -1
        corners = np.sort(dice.integers(0, 9, (self.size, 4, 2, 2)), axis=2) * (WIDTH / 8, HEIGHT / 8)
        shown = (dice.random((self.size, 4, LABELS)) < 0.3).astype(np.int8)  # of absent and unknown labels, too
        shown[:, :, 5] = 0
        self.batch = {
            "image": torch.from_numpy(dice.integers(0, 4, (self.size, 3, HEIGHT, WIDTH)).astype(np.float32)),
            "targets": torch.from_numpy(targets),
            "boxes": torch.from_numpy(corners.reshape(self.size, 4, 4).astype(np.float32)),
            "box_labels": torch.from_numpy(shown),
        }

    @property
    def labels(self) -> LabelTable:
        return LabelTable(tuple("abcdefg"), self.seen, (None,) * LABELS)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: tuple(value.shape[1:]) for name, value in self.batch.items()}

    def split(self, name: Split) -> Pictures:
        return self

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        given = {name: value[list(indices)] for name, value in self.batch.items()}
        return given if self.boxed else {name: given[name] for name in ("image", "targets")}


def columns(labels: LabelSet) -> dict[str, Tensor]:
    return {"columns": labels.index}


def look(inputs: dict[str, Tensor], kind: Kind = "modules") -> dict[str, Tensor]:
    """Scores and maps with many ties, all read off the picture."""
    assert set(inputs) == {"image", "columns"}
    image = inputs["image"]
    weights = torch.randn(3 * HEIGHT * WIDTH, LABELS, generator=torch.Generator().manual_seed(1))
    scores = (image.flatten(1) @ weights / 15).round()
    winner = image[:, 0, 0, :LABELS].long() % MODULES
    maps = image[:, :, ::2, ::4]  # b 3 4 4
    outputs = {"scores": scores[:, inputs["columns"]]}
    if kind == "labels":
        spread = torch.stack([maps[:, label % 3].roll(label, 1) for label in range(LABELS)], 1)
        return outputs | {"label_maps": spread[:, inputs["columns"]]}
    return outputs | {"attention": maps} | ({"winner": winner[:, inputs["columns"]]} if kind == "modules" else {})


def slow(pictures: Pictures, kind: Kind, label: int, tolerance: float = 0.0) -> float:
    """The average precision of a label in plain loops; ties grouped."""
    batch = pictures.batch
    outputs = look({"image": batch["image"], "columns": torch.arange(LABELS)}, kind)
    items = []
    for i in range(pictures.size):
        target = int(batch["targets"][i, label])
        boxes = [
            box.tolist() for box, on in zip(batch["boxes"][i], batch["box_labels"][i, :, label], strict=True) if on
        ]
        if target == 0 or (target > 0 and not boxes):
            continue
        place = _place(outputs, kind, i, label)
        hit = target > 0 and any(_inside(place, box, tolerance) for box in boxes)
        items.append((float(outputs["scores"][i, label]), target > 0, hit))
    positives = sum(positive for _, positive, _ in items)
    total = 0.0
    for score, _, hit in items:
        if hit:
            above = [other for other in items if other[0] >= score]
            total += sum(other[2] for other in above) / len(above)
    return total / positives if positives else math.nan


def _place(outputs: dict[str, Tensor], kind: Kind, image: int, label: int) -> tuple[float, float]:
    """The first greatest cell of the map, line by line, and its centre in the picture."""
    if kind == "labels":
        cells = outputs["label_maps"][image, label]
    elif kind == "modules":
        cells = outputs["attention"][image, int(outputs["winner"][image, label])]
    else:
        cells = outputs["attention"][image].mean(0)
    rows, across = cells.shape
    best = max((float(cells[i, j]), -i, -j) for i in range(rows) for j in range(across))
    return (-best[2] + 0.5) * WIDTH / across, (-best[1] + 0.5) * HEIGHT / rows


def _inside(place: tuple[float, float], box: list[float], tolerance: float) -> bool:
    (x, y), (left, top, right, bottom) = place, box
    return left - tolerance <= x <= right + tolerance and top - tolerance <= y <= bottom + tolerance
