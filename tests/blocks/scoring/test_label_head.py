from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.label_head import LabelHead


@pytest.mark.usefixtures("double")
def test_an_mlp_for_every_label(same):
    head, nodes = LabelHead(4, hidden=5), torch.randn(2, 3, 4, requires_grad=True)
    first, _, last = head.layers

    def slow():
        states = nodes.flatten(0, 1)
        logits = [last.weight @ (first.weight @ state + first.bias).clamp(min=0) + last.bias for state in states]
        return torch.cat(logits).view(2, 3)

    same(lambda: head(nodes), slow, [nodes, *head.parameters()])


@pytest.mark.usefixtures("double")
def test_a_linear_layer_alone(same):
    head, nodes = LabelHead(4, hidden=None), torch.randn(2, 3, 4, requires_grad=True)
    (layer,) = head.layers
    same(lambda: head(nodes), lambda: (nodes * layer.weight[0]).sum(-1) + layer.bias, [nodes, *head.parameters()])
