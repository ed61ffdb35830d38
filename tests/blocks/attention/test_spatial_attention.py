from __future__ import annotations

import math

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from compose.blocks.attention.gaussian_attention import GaussianAttention
from compose.blocks.attention.spatial_attention import SpatialAttention
from compose.blocks.attention.uniform_attention import UniformAttention

EPISODES, SUPPORT, QUERIES, CHANNELS, HEIGHT, WIDTH, STATE, KEYS = 2, 4, 3, 5, 2, 3, 7, 6


def example(height=HEIGHT, width=WIDTH):
    return [
        torch.randn(EPISODES, QUERIES, STATE, requires_grad=True),
        torch.randn(EPISODES, SUPPORT, CHANNELS, height, width, requires_grad=True),
        torch.randn(EPISODES, QUERIES, CHANNELS, height, width, requires_grad=True),
    ]


def slow(weigh, state, support, query):
    """Eq. 5 for each query picture and each map; ``weigh(state, map)`` gives the attention, ``h w``."""
    found = []
    for episode in range(EPISODES):
        for number in range(QUERIES):
            for image in [query[episode, number], *support[episode]]:
                attention = weigh(state[episode, number], image)
                feature = torch.stack([(attention * channel).sum() for channel in image])
                found.append(torch.cat([feature, attention.flatten()]))
    return torch.stack(found).view(EPISODES, QUERIES, 1 + SUPPORT, -1)


def together(attended):
    """The same layout from a block's result."""
    queries, support, own, others = attended
    own = torch.cat([queries, own.flatten(2)], dim=-1).unsqueeze(2)
    return torch.cat([own, torch.cat([support, others.flatten(3)], dim=-1)], dim=2)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("keys", [KEYS, None])
def test_equations_3_to_5(same, keys):
    block, given = SpatialAttention(STATE, CHANNELS, keys=keys), example()
    query_weight, key_weight = block.asked.query.weight, block.asked.key.weight

    def weigh(state, image):
        query = query_weight @ state
        energies = [
            [query @ (key_weight @ image[:, row, column]) / math.sqrt(len(query)) for column in range(WIDTH)]
            for row in range(HEIGHT)
        ]
        powers = torch.stack([torch.stack(row) for row in energies]).exp()
        return powers / powers.sum()

    tensors = [*given, *block.parameters()]
    same(lambda: together(block(*given)), lambda: slow(weigh, *given), tensors)


@pytest.mark.usefixtures("double")
def test_uniform(same):
    given = example()
    weight = torch.full((HEIGHT, WIDTH), 1 / (HEIGHT * WIDTH))
    same(lambda: together(UniformAttention()(*given)), lambda: slow(lambda *_: weight, *given), given[1:])


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("height", "width"), [(2, 3), (5, 4), (1, 1)])
def test_gaussian(same, height, width):
    given, sigma = example(height, width), 0.3

    def density(place, size):
        return math.exp(-((((place + 0.5) / size - 0.5) / sigma) ** 2) / 2)

    bell = torch.tensor(
        [[density(row, height) * density(column, width) for column in range(width)] for row in range(height)]
    )
    weight = bell / bell.sum()
    same(lambda: together(GaussianAttention(sigma=sigma)(*given)), lambda: slow(lambda *_: weight, *given), given[1:])


def test_a_wide_bell_is_uniform_and_a_narrow_one_the_middle():
    given = example(3, 3)
    wide, uniform = GaussianAttention(sigma=1e4)(*given), UniformAttention()(*given)
    for ours, theirs in zip(wide, uniform, strict=True):
        torch.testing.assert_close(ours, theirs)
    narrow = GaussianAttention(sigma=0.01)(*given)
    torch.testing.assert_close(narrow.query_features, given[2][..., 1, 1])


def test_the_state_decides_where_to_look():
    block, (state, support, query) = SpatialAttention(STATE, CHANNELS), example()
    attended = block(torch.cat([state[:, :1], state[:, :1], state[:, 2:]], dim=1), support, query)
    torch.testing.assert_close(attended.support_features[:, 0], attended.support_features[:, 1])
    assert not attended.support_features[:, 0].allclose(attended.support_features[:, 2])


class Largest(TorchDispatchMode):
    """The most elements of any tensor that an operation gives."""

    size = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, (tuple, list)) else [result]:
            if isinstance(tensor, torch.Tensor):
                self.size = max(self.size, tensor.numel())
        return result


@pytest.mark.parametrize("make", [lambda: SpatialAttention(STATE, CHANNELS), UniformAttention, GaussianAttention])
def test_no_map_is_held_for_each_query(make):
    given = example(8, 8)
    with Largest() as largest:
        attended = make()(*given)
        (attended.support_features.sum() + attended.query_features.sum()).backward()
    assert largest.size == EPISODES * SUPPORT * CHANNELS * 64  # the support's maps themselves
