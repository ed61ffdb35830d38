from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from compose.block import BlockError
from compose.data.counter_random import Dice
from compose.data.drawn import glyph_masks
from compose.data.drawn.alphabets import Alphabets, alphabet_table
from compose.data.drawn.character_drawing import CharacterStrokes, Hand
from compose.data.pictures.picture import PictureError

TABLE = alphabet_table()
SIDE, ALIKE, STRETCHED = 24, 0.94, 0.92
PLAIN: dict[str, Any] = {"rotation": 0, "slant": 0, "stretch": 0, "bend": 0, "stroke": 0}


@pytest.fixture(scope="module")
def source() -> Alphabets:
    return Alphabets(drawings=3)


@pytest.fixture(scope="module")
def letters() -> CharacterStrokes:
    return CharacterStrokes([ord("l"), ord("O"), ord("L")], 24)


def hand(**options: Any) -> Hand:
    return Hand(**{"size": 28, "scale": (0.8, 0.8), **PLAIN, **options})


# --- the table ----------------------------------------------------------------------------------------------------


def test_sizes() -> None:
    sizes = {split: len(TABLE.columns(split)) for split in ("train", "val", "test")}
    assert sizes == {"train": 1262, "val": 140, "test": 215}
    assert len(set(TABLE.names)) == len(set(TABLE.points)) == 1617
    assert len(set(TABLE.parents or ())) == 27
    assert "1,617 characters of 27 alphabets" in (Alphabets.__doc__ or "")


def test_an_alphabet_is_in_one_split_and_has_enough_characters() -> None:
    pairs = set(zip(TABLE.parents or (), TABLE.splits, strict=True))
    assert len(pairs) == 27
    assert min((TABLE.parents or ()).count(parent) for parent, _ in pairs) == 12


def test_names_and_parents() -> None:
    assert TABLE.parents is not None
    place = TABLE.names.index("armenian capital letter gim")
    assert (TABLE.parents[place], TABLE.splits[place], chr(TABLE.points[place])) == ("armenian", "test", "Գ")


def likeness(*, whole: bool) -> np.ndarray:
    """How alike characters look, up to 1: scaled to the same longer side, or to the same square."""
    masks, ratio = [], []
    for point in TABLE.points:
        look = glyph_masks._cut(next(font for font, points in glyph_masks._fonts() if point in points), point)
        ratio.append(np.log(look.size[0] / look.size[1]))
        square = Image.new("L", (SIDE + 2, SIDE + 2))
        square.paste(look.resize((SIDE, SIDE), Image.Resampling.BOX), (1, 1))
        frame = Image.fromarray(glyph_masks.framed(look, SIDE)) if whole else square
        masks.append(np.asarray(frame.filter(ImageFilter.GaussianBlur(0.8)), np.float32).ravel())
    flat = np.stack(masks) / np.linalg.norm(masks, axis=1)[:, None]
    near = abs(np.subtract.outer(ratio, ratio)) < np.log(1.6)
    alike: np.ndarray = np.where(near, flat @ flat.T, 0)
    np.fill_diagonal(alike, 0)
    return alike


def test_no_two_characters_are_nearly_the_same() -> None:
    assert likeness(whole=True).max() < ALIKE


def test_no_character_is_a_stretched_one_of_another_split() -> None:
    splits = np.array(TABLE.splits)
    assert likeness(whole=False)[splits[:, None] != splits].max() < STRETCHED


# --- the pictures -------------------------------------------------------------------------------------------------


def test_a_batch(source: Alphabets) -> None:
    examples = source.split("val")
    batch = examples[range(140 * 3)]
    assert (batch["image"].shape, batch["image"].dtype) == ((420, 1, 28, 28), torch.float32)
    assert source.shapes == {"image": (1, 28, 28)}
    assert len(examples) == 420
    assert batch["targets"].dtype == torch.int8
    assert batch["targets"].argmax(1).tolist() == examples.classes().tolist()
    assert (batch["targets"] == 1).sum() == 420
    assert not (batch["targets"] == 0).any()


def test_every_drawing_has_ink_and_ends_within_the_picture(source: Alphabets) -> None:
    for split in ("val", "test"):
        images = source.split(split)[range(600)]["image"]
        assert (images.min(), images.max()) == (0, 1)
        assert (images.sum((1, 2, 3)) > 6).all()
        rim = torch.cat([images[..., [0, -1], :].flatten(1), images[..., [0, -1]].flatten(1)], 1)
        assert (rim > 0.5).float().mean() < 0.005


def test_splits_draw_their_own_characters_equally_often(source: Alphabets) -> None:
    assert source.labels.seen == tuple(split == "train" for split in TABLE.splits)
    for split in ("train", "val", "test"):
        counts = np.bincount(source.split(split).classes(), minlength=1617)
        assert (counts == 3 * (np.array(TABLE.splits) == split)).all()


def test_all_seen() -> None:
    source = Alphabets(drawings=2, all_seen=True)
    assert all(source.labels.seen)
    val, test = source.split("val"), source.split("test")
    assert val.classes().tolist() == test.classes().tolist() == list(range(1617)) * 2
    assert not torch.equal(val[[0]]["image"], test[[0]]["image"])


