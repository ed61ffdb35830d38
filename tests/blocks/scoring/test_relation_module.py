from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from compose.block import BlockError
from compose.blocks.scoring.relation_module import RelationModule

EPISODES, CLASSES, SHOTS, QUERIES, CHANNELS, HEIGHT, WIDTH = 2, 3, 2, 2, 3, 5, 8
SUPPORT = CLASSES * SHOTS


def example():
    order = torch.stack([torch.randperm(SUPPORT) % CLASSES for _ in range(EPISODES)])
    targets = (2 * F.one_hot(order, CLASSES) - 1).to(torch.int8)
    maps = torch.randn(EPISODES * (SUPPORT + QUERIES), CHANNELS, HEIGHT, WIDTH, requires_grad=True)
    return maps, targets


def pairs(maps, targets):
    """The concatenated maps of every query picture and class, in order."""
    found = []
    each = SUPPORT + QUERIES
    for episode, classes in enumerate(targets.tolist()):
        images = maps[episode * each : (episode + 1) * each]
        for query in images[SUPPORT:]:
            for number in range(CLASSES):
                total = sum(image for image, known in zip(images[:SUPPORT], classes, strict=True) if known[number] == 1)
                found.append(torch.cat([total, query]))
    return torch.stack(found)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("training", [True, False])
def test_same_as_the_network_on_every_pair(same, training):
    block, (maps, targets) = RelationModule(CHANNELS, HEIGHT, WIDTH, size=4).train(training), example()

    def slow():
        return block.compare(block.join(pairs(maps, targets))).view(EPISODES, QUERIES, CLASSES)

    same(lambda: block(maps, targets), slow, [maps, *block.parameters()])


def test_the_layers_of_the_paper():
    block = RelationModule(64, 5, 5)
    shapes = [tuple(p.shape) for p in block.parameters() if p.ndim > 1]
    assert shapes == [(64, 128, 3, 3), (64, 64, 3, 3), (8, 64), (1, 8)]
    found = block(torch.randn(2 * 7, 64, 5, 5), -torch.ones(2, 5, 5, dtype=torch.int8))
    assert found.shape == (2, 2, 5)
    assert 0 < found.min() <= found.max() < 1


def test_a_map_too_small_to_be_pooled_twice():
    with pytest.raises(BlockError, match="expected a map of 4 × 4 or more, which is pooled twice, got 5 × 3"):
        RelationModule(CHANNELS, 5, 3)
