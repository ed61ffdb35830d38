"""An episode of the user's pictures: some of each class, and pictures that may show them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from compose.prediction.asked_episode import Episode
from compose.prediction.given_pictures import given_pictures

if TYPE_CHECKING:
    from jaxtyping import Int8
    from torch import Tensor

    from compose.data.source import DataSource
    from compose.training.prepare import Prepared

Support: TypeAlias = str | PathLike[str] | Mapping[str, Any]
"""A folder with a folder of pictures for each class, or the pictures of each class by its name."""


def given_episode(made: Prepared, support: Support, queries: Any) -> Episode:
    """An episode of the user's pictures. Pictures to classify that cannot be read are kept apart.

    Where the model was trained on examples of several labels each, a picture that is shown for several of them carries
    all of these; one that is not shown for a label is taken not to carry it.

    Args:
        made: the run's spec with all that it names.
        support: pictures of each class, as :func:`~compose.prediction.given_pictures.given_pictures` takes them.
        queries: the pictures to classify, likewise.

    Raises:
        UsageError: there are no classes, or not as many as the model serves, or one without pictures.
        DataError: a picture of the support cannot be read.
    """
    import torch

    from compose.errors import UsageError, listed

    by_name = isinstance(support, Mapping)
    shown = support if isinstance(support, Mapping) else class_pictures(Path(fspath(support)))
    wanted = "pictures of two classes at least" if by_name else "a folder of pictures for each class"
    name, what = ("support", "classes") if by_name else (f"support {support}", "folders of pictures")
    if len(shown) < 2:
        raise UsageError(f"{name}: expected {wanted}, found {len(shown)}")
    read = [list(_read(inside, made.source)) for inside in shown.values()]
    if empty := [f"`{label}`" for label, inside in zip(shown, read, strict=True) if not inside]:
        raise UsageError(f"{name}: expected pictures of each class, found none of {listed(empty, most=10)}")
    _check_ways(made, f"{name}: ", f"there are {len(shown)} {what}", len(shown))
    asked = list(given_pictures(queries, made.source))
    several = made.source.example_protocol is not None
    images, targets = _support(read, several=several)
    images += [picture.image for picture in asked if picture.image is not None]
    return Episode(
        name=", ".join(shown) if by_name else str(support),
        classes=tuple(shown),
        examples={"image": torch.stack(images)},
        support_targets=targets,
        several=several,
        queries=tuple(picture.name for picture in asked if picture.image is not None),
        unread={place: picture for place, picture in enumerate(asked) if picture.image is None},
    )


def _support(read: Sequence[Sequence[Tensor]], *, several: bool) -> tuple[list[Tensor], Int8[Tensor, "s n"]]:
    """The pictures of the support, and the classes of each.

    Args:
        read: the pictures of each class.
        several: whether a picture that is there for several classes is one that shows them all.
    """
    import torch

    images: dict[object, Tensor] = {}
    shown: dict[object, list[int]] = {}
    for place, inside in enumerate(read):
        for number, image in enumerate(inside):
            key = image.numpy().tobytes() if several else (place, number)
            images.setdefault(key, image)
            shown.setdefault(key, []).append(place)
    targets = torch.full((len(images), len(read)), -1, dtype=torch.int8)
    for row, places in enumerate(shown.values()):
        targets[row, places] = 1
    return [*images.values()], targets


def class_pictures(support: Path) -> dict[str, list[Path]]:
    """The pictures in each folder of a folder, by its name, also those that cannot be read; hidden ones are left out.

    Raises:
        UsageError: there is no such folder.
    """
    from compose.data.folders import PictureWalk, folders_in
    from compose.errors import UsageError

    if not os.path.isdir(support):
        raise UsageError(f"support {support}: there is no such folder")
    found: dict[str, list[Path]] = {}
    for folder in folders_in(support):
        walk = PictureWalk()
        found[folder.name] = [*walk.pictures_in(folder), *walk.unread]
    return found


def _read(images: Any, source: DataSource) -> Iterator[Tensor]:
    """The pictures of a class.

    Raises:
        DataError: one cannot be read.
    """
    from compose.data.source import DataError

    for picture in given_pictures(images, source):
        if picture.image is None:
            raise DataError(f"{picture.name}: {picture.error}")
        yield picture.image


def _check_ways(made: Prepared, name: str, given: str, ways: int) -> None:
    from compose.errors import UsageError
    from compose.model.label_space_check import fixing_ways

    fixed, batch = fixing_ways(made.spec.plan, adapts=made.adaptation is not None), made.episodes
    if fixed and batch and batch.shape.ways != ways:
        serves = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode"
        raise UsageError(f"{name}{serves}, and {given}")
