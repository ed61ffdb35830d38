from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.max_similarity import MaxSimilarity


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(("vectors", "labels"), [(7, 5), (1, 5), (3, 1)])
def test_largest_inner_product(same, vectors, labels):
    semantics = torch.randn(2, vectors, 4, requires_grad=True)
    label_vectors = torch.randn(labels, 4, requires_grad=True)

    def slow():
        best = [[max(s @ v for s in image) for v in label_vectors] for image in semantics]
        return torch.stack([torch.stack(row) for row in best])

    same(lambda: MaxSimilarity()(semantics, label_vectors).scores, slow, [semantics, label_vectors])


def test_the_winner_is_the_vector_that_fits_best():
    semantics, label_vectors = torch.randn(3, 4, 5), torch.randn(6, 5)
    winner = MaxSimilarity()(semantics, label_vectors).winner
    assert winner.dtype == torch.int64
    expected = [[max(range(4), key=lambda m: float(image[m] @ v)) for v in label_vectors] for image in semantics]
    assert winner.tolist() == expected


def test_many_labels():
    assert MaxSimilarity()(torch.randn(2, 7, 30), torch.randn(7186, 30)).scores.shape == (2, 7186)
