from __future__ import annotations

from itertools import product

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layout.select import Select

pytestmark = pytest.mark.usefixtures("double")
B, M, H, L = 2, 3, 4, 5


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.uint8])
def test_the_map_of_the_module_that_a_score_comes_from(same, dtype):
    maps, winner = torch.randn(B, M, H, 2, requires_grad=True), torch.randint(M, (B, L)).to(dtype)

    def slow():
        return torch.stack([torch.stack([image[int(m)] for m in row]) for image, row in zip(maps, winner, strict=True)])

    same(lambda: Select(pattern="b m h w, b l -> b l h w")(maps, winner), slow, [maps])
    turned = Select(pattern="b m h w, b l -> h l b w")(maps, winner)
    assert turned.equal(slow().permute(2, 1, 0, 3))


PATTERNS = {
    "rows for all": ("m d, l -> l d", (M, H), (L,), lambda v, i: v[i]),
    "rows for all images": ("m d, b l -> b l d", (M, H), (B, L), lambda v, i: v[i]),
    "one for each": ("b m, b -> b", (B, M), (B,), lambda v, i: torch.stack([v[b, i[b]] for b in range(B)])),
    "one of the last": (
        "b h m, b l -> b h l",
        (B, H, M),
        (B, L),
        lambda v, i: torch.stack([v[b][:, i[b]] for b in range(B)]),
    ),
    "any dims before": (
        "... m d, ... l -> ... l d",
        (B, H, M, 2),
        (B, H, L),
        lambda v, i: torch.stack([v[b, h][i[b, h]] for b, h in product(range(B), range(H))]).view(B, H, L, 2),
    ),
    "no dims before": ("... m d, ... l -> ... l d", (M, 2), (L,), lambda v, i: v[i]),
    "any dims behind": ("m ..., l -> l ...", (M, H, 2), (L,), lambda v, i: v[i]),
    "any dims of the index": ("m d, ... -> ... d", (M, 2), (B, L), lambda v, i: v[i]),
}


@pytest.mark.parametrize("case", PATTERNS)
def test_patterns(same, case):
    pattern, values, index, slow = PATTERNS[case]
    values, index = torch.randn(values, requires_grad=True), torch.randint(M, index)
    same(lambda: Select(pattern=pattern)(values, index), lambda: slow(values, index), [values])


def test_what_does_not_fit():
    block = Select(pattern="b m h w, b l -> b l h w")
    with pytest.raises(BlockError, match='does not fit the values of 2 × 3 × 4: "b m h w" has 4 dims'):
        block(torch.zeros(2, 3, 4), torch.zeros(2, 5, dtype=torch.int64))
    with pytest.raises(BlockError, match="does not fit the index of 4 × 5: `b` is 2 and 4"):
        block(torch.zeros(2, 3, 4, 4), torch.zeros(4, 5, dtype=torch.int64))
    with pytest.raises(BlockError, match=r"does not fit the index of 3 × 5: a dim of `\.\.\.` is 2 and 3"):
        Select(pattern="... m, ... l -> ... l")(torch.zeros(2, 3), torch.zeros(3, 5, dtype=torch.int64))
