from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.group_attention import GroupAttention


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def project(layers, x):
    first, _, second = layers
    return gelu(x @ first.weight.T + first.bias) @ second.weight.T + second.bias


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("hidden", [None, 3])
def test_equations_6_and_7(same, groups, hidden):
    block = GroupAttention(5, hidden=hidden)
    x = torch.randn(2, groups, 5, requires_grad=True)

    def slow():
        rows = []
        for image in x:
            queries, keys = project(block.query, image), project(block.key, image)
            for i in range(groups):
                rows.append(sum((queries[i] @ keys[j]) * image[j] for j in range(groups)))
        return torch.stack(rows).view(2, groups, 5)

    same(lambda: block(x), slow, [x, *block.parameters()])


def test_rows_begin_alike():
    mixed = torch.cat([GroupAttention(300)(torch.randn(8, 7, 300)) for _ in range(8)])
    between_rows = mixed.var(dim=1).sum() / mixed.square().sum(2).mean(1).sum()
    assert between_rows < 0.5  # 0.9 with the weights of nn.Linear


def test_hidden_is_the_vectors_size_by_default():
    assert GroupAttention(5).query[0].out_features == 5
    assert GroupAttention(5, hidden=9).query[0].out_features == 9
