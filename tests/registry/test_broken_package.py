"""An installed package whose blocks cannot be read stops no command: it is left out, and that is told."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

import compose
from compose.registry import registry as module
from compose.registry.registry import ENTRY_POINTS, Registry, add_entry_points

SPEC = """\
name: small
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 12]}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  scores: {use: max_similarity, in: [places, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, batch: 4, epochs: 1}}
"""


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """The registry beside a package that ends the program when it is imported."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    Path("broken_blocks.py").write_text("import sys\nsys.exit(3)\n")
    points = [EntryPoint("blocks", "broken_blocks", ENTRY_POINTS)]
    monkeypatch.setattr(module, "entry_points", lambda group: points)
    found = Registry(module.registry().all())
    add_entry_points(found)
    monkeypatch.setattr("compose.spec.read.registry", lambda: found)
    monkeypatch.setattr("compose.api.reading.known_with", lambda blocks: found)
    return found


TOLD = "the blocks of an installed package, `broken_blocks`, cannot be imported: it ends the program"


def test_it_is_left_out(broken: Registry) -> None:
    assert broken.left_out() == [f"{TOLD} (broken_blocks.py:2:1)"]
    assert broken.find("block", "linear") is not None


def test_validate_tells_it(broken: Registry) -> None:
    Path("small.yaml").write_text(SPEC)
    found = compose.validate("small.yaml")
    assert found
    assert f"{TOLD} (broken_blocks.py:2:1)" in found.notes


def test_a_name_that_it_may_have_is_told_with_it(broken: Registry) -> None:
    Path("small.yaml").write_text(SPEC.replace("max_similarity", "quite_another"))
    (error,) = compose.validate("small.yaml").errors
    assert TOLD in str(error)
