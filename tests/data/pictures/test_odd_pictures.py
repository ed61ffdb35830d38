"""What programs write into picture files, and shapes that nobody expects."""

from __future__ import annotations

import os
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageFilter

from compose.data.normalisation import NORMALISATIONS
from compose.data.pictures.image_examples import Preparation
from compose.data.pictures.picture import PictureError, inspected, open_picture
from compose.data.pictures.picture_view import read_picture, upright_size, view_picture, whole_picture
from compose.data.pictures.png_chunks import essential
from tests.data.pictures.wide import chunk, png

PIXELS = np.arange(6 * 8 * 3, dtype=np.uint8).reshape(6, 8, 3)
LONG = b"a" * (3 << 20)
TEXTS = {
    "unpacked": chunk(b"tEXt", b"workflow\0" + LONG),
    "packed": chunk(b"zTXt", b"workflow\0\0" + zlib.compress(LONG)),
    "international": chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(LONG)),
    "many": chunk(b"zTXt", b"w\0\0" + zlib.compress(b"a" * (1 << 20))) * 70,
    "of an unknown packing": chunk(b"zTXt", b"workflow\0\7abc"),
    "with a wrong checksum": chunk(b"tEXt", b"a\0b")[:-4] + b"1234",
}


@pytest.mark.parametrize("late", [False, True])
@pytest.mark.parametrize("kind", TEXTS)
def test_texts_in_a_png_do_not_matter(tmp_path: Path, kind: str, late: bool) -> None:
    path = png(tmp_path / "a.png", PIXELS, **{"late" if late else "extra": TEXTS[kind]})
    assert inspected(path) == (None, None)
    assert inspected(path, decode=False).fault is None
    assert np.array_equal(np.asarray(open_picture(path)), PIXELS)
    assert upright_size(path) == (8, 6)
    assert whole_picture(path, view_picture(path, 16)[1]).size == (8, 6)


def test_what_is_left_of_a_png_without_texts(tmp_path: Path) -> None:
    plain = png(tmp_path / "a.png", PIXELS).read_bytes()
    assert essential(plain) is None
    assert essential(b"GIF89a") is None
    assert essential(png(tmp_path / "b.png", PIXELS, extra=TEXTS["packed"]).read_bytes()) == plain
    kept = chunk(b"eXIf", b"II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0\0")
    turned = png(tmp_path / "c.png", PIXELS, extra=kept + TEXTS["with a wrong checksum"])
    assert open_picture(turned).size == (6, 8)
    assert essential(plain[:-12] + TEXTS["unpacked"][:50]) == plain[:-12]


def test_damage_to_the_pixels_is_still_damage(tmp_path: Path) -> None:
    path = png(tmp_path / "a.png", PIXELS, extra=TEXTS["packed"])
    whole = path.read_bytes()
    path.write_bytes(whole[:-30])
    assert "truncated" in (inspected(path).fault or "")


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.png")
    assert inspected(tmp_path / "a.png").fault == "not a file"
    with pytest.raises(PictureError, match="not a file"):
        open_picture(tmp_path / "a.png")


@pytest.mark.parametrize("shape", [(20_000, 1), (1, 20_000), (20_000, 3), (2, 9000)])
def test_long_thin_pictures_take_little_memory(tmp_path: Path, shape: tuple[int, int]) -> None:
    """20,000 x 1 took 5.3 GiB; numpy and PIL count their memory elsewhere, so the largest picture made is watched."""
    path = tmp_path / "a.png"
    Image.effect_noise(shape, 90).save(path)
    made: list[int] = []
    resize = Image.Image.resize

    def watched(image: Image.Image, size: tuple[int, int], *rest: object, **options: object) -> Image.Image:
        made.append(size[0] * size[1])
        return resize(image, size, *rest, **options)  # type: ignore[arg-type]

    prepare = Preparation(224, "crop", (0.35, 1.0), "middle", NORMALISATIONS["half"])
    tracemalloc.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Image.Image, "resize", watched)
        assert prepare.plain(path).shape == (3, 224, 224)
        for chance in (0.0, 0.5, 0.999):
            assert prepare.augmented(path, np.full(5, chance))[0].shape == (3, 224, 224)
    assert tracemalloc.get_traced_memory()[1] < 20 << 20
    tracemalloc.stop()
    assert made
    assert max(made) <= 224 * 224


@pytest.mark.parametrize("margin", [1.0, 256 / 224])
@pytest.mark.parametrize("shape", [(400, 20), (21, 333), (500, 3)])
def test_a_long_picture_is_the_middle_of_the_enlarged_one(
    tmp_path: Path, shape: tuple[int, int], margin: float
) -> None:
    noise = Image.effect_noise(shape, 90).convert("RGB")  # softened: where PIL cuts overshoots off, order counts
    noise.filter(ImageFilter.GaussianBlur(2)).save(tmp_path / "a.png")
    size, short = 32, round(32 * margin)
    scale = short / min(shape)
    across, down = (max(short, round(side * scale)) for side in shape)
    large = Image.open(tmp_path / "a.png").resize((across, down), Image.Resampling.BICUBIC)
    left, top = round((across - size) / 2), round((down - size) / 2)
    middle = np.asarray(large.crop((left, top, left + size, top + size))).transpose(2, 0, 1) / 255
    found = read_picture(tmp_path / "a.png", size, margin=margin)
    assert torch.allclose(found.double(), torch.from_numpy(middle), atol=1.5 / 255)
