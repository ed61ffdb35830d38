"""Layers of transformers compute what torch's does, and BiAM's branches what its equations say."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .composite_model import CHANNELS, CompositeModel, assert_same

TOKENS = torch.randn(3, 9, CHANNELS).double()
MAPS = torch.randn(3, CHANNELS, 4, 5).double()
DIM = 8


class _Layer(nn.Module):
    """torch's layer, its mask as ours."""

    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(CHANNELS, 2, 20, batch_first=True, layer_norm_eps=1e-3, **options)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        found: Tensor = self.layer(tokens, src_key_padding_mask=None if mask is None else mask == 0)
        return found


@pytest.mark.parametrize("dropout", [0.0, 0.3])
@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("prenorm", [False, True])
def test_transformer_layer(prenorm: bool, masked: bool, dropout: float) -> None:
    """Both draw what they drop in the same order."""
    reference = _Layer(dropout=dropout, norm_first=prenorm, activation="gelu").double()
    for norm in (reference.layer.norm1, reference.layer.norm2):
        nn.init.normal_(norm.weight)
        nn.init.normal_(norm.bias)
    name = "transformer_encoder_prenorm" if prenorm else "transformer_encoder"
    feeds = "{tokens: tokens, mask: mask}" if masked else "tokens"
    node = f"{{use: {name}, in: {feeds}, heads: 2, hidden: 20, dropout: {dropout}, activation: gelu, eps: 1e-3}}"
    sources, values = ["tokens"], [TOKENS]
    if masked:
        mask = torch.ones(3, 9).double()
        mask[0, 3:], mask[1, 0] = 0, 0
        sources, values = ["tokens", "mask"], [TOKENS, mask]
    layer = reference.layer
    modules = {
        "attended.layer": layer.self_attn,
        "wide.layer": layer.linear1,
        "narrow.layer": layer.linear2,
        "norm.layer": layer.norm1,
        "second_norm.layer": layer.norm2,
    }
    tested = CompositeModel(node, *sources, pattern="b t d -> b d")
    assert_same(tested, reference, modules, values, ["second_sum" if prenorm else "second_norm"], seed=7)


class _Region(nn.Module):
    """BiAM's region branch as 1 × 1 convolutions over the map, h heads."""

    def __init__(self, heads: int, hidden: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Conv2d(CHANNELS, CHANNELS, 1) for _ in range(4))
        self.wide, self.narrow = nn.Conv2d(CHANNELS, hidden, 1), nn.Conv2d(hidden, CHANNELS, 1)

    def forward(self, maps: Tensor) -> Tensor:
        b, c, h, w = maps.shape
        size = c // self.heads
        found = []
        q, k, v = (layer(maps).view(b, self.heads, size, h * w) for layer in (self.q, self.k, self.v))
        for head in range(self.heads):
            weights = (q[:, head].transpose(1, 2) @ k[:, head] / size**0.5).softmax(2)  # b hw hw
            found.append((weights @ v[:, head].transpose(1, 2)).transpose(1, 2))
        attended = maps + self.o(torch.cat(found, dim=1).view(b, c, h, w))
        enriched: Tensor = attended + self.narrow(self.wide(attended).relu())
        return enriched


def _as_attention(region: _Region) -> nn.MultiheadAttention:
    """The same weights as torch's attention has them."""
    found = nn.MultiheadAttention(CHANNELS, region.heads).double()
    parts = (region.q, region.k, region.v)
    with torch.no_grad():
        found.in_proj_weight.copy_(torch.cat([part.weight[:, :, 0, 0] for part in parts]))
        found.in_proj_bias.copy_(torch.cat([part.bias for part in parts if part.bias is not None]))
        found.out_proj.weight.copy_(region.o.weight[:, :, 0, 0])
        assert region.o.bias is not None
        found.out_proj.bias.copy_(region.o.bias)
    return found


