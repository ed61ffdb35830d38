"""A tiny run, made through the Python API, and the user's own block file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import compose

TINY: dict[str, Any] = {
    "extends": "zoo/starter.yaml",
    "name": "tiny",
    "data": {"size": 32, "val": 16, "test": 64},
    "model": {"backbone": {"channels": [8, 8, 8, 8]}, "pyramid": {"level_channels": [8, 8]}},
}
FEW: dict[str, Any] = {
    "extends": "zoo/baselines/prototypical.yaml",
    "name": "few",
    "data": {"size": 16, "drawings": 6},
    "model": {"backbone": {"channels": [4, 4]}},
    "train": {"main": {"ways": 3, "shots": [1], "queries": 2, "batch": 2, "epochs": 1, "episodes": 2}},
    "evaluate": {"ways": 3, "shots": [1], "queries": 2, "episodes": 4},
}
SMALL = {"data.train": 48}
BLOCK = '''
import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class OwnScale(nn.Module):
    """Scale vectors by a learned factor.

    Args:
        start: the factor at first.
    """

    def __init__(self, start: float = 2.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(start))

    def forward(self, vectors: Float[Tensor, "b m d"]) -> Float[Tensor, "b m d"]:
        """The vectors, scaled.

        Args:
            vectors: any vectors.

        Returns:
            scaled: the scaled vectors.
        """
        return self.factor * vectors
'''


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> compose.Run:
    """A run of a dict, with a variant and overrides."""
    out = tmp_path_factory.mktemp("api") / "run"
    return compose.train(TINY, variants=["short"], overrides=SMALL, out=out, device="cpu", progress=False)


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """A picture of noise."""
    path = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).save(path)
    return path


@pytest.fixture
def own_block(here: Path) -> Path:
    """A block file of the user's."""
    path = here / "my_blocks.py"
    path.write_text(BLOCK)
    return path
