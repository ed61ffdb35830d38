from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.label_projection import LabelProjection


@pytest.mark.usefixtures("double")
def test_every_row_is_mapped_to_the_size_of_a_label_vector(same):
    block, x = LabelProjection(4, 3), torch.randn(2, 5, 4, requires_grad=True)

    def slow():
        rows = [[block.layer.weight @ row + block.layer.bias for row in image] for image in x]
        return torch.stack([torch.stack(image) for image in rows])

    same(lambda: block(x, torch.zeros(7, 3)), slow, [x, *block.parameters()])
