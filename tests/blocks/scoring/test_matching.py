from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.cross_entropy import CrossEntropy
from compose.blocks.scoring.matching import Matching

EPISODES, QUERIES, DIM = 2, 3, 4


def targets(classes, shots):
    order = torch.stack([torch.randperm(classes * shots) % classes for _ in range(EPISODES)])
    return (2 * torch.nn.functional.one_hot(order, classes) - 1).to(torch.int8)


def slow(features, targets, temperature):
    rows = []
    each = len(features) // EPISODES
    for episode, classes in enumerate(targets.tolist()):
        images = features[episode * each : (episode + 1) * each]
        support = images[: len(classes)]
        for query in images[len(classes) :]:
            powers = [(query @ image / (query.norm() * image.norm()) / temperature).exp() for image in support]
            for number in range(len(classes[0])):
                votes = [
                    power / sum(powers) for power, known in zip(powers, classes, strict=True) if known[number] == 1
                ]
                rows.append(sum(votes).log())
    return torch.stack(rows).view(EPISODES, QUERIES, -1)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("temperature", [1.0, 0.1])
@pytest.mark.parametrize(("classes", "shots"), [(3, 2), (5, 1)])
def test_equation_1(same, temperature, classes, shots):
    features = torch.randn(EPISODES * (classes * shots + QUERIES), DIM, requires_grad=True)
    given, block = targets(classes, shots), Matching(temperature=temperature)
    same(lambda: block(features, given), lambda: slow(features, given, temperature), [features])


def test_probabilities():
    found = Matching()(torch.randn(EPISODES * 9, DIM), targets(3, 2))
    torch.testing.assert_close(found.exp().sum(-1), torch.ones(EPISODES, QUERIES))


def test_a_vote_too_small_for_a_number_has_a_logarithm_and_a_gradient():
    given, features = targets(3, 1), torch.randn(EPISODES * 6, DIM, requires_grad=True)
    scores = Matching(temperature=1e-3)(features, given)
    assert scores.min() < -200
    CrossEntropy()(scores, given).backward()
    assert features.grad.isfinite().all()
    assert features.grad.abs().sum() > 0


def test_a_class_without_pictures_stays_finite():
    given, features = targets(3, 1), torch.randn(EPISODES * 6, DIM, requires_grad=True)
    given[0] = -1
    scores = Matching()(features, given)
    scores.sum().backward()
    assert scores.isfinite().all()
    assert features.grad.isfinite().all()


def test_half_precision_is_compared_in_single():
    given, features = targets(3, 1), torch.randn(EPISODES * 6, DIM).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Matching(temperature=0.01)(features, given)
    torch.testing.assert_close(found, Matching(temperature=0.01)(features.float(), given))
