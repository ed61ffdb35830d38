"""The search on held-out labels, and experiments on rows of the papers: what is trained, and what takes no part."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import compose
from benchmarks import loss_rows, posvae, search_zoo
from benchmarks.held_out_labels import FOLDS, HeldOutGlyphScenes, held_out_table
from compose.data.drawn.glyph_table import glyph_table

ROOT = Path(__file__).parents[2]
TINY = ("data.train=32", "data.val=16", "data.test=300")
SPACE = """
extends: {space}
data: {{train: 32, val: 16, test: 300}}
train: {{main: {{epochs: 2}}}}
sweeps: {{branch: {{variants: [[], context]}}, network: null, label_side: null, objective: null, scale: null}}
"""


def called(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["benchmark", *options])


def test_the_search_trains_the_best_of_the_short_runs_in_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    space = tmp_path / "space.yaml"
    space.write_text(SPACE.format(space=ROOT / "benchmarks" / "search_space.yaml"))
    called(monkeypatch, str(tmp_path / "out"), "--space", str(space), "--start", "1", "--epochs", "1")
    search_zoo.main()
    printed = capsys.readouterr().out
    rows = [line.strip("| ").split(" | ") for line in printed.splitlines() if line.startswith("| ")]
    assert [row[:2] for row in rows[2:]] == [[rung, name] for rung in ("short", "full") for name in ("base", "context")]
    full = {row[1]: float(row[2]) for row in rows[4:]}
    assert printed.splitlines()[-1] == f"best: {max(full, key=lambda name: full[name])}"


@pytest.mark.parametrize("fold", range(FOLDS))
def test_no_unseen_label_is_chosen_on(fold: int) -> None:
    table, whole = held_out_table(fold), glyph_table()
    unseen = {name for name, seen in zip(whole.labels.names, whole.labels.seen, strict=True) if not seen}
    assert not unseen & set(table.labels.names)
    assert len(set(table.labels.names)) == len(table.labels.names) == table.shows.shape[1]
    assert len(table.unseen_leaves) in (15, 16)
    hidden = {row for leaf in whole.unseen_leaves for row in whole.leaves[leaf]}
    source = HeldOutGlyphScenes(fold=fold)
    assert not hidden & {row for rows in source.pool("test") for row in rows}


def test_held_out_leaves_are_drawn_in_the_test_alone() -> None:
    source = HeldOutGlyphScenes(size=16)
    labels, leaves = source.table.labels, source.table.unseen_leaves
    columns = [labels.names.index(name) for name in leaves]
    assert not any(labels.seen[column] for column in columns)
    shown = {split: (source.split(split)[range(800)]["targets"][:, columns] > 0).any(0) for split in ("train", "test")}
    assert not shown["train"].any()
    assert shown["test"].all()


def test_a_held_out_hypernym_is_shown_by_its_leaves() -> None:
    table = held_out_table(0)
    below = table.labels.names.index("edge_tool")
    leaves = [table.labels.names.index(name) for name in ("pick", "scissors", "sickle")]
    assert np.array_equal(table.shows[:, below], table.shows[:, leaves].any(1))


def test_posvae_is_tried_at_its_weights_and_with_a_classifier_that_is_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    quick = {"data.train": 64, "data.val": 16, "data.test": 300, "labels.external.train": 64}
    epochs = {"train.external.epochs": 1, "train.main.epochs": 1}
    compose.train(
        ROOT / "zoo" / "rgcn-posvae.yaml", overrides={**quick, **epochs}, out=tmp_path / "run", progress=False
    )
    called(monkeypatch, str(tmp_path / "run"), "--epochs", "1")
    posvae.main()
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == [
        "no external nodes",
        *(f"as it is, weight {weight}" for weight in (1, 0.01, 0)),
        *(f"right, weight {weight}" for weight in (1, 0)),
    ]
    assert all(0 <= float(score) <= 100 for row in rows for score in row[2:4])
    differ = [float(row[4]) for row in rows]
    assert differ[0] == 0


def test_a_right_classifier_fires_for_what_is_near_a_label_of_the_scene() -> None:
    first = posvae.FirstStage.__new__(posvae.FirstStage)
    first.near = torch.tensor([[1.0, 0.2, 0.1], [0.2, 0.9, 0.3]])
    seen = posvae.Seen(torch.zeros(2, 1), torch.zeros(2, 2), torch.tensor([[1, -1, 0], [-1, 1, 1]]))
    nearest = torch.tensor([[1.0, 0.2], [0.2, 0.9]])
    torch.testing.assert_close(first.right(seen), (posvae.SHARPNESS * nearest).softmax(1))


def test_rows_of_a_loss_share_start_and_pictures(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    epochs = {"train.pretext.epochs": 1, "train.main.epochs": 1}
    quick = {"data.train": 64, "data.val": 16, "data.test": 300}
    compose.train(ROOT / "zoo" / "lesa.yaml", overrides={**quick, **epochs}, out=tmp_path / "run", progress=False)
    changes = [f"{key}={value}" for key, value in quick.items()]
    options = ["--seeds", "0", "--epochs", "1", "--set", *changes]
    called(monkeypatch, str(tmp_path / "run"), *options)
    loss_rows.main()
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    assert [row[0] for row in rows] == [
        "rank",
        *(f"{term}{how}" for term in ("relevance", "diversity", "all") for how in ("", " (released)")),
    ]
    assert all(0 < float(score) < 100 for row in rows for score in row[2:])
    table = loss_rows.Table(compose.Run(tmp_path / "run"), 0, changes)
    weights = [torch.cat([weight.flatten() for weight in row.head.parameters()]) for row in table.rows]
    assert all(torch.equal(weights[0], others) for others in weights[1:])
