from __future__ import annotations

import pytest
import torch

from compose.blocks.attention.shared_multi_attention import SharedMultiAttention

IMAGES, CHANNELS, HEIGHT, WIDTH, MODULES, HIDDEN = 2, 4, 2, 3, 3, 5


def slow(block, maps, *, share_first):
    """Eq. 3-5, an attention and a region at a time."""
    first, second = (layer.weight[:, :, 0, 0] for layer in (block.first, block.second))
    biases = [0 if layer.bias is None else layer.bias for layer in (block.first, block.second)]
    first_bias, second_bias = (
        bias + torch.zeros(len(rows)) for bias, rows in zip(biases, (first, second), strict=True)
    )
    features, attention, energies = [], [], []
    for image in maps:
        regions = [image[:, y, x] for y in range(HEIGHT) for x in range(WIDTH)]
        for m in range(MODULES):
            rows = slice(None) if share_first else slice(m * HIDDEN, (m + 1) * HIDDEN)
            hidden = [torch.tanh(first[rows] @ region + first_bias[rows]) for region in regions]
            energy = torch.stack([second[m] @ h + second_bias[m] for h in hidden])
            weights = energy.exp() / energy.exp().sum()
            energies.append(energy)
            attention.append(weights)
            features.append(sum(weight * region for weight, region in zip(weights, regions, strict=True)))
    return features, attention, energies


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("share_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
def test_equations_3_to_5(same, share_first, bias):
    block = SharedMultiAttention(CHANNELS, modules=MODULES, hidden=HIDDEN, share_first=share_first, bias=bias)
    maps = torch.randn(IMAGES, CHANNELS, HEIGHT, WIDTH, requires_grad=True)

    def fast():
        return torch.cat([part.flatten() for part in block(maps)])

    def obvious():
        return torch.cat([torch.cat(part) for part in slow(block, maps, share_first=share_first)])

    same(fast, obvious, [maps, *block.parameters()])


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (14, 14)])
def test_a_map_of_any_size(size):
    features, attention, energies = SharedMultiAttention(CHANNELS)(torch.randn(IMAGES, CHANNELS, *size))
    assert features.shape == (IMAGES, 10, CHANNELS)
    assert attention.shape == energies.shape == (IMAGES, 10, *size)
    torch.testing.assert_close(attention.sum((2, 3)), torch.ones(IMAGES, 10))


def test_sharing_the_hidden_layer_leaves_one_of_them():
    shared, own = (SharedMultiAttention(CHANNELS, hidden=HIDDEN, share_first=share) for share in (True, False))
    assert own.first.weight.numel() == 10 * shared.first.weight.numel()
    assert own.second.weight.numel() == shared.second.weight.numel()
    assert SharedMultiAttention(CHANNELS).first.out_channels == CHANNELS


def test_no_tensor_of_attentions_times_regions_times_channels():
    saved = []
    maps = torch.randn(2, 64, 8, 8, requires_grad=True)
    with torch.autograd.graph.saved_tensors_hooks(lambda t: saved.append(t.numel()) or t, lambda t: t):
        SharedMultiAttention(64)(maps)
    assert max(saved) == maps.numel()  # the hidden layer is as large as the map
