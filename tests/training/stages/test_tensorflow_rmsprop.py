"""TensorFlow's RMSprop against its update, written out for one number at a time."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.training.stages.optimizers import ParameterGroup, RMSprop, RMSpropTF

STEPS = 6


def gradients() -> torch.Tensor:
    return torch.randn(STEPS, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def slow(start: list[float], rates: list[float], *, alpha: float, eps: float, momentum: float, decay: float):
    found = []
    for index, weight in enumerate(start):
        mean_square, step = 1.0, 0.0
        for number, rate in enumerate(rates):
            gradient = gradients()[number, index].item() + decay * weight
            mean_square = alpha * mean_square + (1 - alpha) * gradient * gradient
            step = momentum * step + rate * gradient / (mean_square + eps) ** 0.5
            weight = weight - step
        found.append(weight)
    return torch.tensor(found, dtype=torch.float64)


def stepped(weight: nn.Parameter, optimizer: torch.optim.Optimizer, rates: list[float]) -> torch.Tensor:
    for gradient, rate in zip(gradients(), rates, strict=True):
        optimizer.param_groups[0]["lr"] = rate
        weight.grad = gradient
        optimizer.step()
    return weight.detach()


@pytest.mark.parametrize("options", [{}, {"eps": 1.0, "momentum": 0.9}, {"alpha": 0.5, "eps": 1e-3, "momentum": 0.5}])
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_takes_tensorflows_steps_also_when_the_rate_changes(options, decay):
    start = torch.linspace(-1, 1, 5, dtype=torch.float64)
    rates = [0.1, 0.1, 0.08, 0.08, 0.064, 0.01]
    weight = nn.Parameter(start.clone())
    optimizer = RMSpropTF(weight_decay=decay, **options)([ParameterGroup([weight])])
    expected = slow(start.tolist(), rates, **{"alpha": 0.9, "eps": 1e-10, "momentum": 0.0, **options}, decay=decay)
    torch.testing.assert_close(stepped(weight, optimizer, rates), expected, rtol=1e-12, atol=1e-12)


def test_goes_on_from_its_state():
    rates = [0.1] * STEPS
    whole, halves = (nn.Parameter(torch.ones(5, dtype=torch.float64)) for _ in range(2))
    make = RMSpropTF(eps=1.0, momentum=0.9)
    expected = stepped(whole, make([ParameterGroup([whole])]), rates)
    optimizer = make([ParameterGroup([halves])])
    for number, gradient in enumerate(gradients()):
        if number == STEPS // 2:
            state = optimizer.state_dict()
            optimizer = make([ParameterGroup([halves])])
            optimizer.load_state_dict(state)
        optimizer.param_groups[0]["lr"] = 0.1
        halves.grad = gradient
        optimizer.step()
    torch.testing.assert_close(halves.detach(), expected, rtol=0, atol=0)


def test_leaves_weights_without_a_gradient():
    weight, other = nn.Parameter(torch.ones(2)), nn.Parameter(torch.ones(2))
    optimizer = RMSpropTF()([ParameterGroup([weight, other])])
    weight.grad = torch.ones(2)
    optimizer.step()
    assert other.tolist() == [1, 1]
    assert (weight < 1).all()


def test_the_first_step_is_no_larger_than_the_rate_times_the_gradient():
    """Torch's first step is the rate times 1 / √(1 - α), whatever the gradient is."""
    steps = []
    for make in (RMSpropTF(lr=0.1), RMSprop(lr=0.1, alpha=0.9)):
        weight = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        optimizer = make([ParameterGroup([weight])])
        weight.grad = torch.full((1,), 1e-3, dtype=torch.float64)
        optimizer.step()
        steps.append(-weight.item())
    assert steps[0] == pytest.approx(1e-4 / 0.9**0.5, rel=1e-5)
    assert steps[1] == pytest.approx(0.1 / 0.1**0.5, rel=1e-3)
