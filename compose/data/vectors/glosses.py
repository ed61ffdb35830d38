"""The data source ``glosses``: WordNet's definitions of nouns as bags of words, and their hypernyms."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from compose.block import data
from compose.data.classes.wordnet_classes import class_names
from compose.data.source import Split
from compose.data.vectors.gloss_file import embedded_glosses
from compose.data.vectors.label_division import Part
from compose.data.vectors.vector_examples import LabelledVectors
from compose.data.vectors.vector_source import VectorSource
from compose.graphs.taxonomy.taxonomy import load_taxonomy

USUAL: dict[Split, Part] = {"train": 180, "val": 50, "test": 59}


@data
class Glosses(VectorSource):
    """14,124 definitions of WordNet's nouns as counts of 500 words; their labels are 289 hypernyms, near and far.

    A problem of the shape of `delicious`: 5.4 words and 4.3 labels an example, 30 to 3,347 examples a label and 85 at
    the median. The words are the most frequent lemmas of the definitions, without stop words. The definitions are those
    of common nouns (no persons, places or taxa) with at least four of these words; the labels are the hypernyms of at
    least 30 and at most a quarter of them. A split has the examples that carry one of its labels.
    """

    def __init__(self, *, split: dict[Split, Part] | Path | None = USUAL, **options: Any) -> None:
        """Name the labels; no example is read.

        Args:
            split: for each of `train`, `val` and `test` how many labels it has, drawn with `seed`, or a list of them;
                or a JSON or YAML file that says so. Without `train`, it has all labels that are left; labels of no
                split are left out. Those of `val` and `test` are unseen. With `null` all labels are seen and
                in all splits.
            options: what is left out, and how examples are divided.
        """
        super().__init__(split=split, **options)

    @cached_property
    def all_labels(self) -> Sequence[str]:
        """The first word of each label's synset, or the synset where labels share that word."""
        return class_names(load_taxonomy(), self.synsets)

    @cached_property
    def synsets(self) -> Sequence[str]:
        """The WordNet ids of all labels."""
        return tuple(f"n{offset:08d}" for offset in embedded_glosses().labels)

    @property
    def dims(self) -> int:
        """The words that are counted."""
        return len(embedded_glosses().words)

    def read(self) -> tuple[LabelledVectors, list[str]]:
        """All definitions; none is marked for the test."""
        stored = embedded_glosses()
        return LabelledVectors(stored.bags, stored.hypernyms, np.zeros(len(stored.bags), bool)), []
