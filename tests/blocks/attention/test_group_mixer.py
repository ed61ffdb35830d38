"""What a mixer of groups is where nothing but its sizes is said."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from compose.blocks.attention.group_mixer import GroupMixer


def test_alone_it_drops_nothing_and_is_the_equations() -> None:
    """Each group by itself, in loops: eq. 4 and 5 of the paper with GELU between two linear layers."""
    mixer = GroupMixer(4, 3, places=6, reduction=2).double().train()
    for weight in mixer.parameters():
        torch.nn.init.normal_(weight)
    given = torch.randn(2, 3, 6, 4, dtype=torch.float64)

    def mlp(layers: torch.nn.Sequential, x: torch.Tensor, group: int) -> torch.Tensor:
        first, last = layers[0], layers[-1]
        hidden = F.gelu(x @ first.weight[group] + first.bias[group])
        return hidden @ last.weight[group] + last.bias[group]

    def norm(layer: torch.nn.Module, x: torch.Tensor, group: int) -> torch.Tensor:
        mean, variance = x.mean(-1, keepdim=True), x.var(-1, keepdim=True, unbiased=False)
        return (x - mean) / (variance + 1e-5).sqrt() * layer.weight[group] + layer.bias[group]

    expected = torch.empty_like(given)
    for image in range(2):
        for group in range(3):
            x = given[image, group]
            x = x + mlp(mixer.mix_places, norm(mixer.norm_places, x, group).T, group).T
            expected[image, group] = x + mlp(mixer.mix_channels, norm(mixer.norm_channels, x, group), group)
    torch.testing.assert_close(mixer(given), expected)
