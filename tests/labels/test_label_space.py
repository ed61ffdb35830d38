from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.block import BlockError
from compose.data.source import LabelTable
from compose.labels.label_options import LabelOptions
from compose.labels.label_set import Labels
from compose.labels.label_space import LabelSpace

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


def test_label_sets() -> None:
    space = LabelSpace(TABLE, Vectors())
    assert space.label_set("seen").names == ("cats", "dog", "sea")
    assert space.label_set("unseen").names == ("cat", "dogs", "fish")
    assert space.label_set("all").names == TABLE.names
    assert space.label_set("unseen").columns == (2, 4, 5)
    assert space.label_set("unseen").index.equal(torch.tensor([2, 4, 5]))
    assert space.label_set("all").seen == TABLE.seen


def test_what_it_says_of_itself() -> None:
    assert repr(LabelSpace(TABLE, Vectors())) == "LabelSpace(6 labels: 3 seen, 3 unseen, vectors of size 3)"
    strict = LabelSpace(TABLE, Vectors(), constant=1.0, strict=True)
    assert repr(strict) == "LabelSpace(4 labels: 1 seen, 3 unseen, vectors of size 4)"
    assert repr(LabelSpace(TABLE)) == "LabelSpace(6 labels: 3 seen, 3 unseen)"


def test_vectors_follow_the_labels_and_have_length_1() -> None:
    vectors = Vectors()
    space = LabelSpace(TABLE, vectors)
    given = space.inputs("unseen")["labels_vectors"]
    expected = torch.nn.functional.normalize(Vectors()(("cat", "dogs", "fish"), (None, None, None)), dim=1)
    torch.testing.assert_close(given, expected)
    assert vectors.asked[5] == ("fish", "fish.n.02")


def test_vectors_stay_as_they_are_if_asked() -> None:
    space = LabelSpace(TABLE, Vectors(), normalise=False)
    assert space.inputs("seen")["labels_vectors"][0].tolist() == [4, 3, 1]


def test_a_model_may_need_no_vectors() -> None:
    space = LabelSpace(TABLE)
    assert set(space.inputs("seen")) == {"labels_base_mask"}
    assert (space.vectors, space.dim) == (None, 0)


def test_strict_drops_the_other_number_of_an_unseen_label() -> None:
    space = LabelSpace(TABLE, Vectors(), strict=True)
    assert space.dropped == ("cats", "dog")
    assert space.label_set("seen").names == ("sea",)
    assert space.label_set("seen").columns == (3,)
    assert space.label_set("all").names == ("cat", "sea", "dogs", "fish")
    assert LabelSpace(TABLE, Vectors()).dropped == ()


def test_an_unknown_set() -> None:
    with pytest.raises(ValueError, match="expected one of seen, unseen, all, got `novel`"):
        LabelSpace(TABLE).label_set("novel")  # type: ignore[arg-type]


def bad(value: float) -> Vectors:
    class Bad(Vectors):
        def __call__(self, names: Any, synsets: Any) -> Tensor:
            vectors = super().__call__(names, synsets)
            vectors[[1, 4]] = value
            return vectors

    return Bad()


