from __future__ import annotations

import pytest
import torch

from compose.blocks.inference.support_relation import SupportRelation

EXAMPLES, LABELS, FEATURE = 6, 3, 4


def slow(block, features, targets):
    """LEO's eq. 4 without its last layer, a pair at a time."""
    pairs, others = block.pairs, block.others
    known = [i for i in range(len(features)) if any(t != 0 for t in targets[i].tolist())]
    rows = []
    for label in range(targets.shape[1]):
        found = []
        for i in known:
            for j in known if targets[i, label] == 1 else ():
                hidden = (pairs.weight @ torch.cat([features[i], features[j]]) + pairs.bias).relu()
                for layer in [] if others is None else [part for part in others.layers if hasattr(part, "weight")]:
                    hidden = (layer.weight @ hidden + layer.bias).relu()
                found.append(hidden)
        rows.append(sum(found) / len(found) if found else torch.zeros(block.width))
    return torch.stack(rows)


def example():
    """Examples of no, one and several labels; the last fills the support up, the third label is nobody's."""
    targets = torch.tensor([[1, -1], [1, 1], [-1, 1], [-1, -1], [0, 1], [0, 0]], dtype=torch.int8)
    return torch.randn(EXAMPLES, FEATURE, requires_grad=True), torch.cat(
        [targets, -targets.ne(0).to(torch.int8)[:, :1]], 1
    )


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("hidden", [[5], [5, 7], [8, 6, 3]])
def test_equation_4(same, hidden):
    block, (features, targets) = SupportRelation(FEATURE, hidden=hidden), example()
    block.width = hidden[-1]
    same(lambda: block(features, targets), lambda: slow(block, features, targets), [features, *block.parameters()])
    assert block(features, targets)[2].eq(0).all()


def test_labels_and_examples_may_be_any():
    block, (features, targets) = SupportRelation(FEATURE, hidden=[5]), example()
    order = torch.tensor([1, 0])
    torch.testing.assert_close(block(features, targets[:, order]), block(features, targets)[order])
    shuffled = torch.randperm(EXAMPLES)
    torch.testing.assert_close(block(features[shuffled], targets[shuffled]), block(features, targets))
