from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.convex_combination import ConvexCombination


def slow(probabilities, vectors, top):
    """The text's sum, image by image: 1/Z Σ p(t) s(t) over the T most probable labels t."""
    rows = []
    for image in probabilities:
        best = sorted(range(len(image)), key=lambda label: -image[label].item())[:top]
        total = sum(image[label] for label in best)
        rows.append(sum(image[label] * vectors[label] for label in best) / total)
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("top", [1, 3, 7, 10])
def test_the_mean_of_the_most_probable_labels(same, top):
    probabilities = torch.rand(5, 7).requires_grad_()
    vectors = torch.randn(7, 4, requires_grad=True)
    block = ConvexCombination(top=top)
    inputs = [vectors] if top == 1 else [probabilities, vectors]  # one label's vector is the same at any probability
    same(lambda: block(probabilities, vectors), lambda: slow(probabilities, vectors, top), inputs)


def test_probabilities_of_zero_give_no_place():
    found = ConvexCombination(top=2)(torch.zeros(1, 3), torch.ones(3, 2))
    assert found.tolist() == [[0, 0]]


def test_half_precision_is_summed_in_single():
    vectors = torch.ones(2000, 3, dtype=torch.bfloat16)
    found = ConvexCombination(top=2000)(torch.full((1, 2000), 0.0005, dtype=torch.bfloat16), vectors)
    assert found.dtype == torch.bfloat16
    assert found.tolist() == [[1, 1, 1]]
