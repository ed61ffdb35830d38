"""What every block of the core vocabulary can do: gradients, ``torch.export``, ``torch.compile``."""

from __future__ import annotations

import importlib
import subprocess
import sys
from typing import Any

import pytest
import torch
from torch import Tensor

from compose.model.dims import Bindings
from compose.registry.declaration import Port
from compose.registry.registry import registry
from compose.spec.example import example
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain

from .cases import CASES, Case

DECLARED = {d.name: d for d in registry().all() if d.kind == "block" and d.module.startswith("compose.blocks.core.")}
ALL = [pytest.param(case, id=f"{name}-{number}") for name, cases in CASES.items() for number, case in enumerate(cases)]
EACH = pytest.mark.parametrize("case", ALL)


def leaves(result: Any) -> list[Tensor]:
    return [leaf for one in result for leaf in leaves(one)] if isinstance(result, tuple | list) else [result]


def test_each_has_a_case() -> None:
    assert CASES.keys() == DECLARED.keys()


@EACH
def test_gradients(case: Case) -> None:
    block, fed = case.make().double().train(), case.inputs(grad=True)
    for module in block.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = 0.0
    given = [leaf for leaf in leaves(list(fed.values())) if leaf.requires_grad]
    given += list(block.parameters())
    taken = [leaf for leaf in leaves(block(**fed)) if leaf.requires_grad]
    if case in CASES["detach"]:
        assert not taken
    else:
        assert torch.autograd.gradcheck(lambda *_: tuple(t for t in leaves(block(**fed)) if t.requires_grad), given)


@EACH
def test_export_and_compile(case: Case) -> None:
    """Each stands in a model, as the framework assembles it."""
    block, fed = case.make().double().eval(), case.inputs()
    model = torch.fx.GraphModule({"block": block}, _graph(fed))
    expected = leaves(block(**fed))
    program = torch.export.export(model, (), fed)
    for found in (program.module()(**fed), torch.compile(model, backend="eager", fullgraph=True)(**fed)):
        for ours, theirs in zip(leaves(found), expected, strict=True):
            torch.testing.assert_close(ours, theirs)


def _graph(fed: dict[str, Any]) -> torch.fx.Graph:
    graph = torch.fx.Graph()
    given = {port: graph.placeholder(port) for port in fed}
    graph.output(graph.call_module("block", (), given))
    return graph


def test_checks_of_parameters_need_no_torch() -> None:
    """They run when a spec is read."""
    modules = {d.check.partition(":")[0] for d in registry().all() if d.check}
    loaded = "[name for name in ('torch', 'numpy', 'pydantic', 'einops') if name in sys.modules]"
    code = f"import sys, {', '.join(modules)}; print({loaded})"
    assert modules
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_what_a_check_looks_at_are_parameters() -> None:
    from compose.registry.refusal import checked

    for declaration in registry().all():
        assert {*checked(declaration)} <= {p.name for p in declaration.parameters}, declaration.name
        assert importlib.import_module(declaration.module)


FITTING: dict[str, dict[str, Any]] = {
    "activation": {"features": (2, 3)},
    "add": {"tensors": [(2, 3), (2, 3)]},
    "batch_norm": {"features": (2, 4, 5, 6)},
    "concat": {"tensors": [(2, 4, 5, 6), (2, 1, 5, 6)]},
    "convolution": {"maps": (2, 4, 5, 6)},
    "cosine": {"first": (2, 3), "second": (4, 3)},
    "detach": {"tensor": (2, 3)},
    "distance": {"first": (2, 3), "second": (4, 3)},
    "dropout": {"features": (2, 3)},
    "einsum": {"tensors": [(2, 3, 4), (5, 4)]},
    "gate": {"features": (2, 4, 5, 6), "gate": (2, 4, 1, 1)},
    "group_norm": {"features": (2, 8, 5, 6)},
    "layer_norm": {"features": (2, 4, 5, 6)},
    "linear": {"features": (2, 3)},
    "mlp": {"features": (2, 3)},
    "multihead_attention": {"query": (2, 3, 8)},
    "multiply": {"tensors": [(2, 3), (2, 3)]},
    "normalise": {"features": (2, 4, 5, 6)},
    "parameter": {},
    "pool": {"maps": (2, 4, 5, 6)},
    "positional_encoding": {"tokens": (2, 3, 4)},
    "rearrange": {"tensor": (2, 4, 5, 6)},
    "reduce": {"tensor": (2, 4, 5, 6)},
    "repeat": {"tensor": (2, 3)},
    "resize": {"maps": (2, 4, 5, 6)},
    "scale": {"features": (2, 3)},
    "select": {"values": (2, 3, 4), "index": (2, 5)},
    "softmax": {"features": (2, 3, 4)},
    "top_k_mean": {"features": (2, 4, 5)},
    "transformer_layer": {"tokens": (2, 3, 8)},
}
"""Shapes that fit what ``compose describe`` shows of a block."""


@pytest.mark.parametrize("name", DECLARED)
def test_the_example_of_its_docs_runs(name: str) -> None:
    declaration, bindings, fed = DECLARED[name], Bindings(), {}
    for port in declaration.inputs:
        shapes = FITTING[name].get(port.name)
        if shapes is not None:
            tensors = [_tensor(port, shape) for shape in (shapes if port.many else [shapes])]
            fed[port.name] = tensors if port.many else tensors[0]
            for tensor in tensors:
                bindings.bind(port, tuple(tensor.shape))
    sizes = {size.name: value for size in declaration.sizes if (value := bindings.value(size)) is not None}
    shown = plain(load_text(example(declaration, registry()), name))["model"][name]
    values = {key: value for key, value in shown.items() if key not in ("use", "in")}
    block = registry().construct("block", name, {**sizes, **values})
    for output in leaves(block(**fed)):
        assert output.isfinite().all()


def _tensor(port: Port, shape: tuple[int, ...]) -> Tensor:
    return torch.zeros(shape, dtype=torch.int64) if port.dtype == "int" else torch.randn(shape)
