"""Softmax, gate, scale, dropout and detach, written out."""

from __future__ import annotations

import math

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.elementwise.detach import Detach
from compose.blocks.core.elementwise.dropout import Dropout
from compose.blocks.core.elementwise.gate import Gate
from compose.blocks.core.elementwise.scale import Scale
from compose.blocks.core.elementwise.softmax import Softmax

pytestmark = pytest.mark.usefixtures("double")


@pytest.mark.parametrize("log", [True, False])
@pytest.mark.parametrize(
    ("dims", "axis", "place"), [("... d", "d", 2), ("b c ...", "c", 1), ("b c h", "b", 0), ("... c h", "c", 1)]
)
def test_softmax(same, dims, axis, place, log):
    x = torch.randn(2, 3, 4, requires_grad=True)

    def slow():
        powers = (x / 0.7).exp()
        shares = powers / sum(powers.unbind(place)).unsqueeze(place)
        return shares.log() if log else shares

    same(lambda: Softmax(dims=dims, axis=axis, temperature=0.7, log=log)(x), slow, [x])


@pytest.mark.parametrize(
    ("kind", "function"),
    [
        ("sigmoid", lambda x: 1 / (1 + (-x).exp())),
        ("tanh", lambda x: (x.exp() - (-x).exp()) / (x.exp() + (-x).exp())),
        ("none", lambda x: x),
    ],
)
def test_gate(same, kind, function):
    x, gate = torch.randn(2, 3, 4, 5, requires_grad=True), torch.randn(2, 3, 1, 1, requires_grad=True)
    same(lambda: Gate(kind=kind)(x, gate), lambda: x * function(gate).expand_as(x), [x, gate])
    torch.testing.assert_close(Gate(kind="hardsigmoid")(x, gate), x * (gate / 6 + 0.5).clamp(0, 1))
    with pytest.raises(BlockError, match="tensors of 2 × 3 × 4 × 5, 2 × 3 do not meet entry by entry"):
        Gate()(x, gate[..., 0, 0])


@pytest.mark.parametrize(
    ("dims", "axis", "shape"),
    [("... d", "d", (5,)), ("b c h w", "c", (3, 1, 1)), ("b c ...", "c", (3, 1, 1)), ("... c h w", "c", (3, 1, 1))],
)
def test_a_learned_factor_for_each_channel(same, dims, axis, shape):
    x = torch.randn(2, 3, 4, 5, requires_grad=True)
    block = Scale(x.shape, factor=0.5, learned=True, dims=dims, axis=axis)
    assert block.factor.shape == shape
    assert block.factor.unique().tolist() == [0.5]
    torch.nn.init.normal_(block.factor)
    place = 3 if axis == "d" else 1

    def slow():
        entries = [part * factor for part, factor in zip(x.unbind(place), block.factor.flatten(), strict=True)]
        return torch.stack(entries, place)

    same(lambda: block(x), slow, [x, block.factor])


@pytest.mark.parametrize("learned", [True, False])
def test_one_factor(learned):
    x = torch.randn(2, 3)
    block = Scale(x.shape, factor=-1.5, learned=learned)
    torch.testing.assert_close(block(x), -1.5 * x)
    assert list(block.state_dict()) == (["factor"] if learned else [])
    assert Scale(x.shape).float()(x.float()).dtype == torch.float32


def test_dropout_scales_what_stays():
    torch.manual_seed(0)
    found = Dropout(p=0.25)(torch.ones(10_000))
    assert set(found.tolist()) == {0.0, 1 / 0.75}
    assert math.isclose(found.mean(), 1, abs_tol=0.02)
    assert Dropout(p=0.25).eval()(torch.ones(9)).equal(torch.ones(9))


def test_no_gradient_comes_back():
    x = torch.randn(2, 3, requires_grad=True)
    found = Detach()(x)
    assert found.equal(x)
    assert not found.requires_grad
    assert Detach()(torch.arange(3)).tolist() == [0, 1, 2]
