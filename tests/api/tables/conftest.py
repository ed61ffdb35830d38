"""A made-up table of two specs and a paper, and runs of it without training."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from compose.api.reading import read
from compose.evaluation.result import Result
from compose.training.storage.lock import lock_text
from tests.evaluation.comparison.made import GZSL, ZSL, task

FIRST = """name: first
paper:
  title: A paper
  figures:
    table1:
      first: {zsl: {map: 30.0}}
      flat: {zsl: {map: 20.0}}
      other: {zsl: {map: 25.0}}
      lstm: {zsl: {map: 10.0}}
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  regions: {use: convolution, in: [backbone.last, labels.vectors], kernel: 1}
  places: {use: rearrange, in: regions, pattern: "b d h w -> b (h w) d"}
  scores: {use: max_similarity, in: [places, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 16, optimizer: {use: adam, lr: 1e-3}}}
evaluate: {tasks: [zsl, gzsl], metrics: [map]}
variants:
  flat: {model: {backbone: {channels: [2, 2]}}}
sweeps:
  rates: {train.main.optimizer.lr: [1e-3, 1e30]}
"""
SECOND = (
    "extends: first.yaml\nname: second\npaper: {title: Another, figures: {table1: null}}\nloss: {rank: {weight: 2}}\n"
)
TABLE = """title: What is compared
paper: first.yaml
table: table1
spec: first.yaml
metrics: [zsl/map]
rows:
  Flat: {variants: flat, printed: flat}
  Other: {spec: second.yaml, printed: other}
  LSTM: {printed: lstm, left_out: no block computes it}
  Ours: {printed: first}
"""

MadeRun = Callable[..., Path]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``table.yaml`` in the working folder, beside the specs of its rows."""
    monkeypatch.chdir(tmp_path)
    Path("first.yaml").write_text(FIRST)
    Path("second.yaml").write_text(SECOND)
    path = Path("table.yaml")
    path.write_text(TABLE)
    return path


@pytest.fixture
def made_run(table: Path) -> MadeRun:
    """Write the folder of a run that has ended, as training leaves it."""

    def write(
        folder: str,
        spec: str = "first.yaml",
        *,
        variants: Sequence[str] = (),
        overrides: Sequence[str] = (),
        seed: int = 0,
        value: float = 0.3,
        **protocol: Any,
    ) -> Path:
        out = Path(folder)
        out.mkdir(parents=True)
        made = read(spec, variants=variants, overrides=[*overrides, f"seed={seed}"])
        (out / "spec.lock.yaml").write_text(lock_text(made))
        tasks = {"zsl": task(replace(ZSL, **protocol), map=value), "gzsl": task(GZSL, map=value / 2)}
        report = {"name": made.resolved.name, "seed": seed, "seconds": 61.0, "parameters": 12_345}
        (out / "report.json").write_text(json.dumps({**report, "result": Result(tasks).to_json()}))
        return out

    return write
