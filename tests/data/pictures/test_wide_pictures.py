"""Pictures of 12 and 16 bits, of integers and of decimals: as bright as the same picture of 8 bits, and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from compose.data.pictures.grey_range import GreyRange, range_of, scaling_note
from compose.data.pictures.images import Images
from compose.data.pictures.picture import inspected, open_picture
from compose.prediction.given_pictures import given_pictures, pil_image
from tests.data.pictures.wide import png, tiff

RAMP = np.linspace(0, 1, 80)[None].repeat(60, 0)
BYTES = (RAMP * 255).round()


def tif(top: float, dtype: str, low: float = 0) -> Callable[[Path], Path]:
    return lambda path: tiff(path, (low + RAMP * (top - low)).astype(dtype))


def deep_png(top: float, *channels: float) -> Callable[[Path], Path]:
    """A PNG whose channels are these shares of the ramp."""
    return lambda path: png(path, np.stack([(RAMP * share * top) for share in channels], -1).astype(np.uint16))


WIDE: dict[str, tuple[Callable[[Path], Path], float, float]] = {
    "8 bits in 16.tif": (tif(255, "u2"), 0, 255),
    "10 bits in 16.tif": (tif(1023, "u2"), 0, 1023),
    "12 bits in 16.tif": (tif(4095, "u2"), 0, 4095),
    "14 bits in 16.tif": (tif(16000, "u2"), 0, 16383),
    "16 bits.tif": (tif(65535, "u2"), 0, 65535),
    "12 bits in 16.png": (deep_png(4095, 1), 0, 4095),
    "int16.tif": (tif(4095, "i2"), 0, 4095),
    "int32 of 8 bits.tif": (tif(255, "i4"), 0, 255),
    "int32 of 12 bits.tif": (tif(4095, "i4"), 0, 4095),
    "int32 of 17 bits.tif": (tif(70_000, "i4"), 0, 70_000),
    "int32 of 24 bits.tif": (tif(2**24 - 1, "i4"), 0, 2**24 - 1),
    "int32 of 31 bits.tif": (tif(2**31 - 1, "i4"), 0, 2**31 - 1),
    "hounsfield.tif": (tif(3071, "i2", low=-1024), -1024, 3071),
    "decimals to 1.tif": (tif(1, "f4"), 0, 1),
    "decimals to 255.tif": (tif(255, "f4"), 0, 255),
    "decimals to 4095.tif": (tif(4095, "f4"), 0, 4095),
    "decimals to 1e6.tif": (tif(1e6, "f4"), 0, 1e6),
    "decimals from -1 to 1.tif": (tif(1, "f4", low=-1), -1, 1),
    "12 bits of colour.png": (deep_png(4095, 1, 1, 1), 0, 4095),
    "10 bits of grey, opaque.png": (deep_png(1023, 1, 0), 0, 1023),
}


@pytest.mark.parametrize("name", WIDE)
def test_the_range_is_told_by_type_and_greatest_number(name: str, tmp_path: Path) -> None:
    make, low, top = WIDE[name]
    path = make(tmp_path / name)
    assert inspected(path) == (None, (low, top))


@pytest.mark.parametrize("name", [name for name in WIDE if "1e6" not in name and "opaque" not in name])
def test_they_are_as_bright_as_the_same_picture_of_8_bits(name: str, tmp_path: Path) -> None:
    picture = np.asarray(open_picture(WIDE[name][0](tmp_path / name))).astype(float)
    assert picture.shape == (60, 80, 3)
    assert np.abs(picture - BYTES[..., None]).max() <= (7 if "14 bits" in name else 1)


def test_colours_of_12_bits_keep_their_hues(tmp_path: Path) -> None:
    picture = np.asarray(open_picture(deep_png(4095, 1, 0.5, 0)(tmp_path / "a.png"))).astype(float)
    assert np.abs(picture - np.stack([BYTES, BYTES / 2, BYTES * 0], -1)).max() <= 1


def test_transparency_of_16_bits_is_no_brightness(tmp_path: Path) -> None:
    full = np.full((60, 80), 65535)
    numbers = np.stack([RAMP * 4095, RAMP * 4095, RAMP * 4095, full], -1).astype(np.uint16)
    numbers[:, :40, 3] = 0
    picture = np.asarray(open_picture(png(tmp_path / "a.png", numbers))).astype(float)
    assert picture[:, :40].min() == 255
    assert np.abs(picture[:, 40:] - BYTES[:, 40:, None]).max() <= 1
    grey = np.asarray(open_picture(png(tmp_path / "b.png", numbers[..., 2:]))).astype(float)
    assert np.abs(grey - picture).max() <= 17  # PIL reads the high bytes of these alone


def test_colours_of_a_tiff_are_about_as_bright(tmp_path: Path) -> None:
    """PIL keeps the 8 high bits of 16: of 12 bits there remain 4."""
    numbers = np.stack([RAMP * 4095] * 3, -1).astype(np.uint16)
    picture = np.asarray(open_picture(tiff(tmp_path / "a.tif", numbers))).astype(float)
    assert np.abs(picture - BYTES[..., None]).max() <= 17
    assert picture.min() == 0
    assert picture.max() == 255


def test_colours_of_16_bits_are_as_they_were(tmp_path: Path) -> None:
    path = deep_png(65535, 1, 1, 1)(tmp_path / "a.png")
    assert inspected(path) == (None, None)
    assert np.abs(np.asarray(open_picture(path)).astype(float) - BYTES[..., None]).max() <= 1


def test_no_numbers_are_black_and_what_is_beyond_is_cut_off(tmp_path: Path) -> None:
    numbers = np.array([[np.nan, -np.inf, 0, 0.5, 1.2, np.inf]], np.float32)
    picture = np.asarray(open_picture(tiff(tmp_path / "a.tif", numbers)))[..., 0]
    assert picture.tolist() == [[0, 0, 0, 128, 255, 255]]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (np.zeros(3, np.uint16), (0, 255)),
        (np.zeros(3, np.float32), (0, 1)),
        (np.array([-5, -5], np.int32), (-5, -4)),
        (np.array([-2, 1.5], np.float32), (-2, 1.5)),
        (np.array([np.nan, np.nan], np.float32), (0, 1)),
        (np.array([0, 1e12]), (0, 1e12)),
    ],
)
def test_unusual_ranges(numbers: NDArray[Any], expected: tuple[float, float]) -> None:
    assert range_of(numbers) == expected
    assert range_of(numbers, white=65535) == (0, 65535)


def test_what_is_said_of_them() -> None:
    assert scaling_note([GreyRange(0, 4095)]) == (
        "1 picture has more than 8 bits, or decimals, and is scaled: 0 to 4095 is black to white"
    )
    assert scaling_note([GreyRange(0, 65535), GreyRange(0, 4095), GreyRange(0, 65535)]) == (
        "3 pictures have more than 8 bits, or decimals, and are scaled, each by its own range: "
        "0 to 4095 in 1, 0 to 65535 in 2 is black to white"
    )


def test_of_many_ranges_some_are_said() -> None:
    told = scaling_note([GreyRange(0, 100_000 + number) for number in range(1000)])
    assert told.endswith("0 to 100004 in 1 and 995 more is black to white")


def test_a_source_says_it_once_and_white_is_for_all(tmp_path: Path) -> None:
    for name, top in (("a", 4095), ("b", 4000), ("c", 60000)):
        tif(top, "u2")(tmp_path / f"{name}.tif")
    (tmp_path / "l.csv").write_text("image,labels\na.tif,cat\nb.tif,cat\nc.tif,cat\n")
    options: dict[str, Any] = {"labels": tmp_path / "l.csv", "fractions": (1, 0, 0), "size": 16, "augment": "none"}
    source = Images(tmp_path, **options)
    said = [note for note in source.notes() if "8 bits" in note]
    assert said == [
        "3 pictures have more than 8 bits, or decimals, and are scaled, each by its own range: "
        "0 to 4095 in 2, 0 to 65535 in 1 is black to white; `white` scales all alike"
    ]
    alike = Images(tmp_path, white=65535, normalisation="half", **options)
    assert alike.notes() == []
    dark, _, bright = alike.split("train")[range(3)]["image"].mean((1, 2, 3)).tolist()
    assert dark < -0.9
    assert bright > -0.2
    assert alike.read_image(tmp_path / "a.tif").mean().item() == pytest.approx(dark)


def test_a_picture_to_be_predicted_says_it(tmp_path: Path) -> None:
    wide = tif(4095, "u2")(tmp_path / "a.tif")
    Image.new("RGB", (20, 20)).save(tmp_path / "b.png")
    (tmp_path / "l.csv").write_text("image,labels\nb.png,cat\n")
    options: dict[str, Any] = {"labels": tmp_path / "l.csv", "fractions": (1, 0, 0), "size": 16}
    source = Images(tmp_path, **options)
    found = list(given_pictures([wide, tmp_path / "b.png"], source))
    assert [picture.scaled for picture in found] == [(0, 4095), None]
    (told,) = given_pictures(wide, Images(tmp_path, white=65535, **options))
    assert told.scaled is None
    assert told.error is None


def test_a_picture_in_memory() -> None:
    for mode, numbers in (("I", (RAMP * 4095).astype(np.int32)), ("F", RAMP.astype(np.float32))):
        image = Image.fromarray(numbers)
        assert image.mode == mode
        assert np.abs(np.asarray(pil_image(image)).astype(float) - BYTES[..., None]).max() <= 1
