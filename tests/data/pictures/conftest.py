from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of 80 x 40 pixels."""
    for name in "abc":
        Image.new("RGB", (80, 40)).save(tmp_path / f"{name}.png")
    (tmp_path / "labels.csv").write_text("image,labels\na.png,cat;dog\nb.png,cat\nc.png,bird\n")
    return tmp_path