@pytest.mark.parametrize("options", [{}, {"normalise": False}, {"standardise": True}], ids=str)
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_vectors_that_are_not_finite_are_named(value: float, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^label vectors that are not finite: `dog`, `dogs`$"):
        LabelSpace(TABLE, bad(value), **options).inputs("seen")


def test_vectors_that_cannot_be_scaled_are_named() -> None:
    with pytest.raises(ValueError, match=r"^label vectors that are zero: `dog`, `dogs`$"):
        LabelSpace(TABLE, bad(0.0)).inputs("seen")
    assert LabelSpace(TABLE, bad(0.0), normalise=False).inputs("seen")["labels_vectors"][1].tolist() == [0, 0, 0]


def test_a_wrong_shape() -> None:
    class Wrong(Vectors):
        dim = 4

    with pytest.raises(ValueError, match=r"expected label vectors of shape \(6, 4\), got \(6, 3\)"):
        LabelSpace(TABLE, Wrong()).inputs("seen")


# --- the form of the vectors ------------------------------------------------------------------------------------------

SEEN = [0, 1, 3]


def standardised(vectors: Tensor) -> Tensor:
    """A dimension at a time; all vectors are alike in the last."""
    columns = []
    for column in vectors.double().T:
        known = [float(column[row]) for row in SEEN]
        mean = sum(known) / len(known)
        deviation = (sum((value - mean) ** 2 for value in known) / len(known)) ** 0.5
        columns.append((column - mean) / (deviation or 1))
    return torch.stack(columns, dim=1).float()


def test_standardised_over_the_seen_labels() -> None:
    found = LabelSpace(TABLE, Vectors(), standardise=True, normalise=False).inputs("all")["labels_vectors"]
    torch.testing.assert_close(found, standardised(Vectors()(TABLE.names, TABLE.synsets)))
    assert found.dtype == torch.float32
    torch.testing.assert_close(found[SEEN].mean(0), torch.zeros(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(found[SEEN].std(0, correction=0), torch.tensor([1.0, 1, 0]))


def test_unseen_labels_have_no_say_in_it() -> None:
    class Others(Vectors):
        def __call__(self, names: Any, synsets: Any) -> Tensor:
            vectors = super().__call__(names, synsets)
            vectors[[2, 4, 5]] += torch.tensor([7.0, -50, 3])
            return vectors

    for options in ({"normalise": False}, {"length": 4.0, "constant": 3.0}):
        spaces = [LabelSpace(TABLE, source, standardise=True, **options) for source in (Vectors(), Others())]
        here, there = (space.inputs("seen")["labels_vectors"] for space in spaces)
        assert here.equal(there)


def test_nor_have_seen_labels_that_are_dropped() -> None:
    space = LabelSpace(TABLE, Vectors(), standardise=True, normalise=False, strict=True)
    assert space.inputs("seen")["labels_vectors"].tolist() == [[0, 0, 0]]  # `sea` alone


def test_standardised_then_scaled_then_with_a_constant_component() -> None:
    space = LabelSpace(TABLE, Vectors(), standardise=True, length=4, constant=3)
    found = space.inputs("all")["labels_vectors"]
    assert found.shape == (6, space.dim) == (6, 4)
    plain = standardised(Vectors()(TABLE.names, TABLE.synsets))
    torch.testing.assert_close(found[:, :3], 4 * torch.nn.functional.normalize(plain, dim=1))
    assert found[:, 3].tolist() == [3.0] * 6


def test_each_for_itself() -> None:
    raw = Vectors()(TABLE.names, TABLE.synsets)
    unit = torch.nn.functional.normalize(raw, dim=1)
    given = {"length": 2.0}, {"constant": 0.5}, {"normalise": False, "constant": 0.5}
    longer, appended, untouched = (LabelSpace(TABLE, Vectors(), **options).vectors for options in given)
    assert longer is not None and appended is not None and untouched is not None  # noqa: PT018
    torch.testing.assert_close(longer, 2 * unit)
    torch.testing.assert_close(appended[:, :3], unit)
    torch.testing.assert_close(untouched[:, :3], raw)
    assert appended[:, 3].tolist() == untouched[:, 3].tolist() == [0.5] * 6


def test_the_size_of_a_vector_is_known_before_any_is_read() -> None:
    class Unread:
        dim = 300

        def __call__(self, names: Any, synsets: Any) -> Tensor:
            raise AssertionError("the vectors are read")

    assert LabelSpace(TABLE, Unread()).dim == 300
    assert LabelSpace(TABLE, Unread(), standardise=True, length=4, constant=3).dim == 301


def test_no_seen_labels_to_standardise_by() -> None:
    table = LabelTable(TABLE.names, (False,) * 6, TABLE.synsets)
    with pytest.raises(ValueError, match="expected seen labels to standardise the vectors by, found none"):
        LabelSpace(table, Vectors(), standardise=True).inputs("unseen")


def test_a_vector_that_is_the_mean_of_the_seen_ones() -> None:
    table = LabelTable(("ab", "cb", "bb", "bx"), (True, True, True, False), (None,) * 4)
    with pytest.raises(ValueError, match=r"^label vectors that are zero once standardised: `bb`, `bx`$"):
        LabelSpace(table, Vectors(), standardise=True).inputs("seen")


def test_a_length_for_vectors_that_are_not_scaled() -> None:
    with pytest.raises(BlockError, match="expected `normalise: true` with a length, got `false`") as caught:
        LabelOptions(normalise=False, length=4)
    assert caught.value.parameter == "length"


# --- base and novel labels --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", ["seen", "unseen", "all"])
def test_the_base_labels_are_the_seen_ones_whatever_is_asked_for(labels: Labels) -> None:
    given = LabelSpace(TABLE, Vectors(), length=2, constant=1).inputs(labels)
    expected = LabelSpace(TABLE, Vectors(), length=2, constant=1).inputs("seen")["labels_vectors"]
    assert given["labels_base"].equal(expected)
    assert given["labels_base_mask"].equal(torch.ones(3, dtype=torch.int8))


def test_base_labels_are_none_that_are_dropped() -> None:
    space = LabelSpace(TABLE, Vectors(), strict=True)
    assert space.inputs("unseen")["labels_base"].equal(space.inputs("seen")["labels_vectors"])
    assert space.without(torch.tensor([[3, 5], [0, 1]])).tolist() == [[0], [1]]


def test_vectors_of_the_labels_of_tasks() -> None:
    space = LabelSpace(TABLE, Vectors(), standardise=True, constant=1)
    columns = torch.tensor([[5, 0], [2, 3], [0, 4]])
    every = space.inputs("all")["labels_vectors"]
    found = space.novel(columns)
    assert found.shape == (3, 2, 4)
    for task, label in torch.cartesian_prod(torch.arange(3), torch.arange(2)):
        assert found[task, label].equal(every[columns[task, label]])
    assert space.novel(columns[0]).equal(found[0])


def test_the_labels_of_a_training_task_leave_the_base_labels() -> None:
    columns = torch.tensor([[1, 0, 3], [3, 2, 5], [4, 5, 2]])
    found = LabelSpace(TABLE, Vectors()).without(columns)
    assert found.dtype == torch.int8
    expected = [[int(column not in task) for column in SEEN] for task in columns.tolist()]
    assert found.tolist() == expected == [[0, 0, 0], [1, 1, 0], [1, 1, 1]]


# --- external classes and graphs --------------------------------------------------------------------------------------

EXTERNAL = LabelTable(("sea", "horse", "kitty", "lion"), (True,) * 4, (None, "horse.n.01", "cat.n.01", None))


class Chain:
    """Connects each node with the next."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[str], ...]] = []

    def __call__(self, names: Any, synsets: Any, external_names: Any = (), external_synsets: Any = ()) -> Any:
        self.asked.append((names, synsets, external_names, external_synsets))
        count = len(names) + len(external_names)
        edges = torch.arange(count - 1).repeat(2, 1) + torch.tensor([[0], [1]])
        return SimpleNamespace(edges=edges, relations=torch.arange(count - 1) % 2 + 1)


def test_external_classes_that_are_labels_are_no_nodes() -> None:
    space = LabelSpace(TABLE, Vectors(), external=SimpleNamespace(labels=EXTERNAL))  # type: ignore[arg-type]
    given = space.inputs("unseen")
    assert given["external_classes"].tolist() == [-1, 0, -1, 1]  # `kitty` is the synset of the label `cat`
    assert space.classes is not None
    assert (space.classes.kept.names, space.classes.dropped) == (("horse", "lion"), ("sea", "kitty"))
    assert given["external_vectors"].shape == (2, 3)
    torch.testing.assert_close(given["external_vectors"], space.inputs("seen")["external_vectors"])


def test_external_classes_are_measured_by_the_seen_labels() -> None:
    external: Any = SimpleNamespace(labels=EXTERNAL)
    space = LabelSpace(TABLE, Vectors(), standardise=True, length=4, constant=3, external=external)
    raw = Vectors()([*TABLE.names, "horse", "lion"], [None] * 8)
    expected = 4 * torch.nn.functional.normalize(standardised(raw)[6:], dim=1)
    found = space.inputs("unseen")["external_vectors"]
    torch.testing.assert_close(found[:, :3], expected)
    assert found[:, 3].tolist() == [3, 3]


def test_the_graph_is_over_the_labels_in_use_and_then_the_external_nodes() -> None:
    graph = Chain()
    space = LabelSpace(TABLE, graph=graph, external=SimpleNamespace(labels=EXTERNAL))  # type: ignore[arg-type]
    assert space.inputs("seen")["labels_graph"].tolist() == [[0, 1, 2, 3], [1, 2, 3, 4]]
    assert space.inputs("seen")["labels_graph"].dtype == torch.int64
    assert space.inputs("seen")["labels_relations"].tolist() == [1, 2, 1, 2]
    assert space.inputs("all")["labels_graph"].shape == (2, 7)
    assert graph.asked == [
        (("cats", "dog", "sea"), (None, "dog.n.01", None), ("horse", "lion"), ("horse.n.01", None)),
        (TABLE.names, TABLE.synsets, ("horse", "lion"), ("horse.n.01", None)),
    ]
    assert space.inputs("all")["labels_graph"] is space.inputs("all")["labels_graph"]
    assert len(graph.asked) == 2
