"""Regions against a loop over the places."""

from __future__ import annotations

import torch

from compose.blocks.vision.regions import Regions


def test_embeds_every_place() -> None:
    torch.manual_seed(0)
    block = Regions(5, 3).double()
    maps = torch.randn(2, 5, 4, 3, dtype=torch.float64, requires_grad=True)
    found = block(maps, torch.randn(7, 3, dtype=torch.float64))
    weight, bias = block.embed.weight[:, :, 0, 0], block.embed.bias
    slow = torch.stack(
        [torch.stack([weight @ image[:, y, x] + bias for y in range(4) for x in range(3)]) for image in maps]
    )
    torch.testing.assert_close(found, slow)
    cotangent = torch.randn_like(found)
    gradients = [torch.autograd.grad((out * cotangent).sum(), [maps, *block.parameters()]) for out in (found, slow)]
    torch.testing.assert_close(*gradients)
