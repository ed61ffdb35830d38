"""Every data source shows its pictures as people see them, whatever it has done to their pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from compose.data.source import DataError, DataSource, PictureSource
from compose.registry.registry import registry
from tests.data.publishers.published import coco_folder, nus_wide_folder, open_images_folder

LEFT, RIGHT = (214, 40, 97), (12, 130, 255)
PRECISE = 1 / 255


def draw(file: Path, *, size: int = 32) -> Path:
    """A picture of two colours, side by side."""
    pixels = np.zeros((size, size, 3), np.uint8)
    pixels[:, : size // 2], pixels[:, size // 2 :] = LEFT, RIGHT
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def ink(file: Path, *, size: int = 28) -> Path:
    """A black bar on white paper."""
    pixels = np.full((size, size), 255, np.uint8)
    pixels[4:9, 5:20] = 0
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(file)
    return file


def folder_of_images(at: Path) -> dict[str, Any]:
    for split in ("train", "test"):
        draw(at / f"{split}.png")
    (at / "labels.csv").write_text("image,labels,split\ntrain.png,cat,train\ntest.png,cat,test\n")
    return {"folder": str(at), "labels": str(at / "labels.csv"), "size": 32, "fit": "squash"}


def mini_imagenet(at: Path) -> dict[str, Any]:
    for split, wordnet_id in (("train", "n01532829"), ("val", "n01855672"), ("test", "n01930112")):
        draw(at / f"{wordnet_id}.png")
        (at / f"{split}.csv").write_text(f"filename,label\n{wordnet_id}.png,{wordnet_id}\n")
    return {"folder": str(at), "size": 32}


def cifar100(at: Path) -> dict[str, Any]:
    """Its files are not read here."""
    (at / "cifar-100-python").mkdir()
    for name in ("train", "test", "meta"):
        (at / "cifar-100-python" / name).touch()
    return {"folder": str(at)}


def omniglot(at: Path) -> dict[str, Any]:
    for half in ("background", "evaluation"):
        for alphabet in ("Latin", "Greek"):
            ink(at / f"images_{half}" / alphabet / "character01" / "0001_01.png")
    return {"folder": str(at), "rotations": False, "val_alphabets": 1}


WITH_PICTURES: dict[str, Callable[[Path], dict[str, Any]]] = {
    "images": folder_of_images,
    "mini_imagenet": mini_imagenet,
    "cifar100": cifar100,
    "glyph_scenes": lambda at: {"size": 32},
    "glyph_symbols": lambda at: {"size": 32},
    "omniglot": omniglot,
    "alphabets": lambda at: {},
    "nus_wide": lambda at: {"folder": str(nus_wide_folder(at)), "size": 32},
    "open_images": lambda at: {"folder": str(open_images_folder(at)), "size": 32},
    "coco": lambda at: {"folder": str(coco_folder(at)), "size": 32},
    "mosaic": lambda at: {"of": {"use": "glyph_symbols", "size": 32, "train": 200}, "unseen": 3, "size": 32},
}
WITHOUT = {"glosses", "delicious", "mulan", "imagenet_classes"}
OF_INK = {"omniglot", "alphabets"}
NORMALISED = [(name, form) for name in sorted(WITH_PICTURES.keys() - OF_INK) for form in ("half", "imagenet")]


def make(name: str, at: Path, **options: Any) -> PictureSource:
    source = registry().construct("data", name, {**WITH_PICTURES[name](at), **options})
    assert isinstance(source, PictureSource)
    return source


def test_all_sources_are_here() -> None:
    assert {*registry().names("data")} == {*WITH_PICTURES, *WITHOUT}
    for name in registry().names("data"):
        assert issubclass(registry().load("data", name), PictureSource if name in WITH_PICTURES else DataSource)


@pytest.mark.parametrize(("name", "normalisation"), NORMALISED)
def test_a_picture_of_the_users_is_shown_as_it_is(name: str, normalisation: str, tmp_path: Path) -> None:
    source = make(name, tmp_path, normalisation=normalisation)
    image = source.read_image(draw(tmp_path / "own.png"))
    assert image.min() < -0.5  # the model is given something else
    check_colours(source.displayed(image))


def check_colours(shown: Tensor) -> None:
    assert shown.shape == (3, 32, 32)
    for column, colour in ((6, LEFT), (25, RIGHT)):
        expected = (torch.tensor(colour) / 255)[:, None].expand(3, 32)
        torch.testing.assert_close(shown[..., column], expected, atol=PRECISE, rtol=0)


@pytest.mark.parametrize("name", ["images", "mini_imagenet"])
@pytest.mark.parametrize("normalisation", ["half", "imagenet"])
def test_examples_are_shown_as_their_files_are(name: str, normalisation: str, tmp_path: Path) -> None:
    source = make(name, tmp_path, normalisation=normalisation)
    (shown,) = source.displayed(source.split("test")[[0]]["image"])
    check_colours(shown)


@pytest.mark.parametrize("name", ["glyph_scenes", "glyph_symbols"])
def test_scenes_are_shown_alike_whatever_their_normalisation(name: str, tmp_path: Path) -> None:
    half, imagenet = (make(name, tmp_path, normalisation=form) for form in ("half", "imagenet"))
    shown = [source.displayed(source.split("test")[[0, 1, 2]]["image"]) for source in (half, imagenet)]
    torch.testing.assert_close(*shown, atol=PRECISE, rtol=0)
    assert shown[0].min() < 0.3 < 0.7 < shown[0].max()


@pytest.mark.parametrize("name", sorted(OF_INK))
def test_drawings_are_dark_ink_on_white_paper(name: str, tmp_path: Path) -> None:
    source, file = make(name, tmp_path), ink(tmp_path / "own.png")
    expected = torch.from_numpy(np.asarray(Image.open(file)) / np.float32(255)).expand(3, 28, 28)
    torch.testing.assert_close(source.displayed(source.read_image(file)), expected, atol=PRECISE, rtol=0)
    (drawn,) = source.displayed(source.split("test")[[0]]["image"])
    assert drawn.shape == (3, 28, 28)
    assert drawn.mean() > 0.5


def test_feature_vectors_are_no_pictures() -> None:
    source = registry().construct("data", "glosses", {})
    message = "expected a data source of pictures, got `glosses`, whose examples hold `features`"
    for attempt, expected in (
        (lambda: source.displayed(torch.zeros(3, 4, 4)), message),
        (lambda: source.read_image("cat.jpg"), f"cat.jpg: {message}"),
    ):
        with pytest.raises(DataError) as caught:
            attempt()
        assert str(caught.value) == expected