def test_biam_region_branch() -> None:
    reference = _Region(heads=2, hidden=12).double()
    tested = CompositeModel("{use: biam_region, in: start, heads: 2, hidden: 12, dropout: 0}", "start")
    tested.take(
        {"attended.layer": _as_attention(reference), "wide.layer": reference.wide, "narrow.layer": reference.narrow}
    )
    for training in (True, False):
        mine, theirs = (MAPS.clone().requires_grad_() for _ in range(2))
        [got] = tested.run([mine], ["back"], training=training)
        expected = reference(theirs)
        torch.testing.assert_close(got, expected, rtol=1e-9, atol=1e-10)
        probe = torch.randn_like(got)
        tested.model.zero_grad()
        reference.zero_grad()
        (got * probe).sum().backward()
        (expected * probe).sum().backward()
        torch.testing.assert_close(mine.grad, theirs.grad, rtol=1e-8, atol=1e-9)
        weight = tested.model.get_parameter("tested.attended.layer.in_proj_weight").grad
        parts = [part.weight.grad for part in (reference.q, reference.k, reference.v)]
        torch.testing.assert_close(weight, torch.cat([part[:, :, 0, 0] for part in parts if part is not None]))


class _Scene(nn.Module):
    """BiAM's scene branch, written out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.key, self.shared = nn.Linear(CHANNELS, channels), nn.Conv2d(CHANNELS, channels, 1)
        self.around, self.norm = nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels, 1e-3, 0.99)

    def forward(self, maps: Tensor, scene: Tensor) -> tuple[Tensor, Tensor]:
        key = self.key(F.dropout(scene, 0.2, self.training))
        value = F.leaky_relu(self.shared(maps), 0.2)
        gate = (value.mean((2, 3)) * key).sigmoid()
        gated = value * gate[:, :, None, None]
        return gated + self.norm(self.around(gated).relu()), gate


def test_biam_scene_branch() -> None:
    reference = _Scene(6).double()
    modules = {
        "key.layer": reference.key,
        "projected.layers.0": reference.shared,
        "around.layers.0": reference.around,
        "around.layers.2": reference.norm,
    }
    values = [MAPS, torch.randn(3, CHANNELS).double()]
    tested = CompositeModel("{use: biam_scene, in: [start, scene], channels: 6}", "start", "scene")
    assert_same(tested, reference, modules, values, ["sum", "gate"], seed=3)


class _Bilinear(nn.Module):
    """Bilinear attention of every label with every place, one at a time."""

    def __init__(self, *, bias: bool) -> None:
        super().__init__()
        self.u, self.v = nn.Linear(DIM, 3, bias=bias), nn.Linear(CHANNELS, 3, bias=bias)
        self.p = nn.Parameter(torch.randn(3))

    def forward(self, maps: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor]:
        features, attention = [], []
        for image in maps.flatten(2).mT:
            for vector in vectors:
                fit = torch.stack([(self.p * self.u(vector) * self.v(place)).sum() for place in image])
                shares = fit.exp() / fit.exp().sum()
                attention.append(shares)
                features.append(sum(share * place for share, place in zip(shares, image, strict=True)))
        sizes = (len(maps), len(vectors))
        return torch.stack(features).view(*sizes, -1), torch.stack(attention).view(*sizes, -1)


@pytest.mark.parametrize("bias", [True, False])
def test_bilinear_attention(bias: bool) -> None:
    reference = _Bilinear(bias=bias).double()
    node = f"{{use: bilinear_attention, in: [start, labels.vectors], hidden: 3, bias: {str(bias).lower()}}}"
    tested = CompositeModel(node, "start", "labels_vectors", output="tested.features", pattern="b l c -> b c")
    scale = nn.ParameterDict({"factor": reference.p})
    modules = {"asked.layer": reference.u, "answered.layer": reference.v, "weighed": scale}
    values = [MAPS[:, :, :2, :3], torch.randn(128, DIM).double()]
    assert_same(tested, reference, modules, values, ["taken", "shares"])
