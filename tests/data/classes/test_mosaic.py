"""Mosaics: what they show is where their boxes say, and follows from the seed and the number alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.classes.mosaic import Mosaic
from compose.data.drawn.glyph_scenes import GlyphScenes
from compose.data.pictures.images import Images
from compose.data.source import SPLITS

COLOURS = {name: (40 * (i % 6) + 20, 100 * (i // 6) + 30, 250 - 40 * (i % 6)) for i, name in enumerate("abcdefghij")}


@pytest.fixture
def coloured(tmp_path: Path) -> Images:
    """Ten classes of plain pictures, each of a colour of its own."""
    for name, colour in COLOURS.items():
        (tmp_path / name).mkdir()
        for number in range(20):
            Image.new("RGB", (32, 32), colour).save(tmp_path / name / f"{number}.png")
    return Images(tmp_path, size=32, augment="none", fit="squash", normalisation="half", fractions=(0.6, 0.2, 0.2))


def test_every_box_holds_its_class(coloured: Images) -> None:
    source = Mosaic(coloured, unseen=3, boxes=True, size=64, test=40, normalisation="half", scale=(0.2, 0.3))
    batch = source.split("test")[range(40)]
    shown = source.displayed(batch["image"])
    checked = 0
    for mosaic in range(40):
        places = batch["box_labels"][mosaic].any(1).nonzero()[:, 0].tolist()
        labels = {int(batch["box_labels"][mosaic, place].argmax()) for place in places}
        assert labels == set(batch["targets"][mosaic].eq(1).nonzero()[:, 0].tolist())
        last = places[-1]  # nothing lies over it
        left, top, right, bottom = batch["boxes"][mosaic, last].tolist()
        middle = shown[mosaic, :, int((top + bottom) / 2), int((left + right) / 2)] * 255
        name = source.labels.names[int(batch["box_labels"][mosaic, last].argmax())]
        assert middle.round().tolist() == pytest.approx(COLOURS[name], abs=1)
        assert 0 <= left < right <= 64
        assert 0.2 * 64 - 1e-3 <= right - left <= 0.3 * 64 + 1e-3
        outside = shown[mosaic, :, min(63, int(bottom) + 2), int((left + right) / 2)] * 255
        checked += bool((outside.round() - middle.round()).abs().max() > 1)
    assert checked > 20


def test_unseen_classes_are_shown_in_the_test_alone_and_no_picture_twice(coloured: Images) -> None:
    source = Mosaic(coloured, unseen=3, train=300, val=100, test=300, size=32)
    unseen = np.flatnonzero(~np.array(source.labels.seen))
    assert len(unseen) == 3
    for split in ("train", "val"):
        assert not set(unseen) & set(source.split(split).positives().columns)  # type: ignore[arg-type]
    assert set(unseen) <= set(source.split("test").positives().columns)
    pools = source._pools
    pairs = [pair for pool in pools.values() for pair in zip(pool.split.tolist(), pool.index.tolist(), strict=True)]
    assert len(pairs) == len(set(pairs)) == 200
    assert source.labels.seen != Mosaic(coloured, unseen=3, seed=1).labels.seen


def test_a_mosaic_follows_from_seed_and_number_alone(coloured: Images) -> None:
    source = Mosaic(coloured, unseen=["a"], size=32, train=20)
    examples = source.split("train")
    together, alone = examples[[3, 24, 7]], examples[[24]]
    for name in together:
        torch.testing.assert_close(together[name][1], alone[name][0])
    assert not torch.equal(examples[[3]]["image"], examples[[23]]["image"])  # another epoch
    kept = source.task_examples("train")
    assert torch.equal(kept[[3]]["image"], kept[[23]]["image"])
    assert not torch.equal(examples[[3]]["image"], Mosaic(coloured, size=32, seed=1).split("train")[[3]]["image"])
    found = kept.positives()
    targets = kept[range(20)]["targets"].numpy()
    rows = [found.columns[found.starts[i] : found.starts[i + 1]].tolist() for i in range(20)]
    assert rows == [np.flatnonzero(target == 1).tolist() for target in targets]


def test_pictures_are_held_out_where_the_source_has_none(tmp_path: Path) -> None:
    for name in "abcd":
        (tmp_path / "train" / name).mkdir(parents=True)
        for number in range(10):
            Image.new("RGB", (16, 16)).save(tmp_path / "train" / name / f"{number}.png")
    source = Mosaic(Images(tmp_path, size=16), unseen=1, held_out=0.2)
    assert [len(source._pools[split]) for split in SPLITS] == [24, 3, 13]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unseen": ["cat"]}, "there is no class `cat`"),
        ({"unseen": 10}, "expected classes to train on, but all 10 are unseen"),
        ({"pictures": (3, 2)}, "expected two numbers from 1 to 16, the lesser first"),
        ({"scale": (0.5, 0.2)}, "expected two shares from 0.05 to 1"),
    ],
)
def test_mistakes(coloured: Images, options: dict, message: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(BlockError, match=message):
        Mosaic(coloured, **options)


def test_a_source_of_several_labels_is_refused() -> None:
    with pytest.raises(BlockError, match="expected a source of pictures of one class each, got `glyph_scenes`"):
        Mosaic(GlyphScenes(train=20, val=20, test=20))
