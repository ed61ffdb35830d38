import pytest
import torch
from torch import nn

from compose.block import BlockError
from compose.training.stages.optimizers import SGD, Adam, AdamW, Optimizer, ParameterGroup, RMSprop, RMSpropTF

PLAIN = {
    "adam": (Adam(lr=0.1, betas=(0.8, 0.9), weight_decay=0.3), torch.optim.Adam, {"betas": (0.8, 0.9)}),
    "adamw": (AdamW(lr=0.1, weight_decay=0.3, decay_norms=True), torch.optim.AdamW, {}),
    "sgd": (
        SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.3),
        torch.optim.SGD,
        {"momentum": 0.9, "nesterov": True},
    ),
    "rmsprop": (
        RMSprop(lr=0.1, alpha=0.9, eps=1.0, momentum=0.9, weight_decay=0.3),
        torch.optim.RMSprop,
        {"alpha": 0.9, "eps": 1.0, "momentum": 0.9},
    ),
}


def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def step(module: nn.Linear, optimizer: torch.optim.Optimizer) -> torch.Tensor:
    for _ in range(3):
        module(torch.ones(1, 3)).square().sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    return module.weight


@pytest.mark.parametrize("name", PLAIN)
def test_steps_like_the_torch_optimizer_it_stands_for(name):
    factory, plain, options = PLAIN[name]
    ours, theirs = layer(), layer()
    stepped = step(ours, factory([ParameterGroup(list(ours.parameters()))]))
    expected = step(theirs, plain(theirs.parameters(), lr=0.1, weight_decay=0.3, **options))
    torch.testing.assert_close(stepped, expected)


@pytest.mark.parametrize("made", [Adam(lr=0.1), AdamW(lr=0.1), SGD(lr=0.1), RMSprop(lr=0.1), RMSpropTF(lr=0.1)])
def test_complex_weights_take_a_step(made):
    weight = nn.Parameter(torch.ones(3, dtype=torch.complex64))
    optimizer = made([ParameterGroup([weight, nn.Parameter(torch.ones(2))])])
    weight.abs().square().sum().backward()
    optimizer.step()
    assert (weight.abs() < 1).all()


def test_decay_can_leave_out_biases_and_norms():
    module = nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2))
    optimizer = AdamW(weight_decay=0.1)([ParameterGroup(list(module.parameters()), 0.5)])
    decays = [(group["weight_decay"], len(group["params"])) for group in optimizer.param_groups]
    assert decays == [(0.1, 1), (0.0, 3)]


def test_a_group_scales_the_rate():
    optimizer = Adam(lr=0.1)([ParameterGroup(list(layer().parameters()), 0.5)])
    assert optimizer.param_groups[0]["lr"] == optimizer.param_groups[0]["base_lr"] == 0.05


def test_nesterov_needs_momentum():
    with pytest.raises(BlockError, match="expected a momentum above 0 with nesterov, got 0") as caught:
        SGD(nesterov=True)
    assert caught.value.parameter == "momentum"


def test_the_base_is_not_registered():
    assert "__compose__" not in vars(Optimizer)
