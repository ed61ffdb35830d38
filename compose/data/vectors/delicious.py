"""The data source ``delicious``: bookmarked pages as bags of words, and their tags."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from compose.block import data
from compose.data.publishers.data_root import data_folder
from compose.data.publishers.publication import Publication, PublishedFile
from compose.data.vectors.mulan import Mulan


@data
class Delicious(Mulan):
    """Delicious: 16,105 web pages as 500 binary words, and 983 tags that people bookmarked them with, in Mulan's files.

    The usual division of the tags for few-shot learning is `split: {train: 600, val: 175, test: 200}`, once the 8 of
    punctuation are left out. With `example_split` the 3,185 pages of the test file are for the test tasks only, and a
    quarter of the other 12,920 for those of validation.

    Reference: Tsoumakas, Katakis and Vlahavas, Effective and efficient multilabel classification (MMD 2008).

    Example:
        {folder: delicious, split: {train: 600, val: 175, test: 200}}
    """

    publication = Publication(
        title="Delicious",
        folder="delicious",
        page="Multi-Label Classification Datasets, the page of Mulan: A Java Library for Multi-Label Learning",
        files=(
            PublishedFile(("delicious-train.arff",), "12,920 pages", 2.7),
            PublishedFile(("delicious-test.arff",), "3,185 pages", 0.7),
            PublishedFile(("delicious.xml",), "the 983 tags", 0.03),
        ),
        counts={"labels": 975},
    )

    def __init__(
        self,
        folder: Path | None = None,
        *,
        prefix: str = "TAG_",
        punctuation: Literal["keep", "drop"] = "drop",
        **options: Any,
    ) -> None:
        """Read the headers of the files.

        Args:
            folder: where `delicious-train.arff`, `delicious-test.arff` and `delicious.xml` are; where neither it nor
                other files are given, `delicious` in the folder that `COMPOSE_DATA` or `--data-root` names.
            prefix: what is cut from the starts of the tags' names.
            punctuation: whether tags without a letter or digit, such as `???`, are left out; `drop` leaves out others.
            options: the files, and how tags and pages are divided.
        """
        if folder is None and not {"train", "labels"} & options.keys():
            folder = data_folder(None, self.publication.folder)
        super().__init__(folder, prefix=prefix, punctuation=punctuation, **options)
