from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.semantic_branch import SemanticBranch


@pytest.mark.usefixtures("double")
def test_equation_11(same):
    maps, targets = torch.randn(3, 4, 2, 3, requires_grad=True), -torch.ones(3, 5, dtype=torch.int8)
    block = SemanticBranch(4, 5)
    weight, bias = block.linear.weight, block.linear.bias

    def slow():
        pooled = [torch.stack([channel.sum() / 6 for channel in image]) for image in maps]
        return torch.stack([weight @ feature + bias for feature in pooled])

    same(lambda: block(maps, targets), slow, [maps, weight, bias])
