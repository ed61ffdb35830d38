from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.fixed_classifier import FixedClassifier


@pytest.mark.usefixtures("double")
def test_equation_3(same):
    features, base = torch.randn(2, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)

    def slow():
        return torch.stack(
            [torch.stack([sum(z * w for z, w in zip(x, v, strict=True)) for v in base]) for x in features]
        )

    same(lambda: FixedClassifier()(features, base), slow, [features, base])


def test_nothing_is_learned():
    assert FixedClassifier().state_dict() == {}
