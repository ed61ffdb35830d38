from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.gated_sum import GatedSum

EXAMPLES, LABELS = 3, 5


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("terms", [1, 3])
def test_weighted(same, terms):
    block = GatedSum([LABELS] * terms)
    torch.nn.init.normal_(block.factors)
    scores = [torch.randn(EXAMPLES, LABELS, requires_grad=True) for _ in range(terms)]

    def slow():
        total = torch.zeros(EXAMPLES, LABELS)
        for factor, term in zip(block.factors, scores, strict=True):
            total = total + factor * term
        return total

    same(lambda: block(scores), slow, [*scores, block.factors])


def test_begins_as_the_plain_sum_of_any_number_of_labels():
    block = GatedSum([LABELS, LABELS])
    for labels in (LABELS, 8):
        first, second = torch.randn(EXAMPLES, labels), torch.randn(EXAMPLES, labels)
        torch.testing.assert_close(block([first, second]), first + second)


def test_scores_of_other_labels():
    with pytest.raises(BlockError, match="expected scores of the same labels, got 5, 5, 4 labels"):
        GatedSum([5, 5, 4])
