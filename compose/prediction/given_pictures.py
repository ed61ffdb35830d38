"""The pictures that a model is asked about: files, pictures in memory, and examples of a run's data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from compose.data.folders import PictureWalk
from compose.prediction.picture_files import picture_files

if TYPE_CHECKING:
    from jaxtyping import Float, Int8
    from PIL import Image
    from torch import Tensor

    from compose.data.pictures.grey_range import GreyRange
    from compose.data.source import DataSource
    from compose.training.prepare import Prepared


@dataclass(frozen=True)
class Picture:
    """A picture as the model takes it, or why it could not be read.

    Args:
        name: its file, or its place in the data.
        image: what the model is given, ``3 h w``.
        targets: which labels it shows, where that is known: 1, -1, 0 = unknown, over all labels of the data.
        boxes: where they are, where that is known: left, top, right and bottom in pixels, and a label.
        error: what is wrong with it.
        scaled: the range by which it was scaled, where it has more than 8 bits, or decimals.
    """

    name: str
    image: Float[Tensor, "3 h w"] | None = field(default=None, repr=False)
    targets: Int8[Tensor, " l"] | None = field(default=None, repr=False)
    boxes: tuple[tuple[float, float, float, float, str], ...] = ()
    error: str | None = None
    scaled: GreyRange | None = None


def given_pictures(images: Any, source: DataSource) -> Iterator[Picture]:
    """The user's pictures as the model takes them, in order; one that cannot be read says why.

    Args:
        images: one or several: a file, a folder of files, a PIL image, an array or tensor (``h w``, ``h w 3`` or
            ``3 h w``, of bytes or from 0 to 1), or a :class:`Picture`, which is passed on.
        source: reads files.

    Raises:
        UsageError: there is no such file, a folder holds no pictures, or it is no picture at all.
    """
    count = 0
    for image in listed(images):
        if isinstance(image, Picture):
            yield image
        elif isinstance(image, str | PathLike):
            walk = PictureWalk()
            for file in chain(picture_files([Path(fspath(image))], walk), walk.unread):
                yield _read(source, file, str(file))
        else:
            yield _in_memory(source, image, f"image {count}")
            count += 1


def listed(images: Any) -> Iterable[Any]:
    """Several pictures, where one may have been given; of an array the first of four dims counts them."""
    if isinstance(images, str | PathLike) or not isinstance(images, Iterable):
        return [images]
    return [images] if hasattr(images, "shape") and len(images.shape) != 4 else images


def example_pictures(made: Prepared, count: int) -> Iterator[Picture]:
    """The first pictures that a run is evaluated on, with what they show.

    Args:
        made: the run's spec with all that it names.
        count: how many.
    """
    split = made.evaluation.split
    examples = made.source.split(split)
    batch = examples[range(min(count, len(examples)))]
    names = made.source.labels.names
    for index, (image, targets) in enumerate(zip(batch["image"], batch["targets"], strict=True)):
        given = zip(batch["boxes"][index], batch["box_labels"][index], strict=True) if "boxes" in batch else ()
        boxes = tuple((*box.tolist(), names[int(shown.argmax())]) for box, shown in given if shown.any())
        yield Picture(f"{split} {index}", image, targets, boxes)


def _read(source: DataSource, file: Path, name: str) -> Picture:
    from compose.data.source import DataError

    try:
        return Picture(name, source.read_image(file), scaled=source.scaled(file))
    except (DataError, OSError, ValueError) as error:
        return Picture(name, error=str(error).removeprefix(f"{file}: "))


def _in_memory(source: DataSource, image: Any, name: str) -> Picture:
    """A picture in memory goes the way of a file, so that it is cut and scaled as one."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "image.png")
        pil_image(image).save(file)
        return _read(source, file, name)


def pil_image(image: Any) -> Image.Image:
    """A picture in memory as one of PIL's.

    Args:
        image: a PIL image, or an array or tensor.

    Raises:
        UsageError: it is something else, or without pixels.
    """
    from PIL import Image

    from compose.errors import UsageError

    if isinstance(image, Image.Image):
        if 0 in image.size:
            raise UsageError(f"expected a picture with pixels, got one of {image.width} × {image.height}")
        from compose.data.pictures.picture import upright_rgb

        return image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16") else upright_rgb(image)
    import numpy as np

    detached = image.detach().cpu() if hasattr(image, "detach") else image
    pixels = np.asarray(detached)
    if pixels.ndim == 3 and pixels.shape[0] in (1, 3) and pixels.shape[2] not in (1, 3):
        pixels = pixels.transpose(1, 2, 0)
    if pixels.ndim == 3 and pixels.shape[2] == 1:
        pixels = pixels[:, :, 0]
    if pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] != 3) or pixels.dtype.kind not in "uif":
        got = f"an array {' × '.join(map(str, pixels.shape))}" if pixels.ndim else f"a {type(image).__name__}"
        raise UsageError(f"expected a picture: a file, a PIL image, or an array h w, h w 3 or 3 h w; got {got}")
    if 0 in pixels.shape:
        raise UsageError(f"expected a picture with pixels, got an array {' × '.join(map(str, pixels.shape))}")
    return Image.fromarray(_bytes(pixels))


def _bytes(pixels: Any) -> Any:
    """Pixels of any numbers as bytes.

    Raises:
        UsageError: they are neither bytes nor between 0 and 1.
    """
    import numpy as np

    from compose.errors import UsageError

    if pixels.dtype == np.uint8:
        return np.ascontiguousarray(pixels)
    low, high = float(pixels.min()), float(pixels.max())
    most = 1.0 if pixels.dtype.kind == "f" else 255.0
    if not (low >= 0 and high <= most):  # also where one is not a number
        raise UsageError(f"expected the pixels of a picture to be bytes, or from 0 to 1; got {low:g} to {high:g}")
    return np.ascontiguousarray((pixels * (255 / most)).round().astype(np.uint8))
