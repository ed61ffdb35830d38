"""Attention, transformer layer, learned tensors and places of tokens, written out."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import nn

from compose.block import BlockError
from compose.blocks.core.layers.learned_tensor import LearnedTensor
from compose.blocks.core.layers.multihead_attention import MultiheadAttention
from compose.blocks.core.layers.positional_encoding import PositionalEncoding
from compose.blocks.core.layers.transformer_layer import TransformerLayer

pytestmark = pytest.mark.usefixtures("double")
D, HEADS = 4, 2


def projections(layer):
    """The weights and biases of queries, keys and values."""
    apart = [layer.q_proj_weight, layer.k_proj_weight, layer.v_proj_weight]
    weights = layer.in_proj_weight.chunk(3) if layer.in_proj_weight is not None else apart
    return list(zip(weights, layer.in_proj_bias.chunk(3), strict=True))


def attend(layer, query, key, value, mask):
    """One sequence: each head by itself, a sum over the tokens that take part."""
    q, k, v = (
        [w @ x + b for x in tokens] for (w, b), tokens in zip(projections(layer), (query, key, value), strict=True)
    )
    size = D // HEADS
    features, weights = [], torch.zeros(len(q), len(k))
    for i, asking in enumerate(q):
        heads = []
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            powers = [
                (asking[part] @ other[part] / math.sqrt(size)).exp() * seen for other, seen in zip(k, mask, strict=True)
            ]
            shares = [power / sum(powers) for power in powers]
            weights[i] = weights[i] + torch.stack(shares) / HEADS
            heads.append(sum(share * other[part] for share, other in zip(shares, v, strict=True)))
        features.append(layer.out_proj.weight @ torch.cat(heads) + layer.out_proj.bias)
    return torch.stack(features), weights


@pytest.mark.parametrize("leading", [(), (2,), (2, 1)])
@pytest.mark.parametrize("masked", [True, False])
def test_attention_to_others(same, leading, masked):
    block = MultiheadAttention(D, 3, 5, heads=HEADS)
    nn.init.normal_(block.layer.in_proj_bias)
    query, key, value = (torch.randn(*leading, n, d, requires_grad=True) for n, d in ((3, D), (6, 3), (6, 5)))
    mask = torch.tensor([1, 0, 1, 1, 0, 1]) if masked else None

    def slow():
        rows = zip(*(x.reshape(-1, *x.shape[-2:]) for x in (query, key, value)), strict=True)
        found = [attend(block.layer, *row, torch.ones(6) if mask is None else mask) for row in rows]
        features, weights = (torch.stack(parts) for parts in zip(*found, strict=True))
        return features.view(*leading, 3, D), weights.view(*leading, 3, 6)

    for port in (0, 1):
        same(lambda port=port: block(query, key, value, mask)[port], lambda port=port: slow()[port], [query, key])


def test_attention_to_one_another():
    block, tokens = MultiheadAttention(D, heads=HEADS), torch.randn(2, 3, D)
    for found, expected in zip(block(tokens), block(tokens, tokens, tokens), strict=True):
        assert found.equal(expected)
    for found, expected in zip(block(tokens), block.layer(tokens, tokens, tokens), strict=True):
        torch.testing.assert_close(found, expected)


def test_a_mask_for_each_sequence():
    block, tokens = MultiheadAttention(D, heads=HEADS).eval(), torch.randn(2, 3, D)
    mask = torch.tensor([[True, True, False], [True, False, True]])
    features, weights = block(tokens, mask=mask)
    assert weights[0, :, 2].abs().sum() == weights[1, :, 1].abs().sum() == 0
    for i in range(2):
        torch.testing.assert_close(features[i], block(tokens[i], tokens[i][mask[i]]).features)


def test_a_mask_of_more_sequences():
    with pytest.raises(BlockError, match="a mask of 2 × 3 has more dims than tokens of 3 × 4"):
        MultiheadAttention(D, heads=HEADS)(torch.zeros(3, D), mask=torch.ones(2, 3))


@pytest.mark.parametrize("norm_first", [True, False])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_transformer_layer(same, norm_first, activation):
    block = TransformerLayer(
        D, heads=HEADS, hidden=5, dropout=0, norm_first=norm_first, activation=activation, eps=1e-3
    )
    tokens, layer = torch.randn(2, 1, 3, D, requires_grad=True), block.layer
    between = {"relu": lambda x: x.clamp(min=0), "gelu": lambda x: x * 0.5 * (1 + (x / math.sqrt(2)).erf())}[activation]

    def norm(x, by):
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-3).sqrt() * by.weight + by.bias

    def attended(x):
        return attend(layer.self_attn, x, x, x, torch.ones(3))[0]

    def changed(x):
        hidden = between(x @ layer.linear1.weight.T + layer.linear1.bias)
        return hidden @ layer.linear2.weight.T + layer.linear2.bias

    def slow():
        results = []
        for x in tokens.flatten(0, 1):
            if norm_first:
                x = x + attended(norm(x, layer.norm1))
                results.append(x + changed(norm(x, layer.norm2)))
            else:
                x = norm(x + attended(x), layer.norm1)
                results.append(norm(x + changed(x), layer.norm2))
        return torch.stack(results).view(tokens.shape)

    same(lambda: block(tokens).tokens, slow, [tokens, *block.parameters()])


def test_a_token_that_the_others_do_not_see():
    block, tokens = TransformerLayer(D, heads=HEADS).eval(), torch.randn(2, 3, D)
    found = block(tokens, torch.tensor([1, 1, 0])).tokens
    torch.testing.assert_close(found[:, :2], block(tokens[:, :2]).tokens)
    assert TransformerLayer(D, heads=1).layer.linear1.out_features == 4 * D


@pytest.mark.parametrize("block", [MultiheadAttention, TransformerLayer])
def test_heads_that_do_not_divide(block):
    with pytest.raises(BlockError, match="expected a number that divides the tokens' size 6, got 4"):
        block(6, heads=4)


def test_learned_tensors():
    torch.manual_seed(0)
    tokens = LearnedTensor(shape="40 50", std=0.5)
    assert tokens().shape == (40, 50)
    assert math.isclose(tokens().std(), 0.5, rel_tol=0.1)
    assert LearnedTensor((2, 3, 4, 5), shape="7 c 1 2", dims="b c ...", init="zeros")(
        torch.zeros(2, 3, 4, 5)
    ).shape == (7, 3, 1, 2)
    assert LearnedTensor(shape="1", init="ones")().tolist() == [1]
    with pytest.raises(BlockError, match="the size of `d` is not known: no tensor is wired to `like`"):
        LearnedTensor(shape="4 d")
    with pytest.raises(BlockError, match='"b c" does not fit `like` of 5: "b c" has 2 dims'):
        LearnedTensor((5,), shape="4 c", dims="b c")


@pytest.mark.parametrize("size", [4, 5])
def test_waves(same, size):
    tokens = torch.randn(2, 3, size, requires_grad=True)

    def slow():
        rows = torch.empty(3, size)
        for t, i in product(range(3), range(size)):
            angle = t / 10_000 ** (2 * (i // 2) / size)
            rows[t, i] = math.sin(angle) if i % 2 == 0 else math.cos(angle)
        return tokens + rows

    same(lambda: PositionalEncoding(3, size)(tokens), slow, [tokens])
    assert PositionalEncoding(3, size)(torch.randn(7, size)).shape == (7, size)


def test_learned_places(same):
    block, tokens = PositionalEncoding(3, 4, kind="learned"), torch.randn(2, 3, 4, requires_grad=True)
    same(lambda: block(tokens), lambda: torch.stack([one + block.table for one in tokens]), [tokens, block.table])
