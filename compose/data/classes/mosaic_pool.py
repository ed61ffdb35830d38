"""Which pictures of a source of classes the mosaics of each split are made of."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int64

from compose.block import BlockError
from compose.data.classes.single_label import SingleLabelExamples
from compose.data.counter_random import by_lot
from compose.data.multi_label import MultiLabelExamples
from compose.data.source import SPLITS, DataError, DataSource, Examples, Split

_STREAM = 23


@dataclass(frozen=True)
class PicturePool:
    """Pictures of the splits of a source, sorted by class, of which a class is drawn first and then one of its own.

    Args:
        split: of each picture the place of its split among ``train``, ``val`` and ``test``.
        index: its place there.
        classes: the classes that have pictures, ascending.
        starts: where the pictures of each of them start: ``k+1``.
    """

    split: Int64[np.ndarray, " n"]
    index: Int64[np.ndarray, " n"]
    classes: Int64[np.ndarray, " k"]
    starts: Int64[np.ndarray, " k+1"]

    def __len__(self) -> int:
        return len(self.index)

    @classmethod
    def of(
        cls, split: Int64[np.ndarray, " n"], index: Int64[np.ndarray, " n"], label: Int64[np.ndarray, " n"]
    ) -> PicturePool:
        """From pictures in any order, with the class of each."""
        order = np.argsort(label, kind="stable")
        classes, first = np.unique(label[order], return_index=True)
        return cls(split[order], index[order], classes, np.append(first, len(label)))


@dataclass(frozen=True)
class ClassedSplit:
    """A split of a source, with the one class that each of its pictures shows.

    Args:
        examples: the split, whose pictures are the same in every epoch.
        classes: the class of each picture, as its column in the targets.
    """

    examples: Examples
    classes: Int64[np.ndarray, " n"]


def classed_splits(source: DataSource) -> dict[Split, ClassedSplit]:
    """The splits of a source that have pictures.

    Raises:
        BlockError: its pictures do not show one class each, or there are none.
    """
    found: dict[Split, ClassedSplit] = {}
    for name in SPLITS:
        with suppress(DataError):
            examples = source.task_examples(name)
            found[name] = ClassedSplit(examples, _classes(source, examples))
    if not found:
        raise BlockError(f"expected a source of pictures, but `{source.name}` has none", parameter="of")
    return found


def _classes(source: DataSource, examples: Examples) -> Int64[np.ndarray, " n"]:
    if isinstance(examples, SingleLabelExamples):
        return examples.classes()
    if isinstance(examples, MultiLabelExamples):
        positives = examples.positives()
        if (np.diff(positives.starts) == 1).all():
            return positives.columns
    message = f"expected a source of pictures of one class each, got `{source.name}`, whose pictures have several"
    raise BlockError(message, parameter="of")


def picture_pools(
    splits: Mapping[Split, ClassedSplit], seen: Bool[np.ndarray, " l"], *, held_out: float, seed: int
) -> dict[Split, PicturePool]:
    """What the mosaics of each split are made of; no picture is in two pools.

    Pictures of unseen classes are for the test alone. Those of seen classes stay in their split; where no other split
    of the source has such, a share of the training pictures is held out, half of it for validation and half for the
    test.

    Args:
        splits: those of the source.
        seen: which classes are.
        held_out: that share.
        seed: of the lot.
    """
    places = [SPLITS.index(name) for name in splits]
    split = np.repeat(places, [len(found.classes) for found in splits.values()])
    index = np.concatenate([np.arange(len(found.classes)) for found in splits.values()])
    label = np.concatenate([found.classes for found in splits.values()])
    into = np.where(seen[label], split, SPLITS.index("test"))
    known = np.flatnonzero(seen[label])
    if not (split[known] > 0).any():
        drawn = known[by_lot((seed, _STREAM), known.tolist())]
        count = round(held_out * len(known))
        into[drawn[: count // 2]], into[drawn[count // 2 : count]] = SPLITS.index("val"), SPLITS.index("test")
    return {
        name: PicturePool.of(split[into == place], index[into == place], label[into == place])
        for place, name in enumerate(SPLITS)
    }
