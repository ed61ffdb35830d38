from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.prototypes import Prototypes

EPISODES, QUERIES, DIM = 2, 3, 4


def targets(classes, shots):
    order = torch.stack([torch.randperm(classes * shots) % classes for _ in range(EPISODES)])
    return (2 * torch.nn.functional.one_hot(order, classes) - 1).to(torch.int8)


def slow(features, targets, distance):
    rows = []
    each = len(features) // EPISODES
    for episode, classes in enumerate(targets.tolist()):
        images = features[episode * each : (episode + 1) * each]
        support = images[: len(classes)]
        for query in images[len(classes) :]:
            for number in range(len(classes[0])):
                members = [image for image, known in zip(support, classes, strict=True) if known[number] == 1]
                mean = sum(members) / len(members)
                if distance == "euclidean":
                    rows.append(-sum((a - b) ** 2 for a, b in zip(query, mean, strict=True)))
                else:
                    rows.append(query @ mean / (query.norm() * mean.norm()) - 1)
    return torch.stack(rows).view(EPISODES, QUERIES, -1)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("distance", ["euclidean", "cosine"])
@pytest.mark.parametrize(("classes", "shots"), [(3, 2), (5, 1)])
def test_equations_1_and_2(same, distance, classes, shots):
    features = torch.randn(EPISODES * (classes * shots + QUERIES), DIM, requires_grad=True)
    given, block = targets(classes, shots), Prototypes(distance=distance)
    same(lambda: block(features, given), lambda: slow(features, given, distance), [features])


def test_maps_count_with_all_their_places():
    given, maps = targets(3, 1), torch.randn(EPISODES * 6, 2, 2, 2)
    torch.testing.assert_close(Prototypes()(maps, given), Prototypes()(maps.flatten(1), given))


def test_a_class_without_pictures_stays_finite():
    given = targets(3, 1)
    given[0] = -1
    assert Prototypes()(torch.randn(EPISODES * 6, DIM), given).isfinite().all()


def test_half_precision_is_compared_in_single():
    given, features = targets(3, 1), (10 + torch.randn(EPISODES * 6, DIM)).bfloat16()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = Prototypes()(features, given)
    torch.testing.assert_close(found, Prototypes()(features.float(), given))
