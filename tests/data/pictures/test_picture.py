from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from compose.data.pictures.picture import PictureError, inspected, open_picture
from compose.data.pictures.picture_view import read_picture

RAMP = np.linspace(0, 255, 80).astype(np.uint8)[None].repeat(60, 0)
COLOUR = np.stack([RAMP, RAMP[:, ::-1], np.full_like(RAMP, 128)], -1)
GREY = np.stack([RAMP] * 3, -1)


def fault(path: Path, *, decode: bool = True) -> str | None:
    return inspected(path, decode=decode).fault


def save(image: Image.Image, path: Path, **options: object) -> Path:
    image.save(path, **options)  # type: ignore[arg-type]
    return path


FORMATS: dict[str, tuple[Callable[[], Image.Image], np.ndarray, int]] = {
    "rgb.png": (lambda: Image.fromarray(COLOUR), COLOUR, 0),
    "rgb.jpg": (lambda: Image.fromarray(COLOUR), COLOUR, 12),
    "rgb.webp": (lambda: Image.fromarray(COLOUR), COLOUR, 12),
    "rgb.bmp": (lambda: Image.fromarray(COLOUR), COLOUR, 0),
    "palette.png": (lambda: Image.fromarray(COLOUR).quantize(256), COLOUR, 24),
    "palette.gif": (lambda: Image.fromarray(COLOUR).quantize(256), COLOUR, 24),
    "cmyk.jpg": (lambda: Image.fromarray(COLOUR).convert("CMYK"), COLOUR, 12),
    "grey.png": (lambda: Image.fromarray(RAMP), GREY, 0),
    "grey-alpha.png": (lambda: Image.fromarray(RAMP).convert("LA"), GREY, 0),
    "16-bit.png": (lambda: Image.fromarray(RAMP.astype(np.uint16) * 257), GREY, 0),
    "16-bit.tif": (lambda: Image.fromarray(RAMP.astype(np.uint16) * 257), GREY, 0),
    "32-bit.tif": (lambda: Image.fromarray(RAMP.astype(np.int32) * 257), GREY, 0),
    "float.tif": (lambda: Image.fromarray(RAMP.astype(np.float32) / 255), GREY, 1),
    "black-white.png": (lambda: Image.fromarray(RAMP > 100), np.where(GREY > 100, 255, 0), 0),
}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_and_mode_becomes_rgb(name: str, tmp_path: Path) -> None:
    make, expected, tolerance = FORMATS[name]
    image = open_picture(save(make(), tmp_path / name))
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image).astype(int) - expected).max() <= tolerance


def test_transparent_parts_are_white(tmp_path: Path) -> None:
    layer = np.dstack([COLOUR, np.full((60, 80), 255, np.uint8)])
    layer[:30, :, 3] = 0
    picture = np.asarray(open_picture(save(Image.fromarray(layer), tmp_path / "a.png")))
    assert (picture[:30] == 255).all()
    assert (picture[30:] == COLOUR[30:]).all()


def test_a_transparent_palette_entry_is_white(tmp_path: Path) -> None:
    image = Image.fromarray(np.array([[0, 1]], np.uint8), "P")
    image.putpalette([255, 0, 0, 0, 255, 0])
    picture = open_picture(save(image, tmp_path / "a.png", transparency=0))
    assert np.asarray(picture).tolist() == [[[255, 255, 255], [0, 255, 0]]]


def test_the_orientation_of_a_camera_is_heeded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    half = np.zeros((40, 80, 3), np.uint8)
    half[:, :40] = 255
    picture = np.asarray(open_picture(save(Image.fromarray(half), tmp_path / "a.jpg", exif=exif)))
    assert picture.shape == (80, 40, 3)
    assert picture[:30].min() > 200
    assert picture[50:].max() < 50


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_exif_data_keeps_nobody_from_reading(tmp_path: Path) -> None:
    path = save(Image.fromarray(COLOUR), tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff" + b"\0\1\2" * 9)
    assert open_picture(path).size == (80, 60)


def test_the_middle_is_cut_out(tmp_path: Path) -> None:
    path = save(Image.fromarray(COLOUR), tmp_path / "a.png")
    picture = read_picture(path, 60)
    assert picture.shape == (3, 60, 60)
    torch.testing.assert_close(picture, torch.from_numpy(COLOUR[:, 10:70]).permute(2, 0, 1) / 255)
    assert read_picture(path, 30, squash=True).shape == (3, 30, 30)
    narrower = read_picture(path, 60, margin=1.2)[0]
    assert narrower[:, 0].mean() > picture[0, :, 0].mean()


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (3, 7)])
def test_any_shape_becomes_a_square(shape: tuple[int, int], tmp_path: Path) -> None:
    path = save(Image.new("RGB", shape, "red"), tmp_path / "a.png")
    assert read_picture(path, 32, margin=8 / 7).shape == (3, 32, 32)


def test_a_large_jpeg_is_read_at_a_fraction_that_is_large_enough(tmp_path: Path) -> None:
    path = save(Image.fromarray(COLOUR).resize((1600, 1200)), tmp_path / "a.jpg")
    assert open_picture(path).size == (1600, 1200)
    assert open_picture(path, at_least=150).size == (200, 150)
    assert open_picture(path, at_least=151).size == (400, 300)


def broken(tmp_path: Path) -> dict[str, Path]:
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8))
    png, jpg = save(noise, tmp_path / "a.png").read_bytes(), save(noise, tmp_path / "a.jpg").read_bytes()
    flipped = bytearray(png)
    flipped[2000] ^= 255
    contents = {
        "empty file": ("empty.jpg", b""),
        "not a picture": ("text.jpg", b"hello"),
        "truncated": ("cut.jpg", jpg[: len(jpg) // 2]),
        "truncated ": ("cut.png", png[: len(png) // 2]),
        "broken": ("flipped.png", bytes(flipped)),
    }
    for name, content in contents.values():
        (tmp_path / name).write_bytes(content)
    (tmp_path / "folder.jpg").mkdir()
    paths = {reason.strip() + name[-4:]: tmp_path / name for reason, (name, _) in contents.items()}
    return paths | {"a folder": tmp_path / "folder.jpg", "there is no such file": tmp_path / "none.jpg"}


def test_whatever_is_wrong_is_said(tmp_path: Path) -> None:
    for reason, path in broken(tmp_path).items():
        found = fault(path)
        assert found is not None
        assert reason.removesuffix(path.suffix) in found
        with pytest.raises(PictureError) as error:
            read_picture(path, 32)
        assert (error.value.path, error.value.reason.split(" (")[0]) == (path, found.split(" (")[0])
    assert fault(tmp_path / "a.png") is None
    assert fault(tmp_path / "a.jpg") is None


def test_headers_tell_less_than_the_whole(tmp_path: Path) -> None:
    paths = broken(tmp_path)
    assert fault(paths["empty file.jpg"], decode=False) == "empty file"
    assert fault(paths["broken.png"], decode=False) is not None  # PNG has checksums
    assert fault(paths["truncated.jpg"], decode=False) is None


def test_too_many_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(Image.new("RGB", (100, 100)), tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    assert "too many pixels" in (fault(path) or "")
