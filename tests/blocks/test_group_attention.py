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


def test_hidden_is_the_vectors_size_by_default():
    assert GroupAttention(5).query[0].out_features == 5
    assert GroupAttention(5, hidden=9).query[0].out_features == 9
