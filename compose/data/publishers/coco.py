"""The data source ``coco``: COCO's photographs with the categories of their instances, as published."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from compose.block import data
from compose.data.json_items import read_object_text
from compose.data.pictures.annotations import ABSENT
from compose.data.pictures.boxes import Boxes, gather_boxes
from compose.data.publishers.coco_files import read_categories, read_coco
from compose.data.publishers.column_cache import Columns, cached_columns
from compose.data.publishers.label_set_table import label_set_table, seen_but, synsets_of
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.publishers.published_source import PublishedSource, label_columns_of
from compose.data.source import LabelTable, Share

CocoLabels = Literal["48/17", "64/16", "80"]


def _instances(split: str, year: int, megabytes: float, *, optional: str = "") -> PublishedFile:
    name = f"instances_{split}{year}.json"
    places = (f"annotations/{name}", name)
    return PublishedFile(places, f"the annotations of {split}{year}", megabytes, optional=optional)


def _pictures(split: str, year: int, megabytes: float, *, optional: str = "") -> PublishedFile:
    return PublishedFile(
        (f"{split}{year}", f"images/{split}{year}"), f"the photographs of {split}{year}", megabytes, optional=optional
    )


_LATER = "`year: 2017`"
INSTANCES = {
    2014: (_instances("train", 2014, 320), _instances("val", 2014, 155)),
    2017: (_instances("train", 2017, 450, optional=_LATER), _instances("val", 2017, 20, optional=_LATER)),
}
PHOTOGRAPHS = {
    2014: (_pictures("train", 2014, 13_500), _pictures("val", 2014, 6_600)),
    2017: (_pictures("train", 2017, 19_000, optional=_LATER), _pictures("val", 2017, 800, optional=_LATER)),
}


@data(name="coco")
class Coco(PublishedSource):
    """COCO's photographs of everyday scenes with the categories and boxes of the things in them.

    The files are read as published: `annotations/instances_train2014.json`, `instances_val2014.json`, and the pictures
    in `train2014` and `val2014`; or those of 2017. What is published for validation is the test here, as in the papers;
    validation pictures are drawn from those for training.

    Reference: Microsoft COCO: Common Objects in Context (ECCV 2014).

    Example:
        {year: 2014, labels: 64/16, without_labels: drop}

    Args:
        folder: where the publisher's files lie, unpacked; where not given, `coco` in the folder that
            `COMPOSE_DATA` or `--data-root` names.
        year: the division of the pictures, of 2014 or of 2017.
        labels: `48/17`: the seen and unseen categories of Zero-Shot Object Detection (ECCV 2018), and the other 15 left
            out. `64/16`: the unseen ones of RGCN-PosVAE, and all others seen. `80`: all, and all are seen.
        all_seen: whether all of these labels are seen: plain multi-label classification.
        validation: the share of the training pictures that are for validation.
        options: where the files lie, and how pictures are read.
    """

    publication = Publication(
        title="COCO",
        folder="coco",
        page="the page COCO - Common Objects in Context, section Dataset, Download",
        files=(*INSTANCES[2014], *PHOTOGRAPHS[2014], *INSTANCES[2017], *PHOTOGRAPHS[2017]),
        counts={"labels": 80, "seen": 64, "unseen": 16, "train": 82_783, "test": 40_504},
    )
    _rest: ClassVar[int] = ABSENT

    def __init__(
        self,
        folder: Path | None = None,
        *,
        year: Literal[2014, 2017] = 2014,
        labels: CocoLabels = "64/16",
        all_seen: bool = False,
        validation: Share = 0.1,
        **options: Any,
    ) -> None:
        super().__init__(folder, **options)
        self.validation, self._year, self._which = validation, year, labels
        self._open(all_seen=all_seen)

    def _table(self) -> LabelTable:
        """The categories of the files that are in the set."""
        entries, names = label_set_table("coco"), self._names
        if self._which != "80":
            left_out = {e.name for e in entries if self._which not in e.seen_in | e.unseen_in}
            names = tuple(name for name in names if name not in left_out)
        unseen = [entry.name for entry in entries if self._which in entry.unseen_in]
        return LabelTable(names, seen_but(names, unseen), synsets_of(entries, names))

    @cached_property
    def _names(self) -> tuple[str, ...]:
        text = bytes(np.asarray(self._columns["category_names"])).decode("utf-8")
        return tuple(text.split("\n"))

    def _read(self) -> Columns:
        files = self._found(*INSTANCES[self._year])
        found = [pictures.find(self.folder) for pictures in PHOTOGRAPHS[self._year]]
        folders = [
            pictures.name if path is None else path.relative_to(self.folder).as_posix()
            for pictures, path in zip(PHOTOGRAPHS[self._year], found, strict=True)
        ]
        splits = list(zip(("train", "test"), files, folders, strict=True))

        def read() -> Columns:
            categories = read_categories(files[1], read_object_text(files[1]))
            names = np.frombuffer("\n".join(categories).encode(), np.uint8)
            return {**read_coco(splits, list(categories.values())), "category_names": names}

        return cached_columns(f"coco-{self._year}-{'-'.join(folders).replace('/', '_')}", files, read)

    @cached_property
    def _number_columns(self) -> NDArray[np.int64]:
        return label_columns_of(self.labels, self._names)

    def published_counts(self) -> dict[str, int]:
        """How many pictures each split has in the files, of the year that the publisher's counts are of."""
        return super().published_counts() if self._year == 2014 else {}

    def _read_boxes(self) -> Boxes:
        column = self._number_columns[np.asarray(self._columns["box_numbers"])]
        known = np.flatnonzero(column >= 0)
        return gather_boxes(
            np.asarray(self._columns["box_rows"], np.int64)[known],
            column[known],
            np.asarray(self._columns["box_sides"], np.float32)[known],
            np.arange(len(known), dtype=np.int32),
            rows=len(self._labels_of_pictures),
            labels=len(self.labels.names),
            relative=False,
        )
