"""Blocks whose ports begin with ``*n`` treat each entry of those dims alike."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from compose.blocks.core.unit_length import unit_length
from compose.blocks.inference.normal_sample import NormalSample
from compose.blocks.losses.bce import Bce
from compose.blocks.losses.cross_entropy import CrossEntropy
from compose.blocks.losses.normal_divergence import NormalDivergence
from compose.blocks.losses.probability_mse import ProbabilityMse
from compose.blocks.losses.target_mse import TargetMse
from compose.blocks.scoring.label_bilinear import LabelBilinear
from compose.blocks.scoring.label_head import LabelHead
from compose.blocks.scoring.max_similarity import MaxSimilarity
from compose.registry.dim_name import dim_name
from compose.registry.registry import registry

VECTORS = torch.randn(6, 4)
LABEL_BILINEAR, LABEL_HEAD = LabelBilinear(3, 4), LabelHead(3)

TRIED: dict[str, tuple[Callable[[Tensor], object], tuple[int, ...]]] = {
    "bce": (lambda x: Bce()(x, (x > 0).to(torch.int8)), (5,)),
    "cross_entropy": (lambda x: CrossEntropy()(x, (x > 0).to(torch.int8)), (5,)),
    "label_bilinear": (lambda x: LABEL_BILINEAR(x, VECTORS), (6, 3)),
    "label_head": (lambda x: LABEL_HEAD(x), (6, 3)),
    "max_similarity": (lambda x: MaxSimilarity()(x, VECTORS), (7, 4)),
    "normal_divergence": (lambda x: NormalDivergence()(x, -x), (5,)),
    "normal_sample": (lambda x: NormalSample().eval()(x, -x), (5,)),
    "probability_mse": (lambda x: ProbabilityMse()(x, x.sigmoid()), (5,)),
    "target_mse": (lambda x: TargetMse()(x, (x > 0).to(torch.int8)), (5,)),
    "unit_length": (lambda x: unit_length(x), (5,)),
}


@pytest.mark.parametrize("name", TRIED)
@pytest.mark.parametrize("leading", [(), (6,), (2, 3), (3, 1, 2)])
def test_the_same_one_by_one(name: str, leading: tuple[int, ...]) -> None:
    block, rest = TRIED[name]
    x = torch.randn(*leading, *rest)
    found, expected = tensors(block(x)), tensors(block(x.reshape(-1, *rest)))
    for whole, flat in zip(found, expected, strict=True):
        assert flat.ndim == 0 or whole.shape[: len(leading)] == leading
        torch.testing.assert_close(whole.reshape(flat.shape), flat)


def test_every_such_block_is_tried() -> None:
    """The core vocabulary has tests of its own."""
    declared = [d for kind in ("block", "loss") for d in registry().all() if d.kind == kind]
    declared = [d for d in declared if not d.module.startswith("compose.blocks.core.")]
    leading = {d.name for d in declared if d.inputs[0].dims and dim_name(d.inputs[0].dims[0]).spread}
    assert leading == TRIED.keys() - {"unit_length"}


def tensors(result: object) -> list[Tensor]:
    return list(result) if isinstance(result, tuple) else [result]  # type: ignore[list-item]
