"""Which external classes are no nodes, as they may be a label."""

from __future__ import annotations

import pytest

from compose.data.classes.imagenet_classes import ImageNetClasses
from compose.data.publishers.label_set_table import label_set_table
from compose.data.source import LabelTable
from compose.labels.external import external_classes


def table(*labels: str, synsets: tuple[str | None, ...] | None = None) -> LabelTable:
    return LabelTable(labels, (True,) * len(labels), synsets or (None,) * len(labels))


IMAGENET = ImageNetClasses().labels


@pytest.mark.parametrize(
    ("label", "synset", "dropped"),
    [
        ("microwave", None, ["microwave"]),  # the wave, as its first sense is, and yet called as the oven is
        ("microwave", "microwave.n.02", ["microwave"]),
        ("broccoli", None, ["broccoli"]),
        ("mouse", None, ["mouse"]),
        ("cups", None, ["cup"]),
        ("tv", "television_receiver.n.01", ["television"]),  # another word of the label's synset
        ("Tigers", "tiger.n.02", ["tiger"]),
        ("cell phone", "cellular_telephone.n.01", ["cellular telephone"]),
    ],
)
def test_a_class_that_may_be_a_label_is_dropped(label: str, synset: str | None, dropped: list[str]) -> None:
    found = external_classes(IMAGENET, table(label, synsets=(synset,)))
    assert list(found.dropped) == dropped
    assert len(found.kept.names) == 1000 - len(dropped)
    assert [int(place) for place in found.places if place >= 0] == list(range(len(found.kept.names)))


def test_no_unseen_label_of_coco_stays_a_node() -> None:
    entries = label_set_table("coco")
    labels = LabelTable(
        tuple(entry.name for entry in entries),
        tuple("64/16" not in entry.unseen_in for entry in entries),
        tuple(entry.synset for entry in entries),
    )
    dropped = set(external_classes(IMAGENET, labels).dropped)
    assert {"microwave", "broccoli", "cup", "mouse", "banana", "toaster", "kite", "vase", "backpack"} <= dropped
    assert len(dropped) == 31
