"""The forms in which pictures are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from compose.errors import UsageError
from compose.prediction.given_pictures import Picture, given_pictures, listed, pil_image

PIXELS = np.random.default_rng(0).integers(0, 255, (6, 5, 3), np.uint8)


class Source:
    """Gives the bytes of a file."""

    def read_image(self, path: Any) -> torch.Tensor:
        return torch.from_numpy(np.asarray(Image.open(path)).copy())

    def scaled(self, path: Any) -> None:
        return None


def names(images: Any) -> list[str]:
    source: Any = Source()
    return [picture.name for picture in given_pictures(images, source)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (PIXELS, PIXELS),
        (PIXELS.transpose(2, 0, 1), PIXELS),
        (torch.from_numpy(PIXELS), PIXELS),
        (torch.from_numpy(PIXELS).float().div(255).requires_grad_(), PIXELS),
        (PIXELS.astype(np.int64), PIXELS),
        (PIXELS[:, :, 0], PIXELS[:, :, 0]),
        (PIXELS[:, :, :1], PIXELS[:, :, 0]),
        (PIXELS[None, :, :, 0], PIXELS[:, :, 0]),
        (Image.fromarray(PIXELS), PIXELS),
        (Image.fromarray(PIXELS).convert("HSV").convert("RGB").convert("CMYK"), None),
    ],
)
def test_a_picture_in_memory(given: Any, expected: np.ndarray[Any, Any] | None) -> None:
    made = pil_image(given)
    assert made.mode in ("L", "RGB")
    assert expected is None or np.array_equal(np.asarray(made), expected)


def test_pixels_reach_the_source_unchanged() -> None:
    source: Any = Source()
    (picture,) = given_pictures(PIXELS, source)
    assert picture.image is not None
    assert np.array_equal(picture.image.numpy(), PIXELS)


def test_one_or_several(tmp_path: Path) -> None:
    for name in ("b.png", "a.png"):
        Image.fromarray(PIXELS).save(tmp_path / name)
    assert names(tmp_path) == [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    assert names([tmp_path / "b.png", PIXELS, Picture("mine"), PIXELS]) == [
        str(tmp_path / "b.png"), "image 0", "mine", "image 1",
    ]  # fmt: skip
    assert names(np.stack([PIXELS, PIXELS])) == ["image 0", "image 1"]
    assert len(list(listed(PIXELS))) == 1


@pytest.mark.parametrize("given", [np.zeros(3), np.zeros((4, 4, 4)), b"text", None, np.zeros((2, 2), bool)])
def test_what_is_no_picture(given: Any) -> None:
    with pytest.raises(UsageError, match="expected a picture: a file, a PIL image, or an array"):
        pil_image(given)


@pytest.mark.parametrize("given", [np.zeros((0, 0)), np.zeros((0, 4, 3)), Image.new("L", (0, 0))])
def test_a_picture_without_pixels(given: Any) -> None:
    with pytest.raises(UsageError, match=r"expected a picture with pixels, got .* 0 × "):
        pil_image(given)


def test_pixels_out_of_range() -> None:
    with pytest.raises(UsageError, match="bytes, or from 0 to 1; got 0 to 255"):
        pil_image(PIXELS.astype(np.float32) * 0 + np.arange(5)[:, None] * 63.75)
    with pytest.raises(UsageError, match="got -1 to 0"):
        pil_image(np.arange(-1, 1)[None].repeat(2, 0))
