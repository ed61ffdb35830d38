from __future__ import annotations

import pytest
import torch

from compose.blocks.core.norms.normalise import Normalise

OVER_CHANNELS = {"dims": "... c h w", "axis": "c"}


def slow(maps, length):
    """One place after the other."""
    scaled = torch.zeros_like(maps)
    for image in range(maps.shape[0]):
        for y in range(maps.shape[2]):
            for x in range(maps.shape[3]):
                vector = maps[image, :, y, x]
                norm = sum(value**2 for value in vector) ** 0.5
                scaled[image, :, y, x] = length * vector / norm
    return scaled


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("length", [1.0, 10.0])
def test_every_place_gets_the_length(length, same):
    maps = torch.randn(2, 5, 3, 4, requires_grad=True)
    block = Normalise(**OVER_CHANNELS, length=length)
    same(lambda: block(maps), lambda: slow(maps, length), [maps])
    torch.testing.assert_close(block(maps).norm(dim=1), torch.full((2, 3, 4), length))


def test_a_place_of_zeros_stays_so():
    maps = torch.zeros(1, 3, 2, 2, requires_grad=True)
    scaled = Normalise(**OVER_CHANNELS, length=10)(maps)
    scaled.sum().backward()
    assert scaled.abs().sum() == 0
    assert maps.grad.isfinite().all()


def test_channels_last_and_half_precision():
    maps = torch.randn(2, 8, 3, 3)
    plain = Normalise(**OVER_CHANNELS, length=10)(maps)
    torch.testing.assert_close(
        Normalise(**OVER_CHANNELS, length=10)(maps.contiguous(memory_format=torch.channels_last)), plain
    )
    torch.testing.assert_close(
        Normalise(**OVER_CHANNELS, length=10)(maps.bfloat16()).float(), plain, rtol=0.02, atol=0.05
    )
