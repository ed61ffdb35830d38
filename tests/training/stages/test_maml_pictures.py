"""Meta-learning on pictures of several labels each: drawn ones and the user's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from compose import load
from compose.data.drawn.glyph_examples import GlyphExamples
from compose.tasks.label_tasks import LabelTasks
from compose.training.prepare import Prepared

from .meta_learned import lines, opened, run

SCENES = """
name: scenes
data: {use: glyph_scenes, size: 16, train: 60, val: 200, test: 200, objects: [2, 4], split: {val: 20}}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 8]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c", how: max}
  inference: {use: feature_inference, in: pooled}
  scores: {use: activation, in: inference, kind: sigmoid}
loss:
  task: {use: bce, in: [inference, novel.targets]}
train:
  main: {stage: maml, freeze: [backbone], ways: 3, shots: 1, queries: 2, episodes: 10, batch: 5, epochs: 2,
     validation_episodes: 4}
evaluate: {tasks: [episodes], ways: 3, shots: 1, queries: 2, episodes: 6, metrics: [micro_auc]}
"""


def spec(folder: Path, *overrides: str) -> Prepared:
    (folder / "scenes.yaml").write_text(SCENES)
    return load(str(folder / "scenes.yaml"), overrides=overrides)


def test_every_scene_is_drawn_once_where_the_backbone_is_frozen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[int] = []
    draw = GlyphExamples._draw
    monkeypatch.setattr(GlyphExamples, "_draw", lambda self, rows: drawn.extend(rows) or draw(self, rows))
    work, _ = opened(spec(tmp_path))
    batches = [batch for epoch in range(2) for batch in work.epoch(epoch, 0)]
    assert len(drawn) <= 60 + 3  # three to see whether features are of each alone
    assert all("image" not in batch for batch in batches)


def test_every_scene_is_drawn_once_where_all_adapts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = GlyphExamples._draw
    monkeypatch.setattr(GlyphExamples, "_draw", lambda self, rows: drawn.extend(rows) or draw(self, rows))
    work, _ = opened(spec(tmp_path, "train.main.freeze=null", "train.main.first_order=true"))
    batches = [batch for epoch in range(2) for batch in work.epoch(epoch, 0)]
    assert sorted(drawn) == list(range(60))
    assert batches[0]["image"].shape == (5 * 9, 3, 16, 16)
    work.terms(work.module, batches[0])["loss.task"].backward()


def test_a_run_on_scenes(tmp_path: Path) -> None:
    run(spec(tmp_path), tmp_path / "run")
    assert [set(line) >= {"val/micro_auc", "epoch/loss.task"} for line in lines(tmp_path / "run")] == [True, True]


def test_a_run_on_pictures_of_the_users(tmp_path: Path) -> None:
    """The label table in long form, labels divided by a list."""
    names, dice = ("ant", "bee", "cat", "dog", "elk", "fox"), np.random.default_rng(0)
    rows = []
    for i in range(60):
        Image.fromarray(dice.integers(0, 255, (20, 24, 3), np.uint8)).save(tmp_path / f"{i}.png")
        rows += [f"{i}.png,{name},{('train', 'val', 'test')[i % 3]}" for name in dice.choice(names, 2, replace=False)]
    (tmp_path / "labels.csv").write_text("\n".join(["image,label,split", *rows, ""]))
    data = f"{{use: images, folder: {tmp_path}, labels: {tmp_path}/labels.csv, size: 16, split: {{val: 2, test: 2}}}}"
    small = ["train.main.ways=2", "evaluate.ways=2", "train.main.batch=10"]
    prepared = spec(tmp_path, f"data={data}", *small)
    run(prepared, tmp_path / "run")
    (test,) = prepared.evaluation.episodes
    tasks = test.draw(prepared.source)
    assert isinstance(tasks, LabelTasks)
    seen = {name for name, seen in zip(names, prepared.source.labels.seen, strict=True) if seen}
    assert (len(tasks.pool), len(seen), len(seen & {*tasks.pool.names})) == (2, 2, 0)
