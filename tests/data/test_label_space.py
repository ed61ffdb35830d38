from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.data.label_space import LabelSpace
from compose.data.source import LabelTable

TABLE = LabelTable(
    ("cats", "dog", "cat", "sea", "dogs", "fish"),
    (True, True, False, True, False, False),
    (None, "dog.n.01", None, None, None, "fish.n.02"),
)


class Vectors:
    """Each name's vector is made of its length and letters."""

    dim = 3

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Tensor:
        self.asked = tuple(zip(names, synsets, strict=True))
        return torch.tensor([[len(name), ord(name[0]) - 96, 1.0] for name in names])


def test_tasks() -> None:
    space = LabelSpace(TABLE, Vectors())
    assert space.task("seen").names == ("cats", "dog", "sea")
    assert space.task("unseen").names == space.task("zsl").names == ("cat", "dogs", "fish")
    assert space.task("all").names == space.task("gzsl").names == TABLE.names
    assert space.task("unseen").columns.tolist() == [2, 4, 5]
    assert space.task("unseen").columns.dtype == torch.int64
    assert space.task("gzsl").seen == TABLE.seen


def test_vectors_follow_the_labels_and_have_length_1() -> None:
    vectors = Vectors()
    space = LabelSpace(TABLE, vectors)
    given = space.task("zsl").sources["labels_vectors"]
    expected = torch.nn.functional.normalize(Vectors()(("cat", "dogs", "fish"), (None, None, None)), dim=1)
    torch.testing.assert_close(given, expected)
    assert vectors.asked[5] == ("fish", "fish.n.02")


def test_vectors_stay_as_they_are_if_asked() -> None:
    space = LabelSpace(TABLE, Vectors(), normalise=False)
    assert space.task("seen").sources["labels_vectors"][0].tolist() == [4, 3, 1]


def test_a_model_may_need_no_vectors() -> None:
    assert LabelSpace(TABLE).task("seen").sources == {}


def test_strict_drops_the_other_number_of_an_unseen_label() -> None:
    space = LabelSpace(TABLE, Vectors(), strict=True)
    assert space.dropped == ("cats", "dog")
    assert space.task("seen").names == ("sea",)
    assert space.task("seen").columns.tolist() == [3]
    assert space.task("gzsl").names == ("cat", "sea", "dogs", "fish")
    assert LabelSpace(TABLE, Vectors()).dropped == ()


def test_an_unknown_task() -> None:
    with pytest.raises(ValueError, match="expected one of seen, unseen, zsl, all, gzsl, got `novel`"):
        LabelSpace(TABLE).task("novel")  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "normalise"), [(0.0, True), (float("nan"), False), (float("inf"), True)])
def test_useless_vectors_are_named(value: float, normalise: bool) -> None:
    class Bad(Vectors):
        def __call__(self, names: Any, synsets: Any) -> Tensor:
            vectors = super().__call__(names, synsets)
            vectors[[1, 4]] = value
            return vectors

    with pytest.raises(ValueError, match="zero or not finite: `dog`, `dogs`"):
        LabelSpace(TABLE, Bad(), normalise=normalise)


def test_a_wrong_shape() -> None:
    class Wrong(Vectors):
        dim = 4

    with pytest.raises(ValueError, match=r"expected label vectors of shape \(6, 4\), got \(6, 3\)"):
        LabelSpace(TABLE, Wrong())
