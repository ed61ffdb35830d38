from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.block import BlockError
from compose.data.classes.omniglot import Omniglot
from compose.data.pictures.picture import PictureError
from compose.data.source import DataError

BACKGROUND = {"Greek": 3, "Hebrew": 2, "Latin": 4, "Korean": 2}
EVALUATION = {"Oriya": 2, "Tibetan": 1}
DRAWINGS = 3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Both halves; each drawing has a bar of ink at the top, as wide as its number in the alphabet and drawing tell."""
    for half, alphabets in (("background", BACKGROUND), ("evaluation", EVALUATION)):
        for alphabet, characters in alphabets.items():
            for number in range(1, characters + 1):
                place = tmp_path / f"images_{half}" / alphabet / f"character{number:02}"
                place.mkdir(parents=True)
                for drawing in range(DRAWINGS):
                    pixels = np.ones((105, 105), bool)
                    pixels[:30, : 20 * number + 5 * drawing] = False
                    Image.fromarray(pixels).save(place / f"{number:04}_{drawing + 1:02}.png")
    return tmp_path


def omniglot(folder: Path, **options: Any) -> Omniglot:
    return Omniglot(folder, **{"rotations": False, "val_alphabets": ["Hebrew"], **options})


def refusal(folder: Path, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        omniglot(folder, **options)
    return error.value.parameter, str(error.value)


def alphabets(source: Omniglot, split: Any) -> set[str]:
    return {source.parents[column] for column in source.split(split).classes()} if source.parents else set()


def test_a_source(folder: Path) -> None:
    source = omniglot(folder)
    assert source.labels.names[:2] == ("Greek/character01", "Greek/character02")
    assert source.parents is not None
    assert (len(source.labels.names), sum(source.labels.seen)) == (14, 9)
    assert alphabets(source, "train") == {"Greek", "Latin", "Korean"}
    assert alphabets(source, "val") == {"Hebrew"}
    assert alphabets(source, "test") == {"Oriya", "Tibetan"}
    assert source.shapes == {"image": (1, 28, 28)}
    batch = source.split("train")[range(4)]
    assert (batch["image"].shape, batch["image"].dtype) == ((4, 1, 28, 28), torch.float32)
    assert source.check() == source.notes() == []


def test_characters_of_both_halves_by_lot(folder: Path) -> None:
    source = omniglot(folder, train_characters=9, rotations=True)
    assert (len(source.labels.names), sum(source.labels.seen)) == (14 * 4, 9 * 4)
    assert alphabets(source, "train") & {*EVALUATION}
    trained, tested = ({source.labels.names[i] for i in source.split(split).classes()} for split in ("train", "test"))
    assert len(trained) == 9 * 4
    assert trained | tested == {*source.labels.names}
    assert {name for name in trained if name in tested} == set()
    again, other = (omniglot(folder, train_characters=9, seed=seed).labels.seen for seed in (0, 1))
    assert again == source.labels.seen[::4] != other


def test_characters_of_the_only_half_by_lot(folder: Path) -> None:
    shutil.rmtree(folder / "images_evaluation")
    source = omniglot(folder, train_characters=8)
    assert (len(source.labels.names), sum(source.labels.seen)) == (11, 8)
    shutil.move(folder / "images_background", folder / "images_evaluation")
    assert omniglot(folder, train_characters=8).labels.names == source.labels.names


def test_no_character_left_to_test_on(folder: Path) -> None:
    expected = "train_characters", "expected characters left to test on, but there are 14 in all"
    assert refusal(folder, train_characters=14) == expected


def test_pictures_and_classes(folder: Path) -> None:
    source = omniglot(folder)
    for split, size in (("train", 27), ("val", 6), ("test", 9)):
        examples = source.split(split)  # type: ignore[arg-type]
        batch = examples[range(size)]
        assert len(examples) == size
        assert batch["targets"].argmax(1).tolist() == examples.classes().tolist()
        assert set(batch["targets"].unique().tolist()) == {-1, 1}
        for image, column, drawing in zip(
            batch["image"], examples.classes(), list(range(DRAWINGS)) * size, strict=False
        ):
            number = int(source.labels.names[column][-2:])
            width = image[0, 2].sum().item() * 105 / 28
            assert width == pytest.approx(20 * number + 5 * drawing, abs=2)
            assert image[0, 20:].max() == 0


def test_turned_characters_are_classes_of_their_own(folder: Path) -> None:
    source, plain = omniglot(folder, rotations=True), omniglot(folder).split("test")
    assert source.labels.names[:5] == (
        "Greek/character01",
        "Greek/character01/rot090",
        "Greek/character01/rot180",
        "Greek/character01/rot270",
        "Greek/character02",
    )
    examples = source.split("test")
    assert len(examples) == 4 * len(plain)
    batch = examples[range(len(examples))]
    for row, (image, column) in enumerate(zip(batch["image"], examples.classes(), strict=True)):
        name, turn = source.labels.names[column], row % 4
        assert name.endswith(("character01", "character02") if turn == 0 else f"/rot{90 * turn:03}")
        assert torch.equal(image, plain[[row // 4]]["image"][0].rot90(turn, (1, 2)))
    assert torch.equal(examples[[7, 2]]["image"], batch["image"][[7, 2]])


def test_zip_files_serve_as_well(folder: Path) -> None:
    plain = omniglot(folder).split("train")
    images = plain[range(len(plain))]["image"]
    for half in ("images_background", "images_evaluation"):
        shutil.make_archive(str(folder / half), "zip", folder, half)
        shutil.rmtree(folder / half)
    source = omniglot(folder)
    packed = source.split("train")
    assert source.check() == []
    assert np.array_equal(packed.classes(), plain.classes())
    assert torch.equal(packed[range(len(packed))]["image"], images)


def test_torchvisions_folder(folder: Path) -> None:
    (folder / "omniglot-py").mkdir()
    for half in ("images_background", "images_evaluation"):
        (folder / half).rename(folder / "omniglot-py" / half)
    assert len(omniglot(folder).labels.names) == 14


def test_a_test_from_the_background(folder: Path) -> None:
    source = omniglot(folder, test_alphabets=["Latin"])
    assert alphabets(source, "test") == {"Latin"}
    assert len(source.labels.names) == 11
    shutil.rmtree(folder / "images_evaluation")
    parameter, message = refusal(folder)
    assert parameter == "test_alphabets"
    assert "no `images_evaluation`" in message


def only_test(source: Omniglot, names: set[str]) -> None:
    """All is the test, and the other splits say that they have nothing."""
    assert alphabets(source, "test") == names
    assert not any(source.labels.seen)
    assert source.check() == []
    for split in ("train", "val"):
        with pytest.raises(DataError, match=f"there are no alphabets in the split `{split}`"):
            source.split(split)  # type: ignore[arg-type]


@pytest.mark.parametrize("packed", [False, True])
def test_the_evaluation_half_alone(folder: Path, packed: bool) -> None:
    whole = omniglot(folder, rotations=True).split("test")
    shutil.rmtree(folder / "images_background")
    if packed:
        shutil.make_archive(str(folder / "images_evaluation"), "zip", folder, "images_evaluation")
        shutil.rmtree(folder / "images_evaluation")
    for options in ({}, {"test_alphabets": 2}, {"val_alphabets": 1}):
        only_test(omniglot(folder, **options), {"Oriya", "Tibetan"})
    alone = omniglot(folder, rotations=True).split("test")
    assert len(alone) == len(whole) == 9 * 4
    assert torch.equal(alone[range(36)]["image"], whole[range(36)]["image"])
    assert alone[range(36)]["targets"].shape == (36, 3 * 4)


def test_a_folder_of_alphabets(folder: Path) -> None:
    only_test(omniglot(folder / "images_background"), set(BACKGROUND))
    only_test(omniglot(folder / "images_evaluation"), set(EVALUATION))


def test_an_empty_split_of_the_background(folder: Path) -> None:
    source = omniglot(folder, val_alphabets=[])
    assert len(source.split("train")) == 11 * DRAWINGS
    with pytest.raises(DataError, match="there are no alphabets in the split `val`"):
        source.split("val")


def test_alphabets_are_drawn_by_seed(folder: Path) -> None:
    def drawn(seed: int) -> tuple[set[str], set[str]]:
        source = omniglot(folder, val_alphabets=1, test_alphabets=2, seed=seed)
        return alphabets(source, "val"), alphabets(source, "test")

    assert drawn(0) == drawn(0)
    assert len({str(sorted(map(sorted, drawn(seed)))) for seed in range(8)}) > 1
    for seed in range(8):
        val, test = drawn(seed)
        assert (len(val), len(test), val & test) == (1, 2, set())


def test_names_are_taken_before_alphabets_are_drawn(folder: Path) -> None:
    for seed in range(6):
        source = omniglot(folder, val_alphabets=2, test_alphabets=["Greek"], seed=seed)
        assert alphabets(source, "test") == {"Greek"}
        assert "Greek" not in alphabets(source, "val")


def test_refused_alphabets(folder: Path) -> None:
    parameter, message = refusal(folder, val_alphabets=["Klingon"])
    assert (parameter, "there are Greek, Hebrew, Korean, Latin" in message) == ("val_alphabets", True)
    parameter, message = refusal(folder, test_alphabets=["Hebrew"])
    assert (parameter, "alphabet of `val` already" in message) == ("test_alphabets", True)
    parameter, message = refusal(folder, val_alphabets=4)
    assert (parameter, "expected alphabets left to train on" in message) == ("val_alphabets", True)


def test_refused_folders(folder: Path, tmp_path: Path) -> None:
    assert "there is no folder" in refusal(folder / "nowhere")[1]
    assert "expected `images_background`" in refusal(folder / "images_background" / "Greek")[1]
    shutil.rmtree(folder / "images_background")
    (folder / "images_background").mkdir()
    assert "ALPHABET/CHARACTER" in refusal(folder)[1]
    (folder / "images_background").rmdir()
    (folder / "images_background.zip").write_text("no zip file")
    assert "cannot be read" in refusal(folder)[1]


def test_damaged_pictures_and_small_classes_are_named(folder: Path) -> None:
    place = folder / "images_background" / "Greek"
    (place / "character02" / "0002_01.png").write_bytes(b"\x89PNG broken")
    (place / "character03" / "0003_02.png").write_bytes(b"")
    for drawing in (2, 3):
        (place / "character01" / f"0001_{drawing:02}.png").unlink()
    source = omniglot(folder)
    broken, empty, few = source.check()
    assert broken.endswith("Greek/character02/0002_01.png: not a picture that can be read")
    assert empty.endswith("Greek/character03/0003_02.png: empty file")
    assert few == "expected at least 2 pictures of `Greek/character01` (train), got 1"
    with pytest.raises(DataError, match=r"0002_01\.png: not a picture"):
        source.split("test")


def test_a_users_picture(folder: Path) -> None:
    image = omniglot(folder).read_image(folder / "images_background/Greek/character01/0001_01.png")
    assert (image.shape, round(image[0, 2, 2].item(), 2), round(image[0, 20, 20].item(), 2)) == ((1, 28, 28), 1, 0)
    with pytest.raises(PictureError, match="no such file"):
        omniglot(folder).read_image(folder / "nothing.png")
