"""A file of blocks may import modules beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.registry.neighbours import neighbours
from compose.registry.registry import Registry, load_block_file

BLOCK = """\
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import block
import {module}

@block
class Twice(nn.Module):
    '''So many times a map.'''
    factor = {module}.FACTOR
    def forward(self, maps: Float[Tensor, "b c"]) -> Float[Tensor, "b c"]: return self.factor * maps
"""


def files(folder: Path, factor: int, module: str = "helper") -> Path:
    """A file of blocks and the module beside it."""
    folder.mkdir(exist_ok=True)
    (folder / f"{module}.py").write_text(f"FACTOR = {factor}\n")
    (folder / "mine.py").write_text(BLOCK.format(module=module))
    return folder / "mine.py"


def factor(path: Path) -> int:
    """What the block of a file holds."""
    known = Registry([])
    load_block_file(path, known)
    found: int = vars(known.load("block", "twice"))["factor"]
    return found


def test_the_module_beside_a_file(tmp_path: Path) -> None:
    path = files(tmp_path, 2)
    assert factor(path) == 2
    assert neighbours(path) == (tmp_path / "helper.py",)


def test_modules_of_one_name_beside_two_files(tmp_path: Path) -> None:
    first, second = files(tmp_path / "a", 2), files(tmp_path / "b", 3)
    assert [factor(first), factor(second), factor(first)] == [2, 3, 2]


def test_a_module_that_was_edited_is_read_anew(tmp_path: Path) -> None:
    assert factor(files(tmp_path, 2)) == 2
    assert factor(files(tmp_path, 4)) == 4


def test_a_package_beside_a_file(tmp_path: Path) -> None:
    path = files(tmp_path, 2)
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("from parts.inner import FACTOR\n")
    (tmp_path / "parts" / "inner.py").write_text("FACTOR = 5\n")
    path.write_text(BLOCK.format(module="parts"))
    assert factor(path) == 5
    assert neighbours(path) == (tmp_path / "parts" / "__init__.py", tmp_path / "parts" / "inner.py")


def test_python_keeps_its_own_modules(tmp_path: Path) -> None:
    path = files(tmp_path, 2, module="colorsys")
    with pytest.raises(SpecErrors, match=r"module 'colorsys' has no attribute 'FACTOR'"):
        factor(path)


def test_a_mistake_beside_a_file_is_told_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = files(tmp_path, 2)
    (tmp_path / "helper.py").write_text("FACTOR = 1\nmissing\n")
    with pytest.raises(
        SpecErrors, match=r"^helper\.py:2:1: error: this file cannot be imported: NameError: name 'miss"
    ):
        factor(path)
    (tmp_path / "helper.py").write_text("def (:\n")
    with pytest.raises(SpecErrors, match=r"^helper\.py:1:5: error: this is no Python"):
        factor(path)
