from __future__ import annotations

import itertools

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.elementwise.add import Add
from compose.blocks.core.elementwise.multiply import Multiply

EXAMPLES, LABELS = 3, 5


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("terms", [1, 3])
def test_weighted(same, terms):
    block = Add([LABELS] * terms, learned=True)
    torch.nn.init.normal_(block.factors)
    scores = [torch.randn(EXAMPLES, LABELS, requires_grad=True) for _ in range(terms)]

    def slow():
        total = torch.zeros(EXAMPLES, LABELS)
        for factor, term in zip(block.factors, scores, strict=True):
            total = total + factor * term
        return total

    same(lambda: block(scores), slow, [*scores, block.factors])


def test_begins_as_the_plain_sum_of_any_number_of_labels():
    block = Add([LABELS, LABELS], learned=True)
    for labels in (LABELS, 8):
        first, second = torch.randn(EXAMPLES, labels), torch.randn(EXAMPLES, labels)
        torch.testing.assert_close(block([first, second]), first + second)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("terms", [1, 2, 3])
def test_entry_by_entry(same, terms):
    tensors = [torch.randn(2, 3, 4, requires_grad=True) for _ in range(terms)]

    def slow(start, meet):
        result = torch.empty(2, 3, 4)
        for i, j, k in itertools.product(range(2), range(3), range(4)):
            entry = start
            for tensor in tensors:
                entry = meet(entry, tensor[i, j, k])
            result[i, j, k] = entry
        return result

    same(lambda: Add([4] * terms)(tensors), lambda: slow(0.0, lambda a, b: a + b), tensors)
    same(lambda: Multiply()(tensors), lambda: slow(1.0, lambda a, b: a * b), tensors)


@pytest.mark.parametrize("block", [Add([4, 1, 4]), Add([4, 1, 4], learned=True), Multiply()])
def test_dims_of_size_1_are_repeated(block):
    tensors = [torch.randn(2, 3, 4), torch.randn(3, 1), torch.randn(1, 1, 4)]
    whole = [tensor.expand(2, 3, 4).contiguous() for tensor in tensors]
    torch.testing.assert_close(block(tensors), block(whole))


@pytest.mark.parametrize("block", [Add([4, 4]), Multiply()])
def test_what_does_not_meet(block):
    expected = "tensors of 2 × 4, 3 × 4 do not meet entry by entry: a dim has the same size in all, or 1"
    with pytest.raises(BlockError, match=expected):
        block([torch.randn(2, 4), torch.randn(3, 4)])
