"""The data source ``mosaic``: a multi-label set with boxes, made of the pictures of any source of one class each."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from compose.block import BlockError, Use, data
from compose.data.classes.mosaic_examples import MosaicExamples, MosaicLook
from compose.data.classes.mosaic_pool import PicturePool, classed_splits, picture_pools
from compose.data.counter_random import by_lot
from compose.data.label_list import meant
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_labels import divided_labels
from compose.data.picture_reader import PictureReader
from compose.data.reader_source import ReaderSource
from compose.data.source import Count, DataError, DataSource, LabelTable, Share, Split

_STREAM = 29


@data
class Mosaic(ReaderSource):
    """Several pictures of one class each in one picture, at random scales and places: many labels, and their boxes.

    Any source of pictures of one class each will do: folders of classes (`images`), `cifar100`, `mini_imagenet`,
    `omniglot`, `glyph_symbols`. Pictures of unseen classes are shown in the test alone, beside others of seen ones, and
    no picture is shown in two splits. A class is drawn first, and then one of its pictures; a picture hides as little
    as may be of those before it. What a mosaic shows follows from the seed and its number alone.

    Example:
        {of: {use: glyph_symbols, train: 4000}, unseen: 30, size: 64}

    Args:
        of: the source of the pictures, which are those of its first epoch.
        unseen: how many classes are unseen, drawn by `seed`, or a list of them; where not given, those that are unseen
            in the source.
        pictures: the least and the greatest number of pictures in a mosaic.
        scale: the least and the greatest side of a picture, as a share of the mosaic's.
        size: the side of the mosaics in pixels.
        train: training mosaics in an epoch.
        val: validation mosaics.
        test: test mosaics.
        held_out: the share of the training pictures that is kept for validation and test, where the source's other
            splits have no pictures of seen classes.
        fresh: whether every epoch has training mosaics of its own; if not, all epochs share those of the first.
        boxes: whether examples also hold `boxes` (pixels: left, top, right, bottom) and `box_labels`, for localisation.
        all_seen: whether all labels are seen: plain multi-label classification.
        normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet; `cifar` has
            the numbers of CIFAR's pictures.
        seed: another seed makes other mosaics, and draws other unseen classes.
    """

    beside_test = frozenset({"fresh", "normalisation", "boxes"})
    example_protocol = "example_split"

    def __init__(
        self,
        of: Annotated[Any, Use("data")],
        *,
        unseen: Annotated[int, Field(ge=0)] | list[str] | None = None,
        pictures: tuple[Count, Count] = (1, 4),
        scale: tuple[Share, Share] = (0.35, 0.6),
        size: Annotated[int, Field(ge=16, le=1024)] = 96,
        train: Count = 8_000,
        val: Count = 1_000,
        test: Count = 3_000,
        held_out: Share = 0.2,
        fresh: bool = True,
        boxes: bool = False,
        all_seen: bool = False,
        normalisation: NormalisationName = "imagenet",
        seed: int = 0,
    ) -> None:
        if not 1 <= pictures[0] <= pictures[1] <= 16:
            message = f"expected two numbers from 1 to 16, the lesser first, got {list(pictures)}"
            raise BlockError(message, parameter="pictures")
        if not 0.05 <= scale[0] <= scale[1] <= 1:
            message = f"expected two shares from 0.05 to 1, the lesser first, got {list(scale)}"
            raise BlockError(message, parameter="scale")
        self.of: DataSource = of
        self._splits = classed_splits(of)
        self.normalisation = NORMALISATIONS[normalisation]
        self._look = MosaicLook(size, pictures, scale, self.normalisation, boxes, seed)
        self._lengths: dict[Split, int] = {"train": train, "val": val, "test": test}
        self._held_out, self._fresh, self._all_seen = held_out, fresh, all_seen
        self._labels = self._table(of.labels, unseen)

    def _table(self, table: LabelTable, unseen: int | list[str] | None) -> LabelTable:
        """The source's classes, of which those asked for are unseen."""
        if self._all_seen:
            return replace(table, seen=(True,) * len(table.names))
        if unseen is None:
            return table
        if isinstance(unseen, int):
            order = by_lot((self._look.seed, _STREAM), range(len(table.names)))
            unseen = [table.names[place] for place in order[:unseen].tolist()]
        strangers = [name for name in unseen if name not in table.names]
        if strangers:
            message = f"there is no class `{strangers[0]}`{meant(strangers[0], table.names)}"
            raise BlockError(message, parameter="unseen")
        if len(unseen) >= len(table.names):
            message = f"expected classes to train on, but all {len(table.names)} are unseen"
            raise BlockError(message, parameter="unseen")
        apart = set(unseen)
        return replace(table, seen=tuple(name not in apart for name in table.names))

    @property
    def labels(self) -> LabelTable:
        """The classes of the pictures, seen and unseen."""
        return self._labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The mosaic's shape, and the boxes' where they are asked for."""
        most = self._look.pictures[1]
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self._look.size, self._look.size)}
        if self._look.boxes:
            shapes |= {"boxes": (most, 4), "box_labels": (most, len(self._labels.names))}
        return shapes

    def split(self, name: Split) -> MosaicExamples:
        """The examples of a split.

        Raises:
            DataError: the source has no pictures for it.
        """
        return self._examples(name, fresh=self._fresh and name == "train")

    def task_examples(self, name: Split) -> MosaicExamples:
        """The examples that tasks of a split are drawn from: in every epoch those of the first."""
        return self._examples(name, fresh=False)

    def _examples(self, name: Split, *, fresh: bool) -> MosaicExamples:
        pool = self._pools[name]
        if not len(pool):
            raise DataError(f"`{self.of.name}` has no pictures for the split `{name}` of the mosaics")
        return MosaicExamples(
            name,
            self._lengths[name],
            pool,
            source=self.of,
            splits=self._splits,
            look=self._look,
            columns=divided_labels(self._labels, None, seed=self._look.seed).columns(name),
            labels=len(self._labels.names),
            fresh=fresh,
        )

    @cached_property
    def _pools(self) -> dict[Split, PicturePool]:
        return picture_pools(self._splits, np.array(self._labels.seen), held_out=self._held_out, seed=self._look.seed)

    def check(self) -> list[str]:
        """What is wrong with the source's files."""
        return self.of.check()

    def notes(self) -> list[str]:
        """What else there is to know of the source's files."""
        return self.of.notes()

    def content(self) -> str:
        """A digest of the source's files."""
        return self.of.content()

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.middle(self._look.size, self.normalisation)
