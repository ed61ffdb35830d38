"""Every block and loss of the project does what it declares."""

from __future__ import annotations

from typing import Any

import pytest

from compose.block_test.block_checker import outcomes, subject
from compose.registry.declaration import Declaration
from compose.registry.registry import registry

PARAMS: dict[str, dict[str, Any]] = {
    "backbone": {"arch": "conv64"},
    "einsum": {"pattern": "b i, b i -> b"},
    "group_norm": {"groups": 2},
    "mlp": {"sizes": [8, 4]},
    "parameter": {"shape": "m 8", "dims": "b m"},
    "pool": {"window": 2},
    "rearrange": {"pattern": "b m -> b m 1"},
    "reduce": {"pattern": "b m -> b", "how": "mean"},
    "repeat": {"pattern": "b m -> b m k", "sizes": {"k": 2}},
    "select": {"pattern": "b m d, b k -> b k d"},
    "semantic_features": {"hidden": [6]},
    "support_relation": {"hidden": [6, 6]},
    "top_k_mean": {"k": 2},
}
"""Parameters that a block needs, or that make it small."""
DIMS: dict[str, dict[str, int]] = {"backbone": {"y": 32, "x": 40}, "imagenet_head": {"c": 512, "k": 1000}}
"""Sizes that a block asks for."""
FOLLOW_LABELS = ("semantic_branch",)
"""Blocks for training alone, which say that their weights follow the training classes."""
SPECIAL = ("parameter", "select")
"""Blocks whose inputs must fit a pattern in a way that random ones do not."""

OWN = [one for one in registry().all() if one.kind in ("block", "loss") and one.module.startswith("compose.")]


@pytest.mark.parametrize("declaration", OWN, ids=lambda one: one.name)
def test_a_block_does_what_it_declares(declaration: Declaration) -> None:
    name = declaration.name
    if name in SPECIAL:
        pytest.skip("its inputs must fit a pattern")
    tried = subject(registry(), declaration, PARAMS.get(name, {}), DIMS.get(name, {}))
    failed = {outcome.name: str(outcome.error) for outcome in outcomes(tried) if outcome.state == "failed"}
    if name in FOLLOW_LABELS:
        assert "follow `l`, which differs from task to task" in failed.pop("labels")
    assert failed == {}
