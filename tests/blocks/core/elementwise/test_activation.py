from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.core.activation_kinds import ACTIVATIONS
from compose.blocks.core.elementwise.activation import Activation

SIGMOID = Activation(kind="sigmoid")


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 5)])
def test_probabilities(same, shape):
    logits = torch.randn(shape, requires_grad=True)
    slow = [1 / (1 + (-logit).exp()) for logit in logits.flatten()]
    same(lambda: SIGMOID(logits), lambda: torch.stack(slow).view(shape), [logits])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_that_differ_stay_apart(dtype):
    found = SIGMOID(torch.tensor([[9.0, 10.0, 11.0]], dtype=dtype))
    expected = torch.tensor([[1 / (1 + math.exp(-logit)) for logit in (9, 10, 11)]])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)


SLOW = {
    "none": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "leaky_relu": lambda x: x if x > 0 else 0.01 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
    "silu": lambda x: x / (1 + math.exp(-x)),
    "mish": lambda x: x * math.tanh(math.log(1 + math.exp(x))),
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "tanh": math.tanh,
    "sigmoid": lambda x: 1 / (1 + math.exp(-x)),
    "hardsigmoid": lambda x: min(max(x / 6 + 0.5, 0.0), 1.0),
    "hardswish": lambda x: x * min(max(x / 6 + 0.5, 0.0), 1.0),
}


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_kind(kind):
    x = torch.linspace(-7, 7, 40, dtype=torch.float64).view(2, 4, 5)
    expected = torch.tensor([SLOW[kind](value) for value in x.flatten().tolist()], dtype=torch.float64).view(x.shape)
    torch.testing.assert_close(ACTIVATIONS[kind]()(x), expected)


def test_the_slope_of_a_leaky_relu():
    x = torch.linspace(-7, 7, 40, dtype=torch.float64)
    torch.testing.assert_close(Activation(kind="leaky_relu", slope=0.2)(x), torch.where(x > 0, x, 0.2 * x))
    torch.testing.assert_close(Activation(kind="relu", slope=0.2)(x), x.clamp(min=0))


@pytest.mark.parametrize("kind", ACTIVATIONS)
def test_every_kind_has_a_second_derivative(kind):
    """What adapts to a task is trained through the steps of its adaptation."""
    x = torch.linspace(-7, 7, 40, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(ACTIVATIONS[kind]().forward(x).square().sum(), x, create_graph=True)
    gradient.sum().backward()
    assert x.grad is not None
