"""The user's pictures as examples of few-shot tasks: the labels of each split, without reading one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.pictures.images import Images
from compose.data.source import SPLITS
from compose.tasks.class_pool import ClassPool, PoolError
from compose.tasks.episodes import EpisodeShape
from compose.tasks.task_pool import draw_tasks, task_pool

NAMES = ("ant", "bee", "cat", "dog", "elk", "fox")
COUNT = 84
SHAPE = EpisodeShape(2, 1, 2)


def carried(i: int) -> list[str]:
    """The labels of a picture, one to three."""
    return [name for place, name in enumerate(NAMES) if i % (place + 2) == 0] or ["fox"]


def split_of(i: int) -> str:
    return SPLITS[7 * i % 11 % 3]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i in range(COUNT):
        Image.new("RGB", (20, 20), (3 * i, 0, 0)).save(tmp_path / f"{i}.png")
    rows = [f"{i}.png,{';'.join(carried(i))},{split_of(i)}" for i in range(COUNT)]
    (tmp_path / "list.csv").write_text("\n".join(["image,labels,split", *rows, ""]))
    rows = [f"{i}.png,{name},1,{split_of(i)}" for i in range(COUNT) for name in carried(i)]
    rows += [f"{i}.png,dog,0,{split_of(i)}" for i in range(COUNT) if "dog" not in carried(i)]
    (tmp_path / "long.csv").write_text("\n".join(["image,label,confidence,split", *rows, ""]))
    rows = [f"{i}.png,{','.join(str(int(n in carried(i))) for n in NAMES)},{split_of(i)}" for i in range(COUNT)]
    (tmp_path / "wide.csv").write_text("\n".join([f"image,{','.join(NAMES)},split", *rows, ""]))
    return tmp_path


def scenes(folder: Path, form: str = "list", **options: Any) -> Images:
    return Images(
        folder,
        **{
            "labels": folder / f"{form}.csv",
            "size": 16,
            "split": {"val": ["ant", "elk"], "test": ["bee", "fox"]},
            **options,
        },
    )


def of_targets(targets: torch.Tensor) -> Positives:
    rows, columns = (targets > 0).nonzero(as_tuple=True)
    return Positives.of(rows.numpy(), columns.numpy(), *targets.shape)


@pytest.mark.parametrize("form", ["list", "long", "wide"])
def test_what_pictures_carry_is_what_their_targets_say(folder: Path, form: str) -> None:
    source = scenes(folder, form)
    for split in SPLITS:
        examples = source.task_examples(split)
        assert isinstance(examples, MultiLabelExamples)
        found, expected = examples.positives(), of_targets(examples[range(len(examples))]["targets"])
        assert all(np.array_equal(left, right) for left, right in zip(found, expected, strict=True))
    assert source.example_protocol == "example_split"


@pytest.mark.parametrize("form", ["list", "long", "wide"])
def test_tasks_hold_labels_of_their_split_and_read_no_picture_to_be_drawn(folder: Path, form: str) -> None:
    source = scenes(folder, form)
    batch = draw_tasks(source, "train", [SHAPE], sampling="uniform", seed=0, count=8)[range(8)]
    assert batch["image"].shape == (8 * SHAPE.pictures, 3, 16, 16)
    own = batch["targets"].view(8, -1, len(NAMES)).gather(2, batch["episode_labels"][:, None].expand(-1, 6, -1))
    assert torch.equal(torch.cat([batch["support_targets"], batch["query_targets"]], 1), own)
    assert batch["support_targets"].gt(0).any(-1).all()
    for picture in folder.glob("*.png"):
        picture.unlink()
    of_split = {split: task_pool(source, split).names for split in SPLITS}
    assert sorted(name for names in of_split.values() for name in names) == sorted(NAMES)
    assert [len(names) for names in of_split.values()] == [2, 2, 2]
    assert source.labels.seen == tuple(name in of_split["train"] for name in NAMES)
    draw_tasks(source, "val", [SHAPE], sampling="uniform", seed=0, count=8).draw(range(8))  # type: ignore[union-attr]


def test_unseen_labels_are_the_tests_and_a_file_may_divide(folder: Path) -> None:
    named = scenes(folder, unseen=["cat", "fox"], split={"val": ["ant"]})
    assert [task_pool(named, split).names for split in SPLITS] == [["bee", "dog", "elk"], ["ant"], ["cat", "fox"]]
    (folder / "split.json").write_text(json.dumps({"val": ["ant"], "test": ["cat", "fox"]}))
    filed = scenes(folder, split=folder / "split.json")
    assert filed.labels == named.labels
    assert [task_pool(filed, split).names for split in SPLITS] == [task_pool(named, split).names for split in SPLITS]
    undivided = scenes(folder, split=None)
    assert [task_pool(undivided, split).names for split in SPLITS] == [list(NAMES)] * 3


def test_label_split_shares_all_pictures(folder: Path) -> None:
    source = scenes(folder, protocol="label_split")
    assert [len(source.split(split)) for split in SPLITS] == [COUNT] * 3
    assert len({tuple(task_pool(source, split).names) for split in SPLITS}) == 3
    assert (source.example_protocol, source.check()) == ("label_split", [])


def test_classes_may_be_divided_too(folder: Path) -> None:
    rows = [f"{i}.png,{NAMES[i % 6]},{split_of(i)}" for i in range(COUNT)]
    (folder / "one.csv").write_text("\n".join(["image,labels,split", *rows, ""]))
    source = scenes(folder, "one", split={"val": ["ant", "bee"], "test": ["cat", "dog"]})
    pools = [task_pool(source, split) for split in SPLITS]
    assert [pool.names for pool in pools] == [["elk", "fox"], ["ant", "bee"], ["cat", "dog"]]
    assert (type(pools[0]), source.example_protocol) == (ClassPool, None)
    with pytest.raises(PoolError, match=r"`val` has no classes of its own to draw tasks by: `split: \{val: N\}`"):
        task_pool(scenes(folder, "one", split={"test": 2}), "val")
    source = scenes(folder, "one", split=None, unseen=["cat", "dog"])
    assert task_pool(source, "test").names == ["cat", "dog"]
    with pytest.raises(PoolError, match="`val` has no classes of its own"):  # and takes none of the test's
        task_pool(source, "val")


def test_a_column_of_splits_keeps_classes_apart(folder: Path) -> None:
    split = dict(zip(NAMES[:6], ("train", "train", "val", "val", "test", "test"), strict=True))
    rows = [f"{i}.png,{NAMES[i % 6]},{split[NAMES[i % 6]]}" for i in range(COUNT)]
    (folder / "apart.csv").write_text("\n".join(["image,labels,split", *rows, ""]))
    source = scenes(folder, "apart", split=None)
    assert [task_pool(source, split).names for split in SPLITS] == [list(NAMES[i : i + 2]) for i in (0, 2, 4)]


def test_tasks_of_the_test_are_of_no_class_that_is_trained_on(folder: Path) -> None:
    rows = [f"{i}.png,{NAMES[i % 6]}" for i in range(COUNT)]
    (folder / "lot.csv").write_text("\n".join(["image,labels", *rows, ""]))
    message = (
        r"`test` has no classes of its own to draw tasks by: `split: \{test: N\}`.*; a column `split` in a label file"
    )
    with pytest.raises(PoolError, match=message):
        task_pool(scenes(folder, "lot", split=None), "test")
    rows = [f"{i}.png,{NAMES[i % 6]},{split_of(i)}" for i in range(COUNT)]
    (folder / "one.csv").write_text("\n".join(["image,labels,split", *rows, ""]))
    assert len(task_pool(scenes(folder, "one", split=None), "test").names) > 1  # as the user has it


@pytest.mark.parametrize(
    ("options", "parameter", "message"),
    [
        ({"unseen": ["cat"], "split": {"test": 1}}, "split.test", "expected no `test` beside `unseen`"),
        ({"all_seen": True}, "split", "expected no `split`, as all labels are to be seen"),
        ({"split": {"train": 1, "val": 2}}, "split", "expected every label in a split, but `"),
        ({"split": {"val": ["cow"]}}, "split.val", "no such label among 6: `cow`"),
    ],
)
def test_refused_divisions(folder: Path, options: dict[str, Any], parameter: str, message: str) -> None:
    with pytest.raises(BlockError) as error:
        scenes(folder, **options)
    assert error.value.parameter == parameter
    assert str(error.value).startswith(message)


def test_pictures_that_do_not_change_may_be_kept(folder: Path) -> None:
    for how, repeats in {"none": True, "flip": False, "crop": False}.items():
        assert scenes(folder, augment=how).split("train").repeats is repeats
    assert scenes(folder).split("test").repeats
