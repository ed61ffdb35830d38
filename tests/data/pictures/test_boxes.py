"""The boxes of pictures: the forms of their file, and that they go the same way as the pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import functional as transforms

from compose.data.drawn.glyph_scenes import GlyphScenes
from compose.data.pictures.images import Images
from compose.data.pictures.picture import as_tensor, open_picture
from compose.data.pictures.picture_view import View, view_picture, whole_picture

from .boxed import OPEN, OPEN_IMAGES, PLAIN, found, images, line

SIZES = [(64, 48), (48, 64), (200, 50), (97, 131), (32, 32), (20, 11), (1003, 757), (515, 301)]
"""Some are opened at a half or an eighth, where a JPEG's last pixels are filled in part only."""
BOTH = [[([10.0, 20.0, 20.0, 40.0], ["cat"]), ([0.0, 0.0, 20.0, 20.0], ["dog"])], [([0.0, 0.0, 40.0, 40.0], ["cat"])]]


@pytest.mark.parametrize(
    "text",
    [
        OPEN,
        "\ufeff" + OPEN.replace("\n", "\r\n\r\n") + "\n",
        PLAIN + "a.png,cat,20,20,40,40\nb.png,cat,0,0,80,40\na.png,dog,0,0,40,20\n",
        "top;left;label;file;bottom;right;x\n20;20; cat;./a.png;40;40;\n0;0;cat;b;40;80;\n0;0;dog;a;20;40;\n",
    ],
)
def test_the_forms_of_file(folder: Path, text: str) -> None:
    source = images(folder, text)
    assert (source.check(), source.notes()) == ([], [])
    assert found(source) == [*BOTH, []]


def test_boxes_have_the_form_of_glyph_scenes(folder: Path) -> None:
    def form(source: Any, examples: Any) -> dict[str, tuple[torch.dtype, int, bool]]:
        batch = examples[range(3)]
        sizes = {"boxes": 4, "box_labels": len(source.labels.names)}
        assert {name: tuple(batch[name].shape[1:]) for name in source.shapes} == source.shapes
        assert source.shapes["boxes"][0] == source.shapes["box_labels"][0]
        return {name: (batch[name].dtype, batch[name].ndim, batch[name].shape[2] == sizes[name]) for name in sizes}

    ours, drawn = images(folder, OPEN), GlyphScenes(boxes=True, test=3)
    assert form(ours, ours.split("test")) == form(drawn, drawn.split("test"))
    assert list(ours.shapes) == list(drawn.shapes)
    assert ours.shapes == {"image": (3, 40, 40), "boxes": (2, 4), "box_labels": (2, 3)}
    without = Images(folder, labels=folder / "labels.csv", fractions=(0, 0, 1))
    assert (list(without.shapes), list(without.split("test")[[0]])) == (["image"], ["image", "targets"])


def test_rows_of_the_same_box_are_its_labels(folder: Path) -> None:
    rows = "a,cat,1,2,3,4\na,dog,-0.0,2,3,4\na,dog,1,2,3,4\nb,dog,1,2,3,4\na,cat,1,2,3,4\na,bird,0,2,3,4\n"
    source = images(folder, PLAIN + rows)
    assert found(source) == [
        [([0.5, 2.0, 1.5, 4.0], ["cat", "dog"]), ([0.0, 2.0, 1.5, 4.0], ["bird", "dog"])],
        [([0.5, 2.0, 1.5, 4.0], ["dog"])],
        [],
    ]
    assert source.shapes["boxes"] == (2, 4)
    assert source.split("test")[[1]]["boxes"][0, 1].tolist() == [0, 0, 0, 0]


