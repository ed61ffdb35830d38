"""Read a network's weights: torchvision's, or a file of the user's."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.error import URLError

import torch
import torchvision
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from compose.block import BlockError

Pretrained = Literal["none", "imagenet"] | Path


def load_pretrained(network: nn.Module, weights: Pretrained, *, arch: str, abstract: bool) -> None:
    """Fill a network, or the part of it that is left, with weights. Weights of other parts are passed over.

    Args:
        network: the network to fill.
        weights: where from.
        arch: the architecture's name in torchvision.
        abstract: only check that the weights are there, and read nothing.

    Raises:
        BlockError: the weights are not to be had or do not fit.
    """
    if weights == "none":
        return
    found = _imagenet(arch) if weights == "imagenet" else _existing(Path(weights))
    if not abstract:
        _fill(network, read_weights(found) if isinstance(found, Path) else _download(found), arch)


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file or of a PyTorch state dict, by name. Nothing in the file is executed.

    Raises:
        BlockError: the file holds something else.
    """
    try:
        state: Any = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
    except (OSError, EOFError, RuntimeError, SafetensorError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise _error(f"expected safetensors or a PyTorch state dict, got {path}: {reason}") from None
    if isinstance(state, Mapping) and isinstance(state.get("state_dict"), Mapping):  # as training scripts save it
        state = state["state_dict"]
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise _error(f"expected a state dict of tensors in {path}, got {type(state).__name__}")
    return {str(name).removeprefix("module."): value for name, value in state.items()}


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise _error(f"expected a file of weights, got {path}, which is {'a folder' if path.is_dir() else 'not there'}")
    return path


def _imagenet(arch: str) -> Any:
    try:
        choices = torchvision.models.get_model_weights(arch)
    except ValueError:
        raise _error(f"expected none or a file for {arch}, which has no ImageNet weights, got imagenet") from None
    # The first weights are those that papers of their time compare with.
    return getattr(choices, "IMAGENET1K_V1", choices.DEFAULT)


def _download(published: Any) -> dict[str, Tensor]:
    try:
        state: dict[str, Tensor] = published.get_state_dict(progress=True, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        raise _error(f"cannot download {published.url} ({error}); put the file into {folder} or name it here") from None
    return state


def _fill(network: nn.Module, state: Mapping[str, Tensor], arch: str) -> None:
    own = network.state_dict()
    missing = [name for name in own if name not in state and not name.endswith("num_batches_tracked")]
    if missing:
        raise _error(f"expected weights of {arch}, got none for {_listed(missing)}")
    misfits = [name for name in own if name in state and own[name].shape != state[name].shape]
    if misfits:
        name = misfits[0]
        shapes = f"{list(own[name].shape)}, got {list(state[name].shape)}"
        raise _error(f"expected weights of {arch} with {name} of shape {shapes}")
    network.load_state_dict({name: state[name] for name in own if name in state}, strict=False)


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def _error(message: str) -> BlockError:
    return BlockError(message, parameter="weights")
