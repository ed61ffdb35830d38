"""SDL's loss against its sums, and against what its released code computes."""

from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.sdl import SemanticDiversity

from .test_ranknet import example, slow_image


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("regulariser", [None, 0.3])
def test_the_ranking_by_positives_and_the_variance(same, regulariser):
    scores, targets, vectors = example()
    semantics = torch.randn(len(scores), 3, 4, requires_grad=True)

    def slow():
        images = list(zip(scores, targets, strict=True))
        rank = sum(slow_image(*image, vectors, "variance", "positives", "absent") for image in images) / len(images)
        if regulariser is None:
            return rank
        spread = sum(image[:, d].var() for image in semantics for d in range(4)) / len(images)
        return 2 * ((1 - regulariser) * rank + regulariser * spread)

    loss = SemanticDiversity(regulariser=regulariser)
    same(lambda: loss(scores, semantics, targets, vectors), slow, [scores, *([semantics] if regulariser else [])])
