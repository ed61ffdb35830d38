"""The data source ``nus_wide``: NUS-WIDE's photographs, as published."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from compose.block import BlockError, data
from compose.data.pictures.annotations import ABSENT
from compose.data.publishers.column_cache import Columns, cached_columns
from compose.data.publishers.label_set_table import label_set_table, seen_but, synsets_of
from compose.data.publishers.nus_wide_files import (
    CONCEPTS,
    IMAGES,
    PICTURES,
    TAGS,
    TAGS_1K,
    TAGS_81,
    TEST,
    TRAIN,
    TRUTH,
    NusWideFiles,
    read_names,
    read_nus_wide,
)
from compose.data.publishers.publication import Publication
from compose.data.publishers.published_source import PublishedSource, label_columns_of
from compose.data.source import DataError, LabelTable, Share

NusWideLabels = Literal["925/81", "65/16", "81"]


@data(name="nus_wide")
class NusWide(PublishedSource):
    """NUS-WIDE's photographs: tags of users to learn from, and 81 concepts that people annotated.

    The files are read as published: the lists of pictures, `Concepts81.txt`, the folder `AllLabels` or
    `TrainTestLabels`, `TagList1k.txt` and `AllTags1k.txt`, and the photographs in `Flickr`. Of the 1,000 tags, the 925
    that are no concepts are seen. What is neither 0 nor 1 in a file of labels, as one line of `lake` is, is unknown.

    Reference: NUS-WIDE: A Real-World Web Image Database from National University of Singapore (CIVR 2009).

    Example:
        {labels: 925/81, validation: 0.1}

    Args:
        folder: where the publisher's files lie, unpacked; where not given, `nus-wide` in the folder that
            `COMPOSE_DATA` or `--data-root` names.
        labels: `925/81`: the tags are seen and the concepts unseen. `65/16`: the concepts alone, of which 16 are unseen
            as in RGCN-PosVAE. `81`: the concepts alone, all seen.
        concepts: whether the concepts are those that people annotated, or those that users gave as tags
            (`AllTags81.txt`).
        all_seen: whether all labels are seen: plain multi-label classification.
        validation: the share of the training pictures that are for validation, as the publisher has none for it.
        options: where the files lie, and how pictures are read.
    """

    publication = Publication(
        title="NUS-WIDE",
        folder="nus-wide",
        page="the page NUS-WIDE of the Lab for Media Search, National University of Singapore",
        files=(IMAGES, TRAIN, TEST, CONCEPTS, TRUTH, TAGS, TAGS_1K, TAGS_81, PICTURES),
        counts={"labels": 1006, "seen": 925, "unseen": 81, "train": 161_789, "test": 107_859},
    )
    _rest: ClassVar[int] = ABSENT

    def __init__(
        self,
        folder: Path | None = None,
        *,
        labels: NusWideLabels = "925/81",
        concepts: Literal["annotated", "tags"] = "annotated",
        all_seen: bool = False,
        validation: Share = 0.1,
        **options: Any,
    ) -> None:
        super().__init__(folder, **options)
        self.validation, self._which, self._tagged = validation, labels, concepts == "tags"
        of_tags = [TAGS, TAGS_1K] if labels == "925/81" else []
        self._wanted = [IMAGES, TRAIN, TEST, TAGS_81 if self._tagged else TRUTH, CONCEPTS, *of_tags]
        try:
            listed = dict(zip(self._wanted, self._found(*self._wanted), strict=True))
            self._concepts = tuple(read_names(listed[CONCEPTS]))
            self._tags = tuple(read_names(listed[TAGS])) if of_tags else ()
        except (DataError, OSError) as error:
            raise BlockError(str(error), parameter="folder") from None
        self._open(all_seen=all_seen)

    def _table(self) -> LabelTable:
        table = label_set_table("nus_wide")
        if self._which != "925/81":
            unseen = [entry.name for entry in table if self._which == "65/16" and "65/16" in entry.unseen_in]
            return LabelTable(self._concepts, seen_but(self._concepts, unseen), synsets_of(table, self._concepts))
        tags = tuple(tag for tag in self._tags if tag not in set(self._concepts))
        return LabelTable(
            (*tags, *self._concepts),
            (True,) * len(tags) + (False,) * len(self._concepts),
            (None,) * len(tags) + synsets_of(table, self._concepts),
        )

    def _read(self) -> Columns:
        read = self._found(*self._wanted)
        images, train, test, labels, _, *of_tags = read
        files = NusWideFiles(self.folder, images, train, test, labels, of_tags[1] if of_tags else None)
        pictures = PICTURES.find(self.folder)
        where = "" if pictures is None else f"-{pictures.name}"
        return cached_columns(f"nus-wide{where}", read, lambda: read_nus_wide(files, self._tags, self._concepts))

    @cached_property
    def _number_columns(self) -> NDArray[np.int64]:
        """For each tag and then each concept its column, or -1; a tag that is a concept is none."""
        concepts = set(self._concepts)
        tags = ["" if tag in concepts else tag for tag in self._tags]
        return label_columns_of(self.labels, [*tags, *self._concepts])
