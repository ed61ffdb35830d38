from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.attention.group_attention import GroupAttention


def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


def project(layers, x):
    first, _, second = layers
    return gelu(x @ first.weight.T + first.bias) @ second.weight.T + second.bias


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("groups", [1, 4])
@pytest.mark.parametrize("hidden", [None, 3])
def test_equations_6_and_7(same, groups, hidden):
    block = GroupAttention(5, groups, hidden=hidden)
    for parameter in block.parameters():  # no weight may hide behind a zero
        torch.nn.init.normal_(parameter, std=0.5)
    x = torch.randn(2, groups, 5, requires_grad=True)

    def slow():
        rows = []
        for image in x:
            queries, keys = project(block.query, image), project(block.key, image)
            for i in range(groups):
                relations = torch.stack([queries[i] @ keys[j] for j in range(groups)])
                mixed = sum(relations[j] * image[j] for j in range(groups))
                rows.append(torch.cat([mixed, relations]))
        return torch.stack(rows).view(2, groups, 5 + groups)

    same(lambda: torch.cat(block(x), dim=2), slow, [x, *block.parameters()])


def test_begins_as_a_sum_of_the_groups():
    x = torch.randn(8, 7, 300)
    expected = x.sum(1, keepdim=True).expand_as(x) / 7**0.5
    torch.testing.assert_close(GroupAttention(300, 7)(x).semantics, expected, rtol=1e-4, atol=1e-4)


def test_hidden_is_the_vectors_size_by_default():
    assert GroupAttention(5, 3).query[0].out_features == 5
    assert GroupAttention(5, 3, hidden=9).query[0].out_features == 9
