"""Names that no node and no loss may bear: those by which a model of PyTorch cannot be built, and no more."""

from __future__ import annotations

import builtins
import keyword
from typing import NamedTuple

import pytest
import torch
from jsonschema import Draft7Validator
from torch import Tensor, fx, nn

from compose.errors import Document, Place
from compose.model.assemble import assemble, module_tree
from compose.registry.declaration import Declaration, Port
from compose.spec.schema.node_names import ITSELF, Named, free_names, is_taken
from compose.spec.wiring.module_names import MODULE_NAMES
from compose.spec.wiring.plan import Ref, Step
from compose.spec.wiring.reserved import ROOTS
from compose.spec.yaml.tree import Mapping

MODEL = fx.GraphModule(nn.Module(), fx.Graph())
ATTRIBUTES = {*dir(MODEL), *vars(MODEL)}
OF_THE_CODE = [
    "torch",
    "fx_pytree",
    "pytree",
    "device",
    "inf",
    "nan",
    "NoneType",
    "operator",
    "features",
    "args",
    "kwargs",
]
ALL = sorted({*ATTRIBUTES, *keyword.kwlist, *keyword.softkwlist, *dir(builtins), *OF_THE_CODE, ITSELF, "cls", "words"})
PLACE = Place(Document("names.yaml", ()), 1, 1)


class Halves(NamedTuple):
    """Two results."""

    low: Tensor
    high: Tensor


class Twice(nn.Module):
    """What every node is."""

    def forward(self, x: Tensor) -> Halves:
        return Halves(x, 2 * x)


TWICE = Declaration(
    "block", "twice", __name__, "Twice", "", "", "", (), (),
    (Port("x", ("b",), "float", False, False, ""),),
    tuple(Port(name, ("b",), "float", False, False, "") for name in Halves._fields),
)  # fmt: skip


def _step(name: str, fed: Ref) -> Step:
    return Step(name, "block", TWICE, {}, {"x": fed}, None, PLACE, Mapping(PLACE, {}, {}))


def _works(path: str) -> bool:
    """Whether a model with a step of this name computes what it should."""
    steps = [_step("first", Ref("", "features")), _step(path, Ref("first", "high")), _step("last", Ref(path, "high"))]
    try:
        root = module_tree({step.name: Twice() for step in steps})
        model = assemble(root, steps, {"scores": Ref("last", "high"), "beside": Ref(path, "low")}, "Model")
        given = torch.arange(3.0)
        found = model.train().eval()(features=given)
    except Exception:
        return False
    return torch.equal(found["scores"], 8 * given) and torch.equal(found["beside"], 2 * given)


@pytest.mark.parametrize("path", ["{}", "head.{}", "loss.{}"])
def test_every_name_that_is_left_works(path: str) -> None:
    assert [name for name in ALL if not is_taken(name, "loss") and not _works(path.format(name))] == []


def test_none_is_taken_that_would_work() -> None:
    taken = [name for name in ALL if is_taken(name, "loss") and not name.startswith("_")]
    assert [name for name in taken if name in ATTRIBUTES | {ITSELF, *keyword.kwlist} and _works(name)] == []


def test_the_attributes_are_those_of_a_graph_module() -> None:
    assert {name for name in ATTRIBUTES if not name.startswith("_")} <= MODULE_NAMES


@pytest.mark.parametrize("what", ["node", "loss"])
def test_the_schema_has_the_same_names(what: Named) -> None:
    free = Draft7Validator(free_names(what))
    assert [name for name in {*ALL, *ROOTS} if free.is_valid(name) == is_taken(name, what)] == []
    assert is_taken("image", what) == (what == "node")
