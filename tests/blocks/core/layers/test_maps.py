"""Pool and resize, place by place."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layers.convolution import Convolution
from compose.blocks.core.layers.pool import Pool
from compose.blocks.core.layers.resize import Resize

pytestmark = pytest.mark.usefixtures("double")
MAP = (2, 3, 5, 6)


@pytest.mark.parametrize("kind", ["mean", "max"])
@pytest.mark.parametrize(
    ("window", "stride", "padding"), [(2, None, 0), (3, 1, 1), ((2, 3), (1, 2), 0), (3, 2, (1, 0))]
)
def test_windows(same, kind, window, stride, padding):
    maps = torch.randn(MAP, requires_grad=True)
    height, width = (window, window) if isinstance(window, int) else window
    down, right = stride if isinstance(stride, tuple) else (stride or height, stride or width)
    above, left = (padding, padding) if isinstance(padding, int) else padding

    def slow():
        outside = 0.0 if kind == "mean" else -torch.inf
        padded = torch.nn.functional.pad(maps, (left, left, above, above), value=outside)
        rows = range(0, padded.shape[2] - height + 1, down)
        columns = range(0, padded.shape[3] - width + 1, right)
        windows = [padded[:, :, y : y + height, x : x + width].flatten(2) for y, x in product(rows, columns)]
        pooled = [w.sum(-1) / (height * width) if kind == "mean" else w.amax(-1) for w in windows]
        return torch.stack(pooled, -1).view(*MAP[:2], len(rows), len(columns))

    block = Pool(kind=kind, window=window, stride=stride, padding=padding)
    same(lambda: block(maps), slow, [maps])


@pytest.mark.parametrize("kind", ["mean", "max"])
def test_to_a_size(same, kind):
    maps = torch.randn(2, 3, 4, 6, requires_grad=True)
    by_size, by_window = Pool(kind=kind, size=(2, 3)), Pool(kind=kind, window=2)
    same(lambda: by_size(maps), lambda: by_window(maps), [maps])


@pytest.mark.parametrize(
    "block", [Pool(window=2), Pool(size=2, kind="max"), Resize(scale=2), Resize(size=(3, 2), mode="bicubic")]
)
@pytest.mark.parametrize("leading", [(), (3,), (2, 3), (2, 1, 3)])
def test_any_dims_before_height_and_width(block, leading):
    maps = torch.randn(*leading, 4, 6)
    alone = [block(one[None, None])[0, 0] for one in maps.reshape(-1, 4, 6)]
    torch.testing.assert_close(block(maps), torch.stack(alone).view(*leading, *alone[0].shape))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "expected `window` or `size`: neither is there"),
        ({"window": 2, "size": 3}, "expected `window` or `size`: both are there"),
        ({"size": 3, "stride": 2}, "expected no `stride` beside `size`"),
        ({"size": 3, "padding": 1}, "expected no `padding` beside `size`"),
        ({"window": 3, "padding": 2}, "expected a padding of half a window at most"),
    ],
)
def test_pools_that_are_none(options, message):
    with pytest.raises(BlockError, match=message):
        Pool(**options)


def test_a_window_larger_than_the_map():
    with pytest.raises(BlockError, match="a window of 7 × 7 does not fit a map of 5 × 6"):
        Pool(window=7)(torch.zeros(MAP))


def test_resize_to_the_nearest(same):
    maps = torch.randn(2, 3, 2, 3, requires_grad=True)

    def slow():
        rows = [maps[:, :, y // 2, x // 2] for y, x in product(range(4), range(6))]
        return torch.stack(rows, -1).view(2, 3, 4, 6)

    same(lambda: Resize(scale=2)(maps), slow, [maps])
    same(lambda: Resize(size=(4, 6))(maps), slow, [maps])
    same(lambda: Resize()(maps, torch.zeros(7, 4, 6, dtype=torch.int8)), slow, [maps])
    same(lambda: Resize(size=(1, 3), mode="area")(maps), lambda: maps.mean(2, keepdim=True), [maps])


def test_bilinear(same):
    row = torch.randn(1, 1, 1, 4, requires_grad=True)

    def slow():
        """Places of the result have their middles at 0.75, 2.25, 3.75 ... quarters of the map."""
        middles = [(x + 0.5) * 4 / 8 - 0.5 for x in range(8)]
        entries = []
        for middle in middles:
            at = min(max(middle, 0), 3)
            low = min(int(at), 2)
            entries.append(row[0, 0, 0, low] * (low + 1 - at) + row[0, 0, 0, low + 1] * (at - low))
        return torch.stack(entries).view(1, 1, 1, 8)

    same(lambda: Resize(size=(1, 8), mode="bilinear")(row), slow, [row])


def test_one_way_to_say_how_large():
    with pytest.raises(BlockError, match="expected `size` or `scale`: both are there"):
        Resize(size=3, scale=2)
    for block, like in ((Resize(), None), (Resize(scale=2), torch.zeros(2, 2))):
        with pytest.raises(BlockError, match="expected one of `size`, `scale` and a map at `like`"):
            block(torch.zeros(MAP), like)


def test_a_map_that_vanishes():
    with pytest.raises(BlockError, match=r"a map of 5 × 6 has no place left at 0\.1 of its size"):
        Resize(scale=0.1)(torch.zeros(MAP))


@pytest.mark.parametrize(
    ("options", "least"),
    [
        ({"kernel": 9, "padding": 0}, "9 × 9"),
        ({"kernel": (7, 3), "padding": 0}, "7 × 3"),
        ({"kernel": 5, "dilation": 2, "padding": (1, 0)}, "7 × 9"),
    ],
)
def test_a_kernel_larger_than_the_map(options, least):
    block = Convolution(3, channels=2, **options)
    with pytest.raises(BlockError, match=f"the kernel does not fit a map of 5 × 6, {least} at least"):
        block(torch.zeros(MAP))
    height, width = map(int, least.split(" × "))
    assert block.eval()(torch.zeros(2, 3, height, width)).shape == (2, 2, 1, 1)
