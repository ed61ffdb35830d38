from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.max_similarity import MaxSimilarity
from compose.blocks.vision.channel_groups import ChannelGroups, ChannelUnshuffle
from compose.blocks.vision.channel_response import ChannelResponse
from compose.model.meta import on_meta

IMAGES, GROUPS, DIM, HEIGHT, WIDTH = 2, 3, 4, 2, 3


def given():
    places = torch.randint(HEIGHT * WIDTH, (IMAGES, GROUPS, DIM))
    return torch.randn(IMAGES, GROUPS, DIM), places, torch.zeros(IMAGES, GROUPS, HEIGHT, WIDTH)


def shuffled(kind):
    """The order of ``channel_groups``."""
    return None if kind is None else ChannelGroups(GROUPS * DIM, DIM, shuffle=kind).order


def slow(semantics, places, relations, order):
    """Each entry of A X as its terms with their places; the entries in order; each row's terms on its map."""
    maps = torch.zeros(IMAGES, GROUPS, HEIGHT, WIDTH)
    for image in range(IMAGES):
        entries = []
        for group in range(GROUPS):
            for d in range(DIM):
                sources = range(GROUPS) if relations is not None else [group]
                weights = [relations[image, group, j] if relations is not None else 1 for j in sources]
                sizes = [abs(a * semantics[image, j, d]) for a, j in zip(weights, sources, strict=True)]
                entries.append([(int(places[image, j, d]), size) for j, size in zip(sources, sizes, strict=True)])
        if order is not None:
            entries = [entries[int(position)] for position in order]
        for row in range(GROUPS):
            terms = [term for entry in entries[row * DIM : (row + 1) * DIM] for term in entry]
            for place, size in terms:
                maps[image, row, place // WIDTH, place % WIDTH] += size / sum(size for _, size in terms)
    return maps


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("related", [True, False])
@pytest.mark.parametrize("shuffle", [None, "interleave", "random"])
def test_terms_lie_where_their_channels_peak(related, shuffle):
    semantics, places, size = given()
    relations = torch.randn(IMAGES, GROUPS, GROUPS) if related else None
    order = shuffled(shuffle)
    found = ChannelResponse()(semantics, places, size, relations, order).attention
    torch.testing.assert_close(found, slow(semantics, places, relations, order))


def test_the_rows_are_those_that_the_scores_choose_from():
    """A label that one channel of one group answers to: its winner's map is where that channel peaks."""
    semantics, places, size = torch.zeros(1, GROUPS, DIM), torch.zeros(1, GROUPS, DIM, dtype=torch.int64), given()[2]
    semantics[0, 1, 2], places[0, 1, 2] = 5, 4
    order = shuffled("random")
    rows = ChannelUnshuffle(GROUPS, DIM, GROUPS * DIM)(semantics, order)
    winner = int(MaxSimilarity()(rows, rows.sum(1)).winner)
    found = ChannelResponse()(semantics, places, size[:1], order=order).attention
    assert found[0, winner].tolist() == [[0, 0, 0], [0, 1, 0]]


def test_a_row_of_zeros_looks_everywhere():
    semantics, places, size = given()
    semantics[0, 1] = 0
    found = ChannelResponse()(semantics, places, size).attention
    torch.testing.assert_close(found[0, 1], torch.full((HEIGHT, WIDTH), 1 / 6))
    torch.testing.assert_close(found.sum((2, 3)), torch.ones(IMAGES, GROUPS))


def test_half_precision_without_a_gradient():
    semantics, places, size = torch.randn(2, 7, 300), torch.randint(6, (2, 7, 300)), torch.zeros(2, 7, 2, 3)
    relations = torch.randn(2, 7, 7).bfloat16().requires_grad_()
    found = ChannelResponse()(semantics.bfloat16().requires_grad_(), places, size, relations).attention
    assert not found.requires_grad
    torch.testing.assert_close(found.sum((2, 3)), torch.ones(2, 7))


def test_no_storage_and_export():
    block = ChannelResponse()
    with on_meta():
        assert block(*given(), torch.randn(IMAGES, GROUPS, GROUPS), torch.arange(12)).attention.shape == (2, 3, 2, 3)
    inputs = (*given(), torch.randn(IMAGES, GROUPS, GROUPS), shuffled("random"))
    batch = ({0: torch.export.Dim.AUTO},) * 4
    exported = torch.export.export(block, inputs, dynamic_shapes=(*batch, None)).module()
    more = (*(torch.cat([tensor] * 3) for tensor in inputs[:4]), inputs[4])
    torch.testing.assert_close(exported(*more).attention, block(*more).attention)


def test_an_order_of_other_channels():
    with pytest.raises(ValueError, match="an order of 3·4 = 12 channels, got 8"):
        ChannelResponse()(*given(), order=torch.arange(8))
