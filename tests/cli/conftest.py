"""The command line in this process, in a folder of its own with a small spec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from compose.cli.app import app
from compose.registry.registry import registry

SPEC = """# a small model
name: small
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block2, block3]}
  pyramid: {use: forward_pyramid, in: backbone, groups: 2, level_channels: [8, 8]}
  groups: {use: channel_groups, in: pyramid}
  encoder: {use: ml2p_encoder, in: groups}
  relation: {use: group_attention, in: encoder}
  unshuffle: {use: channel_unshuffle, in: [relation, groups.order]}
  scores: {use: max_similarity, in: [unshuffle, labels.vectors]}
loss:
  rank: {use: ranknet, in: scores, weight: 0.6}
  spread: {use: variance, in: relation, weight: 0.4}
train:
  main: {stage: supervised, epochs: 1, batch: 16, optimizer: {use: adam, lr: 5e-5, weight_decay: 4e-3}}
evaluate: {tasks: [zsl, gzsl], metrics: [map, f1@3]}
variants:
  no-attention: {bypass: [relation]}
  three: {model: {pyramid: {groups: 3}}}
sweeps:
  groups: {model.pyramid.groups: [1, 2]}
"""

Run = Callable[..., Any]


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``small.yaml`` in the working folder, which is empty otherwise."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    path = Path("small.yaml")
    path.write_text(SPEC)
    return path


@pytest.fixture
def run(spec: Path) -> Run:
    """Run a command: its words -> a result with ``exit_code``, ``stdout`` and ``stderr``."""

    def call(*words: object) -> Any:
        return CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")

    return call


@pytest.fixture
def fresh_registry() -> Any:
    """Blocks that a test registers are gone after it."""
    registry.cache_clear()
    yield
    registry.cache_clear()
