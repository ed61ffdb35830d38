"""What a block says that its integers count is what they count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from compose.block import HoldsIndices
from compose.blocks.attention.ml2p_encoder import ML2PEncoder
from compose.blocks.core.elementwise.detach import Detach
from compose.blocks.core.layout.concat import Concat
from compose.blocks.core.layout.rearrange import Rearrange
from compose.blocks.core.layout.repeat import Repeat
from compose.blocks.core.layout.select import Select
from compose.blocks.scoring.bilinear import Bilinear
from compose.blocks.scoring.class_posterior import ClassPosterior
from compose.blocks.scoring.max_similarity import MaxSimilarity
from compose.blocks.vision.channel_groups import ChannelGroups, ChannelUnshuffle
from compose.blocks.vision.channel_response import ChannelResponse
from compose.blocks.vision.spatial_max import SpatialMax

GIVEN: dict[str, tuple[Callable[[], nn.Module], dict[str, Any], str]] = {
    "bilinear": (
        lambda: Bilinear(4, 5),
        {"features": torch.randn(2, 3, 4), "labels_vectors": torch.randn(60, 5)},
        "winner",
    ),
    "max_similarity": (
        MaxSimilarity,
        {"semantics": torch.randn(2, 3, 4), "labels_vectors": torch.randn(60, 4)},
        "winner",
    ),
    "spatial_max": (SpatialMax, {"groups": torch.randn(9, 3, 40, 2, 3)}, "places"),
    "ml2p_encoder": (lambda: ML2PEncoder(40, 3, 2, 3), {"groups": torch.randn(9, 3, 40, 2, 3)}, "places"),
    "channel_groups": (
        lambda: ChannelGroups(12, 4),
        {"maps": torch.randn(2, 12, 3, 3), "labels_vectors": torch.randn(2, 4)},
        "order",
    ),
}
TAKEN: dict[str, tuple[Callable[[], nn.Module], dict[str, Any], str]] = {
    "select": (
        lambda: Select(pattern="b m d, b l -> b l d"),
        {"values": torch.randn(2, 3, 4), "index": torch.zeros(2, 5)},
        "index",
    ),
    "bilinear": (
        lambda: Bilinear(4, 5),
        {"features": torch.randn(2, 3, 4), "labels_vectors": torch.randn(6, 5), "labels_clusters": torch.zeros(6)},
        "labels_clusters",
    ),
    "channel_unshuffle": (
        lambda: ChannelUnshuffle(3, 4, 12),
        {"semantics": torch.randn(2, 3, 4), "order": torch.zeros(12)},
        "order",
    ),
    "channel_response": (
        ChannelResponse,
        {"semantics": torch.randn(2, 3, 4), "places": torch.zeros(2, 3, 4), "attention": torch.rand(2, 3, 2, 2)},
        "places",
    ),
    "class_posterior": (
        ClassPosterior,
        {"logits": torch.randn(2, 6), "external_classes": torch.zeros(6), "external_vectors": torch.randn(4, 5)},
        "external_classes",
    ),
}


def ranges(module: nn.Module, inputs: Mapping[str, Any], known: Mapping[str, range] | None = None) -> dict[str, range]:
    assert isinstance(module, HoldsIndices)
    return module.index_ranges(inputs, known or {})


@pytest.mark.parametrize(("make", "inputs", "port"), GIVEN.values(), ids=GIVEN)
def test_gives_all_of_the_range_and_no_more(make: Callable[[], nn.Module], inputs: dict[str, Any], port: str) -> None:
    module = make()
    held = getattr(module(**inputs), port)
    said = ranges(module, inputs)[port]
    assert (held.min(), held.max()) == (said.start, said.stop - 1)


@pytest.mark.parametrize(("make", "inputs", "port"), TAKEN.values(), ids=TAKEN)
def test_takes_the_range_and_fails_beyond(make: Callable[[], nn.Module], inputs: dict[str, Any], port: str) -> None:
    module = make()
    said = ranges(module, inputs)[port]
    for value in (said.start, said.stop - 1):
        module(**{**inputs, port: torch.full_like(inputs[port], value).long()})
    with pytest.raises((IndexError, RuntimeError)):
        module(**{**inputs, port: torch.full_like(inputs[port], said.stop + 1).long()})


@pytest.mark.parametrize(
    ("module", "inputs"),
    [
        (Rearrange(pattern="a b -> b a"), {"tensor": torch.zeros(2, 3)}),
        (Repeat(pattern="a b -> a 2 b"), {"tensor": torch.zeros(2, 3)}),
        (Concat(dims="a b", axis="b"), {"tensors": [torch.zeros(2, 3)]}),
        (Detach(), {"tensor": torch.zeros(2, 3)}),
    ],
    ids=["rearrange", "repeat", "concat", "detach"],
)
def test_moved_entries_are_those_that_came(module: nn.Module, inputs: dict[str, Tensor | list[Tensor]]) -> None:
    (port,) = inputs
    assert ranges(module, inputs, {port: range(7)}) == {"out": range(7)}
    assert ranges(module, inputs) == {}


def test_select_gives_what_it_picks_from() -> None:
    module = Select(pattern="b m, b l -> b l")
    known = {"values": range(5), "index": range(3)}
    assert ranges(module, {"values": torch.zeros(2, 3)}, known) == {"index": range(3), "out": range(5)}


def test_clusters_mean_nothing_where_there_is_one_feature() -> None:
    assert ranges(Bilinear(4, 5), {"features": torch.randn(2, 4)}) == {"winner": range(1)}
