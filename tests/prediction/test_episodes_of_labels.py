"""What a few-shot model is given, and what is made of its answers."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.data.source import LabelTable
from compose.errors import UsageError
from compose.evaluation.evaluation import Evaluation
from compose.labels.label_options import LabelOptions
from compose.prediction.asked_episode import Episode, drawn_episodes
from compose.prediction.own_labels import own_labels
from compose.prediction.predicted_labels import threshold_of

from ..tasks.labelled import Labelled, carrying


@pytest.mark.parametrize(
    ("metrics", "threshold"),
    [
        (["micro_auc", {"use": "micro_f1", "threshold": "validation"}], 0.5),
        ([{"use": "micro_f1", "threshold": 0.3}, "macro_f1"], 0.3),
    ],
)
def test_the_threshold_is_the_evaluations(metrics: Any, threshold: float) -> None:
    assert threshold_of(Evaluation(tasks=("episodes",), metrics=tuple(metrics))) == threshold


def test_padding_is_left_out() -> None:
    """Of the label carried by two examples, none may be left to ask about."""
    source = Labelled(carrying([0, 1, 2, 3], [0, 1], count=4))
    evaluation = Evaluation(tasks=("episodes",), ways=2, queries=5, metrics=("micro_f1",))
    made: Any = SimpleNamespace(source=source, evaluation=evaluation, episodes=evaluation.episodes[0])
    drawn = list(drawn_episodes(made, 20, None))
    assert {len(episode.queries) for episode in drawn} == {1, 2}
    for episode in drawn:
        assert episode.query_targets is not None
        places = episode.examples["features"][:, 0].long().tolist()
        assert episode.queries == tuple(f"test {place}" for place in places[2:])
        truth = [[1 if place in source_of else -1 for source_of in carriers(episode)] for place in places[2:]]
        assert episode.query_targets.tolist() == truth
        assert len(episode.support_targets) == 2


def carriers(episode: Episode) -> list[list[int]]:
    """Which examples carry each label of an episode."""
    return [[0, 1, 2, 3] if name == "l0" else [0, 1] for name in episode.classes]


class Vectors:
    """A vector of a name's length and first letter; not every name has one."""

    dim = 2

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Tensor:
        if "nothing" in names:
            raise ValueError("`nothing` has no vector")
        return torch.tensor([[len(name), ord(name[0]) - 96.0] for name in names])


def made(**options: Any) -> Any:
    """Labels of which those that the user's classes equal are seen, unseen, or dropped."""
    table = LabelTable(("cats", "dog", "cat", "sea"), (True, True, False, True), (None, None, None, None))
    section = LabelOptions(vectors=Vectors(), **options)
    return SimpleNamespace(labels=section, space=section.space(table))


def test_own_labels_have_the_form_of_the_others() -> None:
    prepared = made(standardise=True, length=3.0, constant=2.0, strict=True)
    given = own_labels(prepared, ["wolf", "cat", "dog"], vectors=True)
    seen = torch.tensor([[3.0, 4.0], [3.0, 19.0]])  # dog and sea: `cats` is dropped beside `cat`
    raw = torch.tensor([[4.0, 23.0], [3.0, 3.0], [3.0, 4.0]])
    standard = (raw - seen.mean(0)) / torch.tensor([1.0, 7.5])
    expected = torch.cat([3 * standard / standard.norm(dim=1, keepdim=True), torch.full((3, 1), 2.0)], dim=1)
    torch.testing.assert_close(given["labels_novel"], expected[None])
    torch.testing.assert_close(given["labels_novel"][0, 1:], prepared.space.novel(torch.tensor([2, 1])))


def test_a_base_label_takes_no_part_beside_itself() -> None:
    assert own_labels(made(), ["wolf", "cat"], vectors=True)["labels_base_mask"].tolist() == [[1, 1, 1]]
    assert own_labels(made(), ["wolf", "dog"], vectors=True)["labels_base_mask"].tolist() == [[1, 0, 1]]


def test_own_labels_without_a_vector() -> None:
    with pytest.raises(UsageError, match="the names of its classes are the labels, and `nothing` has no vector"):
        own_labels(made(), ["wolf", "nothing"], vectors=True)
    assert set(own_labels(made(), ["wolf", "nothing"], vectors=False)) == {"labels_base_mask"}
