"""Rearrange, repeat, reduce and einsum against loops; and what does not fit them."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layout.einsum import Einsum
from compose.blocks.core.layout.rearrange import Rearrange
from compose.blocks.core.layout.reduce import Reduce
from compose.blocks.core.layout.repeat import Repeat

pytestmark = pytest.mark.usefixtures("double")


def test_a_map_to_tokens_and_back(same):
    maps = torch.randn(2, 3, 4, 5, requires_grad=True)
    there, back = Rearrange(pattern="b c h w -> b (h w) c"), Rearrange(pattern="b (h w) c, b x h w -> b c h w")

    def slow():
        return torch.stack([torch.stack([image[:, y, x] for y in range(4) for x in range(5)]) for image in maps])

    same(lambda: there(maps), slow, [maps])
    assert back(there(maps), torch.zeros(2, 9, 4, 5)).equal(maps)


def test_sizes_and_any_dims(same):
    x = torch.randn(2, 3, 6, requires_grad=True)
    heads = Rearrange(pattern="... (g d) -> ... g d", sizes={"g": 2})
    same(lambda: heads(x), lambda: torch.stack([x[..., :3], x[..., 3:]], -2), [x])
    assert Rearrange(pattern="b ... -> b 1 ...")(x).shape == (2, 1, 3, 6)
    assert Rearrange(pattern="l d -> d l")(torch.arange(6).view(2, 3)).tolist() == [[0, 3], [1, 4], [2, 5]]


def test_repeat(same):
    vectors, maps = torch.randn(3, 4, requires_grad=True), torch.zeros(2, 5, 6, 7)
    slow = lambda: torch.stack([vectors, vectors])  # noqa: E731
    same(lambda: Repeat(pattern="l d, b ... -> b l d")(vectors, maps), slow, [vectors])
    same(lambda: Repeat(pattern="l d -> b l d", sizes={"b": 2})(vectors), slow, [vectors])
    same(lambda: Repeat(pattern="l d -> 2 l d")(vectors), slow, [vectors])
    doubled = Repeat(pattern="l d -> (l 2) d")(vectors)
    assert doubled.equal(torch.stack([row for row in vectors for _ in range(2)]))


HOW = {
    "mean": lambda values: sum(values) / len(values),
    "sum": sum,
    "max": lambda values: torch.stack(values).amax(),
    "min": lambda values: torch.stack(values).amin(),
    "prod": math.prod,
    "logsumexp": lambda values: sum(value.exp() for value in values).log(),
}


@pytest.mark.parametrize("how", HOW)
def test_reduce(same, how):
    maps = torch.randn(2, 3, 2, 4, requires_grad=True)

    def over_places():
        rows = [[HOW[how](list(channel.flatten())) for channel in image] for image in maps]
        return torch.stack([torch.stack(row) for row in rows])

    def by_windows():
        rows = [
            HOW[how](list(maps[b, c, :, 2 * x : 2 * x + 2].flatten())) for b, c, x in product(*map(range, (2, 3, 2)))
        ]
        return torch.stack(rows).view(2, 3, 1, 2)

    same(lambda: Reduce(pattern="b c h w -> b c", how=how)(maps), over_places, [maps])
    same(lambda: Reduce(pattern="b c (h 2) (w 2) -> b c h w", how=how)(maps), by_windows, [maps])
    assert Reduce(pattern="b ... -> b", how=how)(maps).shape == (2,)
    assert Reduce(pattern="b c (h k) w -> b c h w", how=how, sizes={"k": 2})(maps).shape == (2, 3, 1, 4)


def test_einsum(same):
    x, vectors = torch.randn(2, 3, 4, requires_grad=True), torch.randn(5, 4, requires_grad=True)

    def slow():
        products = [sum(x[b, m] * vectors[label]) for b, m, label in product(range(2), range(3), range(5))]
        return torch.stack(products).view(2, 3, 5)

    same(lambda: Einsum(pattern="b m d, l d -> b m l")([x, vectors]), slow, [x, vectors])
    same(lambda: Einsum(pattern="... d, l d -> ... l")([x, vectors]), slow, [x, vectors])
    same(lambda: Einsum(pattern="b m d -> b d")([x]), lambda: x.sum(1), [x])
    square = torch.randn(4, 4, requires_grad=True)
    same(lambda: Einsum(pattern="i i -> i")([square]), lambda: torch.stack([square[i, i] for i in range(4)]), [square])


MISFITS = {
    "a dim too few": (
        lambda: Rearrange(pattern="b c h w -> b (h w) c")(torch.zeros(2, 3, 4)),
        '"b c h w -> b (h w) c" does not fit a tensor of 2 × 3 × 4: "b c h w" has 4 dims',
    ),
    "fewer than there are letters": (
        lambda: Reduce(pattern="b c ... -> b")(torch.zeros(2)),
        '"b c ... -> b" does not fit a tensor of 2: "b c ..." has at least 2 dims',
    ),
    "no multiple": (
        lambda: Rearrange(pattern="b (g d) -> b g d", sizes={"g": 4})(torch.zeros(2, 6)),
        '"b (g d) -> b g d" does not fit a tensor of 2 × 6: `(g d)` is 6, no multiple of 4',
    ),
    "other places": (
        lambda: Rearrange(pattern="b (h w) c, b x h w -> b c h w")(torch.zeros(2, 20, 3), torch.zeros(2, 9, 4, 4)),
        '"b (h w) c -> b c h w" does not fit a tensor of 2 × 20 × 3: `(h w)` is 16 and 20',
    ),
    "other images": (
        lambda: Repeat(pattern="b d, b l -> b l d")(torch.zeros(2, 3), torch.zeros(4, 5)),
        '"b d -> b l d" does not fit a tensor of 2 × 3: `b` is 4 and 2',
    ),
    "`like` of other dims": (
        lambda: Repeat(pattern="d, b l -> b l d")(torch.zeros(3), torch.zeros(4)),
        '"b l" does not fit `like` of 4: "b l" has 2 dims',
    ),
    "`like` without its letters": (
        lambda: Rearrange(pattern="b d -> d b")(torch.zeros(2, 3), torch.zeros(4)),
        '"b d -> d b" describes one tensor, and `like` is wired',
    ),
    "letters without `like`": (
        lambda: Rearrange(pattern="b (h w), h -> b h w")(torch.zeros(2, 6)),
        '"b (h w) -> b h w" describes two tensors, and `like` is not wired',
    ),
    "another number of tensors": (
        lambda: Einsum(pattern="b d, l d -> b l")([torch.zeros(2, 3)]),
        '"b d, l d -> b l" describes 2 tensors, and 1 are wired',
    ),
    "two sizes of a letter": (
        lambda: Einsum(pattern="b d, l d -> b l")([torch.zeros(2, 3), torch.zeros(5, 4)]),
        '"b d, l d -> b l" does not fit "l d" of 5 × 4: `d` is 3 and 4',
    ),
}


@pytest.mark.parametrize("case", MISFITS)
def test_what_does_not_fit(case):
    call, message = MISFITS[case]
    with pytest.raises(BlockError) as caught:
        call()
    assert (str(caught.value), caught.value.parameter) == (message, "pattern")
