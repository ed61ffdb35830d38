"""The data source ``open_images``: Open Images V4, as published."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError, data
from compose.data.counter_random import by_lot
from compose.data.pictures.annotations import PRESENT, UNKNOWN
from compose.data.pictures.boxes import Boxes, gather_boxes
from compose.data.publishers.column_cache import Columns, cached_columns
from compose.data.publishers.nus_wide_files import read_names
from compose.data.publishers.open_images_files import read_box_rows, read_descriptions, read_open_images
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.publishers.published_source import PublishedSource
from compose.data.source import DataError, LabelTable

OpenImagesLabels = Literal["7186/400", "420/138"]
FOLDERS = {"train": "train", "val": "validation", "test": "test"}
"""Split -> what the publisher calls it, and the folder of its pictures."""
UNSEEN = 400
LOCALISED = 138 / 558
"""The share of the labels with boxes that LESA keeps unseen."""
_STREAM = 19


def _annotations(split: str, kind: str, holds: str, megabytes: float, *, optional: str = "") -> PublishedFile:
    name = f"{split}-annotations-{kind}.csv"
    places = (f"2018_04/{split}/{name}", f"2018_04/{name}", f"{split}/{name}", f"annotations/{name}", name)
    return PublishedFile(places, holds.format(split), megabytes, optional=optional)


def _lists(name: str, holds: str, megabytes: float) -> PublishedFile:
    return PublishedFile((f"2018_04/{name}", f"annotations/{name}", name), holds, megabytes)


_VERIFIED = "the labels of {}'s pictures that people verified"
_BOXES = "the boxes of {}'s pictures"
DESCRIPTIONS = _lists("class-descriptions.csv", "what the labels are called", 0.5)
TRAINABLE = _lists("classes-trainable.txt", "the labels with at least 100 training pictures", 0.07)
LABELS = {
    "train": _annotations("train", "human-imagelabels", _VERIFIED, 1_100),
    "val": _annotations("validation", "human-imagelabels", _VERIFIED, 22),
    "test": _annotations("test", "human-imagelabels", _VERIFIED, 66),
}
BOXES = {
    "val": _annotations("validation", "bbox", _BOXES, 16, optional="`boxes: true`"),
    "test": _annotations("test", "bbox", _BOXES, 50, optional="`boxes: true`, `labels: 420/138`"),
}
PHOTOGRAPHS = tuple(
    PublishedFile((folder,), f"the photographs of {folder}", megabytes)
    for folder, megabytes in (("train", 513_000), ("validation", 12_000), ("test", 36_000))
)


@data(name="open_images")
class OpenImages(PublishedSource):
    """Open Images V4: millions of photographs with labels that people verified.

    The files are read as published in `2018_04`: the labels of the three splits
    (`train-annotations-human-imagelabels.csv` ...), `class-descriptions.csv`, `classes-trainable.txt` and, for
    localisation, the boxes of validation and test. Pictures are `train/ID.jpg`, `validation/ID.jpg`, `test/ID.jpg`. A
    label that nobody verified of a picture is unknown. Needs the extra `data`.

    Reference: The Open Images Dataset V4 (IJCV 2020).

    Deviates: which 138 labels LESA keeps unseen for localisation is not published; they are drawn with `seed`. Which
    400 labels are the most frequent is counted in the files, by pictures that people verified to show them.

    Example:
        {labels: 420/138, boxes: true}

    Args:
        folder: where the publisher's files lie, unpacked; where not given, `open-images` in the folder that
            `COMPOSE_DATA` or `--data-root` names.
        labels: `7186/400`: the trainable labels are seen; unseen are the most frequent other ones of the test
            pictures. `420/138`: the trainable labels with boxes in the test, of which 138 of 558, drawn by lot, are
            unseen.
        unseen: of `7186/400`, how many are unseen.
        all_seen: whether all of these labels are seen: plain multi-label classification.
        options: where the files lie, and how pictures are read.
    """

    publication = Publication(
        title="Open Images V4",
        folder="open-images",
        page="the page Open Images Dataset V4, section Download",
        files=(DESCRIPTIONS, TRAINABLE, *LABELS.values(), *BOXES.values(), *PHOTOGRAPHS),
        counts={"labels": 7586, "seen": 7186, "unseen": 400, "test": 125_436},
    )
    _rest: ClassVar[int] = UNKNOWN

    def __init__(
        self,
        folder: Path | None = None,
        *,
        labels: OpenImagesLabels = "7186/400",
        unseen: int = UNSEEN,
        all_seen: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(folder, **options)
        self._which, self._most = labels, unseen
        try:
            called, trainable, *_ = self._found(DESCRIPTIONS, TRAINABLE, *LABELS.values())
            self._called, self._trainable = read_descriptions(called), read_names(trainable)
        except (DataError, OSError) as error:
            raise BlockError(str(error), parameter="folder") from None
        self._ids = tuple(self._called)
        self._open(all_seen=all_seen)

    def _table(self) -> LabelTable:
        self._used, seen = self._label_set()
        names = self._names(self._used)
        return LabelTable(names, tuple(seen), (None,) * len(names))

    def _label_set(self) -> tuple[list[str], list[bool]]:
        """The machine ids of the labels in use, and which of them are seen."""
        trainable = [label for label in self._trainable if label in self._called]
        if self._which == "420/138":
            with_boxes = {self._ids[number] for number in np.unique(self._box_columns["test"]["numbers"]).tolist()}
            used = [label for label in trainable if label in with_boxes]
            drawn = by_lot((self._seed, _STREAM), range(len(used)))[: round(LOCALISED * len(used))]
            apart = {used[place] for place in drawn.tolist()}
            return used, [label not in apart for label in used]
        known = set(trainable)
        frequent = [label for label in self._by_frequency() if label not in known][: self._most]
        return [*trainable, *frequent], [True] * len(trainable) + [False] * len(frequent)

    def _by_frequency(self) -> list[str]:
        """The labels of test pictures, the most frequent first; ties in the order of the class descriptions."""
        every = self._labels_of_pictures
        rows = np.asarray(self._columns["test"], np.int64)
        first, last = (int(every.starts[rows[0]]), int(every.starts[rows[-1] + 1])) if len(rows) else (0, 0)
        shown = every.numbers[first:last][every.values[first:last] == PRESENT]
        counts = np.bincount(shown, minlength=len(self._ids))
        order = np.argsort(-counts, kind="stable")
        return [self._ids[number] for number in order[: int((counts > 0).sum())].tolist()]

    def _names(self, ids: list[str]) -> tuple[str, ...]:
        """What labels are called; where several are called the same, with their ids."""
        times = Counter(self._called[label] for label in ids)
        return tuple(name if times[name := self._called[label]] == 1 else f"{name} ({label})" for label in ids)

    def _read(self) -> Columns:
        files = dict(zip(LABELS, self._found(*LABELS.values()), strict=True))
        sources = {split: (path, FOLDERS[split]) for split, path in files.items()}
        read = [*files.values(), self._found(DESCRIPTIONS)[0]]
        return cached_columns("open-images", read, lambda: read_open_images(sources, self._ids))

    @cached_property
    def _number_columns(self) -> NDArray[np.int64]:
        column = {label: place for place, label in enumerate(self._used)}
        return np.array([column.get(label, -1) for label in self._ids], np.int64)

    def published_counts(self) -> dict[str, int]:
        """How many test pictures the files have; those for training are all with labels that people verified."""
        return {"test": super().published_counts()["test"]}

    @cached_property
    def _box_columns(self) -> dict[str, Columns]:
        try:
            files = dict(zip(BOXES, self._found(*BOXES.values()), strict=True))
            return {
                split: cached_columns(f"open-images-{split}-boxes", [path], lambda p=path: read_box_rows(p, self._ids))  # type: ignore[misc]
                for split, path in files.items()
            }
        except (DataError, OSError) as error:
            raise BlockError(str(error), parameter="folder") from None

    def _read_boxes(self) -> Boxes:
        """The boxes of validation and test; training pictures are given none."""
        rows, columns, sides = [], [], []
        ids = np.asarray(self._columns["ids"])
        for split, boxes in self._box_columns.items():
            of_split = np.asarray(self._columns[split], np.int64)
            place = np.searchsorted(ids[of_split], boxes["ids"]).clip(max=max(len(of_split) - 1, 0))
            column = self._number_columns[np.asarray(boxes["numbers"])]
            known = (column >= 0) & (ids[of_split[place]] == boxes["ids"])
            rows.append(of_split[place[known]])
            columns.append(column[known])
            sides.append(np.asarray(boxes["sides"], np.float32)[known])
        return gather_boxes(
            np.concatenate(rows),
            np.concatenate(columns),
            np.concatenate(sides),
            np.arange(sum(map(len, rows)), dtype=np.int32),
            rows=len(self._labels_of_pictures),
            labels=len(self.labels.names),
            relative=True,
        )
