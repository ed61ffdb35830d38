"""Random features of label vectors."""

from __future__ import annotations

import pytest
import torch

from compose.labels.vector_form import VectorForm, random_cosines, refuse


def test_inner_products_of_random_features_are_a_gaussian_kernel() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(20, 5, generator=torch.Generator().manual_seed(0)), dim=1)
    found = random_cosines(vectors, 200_000)
    kernel = (-torch.cdist(vectors, vectors).square() / 2).exp()
    torch.testing.assert_close(2 * (found @ found.mT) / 200_000, kernel, atol=0.01, rtol=0)


def test_random_features_are_those_of_unit_vectors_centred_over_the_seen_scaled_and_with_a_constant() -> None:
    vectors = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    form = VectorForm(standardise=True, cosines=9, length=4.0, constant=3.0)
    found = form.over(vectors[:5])(vectors, list("abcdefg"))
    assert found.shape == (7, 10) == (7, form.dim(4))
    seen = vectors[:5].double()
    standard = (vectors.double() - seen.mean(0)) / seen.std(0, correction=0)
    features = random_cosines(standard / standard.norm(dim=1, keepdim=True), 9)
    centred = features - features[:5].mean(0)
    expected = 4 * centred / centred.norm(dim=1, keepdim=True)
    torch.testing.assert_close(found[:, :9], expected.float(), rtol=1e-4, atol=1e-5)
    assert found[:, 9].eq(3).all()


def test_a_labels_features_are_the_same_beside_other_unseen_ones() -> None:
    vectors = torch.randn(7, 4, generator=torch.Generator().manual_seed(1))
    fitted = VectorForm(cosines=6).over(vectors[:5])
    torch.testing.assert_close(fitted(vectors, list("abcdefg"))[5:6], fitted(vectors[5:6], ["f"]))


def test_random_features_need_seen_labels() -> None:
    with pytest.raises(ValueError, match="expected seen labels to centre the vectors' random features by, found none"):
        VectorForm(cosines=6).over(torch.zeros(0, 4))


def test_of_many_bad_vectors_the_first_ten_are_named() -> None:
    names = [f"l{number}" for number in range(1012)]
    with pytest.raises(ValueError, match=r"^zero: `l0`, .*`l9` and 1,002 more$"):
        refuse(names, torch.ones(1012, dtype=torch.bool), "zero")
