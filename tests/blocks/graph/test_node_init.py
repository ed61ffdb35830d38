from __future__ import annotations

import pytest
import torch

from compose.blocks.graph.node_init import NodeInit

IMAGES, LABELS, FEATURE, DIM = 3, 4, 5, 2


def block():
    return NodeInit(FEATURE, DIM, hidden=6, size=7)


def slow(block, features, vectors):
    rows = []
    for image in features:
        for label, vector in enumerate(vectors):
            feature = image[label] if image.ndim == 2 else image
            hidden = block.hidden.weight @ torch.cat([feature, vector]) + block.hidden.bias
            rows.append(block.state.weight @ hidden.clamp(min=0) + block.state.bias)
    return torch.stack(rows).view(len(features), len(vectors), -1)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shape", [(IMAGES, FEATURE), (IMAGES, LABELS, FEATURE)])
def test_an_mlp_of_the_concatenation(same, shape):
    init, features = block(), torch.randn(shape, requires_grad=True)
    vectors = torch.randn(LABELS, DIM, requires_grad=True)
    inputs = [features, vectors, *init.parameters()]
    same(lambda: init(features, vectors), lambda: slow(init, features, vectors), inputs)


def test_begins_like_a_linear_layer_on_the_concatenation():
    torch.manual_seed(0)
    split = block().hidden
    torch.manual_seed(0)
    whole = torch.nn.Linear(FEATURE + DIM, 6)
    assert split.weight.equal(whole.weight)
    assert split.bias.equal(whole.bias)


def test_a_map_is_no_feature():
    with pytest.raises(ValueError, match="expected features b f or b l f, got 4 dims"):
        block()(torch.randn(IMAGES, 2, 2, FEATURE), torch.randn(LABELS, DIM))