def test_places_agree_with_a_slow_gathering(folder: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [("abc"[i], ["cat", "dog", "bird"][j], *sides) for i, j, *sides in rng.integers(0, 3, (300, 6)).tolist()]
    rows = [
        (image, label, left, top, left + 1 + right, top + 1 + bottom) for image, label, left, top, right, bottom in rows
    ]
    slow: dict[str, dict[tuple[int, ...], set[str]]] = {name: {} for name in "abc"}
    for image, label, *sides in rows:
        slow[image].setdefault(tuple(sides), set()).add(label)
    expected = [
        [([left / 2, top, right / 2, bottom], sorted(labels)) for (left, top, right, bottom), labels in boxes.items()]
        for boxes in slow.values()
    ]
    assert found(images(folder, PLAIN + "\n".join(",".join(map(str, row)) for row in rows))) == expected


# --- the same way as the picture ----------------------------------------------------------------------------------


def painted(path: Path, size: tuple[int, int], **options: Any) -> tuple[int, int, int, int]:
    """Save a black picture with a white rectangle: left, top, right, bottom."""
    width, height = size
    box = (width // 3, height // 4, width // 3 + max(3, width // 4), height // 4 + max(3, height // 3))
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[box[1] : box[3], box[0] : box[2]] = 255
    Image.fromarray(pixels).save(path, **options)
    return box


def white(picture: Tensor) -> list[float] | None:
    """Around the white pixels of a picture."""
    inked = picture[0] > 0.5
    x, y = inked.any(0).nonzero(), inked.any(1).nonzero()
    return [float(x.min()), float(y.min()), float(x.max()) + 1, float(y.max()) + 1] if len(x) else None


@pytest.mark.parametrize("ending", ["png", "jpg"])
@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("how", [{"fit": "middle"}, {"fit": "squash"}, {"augment": "crop"}, {"augment": "flip"}])
def test_a_box_encloses_just_the_painted_pixels(
    tmp_path: Path, ending: str, relative: bool, how: dict[str, str]
) -> None:
    labels, boxes = ["image,labels"], [OPEN_IMAGES if relative else PLAIN.strip()]
    for i, (width, height) in enumerate(SIZES):
        box = painted(tmp_path / f"{i}.{ending}", (width, height), **({"quality": 98} if ending == "jpg" else {}))
        labels.append(f"{i}.{ending},cat")
        left, top, right, bottom = box
        shares = left / width, top / height, right / width, bottom / height
        boxes.append(line(str(i), "cat", *shares) if relative else f"{i},cat,{','.join(map(str, box))}")
    (tmp_path / "labels.csv").write_text("\n".join(labels))
    shares = (1, 0, 0) if "augment" in how else (0, 0, 1)
    source = images(
        tmp_path, "\n".join(boxes), **{"fit": "middle", "crop": (0.1, 0.6), "fractions": shares, "size": 32, **how}
    )
    assert source.check() == []
    epochs = 4 if "augment" in how else 1
    batch = source.split("train" if "augment" in how else "test")[range(epochs * len(SIZES))]
    pictures = batch["image"] * torch.tensor([0.229, 0.224, 0.225])[:, None, None] + 0.45
    seen = 0
    for picture, box, label in zip(pictures, batch["boxes"][:, 0], batch["box_labels"][:, 0], strict=True):
        around = white(picture)
        if around is None:  # nothing, or less than half a pixel
            assert (box[2] - box[0]).clamp(max=1) * (box[3] - box[1]).clamp(max=1) < 0.6
        else:
            torch.testing.assert_close(box.tolist(), around, atol=0.75, rtol=0)
            assert label.tolist() == [1]
            seen += 1
        assert label.any() == box.any()
    assert seen > 0.6 * len(pictures)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_follow_a_camera_that_was_turned(tmp_path: Path, orientation: int) -> None:
    pixels = np.zeros((757, 1003, 3), np.uint8)
    pixels[80:400, 160:240] = 255  # multiples of 8: sharp also at an eighth of the size
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    Image.fromarray(pixels).save(path, exif=exif, quality=95)
    upright = white(torch.from_numpy(np.array(open_picture(path))).permute(2, 0, 1) / 255)
    opened = open_picture(path, at_least=90)
    assert max(opened.size) == 126
    view = View(max(opened.size), opened.size, (0, 0, max(opened.size), max(opened.size)), 90)
    whole = whole_picture(path, view)
    assert whole.size == open_picture(path).size
    box, inside = view.boxes(np.array([upright], np.float32), whole, relative=False)
    expected = white(torch.from_numpy(np.array(opened)).permute(2, 0, 1) / 255)
    assert inside.tolist() == [True]
    torch.testing.assert_close(box[0].tolist(), expected, atol=1e-3, rtol=0)


@pytest.mark.parametrize("size", [*SIZES, (1, 500)])
@pytest.mark.parametrize("how", [{"margin": 1.0}, {"margin": 256 / 224}, {"squash": True}])
def test_the_middle_of_a_picture_is_what_torchvision_cuts_out(
    tmp_path: Path, size: tuple[int, int], how: dict[str, Any]
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (size[1], size[0], 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "a.jpg")
    for side in (16, 33):
        short = round(side * how.get("margin", 1.0))
        opened = open_picture(tmp_path / "a.jpg", at_least=short)
        scale = short / min(opened.size)
        scaled = (side, side) if "squash" in how else tuple(max(short, round(length * scale)) for length in opened.size)
        middle = transforms.center_crop(opened.resize(scaled, Image.Resampling.BICUBIC), [side, side])
        assert torch.equal(view_picture(tmp_path / "a.jpg", side, **how)[0], as_tensor(middle))


def test_what_is_cut_off_is_clipped_or_dropped(folder: Path) -> None:
    rows = "a,cat,0,0,10,40\na,dog,10,0,30,40\na,bird,20,0,81,40\n"  # the middle of 80 x 40 is 20 ... 60, less a margin
    source = images(folder, PLAIN + rows, fit="middle", size=224)
    (dog, dogs), (bird, birds) = found(source)[0]
    assert (dogs, birds) == (["dog"], ["bird"])
    np.testing.assert_allclose(dog, [0, 0, (30 - 40) * 6.4 + 112, 224])
    np.testing.assert_allclose(bird, [0, 0, 224, 224])
    assert source.shapes["boxes"] == (3, 4)
