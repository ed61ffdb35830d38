from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.classes.mini_imagenet import MiniImageNet
from compose.data.pictures.picture import PictureError

LISTS = {"train": ("n01532829", "n01558993", "n01704323"), "val": ("n01855672",), "test": ("n01930112", "n01981276")}
NAMES = ("house finch", "robin", "triceratops", "goose", "nematode", "king crab")
EACH = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of each class, each of a grey of its own, and the three lists above them."""
    images, grey = tmp_path / "images", 0
    images.mkdir()
    for split, ids in LISTS.items():
        rows = ["filename,label"]
        for wordnet_id in ids:
            for number in range(1, EACH + 1):
                name = f"{wordnet_id}{number:08}.jpg"
                Image.new("RGB", (100 + number, 60), (grey,) * 3).save(images / name)
                rows.append(f"{name},{wordnet_id}")
                grey += 10
        (tmp_path / f"{split}.csv").write_text("\n".join(rows) + "\n")
    return images


def mini(folder: Path, **options: Any) -> MiniImageNet:
    return MiniImageNet(folder, **{"size": 16, **options})


def refusal(folder: Path, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        mini(folder, **options)
    return error.value.parameter, str(error.value)


def test_a_source(folder: Path) -> None:
    source = mini(folder)
    assert source.labels.names == NAMES
    assert source.labels.seen == (True,) * 3 + (False,) * 3
    assert source.labels.synsets == (*LISTS["train"], *LISTS["val"], *LISTS["test"])
    assert source.parents == ()
    assert (source.shapes, MiniImageNet(folder).shapes) == ({"image": (3, 16, 16)}, {"image": (3, 84, 84)})
    assert source.check() == source.notes() == []


def test_pictures_and_classes(folder: Path) -> None:
    source, grey = mini(folder, normalisation="half"), 0
    for split, columns in (("train", [0, 1, 2]), ("val", [3]), ("test", [4, 5])):
        examples = source.split(split)  # type: ignore[arg-type]
        batch = examples[range(len(examples))]
        assert examples.classes().tolist() == np.repeat(columns, EACH).tolist()
        assert batch["targets"].argmax(1).tolist() == examples.classes().tolist()
        assert set(batch["targets"].unique().tolist()) == {-1, 1}
        assert (batch["image"].shape[1:], batch["image"].dtype) == ((3, 16, 16), torch.float32)
        for image in batch["image"]:
            assert (image.mean() * 127.5 + 127.5).item() == pytest.approx(grey, abs=3)
            grey += 10


def test_the_whole_picture_is_squashed(folder: Path) -> None:
    half = Image.new("RGB", (200, 60))
    half.paste((255, 255, 255), (0, 0, 20, 60))
    half.save(folder / "n0153282900000001.jpg", quality=95)
    squashed, middle = (mini(folder, fit=fit, normalisation="half").split("train")[[0]] for fit in ("squash", "middle"))
    assert squashed["image"][0, :, :, 0].mean() > 0.8
    assert middle["image"].max() < -0.8


def test_training_pictures_are_augmented_anew_in_every_epoch(folder: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8)
    Image.fromarray(noise).save(folder / "n0153282900000001.jpg")
    train = mini(folder, augment="crop").split("train")
    first = train[[0]]["image"]
    assert torch.equal(first, train[[4, 0]]["image"][1:])
    assert not torch.equal(first, train[[9]]["image"])
    assert not torch.equal(first, mini(folder).split("train")[[0]]["image"])
    assert torch.equal(
        mini(folder, augment="crop").split("test")[[1]]["image"], mini(folder).split("test")[[1]]["image"]
    )


def test_where_the_lists_may_be(folder: Path) -> None:
    elsewhere = folder.parent / "lists"
    elsewhere.mkdir()
    for split in LISTS:
        (folder.parent / f"{split}.csv").rename(elsewhere / f"{split}.csv")
    assert "there is no" in refusal(folder)[1]
    assert mini(folder, lists=elsewhere).labels.names == NAMES
    for split in LISTS:
        (elsewhere / f"{split}.csv").rename(folder / f"{split}.csv")
    assert mini(folder).labels.names == NAMES


def test_other_labels_keep_their_names(folder: Path) -> None:
    for split in LISTS:
        file = folder.parent / f"{split}.csv"
        file.write_text(file.read_text().replace(",n0", ",class_n0"))
    source = mini(folder)
    assert source.labels.names[0] == "class_n01532829"
    assert set(source.labels.synsets) == {None}


def test_refused_lists(folder: Path) -> None:
    test = folder.parent / "test.csv"
    test.write_text(test.read_text() + "n0153282900000001.jpg,n01532829\n")
    parameter, message = refusal(folder)
    assert parameter == "lists"
    assert "`n01532829` is in train.csv and test.csv" in message
    test.write_text("picture,label\na.jpg,b\n")
    assert "columns `filename` and `label`, got picture, label" in refusal(folder)[1]
    test.write_text("")
    assert "expected rows" in refusal(folder)[1]
    test.write_bytes(b"filename,label\n\xff\xfe,a\n")
    assert "cannot be read" in refusal(folder)[1]
    test.unlink()
    assert "there is no" in refusal(folder)[1]


def test_other_refusals(folder: Path) -> None:
    assert "there is no folder" in refusal(folder / "nowhere")[1]
    assert refusal(folder, crop=(0.8, 0.4))[0] == "crop"


def test_damaged_pictures_and_small_classes_are_named(folder: Path) -> None:
    (folder / "n0153282900000002.jpg").write_bytes(b"broken")
    (folder / "n0155899300000001.jpg").unlink()
    val = folder.parent / "val.csv"
    val.write_text("\n".join(val.read_text().splitlines()[:2]))
    source = mini(folder)
    broken, missing, few = source.check()
    assert broken == "n0153282900000002.jpg: not a picture that can be read"
    assert missing.startswith("n0155899300000001.jpg: there is no such file")
    assert few == "expected at least 2 pictures of `goose` (val), got 1"
    with pytest.raises(PictureError, match="00000002"):
        source.split("train")[[1]]


def test_another_folder(folder: Path) -> None:
    for picture in folder.iterdir():
        picture.unlink()
    (found,) = mini(folder).check()
    assert found.startswith("none of the 18 pictures is there, such as")


def test_a_users_picture(folder: Path) -> None:
    assert mini(folder).read_image(folder / "n0153282900000001.jpg").shape == (3, 16, 16)


def test_a_picture_listed_again(folder: Path) -> None:
    name = f"{LISTS['train'][0]}00000001.jpg"
    with (folder.parent / "test.csv").open("a") as file:
        file.write(f"./{name},{LISTS['test'][0]}\n")
    assert mini(folder).check() == [f"./{name} (test.csv) is listed already, as {name} (train.csv)"]
