from __future__ import annotations

import json
from dataclasses import replace

from compose.evaluation.episodes.episode_protocol import EpisodeProtocol, protocol_from_json
from compose.evaluation.label_protocol import LabelProtocol

FULL = EpisodeProtocol(
    task="5-way 1-shot",
    data="omniglot",
    split="test",
    ways=5,
    shots=1,
    queries=15,
    episodes=1_000,
    num_classes=1_692,
    labels="0123456789ab",
    seed=0,
)
SEVERAL = replace(FULL, data="glosses", num_classes=59, examples="label_split", thresholds={"micro_f1(x)": 0.23126})
PUBLISHED = EpisodeProtocol(task="5-way 1-shot", data="omniglot", split="", ways=5, shots=1)
LABELS = LabelProtocol(task="zsl", data="omniglot", split="test", images="all", num_images=7)


def test_round_trip() -> None:
    """Of both kinds of protocol, each known by its JSON."""
    for protocol in (FULL, SEVERAL, PUBLISHED, LABELS):
        assert protocol_from_json(json.loads(json.dumps(protocol.to_json()))) == protocol


def test_agrees_with_itself_and_with_another_draw() -> None:
    assert FULL.agrees(FULL) == []
    assert FULL.agrees(replace(FULL, seed=1)) == []


def test_differences_in_words() -> None:
    other = replace(FULL, task="5-way 5-shot", shots=5, episodes=600, num_classes=423, labels="ba9876543210")
    assert FULL.agrees(other) == [
        "the task: 5-way 1-shot against 5-way 5-shot",
        "the support pictures of a class: 1 against 5",
        "the number of episodes: 1,000 against 600",
        "the number of classes: 1,692 against 423",
        "the classes (hash of their names): 0123456789ab against ba9876543210",
    ]


def test_what_is_not_given_does_not_disagree_but_is_listed() -> None:
    assert FULL.agrees(PUBLISHED) == PUBLISHED.agrees(FULL) == []
    assert FULL.not_given() == []
    assert PUBLISHED.not_given() == [
        "the split",
        "the query pictures of a class",
        "the number of episodes",
        "the number of classes",
        "the classes (hash of their names)",
    ]


def test_a_task_of_labels_is_another() -> None:
    assert FULL.agrees(LABELS) == ["the task: 5-way 1-shot against zsl"]
    assert LABELS.agrees(FULL) == ["the task: zsl against 5-way 1-shot"]


def test_every_field_is_compared_but_for_the_draw_and_the_thresholds() -> None:
    assert [*FULL.words, "thresholds", "seed", "kind"] == list(SEVERAL.to_json())
    assert SEVERAL.agrees(replace(SEVERAL, thresholds={"micro_f1(x)": 0.7})) == []
    assert SEVERAL.agrees(replace(SEVERAL, examples="example_split")) == [
        "the examples of a split: label_split against example_split"
    ]


def test_what_only_some_episodes_have_is_left_out_elsewhere() -> None:
    """So that protocols stored before are read, and written as they were."""
    assert SEVERAL.to_json().keys() - FULL.to_json().keys() == {"examples", "thresholds"}


def test_line() -> None:
    assert FULL.line() == "omniglot test, 1,692 classes, 1,000 episodes, 15 queries of each class"
    assert PUBLISHED.line() == "omniglot"
    single = replace(FULL, num_classes=1, episodes=1, queries=1)
    assert single.line() == "omniglot test, 1 class, 1 episode, 1 query of each class"
    assert SEVERAL.line() == (
        "glosses test, label_split, 59 labels, 1,000 episodes, 15 queries of each label, "
        "thresholds from 1,000 validation episodes: micro_f1 0.231"
    )
