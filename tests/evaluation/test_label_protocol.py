from __future__ import annotations

import json
from dataclasses import replace

from compose.evaluation.label_protocol import WORDS, LabelProtocol, labels_hash, looked_at

FULL = LabelProtocol(
    task="zsl",
    data="nus_wide",
    split="test",
    images="all",
    num_images=107_859,
    num_labels=81,
    label_context="task",
    labels="0123456789ab",
    no_positives="skip",
    ties="grouped",
    positives=10,
    negatives=20,
    unknown=0,
    localisation="greatest attention in a box",
    boxed=1_234,
)
PLAIN = replace(FULL, localisation=None, boxed=None)


def test_round_trip() -> None:
    assert LabelProtocol.from_json(json.loads(json.dumps(FULL.to_json()))) == FULL


def test_agrees_with_itself() -> None:
    assert FULL.agrees(FULL) == []


def test_differences_in_words() -> None:
    filtered = replace(FULL, images="with_positives", num_images=83_898, no_positives="zero")
    assert FULL.agrees(filtered) == [
        "which images: all against with_positives",
        "the number of images: 107,859 against 83,898",
        "what a label without positives counts: skip against zero",
    ]


def test_what_is_not_given_does_not_disagree_but_is_listed() -> None:
    published = LabelProtocol(task="zsl", data="nus_wide", split="", images="with_positives", num_images=83_898)
    assert FULL.agrees(published) == [
        "which images: all against with_positives",
        "the number of images: 107,859 against 83,898",
    ]
    assert published.not_given()[:3] == ["the split", "the number of labels", "the labels in use beside those scored"]
    assert FULL.not_given() == []


def test_only_localisation_states_what_it_counts() -> None:
    assert PLAIN.not_given() == []
    assert FULL.agrees(PLAIN) == []
    assert replace(FULL, boxed=None).not_given() == ["the targets that are present and have a box"]
    wider = replace(FULL, localisation=looked_at([0, 18.0]))
    assert wider.agrees(FULL) == [
        "what counts as looking at a label: greatest attention in a box or a box grown by 18 px "
        "against greatest attention in a box"
    ]
    assert FULL.line().endswith("ties grouped, localisation: 1,234 boxed targets, greatest attention in a box")


def test_every_field_is_compared() -> None:
    assert list(WORDS) == list(FULL.to_json())


def test_line() -> None:
    assert PLAIN.line() == "nus_wide test, all 107,859 images, 81 labels, empty labels left out, ties grouped"
    assert (
        "1 image with positives, 1 label," in replace(FULL, num_images=1, num_labels=1, images="with_positives").line()
    )
    assert "81 labels among all" in replace(FULL, label_context="all").line()
    short = LabelProtocol(task="zsl", data="nus_wide", split="", images="with_positives")
    assert short.line() == "nus_wide, images with positives, labels"


def test_labels_hash_ignores_the_order() -> None:
    assert labels_hash(["b", "a"]) == labels_hash(["a", "b"])
    assert labels_hash(["a", "b"]) != labels_hash(["a\nb"])
    assert len(labels_hash(["müller"])) == 12
