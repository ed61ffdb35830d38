"""The digest that files of weights and checkpoints carry, by which a single flipped bit is seen."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

DIGEST = "sha256"
"""The key of a safetensors file's metadata that holds it."""
FORMAT = "format"
"""The key that says what a file of ours is."""
WEIGHTS = "compose-weights-1"
"""What stands there in the weights of a run."""
CHECKPOINT = "compose-checkpoint-2"
"""What stands there in a checkpoint."""


def digest_of(text: str, tensors: Mapping[str, Tensor]) -> str:
    """The digest of a text and of named tensors: of their names, types, shapes and bytes.

    Args:
        text: what belongs to the tensors.
        tensors: contiguous, on the CPU.
    """
    import torch

    digest = sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\0{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def weights_digest(tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> str:
    """The digest of a file of weights, its metadata included.

    Args:
        tensors: the weights, contiguous, on the CPU.
        metadata: the file's; its own digest is left out.
    """
    rest = sorted((key, value) for key, value in metadata.items() if key != DIGEST)
    return digest_of(repr(rest), tensors)
