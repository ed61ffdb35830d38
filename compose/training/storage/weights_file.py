"""A file of a run's weights, which carries a digest of what is in it: a single flipped bit is seen when it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from compose.digest import DIGEST, FORMAT, WEIGHTS, weights_digest
from compose.training.storage.checkpoint import read_tensors, storable, write_tensors
from compose.training.training_errors import CheckpointError

if TYPE_CHECKING:
    from torch import Tensor

REMEDY = "copy it again, or use another of the run's"


def write_weights(path: Path, weights: Mapping[str, Tensor], *, step: int) -> None:
    """Write weights under their plain names, with their digest."""
    tensors, metadata = storable(weights), {FORMAT: WEIGHTS, "step": str(step)}
    write_tensors(path, tensors, {**metadata, DIGEST: weights_digest(tensors, metadata)})


def read_weights_file(path: Path) -> dict[str, Tensor]:
    """The weights in a file that a run wrote.

    Raises:
        CheckpointError: there is no such file, no run wrote it, or it has changed since.
    """
    try:
        tensors, metadata = read_tensors(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}" if path.exists() else str(error)) from None
    if FORMAT not in metadata and DIGEST not in metadata:
        raise CheckpointError(f"{path}: expected weights that a run wrote, got another safetensors file")
    if metadata.get(DIGEST) != weights_digest(tensors, metadata):
        told = "it is not what the run wrote: its checksum does not fit"
        raise CheckpointError(f"{path}: the file is damaged ({told}); {REMEDY}")
    return tensors
