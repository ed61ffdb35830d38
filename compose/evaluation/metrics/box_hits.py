"""How far the places where a model looks are from the boxes of the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Float32, Int, Int8, Int64
from torch import Tensor

from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.metrics.metric import CHANCE_SEED, chunks
from compose.processes.shares import ALONE, SharedRows, Shares

LookedAt = Literal["attention", "random", "centre"]
"""Of a picture: where the model looks for a label, a random one, or its middle."""
PLACES: tuple[LookedAt, ...] = get_args(LookedAt)
MISSED = -2
"""The target of a label that is present, and whose boxes the place misses."""
CELL_WORK = 16
"""How many numbers are held at a time to measure the distance of one place from one box."""


@dataclass(frozen=True)
class BoxHits:
    """Places and boxes compared, for each image and label where the label is present and has a box there.

    Args:
        images: of each such pair, the image.
        labels: its label.
        distances: for each of ``PLACES`` by how many pixels the label's nearest box would have to grow on every side to
            hold it; 0 inside.
    """

    images: Int64[Tensor, " pairs"]
    labels: Int64[Tensor, " pairs"]
    distances: Float32[Tensor, "pairs places"]

    def cut(self, images: Int[Tensor, " b"], labels: Int[Tensor, " l"]) -> BoxHits:
        """Only some images and labels, numbered anew in the order given."""
        rows, columns = _renumbered(self.images, images), _renumbered(self.labels, labels)
        kept = (rows >= 0) & (columns >= 0)
        return BoxHits(rows[kept], columns[kept], self.distances[kept])

    def targets(self, targets: Int8[Tensor, "b l"], place: LookedAt, tolerance: float) -> Int8[Tensor, "b l"]:
        """The targets of a localisation.

        Args:
            targets: 1 = present, -1 = absent, 0 = unknown.
            place: which place is looked at.
            tolerance: by how many pixels boxes grow on every side.

        Returns:
            1 where the label is present and the place lies in a box of it, ``MISSED`` where in none, -1 where the label
            is absent; 0 where nobody knows, and where it is present without a box.
        """
        told = targets.clamp(max=0)
        hit = self.distances[:, PLACES.index(place)] <= tolerance
        told[self.images, self.labels] = torch.where(hit, 1, MISSED).to(told.dtype)
        return told


def _renumbered(old: Int64[Tensor, " pairs"], kept: Int[Tensor, " k"]) -> Int64[Tensor, " pairs"]:
    """The place of each number among those kept, or -1."""
    size = int(max(old.max() if len(old) else 0, kept.max() if len(kept) else 0)) + 1
    new = torch.full((size,), -1)
    new[kept] = torch.arange(len(kept))
    return new[old]


@dataclass(frozen=True)
class ShownBoxes:
    """What a batch of pictures truly shows, and where.

    Args:
        targets: 1 = present, -1 = absent, 0 = unknown, over all labels of the data.
        boxes: left, top, right and bottom in pixels of the pictures as the model gets them.
        box_labels: the labels of each box, not 0.
        size: height and width of the pictures.
    """

    targets: Int8[Tensor, "b l"]
    boxes: Float32[Tensor, "b k 4"]
    box_labels: Int8[Tensor, "b k l"]
    size: tuple[int, int]


class Locator:
    """Compares places with boxes batch by batch; of the maps and boxes nothing is kept.

    Args:
        columns: the labels in use, by their columns in the targets.
        shares: the processes that compare, each its part of every batch.
    """

    def __init__(self, columns: Sequence[int], shares: Shares = ALONE) -> None:
        self._columns, self._shares = torch.tensor(columns), shares
        self._dice = torch.Generator().manual_seed(CHANCE_SEED)
        self._found: list[BoxHits] = []
        self._images = 0

    def add(self, places: Float[Tensor, "b k 2"], shown: ShownBoxes) -> None:
        """Compare a batch.

        Args:
            places: for each label in use where the model looks for it, see :func:`label_places`.
            shown: the truth.
        """
        boxed = (shown.targets > 0) & shown.box_labels.any(1)
        images, ranks = boxed[:, self._columns].nonzero(as_tuple=True)
        labels = self._columns[ranks]
        random = self._random(len(images))
        looked = torch.stack([places[images, ranks].float(), random, torch.full_like(random, 0.5)], 1)
        height, width = shown.size
        distances = _distances(looked * torch.tensor([width, height]), images, labels, shown)
        self._found.append(BoxHits(images + self._images, labels, distances))
        self._images += len(shown.targets)

    def _random(self, pairs: int) -> Float32[Tensor, "pairs 2"]:
        """As many random places, the same ones whichever process takes them."""
        counts = self._shares.each(pairs)
        drawn = torch.rand(sum(counts), 2, generator=self._dice)
        return drawn[sum(counts[: self._shares.rank]) :][:pairs]

    def collect(self, rows: SharedRows) -> None:
        """Bring together in the first process what all have compared.

        Args:
            rows: which images that was.
        """
        own, shares = self.box_hits, rows.shares
        parts = shares.each((rows.places(shares.rank)[own.images], own.labels, own.distances))
        images, labels, distances = (torch.cat(each) for each in zip(*parts, strict=True))
        order = images.argsort(stable=True)
        self._found = [BoxHits(images[order], labels[order], distances[order])]

    @property
    def box_hits(self) -> BoxHits:
        """All batches; images count from the first batch on, labels are columns of the targets."""
        found = self._found
        return BoxHits(
            torch.cat([batch.images for batch in found]),
            torch.cat([batch.labels for batch in found]),
            torch.cat([batch.distances for batch in found]),
        )


def _distances(
    looked: Float32[Tensor, "pairs places 2"],
    images: Int64[Tensor, " pairs"],
    labels: Int64[Tensor, " pairs"],
    shown: ShownBoxes,
) -> Float32[Tensor, "pairs places"]:
    parts = [torch.empty(0, looked.shape[1])]
    for some in chunks(len(images), CELL_WORK * shown.boxes.shape[1]):
        boxes = shown.boxes[images[some]].float()  # pairs k 4
        foreign = shown.box_labels[images[some], :, labels[some]] == 0  # pairs k
        parts.append(torch.stack([_distance(at, boxes, foreign) for at in looked[some].unbind(1)], 1))
    return torch.cat(parts)


def _distance(
    at: Float32[Tensor, "pairs 2"], boxes: Float32[Tensor, "pairs k 4"], foreign: Bool[Tensor, "pairs k"]
) -> Float32[Tensor, " pairs"]:
    before, after = boxes[..., :2] - at[:, None], at[:, None] - boxes[..., 2:]
    beyond = torch.maximum(before, after).amax(-1).clamp(min=0)  # pairs k
    return beyond.masked_fill(foreign, torch.inf).amin(1)


def label_places(outputs: Mapping[str, Tensor]) -> Float32[Tensor, "b l 2"]:
    """Where a model looks for each label: the place of the greatest attention.

    It is the centre of the greatest cell of the label's map, where a map that is interpolated to the picture has its
    maximum, too. Of several greatest cells the first one counts, line by line.

    Args:
        outputs: ``scores``, ``b l``, and either ``label_maps``, a map for each label, ``b l h w``, or
            ``attention``, maps of modules, ``b m h w``, with ``winner``: the module of each label, ``b l``. Without
            ``winner`` all labels have the mean map.

    Returns:
        From the left and from the top, as shares of the picture's width and height.

    Raises:
        EvaluationError: there are no maps.
    """
    if "label_maps" in outputs:
        return _peaks(outputs["label_maps"])
    if "attention" not in outputs:
        got = ", ".join(f"`{name}`" for name in outputs)
        raise EvaluationError(f"expected a model that tells where it looks, by `attention` or `label_maps`, got {got}")
    if "winner" in outputs:
        return _peaks(outputs["attention"]).gather(1, outputs["winner"][..., None].expand(-1, -1, 2))
    mean = outputs["attention"].float().mean(1, keepdim=True)
    return _peaks(mean).expand(-1, outputs["scores"].shape[1], -1)


def _peaks(maps: Float[Tensor, "b m h w"]) -> Float32[Tensor, "b m 2"]:
    height, width = maps.shape[2:]
    cell = rearrange(maps, "b m h w -> b m (h w)").argmax(-1)
    across, down = cell % width, cell.div(width, rounding_mode="floor")
    return torch.stack([(across + 0.5) / width, (down + 0.5) / height], -1)
