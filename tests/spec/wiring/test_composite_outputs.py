"""What a composite block gives is declared as its inside gives it: one tensor, or a list of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.registry.registry import registry
from compose.spec.composites import check_composite

BODY = """\
description: |
  A network of pictures.

  Args:
    image: pictures, ``b c h w``.

  Returns:
    found: maps, ``b c h w``.
    also: maps, ``b c h w``.
inputs: [image]
model:
  net: {use: backbone, in: image, arch: conv64, taps: [block1, block2]}
outputs: {found: %s, also: net.0}
"""


@pytest.mark.parametrize(
    ("given", "shape"),
    [
        ("net", "list of b c h w"),
        ("net.0", "b c h w"),
        ("net.maps.1", "b c h w"),
        ("[net.1, net.0]", "list of 2: b c h w"),
    ],
)
def test_one_of_a_list_is_one_tensor(tmp_path: Path, given: str, shape: str) -> None:
    path = tmp_path / "network.yaml"
    path.write_text(BODY % given, "utf-8")
    (found, _) = check_composite(str(path), registry()).declaration.outputs
    assert found.shape == shape
