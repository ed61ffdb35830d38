from __future__ import annotations

import pytest
import torch

from compose.blocks.core.convolution import Convolution

IMAGES, INPUTS, CHANNELS, HEIGHT, WIDTH = 2, 3, 4, 3, 5


def slow(block, maps, kernel):
    """Without norm and activation; places outside of the map are 0."""
    weight, bias = block.layers[-1].weight, block.layers[-1].bias
    before = (kernel - 1) // 2
    results = []
    for image in maps:
        for y in range(HEIGHT):
            for x in range(WIDTH):
                result = bias
                for i in range(kernel):
                    for j in range(kernel):
                        row, column = y + i - before, x + j - before
                        if 0 <= row < HEIGHT and 0 <= column < WIDTH:
                            result = result + weight[:, :, i, j] @ image[:, row, column]
                results.append(result)
    return torch.stack(results).view(IMAGES, HEIGHT, WIDTH, CHANNELS).permute(0, 3, 1, 2)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_keeps_the_size(same, kernel):
    block = Convolution(INPUTS, channels=CHANNELS, kernel=kernel, norm=False, activation="none")
    maps = torch.randn(IMAGES, INPUTS, HEIGHT, WIDTH, requires_grad=True)
    same(lambda: block(maps), lambda: slow(block, maps, kernel), [maps, *block.parameters()])


def test_batch_norm_and_activation():
    maps = torch.randn(4, INPUTS, 6, 6)
    normed = Convolution(INPUTS, channels=CHANNELS, activation="none")(maps)
    torch.testing.assert_close(normed.mean((0, 2, 3)), torch.zeros(CHANNELS), atol=1e-5, rtol=0)
    torch.testing.assert_close(normed.var((0, 2, 3), correction=0), torch.ones(CHANNELS), atol=1e-3, rtol=0)
    block = Convolution(INPUTS, channels=CHANNELS)
    assert block(maps).min() == 0
    assert [name for name, _ in block.named_parameters()] == ["layers.0.weight", "layers.1.weight", "layers.1.bias"]
