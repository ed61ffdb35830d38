"""The label space is made from its options in one place, and none of them is forgotten."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.data.source import LabelTable
from compose.labels import label_space
from compose.labels.label_nodes import graph_nodes
from compose.labels.label_options import LabelOptions
from compose.labels.label_space import LabelSpace
from compose.prediction.own_labels import own_labels

TABLE = LabelTable(("cats", "dog", "cat", "sea"), (True, True, False, True), (None, None, None, None))
NAMES = ["wolf", "cat", "dog"]


class Vectors:
    """A vector of a name's length and first letter."""

    dim = 2

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Tensor:
        return torch.tensor([[len(name), ord(name[0]) - 96.0] for name in names])


def no_graph(*names: Any) -> None:
    """A graph that nobody asks for."""


OTHERS: dict[str, Any] = {
    "vectors": Vectors(),
    "normalise": True,
    "standardise": True,
    "cosines": 7,
    "length": 3.0,
    "constant": 2.0,
    "strict": True,
    "graph": no_graph,
    "external": SimpleNamespace(labels=LabelTable(("river",), (True,), (None,))),
    "external_nodes": False,
    "clusters": 2,
}
"""Every option of ``labels:`` at a value that is not its default; of ``normalise``, which a length needs, see below."""


def parameters() -> list[str]:
    return [name for name in inspect.signature(LabelSpace.__init__).parameters if name not in ("self", "table")]


@pytest.fixture
def made_of(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The options of every label space that is made."""
    seen: list[dict[str, Any]] = []

    class Recorded(LabelSpace):
        def __init__(self, table: LabelTable, **options: Any) -> None:
            seen.append(options)
            super().__init__(table, **options)

    monkeypatch.setattr(label_space, "LabelSpace", Recorded)
    return seen


def test_every_parameter_of_the_label_space_is_an_option() -> None:
    assert set(parameters()) == {field.name for field in fields(LabelOptions)} == set(OTHERS)


def test_every_option_reaches_the_label_space(made_of: list[dict[str, Any]]) -> None:
    LabelOptions(**OTHERS).space(TABLE)
    LabelOptions(normalise=False).space(TABLE)
    assert made_of[0] == OTHERS
    assert made_of[1]["normalise"] is False


def test_every_option_reaches_the_space_of_the_users_own_classes(made_of: list[dict[str, Any]]) -> None:
    options = LabelOptions(**OTHERS)
    made: Any = SimpleNamespace(labels=options, space=options.space(TABLE))
    own_labels(made, NAMES, vectors=False)
    assert made_of[1] == {**OTHERS, "strict": False}  # what `strict` drops is left out of the table instead


def test_every_option_reaches_the_nodes_of_the_label_graph(made_of: list[dict[str, Any]]) -> None:
    nodes = graph_nodes(LabelOptions(**OTHERS), TABLE)
    assert made_of == [OTHERS]
    assert nodes.names == ("dog", "cat", "sea")
    assert nodes.external_names == ()
    assert graph_nodes(LabelOptions(**{**OTHERS, "external_nodes": True}), TABLE).external_names == ("river",)


@pytest.mark.parametrize("changes", [{}, {"cosines": None}, {"constant": None}, {"standardise": False}])
def test_a_class_of_the_users_that_is_a_label_has_its_vector(changes: dict[str, Any]) -> None:
    options = LabelOptions(**{**OTHERS, "graph": None, "external": None, **changes})
    made: Any = SimpleNamespace(labels=options, space=options.space(TABLE))
    given = own_labels(made, NAMES, vectors=True)["labels_novel"]
    assert given.shape == (1, 3, made.space.dim)
    torch.testing.assert_close(given[0, 1:], made.space.novel(torch.tensor([2, 1])))
