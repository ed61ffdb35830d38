from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from compose.block import BlockError
from compose.data.counter_random import Dice
from compose.data.drawn.glyph_scenes import GlyphScenes
from compose.data.drawn.glyph_table import glyph_table
from compose.data.pictures.picture import PictureError
from compose.data.source import SPLITS

TABLE = glyph_table()
UNSEEN_LEAVES = [TABLE.labels.names.index(name) for name in TABLE.unseen_leaves]


@pytest.fixture(scope="module")
def source() -> GlyphScenes:
    return GlyphScenes(train=100, val=50, test=60, boxes=True)


def equal(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_batch(source: GlyphScenes) -> None:
    batch = source.split("train")[range(7)]
    assert {name: (tuple(value.shape), value.dtype) for name, value in batch.items()} == {
        "image": ((7, 3, 64, 64), torch.float32),
        "targets": ((7, 161), torch.int8),
        "boxes": ((7, 4, 4), torch.float32),
        "box_labels": ((7, 4, 161), torch.int8),
    }
    assert {name: tuple(batch[name].shape[1:]) for name in source.shapes} == source.shapes
    assert set(batch["targets"].unique().tolist()) == {-1, 1}
    assert batch["image"].abs().max() < 1.6


def test_boxes_are_given_on_demand() -> None:
    source = GlyphScenes()
    assert set(source.split("train")[[0]]) == {"image", "targets"}
    assert source.shapes == {"image": (3, 64, 64)}


def test_an_example_does_not_depend_on_its_batch(source: GlyphScenes) -> None:
    examples = source.split("train")
    together = examples[range(60)]
    for part in ([17], [59, 0, 31], list(range(60, 40, -1))):
        batch = examples[part]
        expected = [i if i < 60 else None for i in part]
        for place, index in enumerate(expected):
            if index is not None:
                assert all(torch.equal(batch[name][place], together[name][index]) for name in together)


def test_a_source_is_a_function_of_its_seed(source: GlyphScenes) -> None:
    again = GlyphScenes(train=100, val=50, test=60, boxes=True)
    other = GlyphScenes(train=100, val=50, test=60, boxes=True, seed=1)
    for split in ("train", "val", "test"):
        assert equal(source.split(split)[range(3)], again.split(split)[range(3)])
        assert not equal(source.split(split)[range(3)], other.split(split)[range(3)])


def test_splits_differ(source: GlyphScenes) -> None:
    images = [source.split(split)[[0]]["image"] for split in ("train", "val", "test")]
    assert not torch.equal(images[0], images[1])
    assert not torch.equal(images[1], images[2])


def test_training_pictures_are_new_in_every_epoch_if_fresh(source: GlyphScenes) -> None:
    stale = GlyphScenes(train=100, fresh=False).split("train")
    fresh = source.split("train")
    assert len(fresh) == 100
    assert not torch.equal(fresh[[5]]["image"], fresh[[105]]["image"])
    assert torch.equal(stale[[5]]["image"], stale[[105]]["image"])
    assert torch.equal(stale[[5]]["image"], fresh[[5]]["image"])


def test_evaluation_pictures_are_the_same_in_every_epoch(source: GlyphScenes) -> None:
    for split in ("val", "test"):
        examples = source.split(split)
        assert equal(examples[[3]], examples[[3 + len(examples)]])


@pytest.mark.parametrize("split", ["train", "val"])
def test_no_unseen_leafs_glyph_is_drawn_before_the_test(split: Any) -> None:
    """Over ten thousand scenes; the layout is what decides which glyphs are drawn."""
    layout, _ = GlyphScenes(objects=(4, 4)).split(split)._layouts()
    symbols = layout.draw(Dice((0, 1), range(10_000)), np.full(10_000, 0.5))
    drawn = np.unique(symbols.glyph[symbols.present])
    assert not TABLE.shows[drawn][:, UNSEEN_LEAVES].any()
    assert not TABLE.shows[layout.rows.ravel()][:, UNSEEN_LEAVES].any()
    assert len(drawn) > 440


def test_no_unseen_leaf_is_in_training_targets(source: GlyphScenes) -> None:
    for split in ("train", "val"):
        assert (source.split(split)[range(50)]["targets"][:, UNSEEN_LEAVES] == -1).all()


def test_the_test_split_shows_every_unseen_label_often() -> None:
    examples = GlyphScenes(objects=(1, 4)).split("test")
    layout, _ = examples._layouts()
    symbols = layout.draw(Dice((0, 3), range(len(examples))), np.full(len(examples), 0.5))
    shown = (TABLE.shows[symbols.glyph] & symbols.present[..., None]).any(1).sum(0)
    unseen = ~np.array(TABLE.labels.seen)
    assert shown[unseen].min() >= 12


def test_targets_are_what_the_boxes_show(source: GlyphScenes) -> None:
    batch = source.split("test")[range(60)]
    assert torch.equal(batch["targets"] == 1, (batch["box_labels"] == 1).any(1))
    taken = batch["box_labels"].any(2)
    assert (batch["boxes"][~taken] == 0).all()
    assert set(taken.sum(1).tolist()) == {1, 2, 3, 4}


def test_hypernyms_are_present_with_their_hyponyms(source: GlyphScenes) -> None:
    names = TABLE.labels.names
    targets = source.split("test")[range(60)]["targets"] == 1
    for leaf, hypernym in (("pawn", "chessman"), ("cat", "placental"), ("square", "plane_figure"), ("two", "digit")):
        assert (targets[:, names.index(hypernym)] >= targets[:, names.index(leaf)]).all()


def test_boxes_enclose_the_drawn_pixels_tightly() -> None:
    """On a background without noise and clutter, which is a plane in each channel."""
    source = GlyphScenes(objects=(1, 1), clutter=0, noise=0, boxes=True, size=48)
    batch = source.split("test")[range(40)]
    axis = torch.linspace(-0.5, 0.5, 48)
    terms = torch.stack([torch.ones(48, 48), axis.expand(48, 48), axis[:, None].expand(48, 48)], -1)
    for image, box in zip(batch["image"], batch["boxes"][:, 0], strict=True):
        left, top, right, bottom = (int(side) for side in box)
        outside = torch.ones(48, 48, dtype=torch.bool)
        outside[max(0, top - 1) : bottom + 1, max(0, left - 1) : right + 1] = False
        plane = terms @ torch.linalg.lstsq(terms[outside], image[:, outside].T).solution
        drawn = ((image.permute(1, 2, 0) - plane).abs() > 0.03).any(-1)
        assert not drawn[outside].any()
        ys, xs = drawn.nonzero(as_tuple=True)
        found = torch.stack([xs.min(), ys.min(), xs.max() + 1, ys.max() + 1])
        assert (found - box).abs().max() <= 1


def test_nothing_is_cut_off(source: GlyphScenes) -> None:
    boxes = GlyphScenes(boxes=True, scale=(0.3, 1.0), rotation=45, objects=(1, 2)).split("test")[range(100)]["boxes"]
    boxes = boxes[boxes.any(-1)]
    assert boxes.min() >= 1
    assert boxes.max() <= 63


def test_few_symbols_are_hidden() -> None:
    boxes = GlyphScenes(boxes=True, objects=(3, 3)).split("test")[range(200)]["boxes"]
    low = torch.maximum(boxes[:, :, None, :2], boxes[:, None, :, :2])
    high = torch.minimum(boxes[:, :, None, 2:], boxes[:, None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area = shared.diagonal(dim1=1, dim2=2)
    hidden = (shared.sum(2) - area) / area
    assert (hidden > 0.3).float().mean() < 0.15


@pytest.mark.parametrize("size", [16, 33, 120])
def test_other_sizes(size: int) -> None:
    source = GlyphScenes(size=size, boxes=True, clutter=0)
    batch = source.split("train")[range(2)]
    assert batch["image"].shape == (2, 3, size, size)
    assert batch["image"].isfinite().all()
    assert batch["boxes"].max() <= size


def test_normalisations_differ_by_their_constants_alone() -> None:
    half = GlyphScenes().split("test")[range(4)]["image"]
    imagenet = GlyphScenes(normalisation="imagenet").split("test")[range(4)]["image"]
    mean, std = (torch.tensor(v)[:, None, None] for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    torch.testing.assert_close(imagenet * std + mean, half * 0.5 + 0.5, atol=1e-5, rtol=0)


def test_a_split_travels_to_workers_without_its_masks(source: GlyphScenes) -> None:
    examples = source.split("train")
    batch = examples[range(2)]
    sent = pickle.dumps(examples)
    assert len(sent) < 10_000
    assert equal(pickle.loads(sent)[range(2)], batch)


def test_a_users_picture(source: GlyphScenes, tmp_path: Any) -> None:
    Image.new("RGB", (300, 200), "white").save(tmp_path / "white.png")
    picture = source.read_image(str(tmp_path / "white.png"))
    assert torch.equal(picture, torch.ones(3, 64, 64))
    with pytest.raises(PictureError, match="there is no such file"):
        source.read_image(tmp_path / "none.png")


def test_nothing_is_wrong_with_drawn_pictures(source: GlyphScenes) -> None:
    assert source.check() == source.notes() == []


@pytest.mark.parametrize(
    ("options", "parameter"),
    [({"objects": (3, 2)}, "objects"), ({"objects": (1, 10)}, "objects"), ({"scale": (0.5, 0.2)}, "scale")],
)
def test_refused_options(options: Any, parameter: str) -> None:
    with pytest.raises(BlockError, match="expected two") as error:
        GlyphScenes(**options)
    assert error.value.parameter == parameter


def test_all_seen_holds_nothing_back() -> None:
    source = GlyphScenes(size=16, all_seen=True)
    assert all(source.labels.seen)
    hidden = [source.labels.names.index(name) for name in glyph_table().unseen_leaves]
    targets = source.split("train")[range(2000)]["targets"]
    assert (targets[:, hidden] == 1).any(0).all()


# --- few-shot tasks -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"split": {"val": 20}}, {"objects": (2, 3), "protocol": "label_split"}])
def test_what_scenes_carry_is_what_their_targets_say(options: dict[str, Any]) -> None:
    source = GlyphScenes(train=60, val=50, test=40, seed=3, **options)
    for split in SPLITS:
        examples = source.task_examples(split)
        batch = examples[range(len(examples))]
        rows, columns = (batch["targets"] > 0).nonzero(as_tuple=True)
        starts, found = examples.positives()
        assert torch.equal(torch.from_numpy(np.repeat(np.arange(len(examples)), np.diff(starts))), rows)
        assert torch.equal(torch.from_numpy(found), columns)
        assert equal(examples[[5 + len(examples)]], examples[[5]])
        assert equal(source.split(split)[[5]], examples[[5]])


def test_labels_are_divided_and_symbols_with_them() -> None:
    source = GlyphScenes(split={"val": 28})
    columns = [source.task_examples(split).columns() for split in SPLITS]
    assert [len(of_split) for of_split in columns] == [100, 28, 33]
    assert sorted(np.concatenate(columns)) == list(range(161))
    assert columns[2].tolist() == [i for i, seen in enumerate(TABLE.labels.seen) if not seen]
    assert np.flatnonzero(source.labels.seen).tolist() == columns[0].tolist()
    leaves = [i for i, name in enumerate(TABLE.labels.names) if name in TABLE.leaves]
    for place, split in enumerate(SPLITS):
        drawn = sorted({row for rows in source.pool(split) for row in rows})
        later = [i for of_split in columns[place + 1 :] for i in of_split if i in leaves]
        assert not TABLE.shows[drawn][:, later].any()
        assert TABLE.shows[drawn][:, columns[place]].any(0).mean() > 0.95  # some have only symbols of later leaves


def test_label_split_shares_all_scenes() -> None:
    source = GlyphScenes(train=40, split={"val": 28}, protocol="label_split")
    assert equal(source.split("test")[[3]], source.task_examples("train")[[3]])
    assert {row for rows in source.pool("train") for row in rows} == set(range(502))


def test_refused_divisions() -> None:
    with pytest.raises(BlockError, match="expected no `split`, as all labels are to be seen"):
        GlyphScenes(all_seen=True, split={"val": 3})
    with pytest.raises(BlockError, match="no such label among 161: `yak`"):
        GlyphScenes(split={"val": ["yak"]})
