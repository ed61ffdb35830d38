from __future__ import annotations

import math

import pytest
import torch
from torch.nn import functional as F

from compose.block import BlockError
from compose.blocks.attention.ml2p_encoder import ML2PEncoder

IMAGES, GROUPS, DIM, HEIGHT, WIDTH = 2, 3, 6, 2, 3


def encoder(**options):
    block = ML2PEncoder(DIM, GROUPS, HEIGHT, WIDTH, reduction=2, **options)
    for parameter in block.parameters():  # no weight may hide behind a one or a zero
        torch.nn.init.normal_(parameter, std=0.5)
    return block


def inputs():
    return torch.randn(IMAGES, GROUPS, DIM, HEIGHT, WIDTH, requires_grad=True)


def layer_norm(x, weight, bias):
    """Over the channels, the first axis of ``d hw``."""
    columns = []
    for column in x.T:
        centred = column - column.mean()
        columns.append(centred / (centred.square().mean() + 1e-5).sqrt() * weight + bias)
    return torch.stack(columns, dim=1)


def mlp(layers, index, x):
    """Over the first axis."""
    first, _, second = layers
    hidden = first.weight[index].T @ x + first.bias[index].T
    hidden = 0.5 * hidden * (1 + torch.erf(hidden / math.sqrt(2)))
    return second.weight[index].T @ hidden + second.bias[index].T


def softmax_rows(x):
    return torch.stack([row.exp() / row.exp().sum() for row in x])


def mix(mixer, index, x):
    """Eq. 4-5 on one group, ``d hw``."""
    norm = layer_norm(x, mixer.norm_places.weight[index, 0], mixer.norm_places.bias[index, 0])
    x = x + mlp(mixer.mix_places, index, norm.T).T
    norm = layer_norm(x, mixer.norm_channels.weight[index, 0], mixer.norm_channels.bias[index, 0])
    return x + mlp(mixer.mix_channels, index, norm)


def slow_paper(block, groups, kernel):
    sets = block.attention.sets
    weights = block.attention.qkv.weight.view(sets, 3, DIM, DIM, kernel, kernel)
    biases = block.attention.qkv.bias.view(sets, 3, DIM)
    vectors = []
    for image in groups:
        for number, group in enumerate(image):
            index = number % sets
            query, key, value = (
                F.conv2d(group, weights[index, i], biases[index, i], padding=kernel // 2).reshape(DIM, -1)
                for i in range(3)
            )
            relations = softmax_rows(key @ query.T)
            x = group.reshape(DIM, -1).T + value.T @ relations  # hw d
            mixed = mix(block.mixer, index, x.T)
            vectors.append(torch.stack([max(channel) for channel in mixed]))
    return torch.stack(vectors).view(IMAGES, GROUPS, DIM)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("kernel", [1, 3])
def test_paper(same, shared, kernel):
    block, groups = encoder(shared=shared, kernel=kernel), inputs()
    parameters = [p for name, p in block.named_parameters()]
    same(lambda: block(groups).semantics, lambda: slow_paper(block, groups, kernel), [groups, *parameters])


def slow_released(block, groups, *, shared):
    attention = block.attention
    vectors = []
    for image in groups:
        channels = image.reshape(GROUPS * DIM, HEIGHT, WIDTH)
        qkv = F.conv2d(channels, attention.qkv.weight, attention.qkv.bias)
        depthwise = [
            F.conv2d(
                qkv[i : i + 1], attention.depthwise.weight[i : i + 1], attention.depthwise.bias[i : i + 1], padding=1
            )
            for i in range(3 * GROUPS * DIM)
        ]
        qkv = torch.cat(depthwise).reshape(3, GROUPS, DIM, HEIGHT * WIDTH)
        for number in range(GROUPS):
            query, key, value = (part / part.norm(dim=1, keepdim=True) for part in qkv[:, number])
            value = qkv[2, number]
            related = softmax_rows(query @ key.T * attention.temperature[number, 0, 0]) @ value
            mixed = mix(block.mixer, 0 if shared else number, related)
            vectors.append(1 / (1 + torch.stack([(-max(channel)).exp() for channel in mixed])))
    return torch.stack(vectors).view(IMAGES, GROUPS, DIM)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shared", [True, False])
def test_released(same, shared):
    block, groups = encoder(variant="released", shared=shared), inputs()
    expected = lambda: slow_released(block, groups, shared=shared)  # noqa: E731
    same(lambda: block(groups).semantics, expected, [groups, *block.parameters()])


@pytest.mark.parametrize("variant", ["paper", "released"])
def test_attention_says_where_the_vectors_come_from(variant):
    _, attention, places = encoder(variant=variant)(inputs())
    assert attention.shape == (IMAGES, GROUPS, HEIGHT, WIDTH)
    assert not attention.requires_grad
    counts = torch.stack([(places == place).sum(2) for place in range(HEIGHT * WIDTH)], dim=2)
    torch.testing.assert_close(attention.flatten(2), counts / DIM)


def test_own_weights_for_each_group_start_differently():
    block = ML2PEncoder(DIM, GROUPS, HEIGHT, WIDTH, shared=False)
    weight = block.mixer.mix_channels[0].weight
    assert weight.shape[0] == GROUPS
    assert not weight[0].equal(weight[1])


def test_shared_weights_do_not_grow_with_the_groups():
    few, many = (sum(p.numel() for p in ML2PEncoder(DIM, g, HEIGHT, WIDTH).parameters()) for g in (1, 7))
    assert few == many


def test_one_place():
    assert ML2PEncoder(5, 1, 1, 1)(torch.randn(2, 1, 5, 1, 1)).semantics.shape == (2, 1, 5)


def test_an_even_kernel_would_shrink_the_map():
    with pytest.raises(BlockError, match="odd size, so that the map keeps its own, got 4") as raised:
        encoder(kernel=4)
    assert raised.value.parameter == "kernel"


def test_begins_as_the_spatial_maximum():
    groups = torch.randn(2, 3, 5, 4, 4)
    block = ML2PEncoder(5, 3, 4, 4)
    torch.testing.assert_close(block(groups).semantics, groups.amax((3, 4)))
