from __future__ import annotations

import hashlib
import pickle
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torchvision.datasets import CIFAR100

from compose.block import BlockError
from compose.data.classes.cifar100 import Cifar100, meta_cifar100
from compose.data.classes.photographs import moved
from compose.data.pictures.picture import PictureError
from compose.data.source import DataError

NAMES = meta_cifar100("easy").names
DIFFICULTIES: Any = ("easy", "moderate", "hard")
EACH = {"train": 2, "test": 1}


def write(file: Path, content: dict[str, Any]) -> list[str]:
    data = pickle.dumps(content)
    file.write_bytes(data)
    return [file.name, hashlib.md5(data).hexdigest()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """CIFAR-100's three files with three pictures of each class, whose checksums torchvision is told."""
    place = tmp_path / "cifar-100-python"
    place.mkdir()
    rng = np.random.default_rng(0)
    for part, each in EACH.items():
        labels = rng.permutation(np.repeat(np.arange(100), each))
        pictures = rng.integers(0, 256, (len(labels), 3072), np.uint8)
        pictures[:, 0] = labels
        content = {"data": pictures, "fine_labels": labels.tolist(), "coarse_labels": [0] * len(labels)}
        monkeypatch.setattr(CIFAR100, f"{part}_list", [write(place / part, content)])
    md5 = write(place / "meta", {"fine_label_names": list(NAMES)})[1]
    monkeypatch.setattr(CIFAR100, "meta", {"filename": "meta", "key": "fine_label_names", "md5": md5})
    return tmp_path


# --- the classes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_twenty_classes_are_for_the_test(difficulty: Any) -> None:
    table = meta_cifar100(difficulty)
    assert list(table.names) == sorted(set(table.names))
    assert set(Counter(table.parents).values()) == {5}
    assert (len(table.names), len(table.columns("test")), len(set(table.parents or ()))) == (100, 20, 20)
    assert len(table.columns("val")) == (15 if difficulty == "hard" else 16)


def counts(difficulty: Any, split: Any) -> list[int]:
    """How many classes each superclass that is in a split has there."""
    table = meta_cifar100(difficulty)
    assert table.parents is not None
    return sorted(Counter(table.parents[column] for column in table.columns(split)).values())


def test_the_papers_rules() -> None:
    assert counts("easy", "test") == [1] * 20
    assert counts("moderate", "test") == [2] + [3] * 6
    assert counts("hard", "test") == [5] * 4
    assert (counts("easy", "val"), counts("moderate", "val"), counts("hard", "val")) == (
        [1] * 16,
        [2, 2, 3, 3, 3, 3],
        [5] * 3,
    )


def test_moderate_validation_and_test_share_no_superclass() -> None:
    table = meta_cifar100("moderate")
    parents = np.array(table.parents)
    assert not set(parents[table.columns("val")]) & set(parents[table.columns("test")])


def test_without_validation_eighty_classes_are_trained_on() -> None:
    for difficulty in DIFFICULTIES:
        table, kept = meta_cifar100(difficulty, validation=False), meta_cifar100(difficulty)
        assert (len(table.columns("train")), len(table.columns("val"))) == (80, 0)
        assert np.array_equal(table.columns("test"), kept.columns("test"))


# --- the pictures -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("difficulty", DIFFICULTIES)
def test_a_split_has_all_pictures_of_its_classes(folder: Path, difficulty: Any) -> None:
    source = Cifar100(folder, difficulty=difficulty)
    assert source.check() == source.notes() == []
    for split in ("train", "val", "test"):
        examples = source.split(split)  # type: ignore[arg-type]
        batch = examples[range(len(examples))]
        columns = source.table.columns(split)  # type: ignore[arg-type]
        assert sorted(examples.classes()) == sorted(np.repeat(columns, 3))
        assert batch["image"].shape == (len(columns) * 3, 3, 32, 32)
        written = source.normalisation.undo(batch["image"])[:, 0, 0, 0].mul(255).round()
        assert written.int().tolist() == batch["targets"].argmax(1).tolist() == examples.classes().tolist()


def test_the_folder_itself_may_be_named(folder: Path) -> None:
    assert len(Cifar100(folder / "cifar-100-python").split("test")) == 60


def test_pixels_are_as_torchvision_has_them(folder: Path) -> None:
    source, plain = Cifar100(folder), CIFAR100(str(folder), train=True)
    examples = source.split("train")
    row = next(i for i, target in enumerate(plain.targets) if target in source.table.columns("train"))
    assert (
        examples[[0]]["image"][0] - (torch.from_numpy(plain.data[row]).permute(2, 0, 1) / 127.5 - 1)
    ).abs().max() < 1e-6


def test_moved_is_padding_and_cropping() -> None:
    images, chance = torch.rand(30, 3, 8, 8), np.random.default_rng(0).random((30, 2))
    padded = torch.nn.functional.pad(images, (4, 4, 4, 4))
    for image, whole, (top, left) in zip(moved(images, chance), padded, (chance * 9).astype(int), strict=True):
        assert torch.equal(image, whole[:, top : top + 8, left : left + 8])


@pytest.mark.parametrize("augment", ["flip", "crop"])
def test_training_pictures_are_augmented_anew_in_every_epoch(folder: Path, augment: Any) -> None:
    source, plain = Cifar100(folder, augment=augment), Cifar100(folder)
    train, length = source.split("train"), len(plain.split("train"))
    first = train[range(20)]["image"]
    assert torch.equal(first[[7, 3]], train[[7, 3]]["image"])
    assert not torch.equal(first, train[range(length, length + 20)]["image"])
    assert not torch.equal(first, plain.split("train")[range(20)]["image"])
    assert torch.equal(source.split("test")[range(9)]["image"], plain.split("test")[range(9)]["image"])


def test_no_validation(folder: Path) -> None:
    source = Cifar100(folder, validation=False)
    assert len(source.split("train")) == 240
    with pytest.raises(DataError, match="no pictures in the split `val`"):
        source.split("val")


def test_other_files_are_never_unpickled(folder: Path) -> None:
    (folder / "cifar-100-python" / "test").write_bytes(b"cos\nsystem\n(S'exit 1'\ntR.")
    source = Cifar100(folder)
    assert "checksums differ" in source.check()[0]
    with pytest.raises(DataError, match="checksums differ"):
        source.split("train")


def test_missing_files(folder: Path, tmp_path: Path) -> None:
    (folder / "cifar-100-python" / "meta").unlink()
    with pytest.raises(BlockError, match="there is no meta") as error:
        Cifar100(folder)
    assert error.value.parameter == "folder"
    (tmp_path / "cifar-100-python.tar.gz").touch()
    with pytest.raises(BlockError, match="unpack"):
        Cifar100(folder)


def test_a_class_with_too_few_pictures(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = folder / "cifar-100-python"
    for part in EACH:
        labels = [0] * (part == "train") + list(range(1, 100))
        content = {"data": np.zeros((len(labels), 3072), np.uint8), "fine_labels": labels}
        monkeypatch.setattr(CIFAR100, f"{part}_list", [write(place / part, content)])
    assert Cifar100(folder).check() == ["expected at least 2 pictures of `apple` (train), got 1"]


def test_a_users_picture(folder: Path, tmp_path: Path) -> None:
    Image.new("RGB", (60, 50), "white").save(tmp_path / "a.png")
    image = Cifar100(folder).read_image(tmp_path / "a.png")
    assert (image.shape, image.min()) == ((3, 32, 32), 1)
    with pytest.raises(PictureError, match="no such file"):
        Cifar100(folder).read_image(tmp_path / "b.png")
