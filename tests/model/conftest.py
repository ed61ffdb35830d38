"""Specs from text, with a registry that knows the blocks of ``user_blocks.py``."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from compose.registry.registry import Registry, registry
from compose.spec.read import read_spec
from compose.training.prepare import Prepared, prepare

HEAD = """
name: small
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 12}}
train: {main: {stage: supervised, batch: 4}}
loss: {rank: {use: ranknet, in: scores}}
"""


@pytest.fixture(scope="session")
def known() -> Registry:
    """The built-in classes and those of ``user_blocks.py``."""
    path = Path(__file__).with_name("user_blocks.py")
    spec = importlib.util.spec_from_file_location("user_blocks", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["user_blocks"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found = Registry(registry().all())
    found.add_module(module)
    return found


@pytest.fixture
def prepared(tmp_path: Path, known: Registry, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Prepared]:
    """Prepare a spec from the text of its model and whatever else it sets."""

    def make(text: str, *, variants: tuple[str, ...] = (), overrides: tuple[str, ...] = ()) -> Prepared:
        monkeypatch.chdir(tmp_path)
        Path("spec.yaml").write_text(HEAD.lstrip("\n") + text)
        return prepare(read_spec("spec.yaml", variants=variants, overrides=overrides, known=known))

    return make
