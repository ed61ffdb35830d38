from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.blocks.inference.feature_inference import FeatureInference

EXAMPLES, LABELS, FEATURE, DIM = 3, 5, 6, 4


def example():
    return torch.randn(EXAMPLES, FEATURE, requires_grad=True), torch.randn(LABELS, DIM, requires_grad=True)


def slow(block, features, novel, *, normalise):
    """Eq. 5, an example and a label at a time."""
    *hidden, last = [layer for layer in block.modules() if isinstance(layer, nn.Linear)]
    rows = []
    for z in features:
        for layer in hidden:
            z = (layer.weight @ z + layer.bias).clamp(min=0)
        z = last.weight @ z + last.bias
        if normalise:
            z = z / sum(entry**2 for entry in z).sqrt()
        rows.append(torch.stack([z @ vector for vector in novel]))
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("hidden", [None, [], [7, 3]])
def test_equation_5(same, hidden, normalise):
    block, given = FeatureInference(FEATURE, DIM, hidden=hidden, normalise=normalise), example()
    tensors = [*given, *block.parameters()]
    same(lambda: block(*given), lambda: slow(block, *given, normalise=normalise), tensors)


def test_the_hidden_layer_is_as_wide_as_a_vector_by_default():
    shapes = {name: tuple(weight.shape) for name, weight in FeatureInference(FEATURE, DIM).named_parameters()}
    assert list(shapes.values()) == [(DIM, FEATURE), (DIM,), (DIM, DIM), (DIM,)]


def test_dropout_while_training_alone():
    block, given = FeatureInference(FEATURE, DIM, hidden=[50], dropout=0.5), example()
    assert not block(*given).equal(block(*given))
    block.eval()
    assert block(*given).equal(block(*given))
