"""What is told of pairs of the zoo, as it stands in ``golden``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import compose

GOLDEN = Path(__file__).parent / "golden"
PAIRS: dict[str, tuple[str, dict[str, Any]]] = {
    "ml2p-two-branch": ("zoo/ml2p.yaml", {"b": "zoo/hybrids/two-branch.yaml"}),
    "ml2p-no-pyramid": ("zoo/ml2p.yaml", {"variants": "no-pyramid"}),
    "ml2p-no-group-attention": ("zoo/ml2p.yaml", {"variants": "no-group-attention"}),
    "ml2p-groups": ("zoo/ml2p.yaml", {"overrides": {"model.pyramid.groups": 5, "train.main.optimizer.lr": 1e-3}}),
    "lesa-pyramid": ("zoo/lesa.yaml", {"b": "zoo/hybrids/lesa-pyramid.yaml"}),
    "prototypical-relation": ("zoo/baselines/prototypical.yaml", {"b": "zoo/baselines/relation.yaml"}),
}


@pytest.mark.parametrize("name", PAIRS)
def test_a_pair_of_the_zoo(name: str, update_golden: bool) -> None:
    first, second = PAIRS[name]
    file, text = GOLDEN / f"{name}.txt", f"{compose.diff(first, **second)}\n"
    if update_golden:
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_there_is_a_pair_for_each_file() -> None:
    assert sorted(path.stem for path in GOLDEN.iterdir()) == sorted(PAIRS)