def test_drawings_look_like_their_characters() -> None:
    """Each of Hebrew's plain drawings is nearer to its own character's mean than to the others'."""
    plain = Alphabets(drawings=8, scale=(0.8, 0.8), **PLAIN).split("test")
    rows = np.flatnonzero(np.array(TABLE.parents)[plain.classes()] == "hebrew")
    power = torch.fft.rfft2(plain[rows.tolist()]["image"][:, 0]).abs().flatten(1)
    classes = plain.classes()[rows]
    means = torch.stack([power[torch.from_numpy(classes == c)].mean(0) for c in np.unique(classes)])
    assert (np.unique(classes)[torch.cdist(power, means).argmin(1)] == classes).mean() > 0.9


def test_turning_right_turns_the_drawing(letters: CharacterStrokes) -> None:
    """An `l` is high, and wide after a quarter turn; between, its ink lies on a diagonal."""
    dice = Dice((0,), range(300))
    images = hand(rotation=90).draw(np.zeros(300, np.int64), letters, dice)[:, 0]
    wide, high = ((images > 0.5).any(axis).sum(1).float() for axis in (1, 2))
    assert ((wide > 2.5 * high).any(), (high > 2.5 * wide).any(), (abs(wide - high) < 3).any()) == (True,) * 3


@pytest.mark.parametrize("option", ["rotation", "slant", "stretch", "bend", "stroke"])
def test_each_distortion_changes_the_drawing(option: str, letters: CharacterStrokes) -> None:
    rows = np.full(8, 2)
    plain = hand().draw(rows, letters, Dice((0,), range(8)))
    changed = hand(**{option: {"rotation": 10, "bend": 0.05}.get(option, 0.2)}).draw(
        rows, letters, Dice((0,), range(8))
    )
    assert 0.005 < (plain - changed).abs().mean() < 0.1


def test_weights_thin_and_thicken_but_lose_no_stroke(letters: CharacterStrokes) -> None:
    ink = [letters.cut(letters.sums(np.arange(12)), torch.full((12,), weight)) for weight in (-1.0, -0.5, 0, 1.0)]
    thin, thinner, plain, thick = (part.sum((1, 2, 3)) for part in ink)
    assert (thin < thinner).all()
    assert (thinner < plain).all()
    assert (plain < thick).all()
    assert (ink[1].amax((1, 2, 3)) > 0.4).all()


def test_a_weight_of_0_is_the_faces_own(letters: CharacterStrokes) -> None:
    masks = glyph_masks.GlyphMasks([ord("l"), ord("O"), ord("L")], (24,)).levels[0]
    drawn = letters.cut(letters.sums(np.arange(len(masks))), torch.zeros(len(masks)))
    assert (drawn[:, 0] - torch.from_numpy(masks) / 255).abs().max() < 0.1


def test_an_example_does_not_depend_on_its_batch(source: Alphabets) -> None:
    examples = source.split("val")
    together = examples[range(100)]["image"]
    for part in ([17], [99, 0, 64], list(range(70, 40, -1))):
        assert torch.equal(examples[part]["image"], together[part])


def test_a_source_is_a_function_of_its_seed(source: Alphabets) -> None:
    image = source.split("test")[range(3)]["image"]
    assert torch.equal(image, Alphabets(drawings=3).split("test")[range(3)]["image"])
    assert not torch.equal(image, Alphabets(drawings=3, seed=1).split("test")[range(3)]["image"])


def test_epochs(source: Alphabets) -> None:
    train, test, length = source.split("train"), source.split("test"), 3 * 1262
    stale = Alphabets(drawings=3, fresh=False).split("train")
    assert not torch.equal(train[[5]]["image"], train[[5 + length]]["image"])
    assert torch.equal(train[[5]]["targets"], train[[5 + length]]["targets"])
    assert torch.equal(stale[[5]]["image"], stale[[5 + length]]["image"])
    assert torch.equal(test[[5]]["image"], test[[5 + 3 * 215]]["image"])


def test_a_split_travels_to_workers(source: Alphabets) -> None:
    examples = source.split("val")
    batch = examples[range(2)]
    sent = pickle.dumps(examples)
    assert len(sent) < 50_000
    assert torch.equal(pickle.loads(sent)[range(2)]["image"], batch["image"])


def test_a_users_picture(source: Alphabets, tmp_path: Path) -> None:
    picture = Image.new("L", (60, 50), 255)
    picture.paste(0, (20, 15, 40, 35))
    picture.save(tmp_path / "a.png")
    image = source.read_image(tmp_path / "a.png")
    assert image.shape == (1, 28, 28)
    assert (image[0, 0, 0], image[0, 14, 14]) == (pytest.approx(0, abs=0.02), pytest.approx(1, abs=0.02))
    with pytest.raises(PictureError, match="no such file"):
        source.read_image(tmp_path / "b.png")


@pytest.mark.parametrize("scale", [(0.8, 0.5), (0.1, 0.5), (0.5, 1.2)])
def test_refused_scales(scale: tuple[float, float]) -> None:
    with pytest.raises(BlockError, match="expected two shares from") as error:
        Alphabets(scale=scale)
    assert error.value.parameter == "scale"
