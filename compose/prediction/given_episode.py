"""An episode of the user's pictures: a folder of each class, and pictures that may show them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from compose.prediction.asked_episode import Episode

if TYPE_CHECKING:
    from compose.training.prepare import Prepared


def given_episode(made: Prepared, support: Path, queries: Sequence[Path]) -> Episode:
    """An episode of the user's pictures.

    Args:
        made: the run's spec with all that it names.
        support: a folder with a folder of pictures for each class.
        queries: the pictures to classify.

    Raises:
        UsageError: the folder has no classes, or not as many as the model serves.
        DataError: a picture cannot be read.
    """
    import torch

    from compose.errors import UsageError
    from compose.prediction.picture_files import pictures_in

    files = {folder.name: pictures_in(folder) for folder in sorted(support.iterdir()) if folder.is_dir()}
    files = {name: inside for name, inside in files.items() if inside}
    if len(files) < 2:
        raise UsageError(f"--support {support}: expected a folder of pictures for each class, found {len(files)}")
    _check_ways(made, support, len(files))
    read = made.source.read_image
    images = [read(file) for inside in files.values() for file in inside]
    images += [read(file) for file in queries]
    position = [place for place, inside in enumerate(files.values()) for _ in inside]
    targets = torch.full((len(position), len(files)), -1, dtype=torch.int8)
    targets[torch.arange(len(position)), torch.tensor(position)] = 1
    return Episode(
        name=str(support),
        classes=tuple(files),
        examples={"image": torch.stack(images)},
        support_targets=targets,
        queries=tuple(str(file) for file in queries),
    )


def _check_ways(made: Prepared, support: Path, ways: int) -> None:
    from compose.errors import UsageError
    from compose.model.label_space_check import fixing_ways

    fixed, batch = fixing_ways(made.spec.plan, adapts=made.adaptation is not None), made.episodes
    if fixed and batch and batch.shape.ways != ways:
        serves = f"the weights of `{fixed.name}` are for {batch.shape.ways} classes in an episode"
        raise UsageError(f"--support {support}: {serves}, and there are {ways} folders of pictures")
