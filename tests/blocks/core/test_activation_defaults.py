"""An activation of which nothing but its name is said is torch's own."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.blocks.core.activation_kinds import ACTIVATIONS, activation_layer

THEIRS = {"leaky_relu": nn.LeakyReLU(), "gelu": nn.GELU(), "softplus": nn.Softplus(), "silu": nn.SiLU()}


@pytest.mark.parametrize("kind", THEIRS)
def test_it_is_torchs(kind: str) -> None:
    x = torch.linspace(-3, 3, 13, dtype=torch.float64)
    torch.testing.assert_close(activation_layer(kind)(x), THEIRS[kind](x))  # type: ignore[arg-type]


def test_a_slope_is_of_leaky_relu_alone() -> None:
    x = torch.tensor([-2.0, 2.0])
    assert activation_layer("leaky_relu", slope=0.25)(x).tolist() == [-0.5, 2.0]
    others = [kind for kind in ACTIVATIONS if kind != "leaky_relu"]
    assert all(torch.equal(activation_layer(kind, slope=0.25)(x), ACTIVATIONS[kind]()(x)) for kind in others)
