from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.attention.task_attention import TaskAttention
from compose.blocks.scoring.context_classifier import ContextClassifier

EPISODES, SUPPORT, QUERIES, CLASSES, CHANNELS = 2, 6, 3, 3, 4


def targets(episodes=EPISODES, support=SUPPORT, classes=CLASSES):
    found = -torch.ones(episodes, support, classes, dtype=torch.int8)
    for episode in found:
        order = torch.randperm(support).tolist()
        for picture, place in enumerate(order):
            episode[picture, place % classes] = 1
    return found


def example(support=SUPPORT, classes=CLASSES):
    features = torch.randn(EPISODES, QUERIES, CHANNELS, requires_grad=True)
    others = torch.randn(EPISODES, QUERIES, support, CHANNELS, requires_grad=True)
    return features, others, targets(support=support, classes=classes)


def slow(block, features, others, targets):
    """Eq. 6, 7 and 9 for each query picture: context, state and attention in a row."""
    query_weight, key_weight, value = block.asked.query.weight, block.asked.key.weight, block.value.weight
    rows = []
    for episode in range(EPISODES):
        for number in range(QUERIES):
            own, support = features[episode, number], others[episode, number]
            query = query_weight @ own
            powers = [(query @ (key_weight @ z) / math.sqrt(len(query))).exp() for z in support]
            attention = [power / sum(powers) for power in powers]
            values = []
            for z, target in zip(support, targets[episode].tolist(), strict=True):
                one_hot = torch.tensor([1.0 if known == 1 else 0.0 for known in target])
                values.append(value @ torch.cat([z, one_hot]))
            context = sum(a * v for a, v in zip(attention, values, strict=True))
            taken = sum(a * z for a, z in zip(attention, support, strict=True))
            rows.append(torch.cat([context, own, taken, torch.stack(attention)]))
    return torch.stack(rows).view(EPISODES, QUERIES, -1)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("options", [{}, {"keys": 3, "size": 7}])
@pytest.mark.parametrize(("support", "classes"), [(6, 3), (5, 5)])
def test_equations_6_7_and_9(same, options, support, classes):
    given = example(support, classes)
    block = TaskAttention(CHANNELS, classes, **options)
    tensors = [*given[:2], *block.parameters()]
    same(lambda: torch.cat(block(*given), dim=-1), lambda: slow(block, *given), tensors)


@pytest.mark.usefixtures("double")
def test_the_order_of_the_support_does_not_matter():
    block, (features, others, classes) = TaskAttention(CHANNELS, CLASSES), example()
    order = torch.randperm(SUPPORT)
    ours, theirs = block(features, others, classes), block(features, others[:, :, order], classes[:, order])
    torch.testing.assert_close(ours.context, theirs.context)
    torch.testing.assert_close(ours.episode_attention[..., order], theirs.episode_attention)


def test_any_number_of_pictures_of_a_class():
    block = TaskAttention(CHANNELS, CLASSES)
    assert block(*example(support=12)).context.shape == (EPISODES, QUERIES, CHANNELS)


@pytest.mark.usefixtures("double")
def test_the_classifier_takes_the_contexts_of_all_layers(same):
    contexts = torch.randn(2, EPISODES, QUERIES, 5, requires_grad=True)
    block, classes = ContextClassifier(2, 5, CLASSES), targets()
    weight, bias = block.linear.weight, block.linear.bias

    def slow_scores():
        first, second = contexts
        rows = []
        for episode in range(EPISODES):
            for query in range(QUERIES):
                rows.append(weight @ torch.cat([first[episode, query], second[episode, query]]) + bias)
        return torch.stack(rows).view(EPISODES, QUERIES, CLASSES)

    same(lambda: block(contexts, classes), slow_scores, [contexts, weight, bias])
