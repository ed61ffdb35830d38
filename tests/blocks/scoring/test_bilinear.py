from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.bilinear import Bilinear

IMAGES, MODULES, LABELS, CHANNELS, DIM = 3, 4, 5, 6, 2
CLUSTERS = torch.tensor([3, 0, 0, 1, 2])

pytestmark = pytest.mark.usefixtures("double")


def slow(block, features, vectors, clusters=None):
    """Eq. 12, a label at a time."""
    modules, scores, winners = [], [], []
    for image in features:
        image = image if image.ndim == 2 else image[None]
        for label, vector in enumerate(vectors):
            classifier = block.classifiers.weight @ vector
            responses = [classifier @ feature for feature in image]
            if clusters is None:
                winner = max(range(len(responses)), key=lambda m: responses[m].item())
            else:
                winner = clusters[label].item()
            modules.append(torch.stack(responses))
            scores.append(responses[winner])
            winners.append(winner)
    stacked = torch.stack(modules).view(len(features), len(vectors), -1).mT
    return torch.stack(scores).view(len(features), -1), torch.tensor(winners).view(len(features), -1), stacked


@pytest.mark.parametrize("shape", [(IMAGES, MODULES, CHANNELS), (IMAGES, 1, CHANNELS), (IMAGES, CHANNELS)])
@pytest.mark.parametrize("clusters", [None, CLUSTERS])
def test_equation_12(same, shape, clusters):
    if len(shape) == 3 and shape[1] == 1 and clusters is not None:
        clusters = torch.zeros_like(clusters)
    block = Bilinear(CHANNELS, DIM)
    features, vectors = torch.randn(shape, requires_grad=True), torch.randn(LABELS, DIM, requires_grad=True)
    obeyed = clusters if len(shape) == 3 else None  # a single feature is that of every label

    def fast():
        out = block(features, vectors, clusters)
        return torch.cat([out.scores.flatten(), out.modules.flatten()])

    def obvious():
        scores, _, modules = slow(block, features, vectors, obeyed)
        return torch.cat([scores.flatten(), modules.flatten()])

    same(fast, obvious, [features, vectors, *block.parameters()])
    scores, winner, modules = block(features, vectors, clusters)
    assert winner.equal(slow(block, features, vectors, obeyed)[1])
    assert modules.shape == (IMAGES, shape[1] if len(shape) == 3 else 1, LABELS)
    assert modules.gather(1, winner[:, None])[:, 0].equal(scores)


def test_a_map_is_no_feature():
    with pytest.raises(ValueError, match="expected features b m c or b c, got 4 dims"):
        Bilinear(CHANNELS, DIM)(torch.randn(IMAGES, 2, 2, CHANNELS), torch.randn(LABELS, DIM))
