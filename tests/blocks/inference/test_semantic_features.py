from __future__ import annotations

import pytest
import torch
from torch import nn

from compose.blocks.inference.semantic_features import SemanticFeatures

EXAMPLES, INPUTS, BASE, DIM = 3, 5, 4, 6


def slow(block, features):
    """Appendix A.1, an example at a time: linear layers with a ReLU between each two."""
    *hidden, last = [layer for layer in block.modules() if isinstance(layer, nn.Linear)]
    rows = []
    for x in features:
        for layer in hidden:
            x = (layer.weight @ x + layer.bias).clamp(min=0)
        rows.append(last.weight @ x + last.bias)
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("hidden", [[], [7], [8, 7]])
def test_features_in_the_space_of_the_vectors(same, hidden):
    block = SemanticFeatures(INPUTS, DIM, hidden=hidden)
    features, base = torch.randn(EXAMPLES, INPUTS, requires_grad=True), torch.randn(BASE, DIM)
    assert block(features, base).shape == (EXAMPLES, DIM)
    same(lambda: block(features, base), lambda: slow(block, features), [features, *block.parameters()])


def test_of_the_vectors_only_their_length_counts():
    block, features = SemanticFeatures(INPUTS, DIM, hidden=[7]), torch.randn(EXAMPLES, INPUTS)
    assert torch.equal(block(features, torch.randn(BASE, DIM)), block(features, torch.randn(BASE + 1, DIM)))


def test_dropout_while_training_alone():
    block = SemanticFeatures(INPUTS, DIM, hidden=[50], dropout=0.5)
    given = torch.randn(EXAMPLES, INPUTS), torch.randn(BASE, DIM)
    assert not block(*given).equal(block(*given))
    block.eval()
    assert block(*given).equal(block(*given))
