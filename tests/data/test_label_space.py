from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
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
    given = space.sources("zsl")["labels_vectors"]
    expected = torch.nn.functional.normalize(Vectors()(("cat", "dogs", "fish"), (None, None, None)), dim=1)
    torch.testing.assert_close(given, expected)
    assert vectors.asked[5] == ("fish", "fish.n.02")


def test_vectors_stay_as_they_are_if_asked() -> None:
    space = LabelSpace(TABLE, Vectors(), normalise=False)
    assert space.sources("seen")["labels_vectors"][0].tolist() == [4, 3, 1]


def test_a_model_may_need_no_vectors() -> None:
    assert LabelSpace(TABLE).sources("seen") == {}


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
        LabelSpace(TABLE, Bad(), normalise=normalise).sources("seen")


def test_a_wrong_shape() -> None:
    class Wrong(Vectors):
        dim = 4

    with pytest.raises(ValueError, match=r"expected label vectors of shape \(6, 4\), got \(6, 3\)"):
        LabelSpace(TABLE, Wrong()).sources("seen")


EXTERNAL = LabelTable(("sea", "horse", "kitty", "lion"), (True,) * 4, (None, "horse.n.01", "cat.n.01", None))


class Chain:
    """Connects each node with the next."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[str], ...]] = []

    def __call__(self, names: Any, synsets: Any, external_names: Any = (), external_synsets: Any = ()) -> Any:
        self.asked.append((names, synsets, external_names, external_synsets))
        count = len(names) + len(external_names)
        return SimpleNamespace(edges=torch.arange(count - 1).repeat(2, 1) + torch.tensor([[0], [1]]))


def test_external_classes_that_are_labels_are_no_nodes() -> None:
    space = LabelSpace(TABLE, Vectors(), external=SimpleNamespace(labels=EXTERNAL))  # type: ignore[arg-type]
    given = space.sources("zsl")
    assert given["external_classes"].tolist() == [-1, 0, -1, 1]  # `kitty` is the synset of the label `cat`
    assert space.classes is not None
    assert (space.classes.kept.names, space.classes.dropped) == (("horse", "lion"), ("sea", "kitty"))
    assert given["external_vectors"].shape == (2, 3)
    torch.testing.assert_close(given["external_vectors"], space.sources("seen")["external_vectors"])


def test_the_graph_is_over_the_labels_in_use_and_then_the_external_nodes() -> None:
    graph = Chain()
    space = LabelSpace(TABLE, graph=graph, external=SimpleNamespace(labels=EXTERNAL))  # type: ignore[arg-type]
    assert space.sources("seen")["labels_graph"].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4]]
    assert space.sources("seen")["labels_graph"].dtype == torch.int64
    assert space.sources("gzsl")["labels_graph"].shape == (2, 7)
    assert graph.asked == [
        (("cats", "dog", "sea"), (None, "dog.n.01", None), ("horse", "lion"), ("horse.n.01", None)),
        (TABLE.names, TABLE.synsets, ("horse", "lion"), ("horse.n.01", None)),
    ]
    assert space.sources("all")["labels_graph"] is space.sources("gzsl")["labels_graph"]
    assert len(graph.asked) == 2
