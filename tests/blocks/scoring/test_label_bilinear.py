from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.label_bilinear import LabelBilinear


@pytest.mark.usefixtures("double")
def test_every_label_scores_its_own_feature(same):
    block = LabelBilinear(4, 3)
    features, vectors = torch.randn(2, 5, 4, requires_grad=True), torch.randn(5, 3, requires_grad=True)

    def slow():
        rows = [[(block.classifiers.weight @ v) @ z for v, z in zip(vectors, image, strict=True)] for image in features]
        return torch.stack([torch.stack(row) for row in rows])

    same(lambda: block(features, vectors), slow, [features, vectors, *block.parameters()])
