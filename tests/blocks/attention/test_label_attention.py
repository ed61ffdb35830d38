from __future__ import annotations

import pytest
import torch

from compose.blocks.attention.label_attention import LabelAttention

IMAGES, LABELS, CHANNELS, HEIGHT, WIDTH, DIM, HIDDEN = 2, 3, 4, 2, 3, 5, 6


def slow(block, maps, vectors):
    features, attention = [], []
    for image in maps:
        places = [image[:, y, x] for y in range(HEIGHT) for x in range(WIDTH)]
        for vector in vectors:
            query = block.query.weight @ vector + block.query.bias
            keys = [block.key.weight @ place + block.key.bias for place in places]
            shares = torch.stack([(query @ key / HIDDEN**0.5).exp() for key in keys])
            shares = shares / shares.sum()
            attention.append(shares.view(HEIGHT, WIDTH))
            features.append(sum(share * place for share, place in zip(shares, places, strict=True)))
    return torch.stack(features), torch.stack(attention)


@pytest.mark.usefixtures("double")
def test_every_label_looks_for_itself(same):
    block = LabelAttention(CHANNELS, DIM, hidden=HIDDEN)
    maps = torch.randn(IMAGES, CHANNELS, HEIGHT, WIDTH, requires_grad=True)
    vectors = torch.randn(LABELS, DIM, requires_grad=True)

    def join(results):
        return torch.cat([result.reshape(IMAGES, LABELS, -1) for result in results], dim=2)

    # All keys' bias adds the same to every place, so that no gradient reaches it.
    inputs = [maps, vectors, *block.query.parameters(), block.key.weight]
    same(lambda: join(block(maps, vectors)), lambda: join(slow(block, maps, vectors)), inputs)


def test_the_shapes():
    block = LabelAttention(CHANNELS, DIM)
    features, attention = block(torch.randn(IMAGES, CHANNELS, HEIGHT, WIDTH), torch.randn(LABELS, DIM))
    assert features.shape == (IMAGES, LABELS, CHANNELS)
    assert attention.shape == (IMAGES, LABELS, HEIGHT, WIDTH)
    torch.testing.assert_close(attention.sum((2, 3)), torch.ones(IMAGES, LABELS))
