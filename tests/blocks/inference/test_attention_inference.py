from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from compose.block import BlockError
from compose.blocks.inference.attention_inference import AttentionInference

EXAMPLES, BASE, LABELS, FEATURE, DIM = 3, 6, 5, 7, 8
MASKS = {"all": None, "without three": torch.tensor([1, 0, 1, 1, 0, 0], dtype=torch.int8)}


def example():
    sizes = [(EXAMPLES, FEATURE), (BASE, DIM), (LABELS, DIM)]
    return [torch.randn(size, requires_grad=True) for size in sizes]


def mapped(layer, vector):
    return layer.weight @ vector if isinstance(layer, nn.Linear) else vector


def slow(block, features, base, novel, mask, *, temperature=0.25, normalise=True):
    """Eq. 8-10, an example and a base label at a time, with the base labels that take part and no others."""
    *hidden, last = [layer for layer in block.transform.modules() if isinstance(layer, nn.Linear)]
    kept = [vector for place, vector in enumerate(base) if mask is None or mask[place] == 1]
    keys = [mapped(block.key, vector) for vector in kept]
    values = [mapped(block.value, vector) for vector in kept]
    rows = []
    for z in features:
        query = mapped(block.query, z)
        powers = [1 / (1 + (-(query @ key) / temperature).exp()) for key in keys]
        attended = sum(power / sum(powers) * value for power, value in zip(powers, values, strict=True))
        if normalise:
            attended = attended / sum(entry**2 for entry in attended).sqrt()
        for layer in hidden:
            attended = (layer.weight @ attended + layer.bias).clamp(min=0)
        attended = last.weight @ attended + last.bias
        rows.append(torch.stack([attended @ vector for vector in novel]))
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", [{}, {"temperature": 2.0}, {"normalise": False}], ids=str)
@pytest.mark.parametrize("hidden", [None, [], [9, 8]])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_equations_8_to_10(same, mask, hidden, options):
    block, given = AttentionInference(FEATURE, DIM, hidden=hidden, **options), example()
    tensors = [*given, *block.parameters()]
    same(lambda: block(*given, mask), lambda: slow(block, *given, mask, **options), tensors)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_without_maps(same, mask, normalise):
    """Eq. 7 in eq. 10: the base labels' own vectors, by the base classifier's sigmoids."""
    block = AttentionInference(DIM, DIM, maps=False, normalise=normalise)
    features, base, novel = torch.randn(EXAMPLES, DIM, requires_grad=True), *example()[1:]
    tensors = [features, base, novel, *block.parameters()]
    same(
        lambda: block(features, base, novel, mask),
        lambda: slow(block, *tensors[:3], mask, normalise=normalise),
        tensors,
    )
    assert {name.partition(".")[0] for name, _ in block.named_parameters()} == {"transform"}


def test_without_maps_a_feature_is_as_long_as_a_vector():
    with pytest.raises(BlockError, match=f"expected features as long as the labels' vectors, {DIM}, .* got {FEATURE}"):
        AttentionInference(FEATURE, DIM, maps=False)


@pytest.mark.usefixtures("double")
def test_a_mask_is_a_model_without_these_labels():
    block, (features, base, novel), mask = AttentionInference(FEATURE, DIM), example(), MASKS["without three"]
    scores = block(features, base, novel, mask)
    torch.testing.assert_close(scores, block(features, base[mask == 1], novel))
    assert not scores.allclose(block(features, base, novel))


def test_sigmoids_too_small_for_a_number():
    """Where every base label is as improbable as exp(-400), the weights are still as their exponentials."""
    block, (_, _, novel) = AttentionInference(DIM, DIM), example()
    for layer in (block.query, block.key):
        nn.init.eye_(layer.weight)
    features, base = torch.full((1, DIM), 5.0), torch.full((2, DIM), -2.5)
    base[1, 0] -= 0.05
    attention = torch.tensor([[1, 1 / math.e]]) / (1 + 1 / math.e)  # products of -100 and -100.25 over τ
    attended = block.value(attention @ base)
    expected = block.transform(attended / attended.norm()) @ novel.mT
    torch.testing.assert_close(block(features, base, novel), expected)


def test_dropout_while_training_alone():
    block, given = AttentionInference(FEATURE, DIM, hidden=[50], dropout=0.5), example()
    assert not block(*given).equal(block(*given))
    block.eval()
    assert block(*given).equal(block(*given))
