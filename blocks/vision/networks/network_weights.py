"""Fill a network with weights: published ones, or a file of the user's."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import torch
from einops import rearrange
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError
from compose.blocks.vision.networks.network import Library, NetworkRequest, Positions

Pretrained = Literal["none", "imagenet"] | Path
"""What ``weights:`` may be; a path may also be the tag under which a library publishes weights."""

State = Mapping[str, Tensor]


def load_pretrained(
    body: nn.Module,
    weights: Pretrained,
    *,
    library: Library,
    wanted: NetworkRequest,
    positions: Positions | None = None,
    abstract: bool,
) -> None:
    """Fill a network, or the part of it that is left, with weights. Weights of other parts are passed over.

    Args:
        body: what to fill.
        weights: where from.
        library: where the network is from.
        wanted: what was asked of the library.
        positions: its position embeddings; they are interpolated where the weights are for another size of images.
        abstract: only check that the weights are there, and read nothing.

    Raises:
        BlockError: the weights are not to be had or do not fit.
    """
    if weights == "none":
        return
    load = _source(weights, library, wanted)
    if not abstract:
        _fill(body, _fitted(load(), body, positions), wanted.arch)


def _source(weights: Pretrained, library: Library, wanted: NetworkRequest) -> Callable[[], State]:
    """How to get the weights, published under this name or in this file."""
    published = library.weights(wanted, str(weights))
    if published is not None:
        return lambda: _download(published, f"the weights {weights} of {wanted.arch}")
    if weights == "imagenet":
        known = ", ".join(["none", *library.published(wanted.name)][:11])
        raise _error(f"expected {known} or a file for {wanted.arch}, which has no ImageNet weights, got imagenet")
    path = Path(weights)
    if not path.is_file():
        known = ", ".join(library.published(wanted.name)[:10])
        others = f" or one of {known}" if known else ""
        state = "a folder" if path.is_dir() else "not there"
        raise _error(f"expected a file of weights{others}, got {path}, which is {state}")
    return lambda: _tower(read_weights(path))


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


def _tower(state: State) -> State:
    """The image tower's weights of a whole CLIP model; any other network's as they are."""
    return {name.removeprefix("visual."): state[name] for name in state if name.startswith("visual.")} or state


def _download(published: Callable[[], State], what: str) -> State:
    try:
        return published()
    except BlockError:
        raise
    except Exception as error:  # of a library's own making, or of the one that it downloads with
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise _error(f"cannot download {what} ({reason}); name a file of them here") from error


def _fitted(state: State, body: nn.Module, positions: Positions | None) -> State:
    """The weights with position embeddings for as many places as the network's images have."""
    if positions is None or positions.name not in state:
        return state
    own, given = body.state_dict()[positions.name], state[positions.name]
    prefix = own.shape[-2] - math.prod(positions.grid)
    side = math.isqrt(max(given.shape[-2] - prefix, 0))
    if given.shape == own.shape or given.shape[-1] != own.shape[-1] or side * side != given.shape[-2] - prefix:
        return state
    rows = given.reshape(-1, given.shape[-1]).float()
    places = rearrange(rows[prefix:], "(h w) d -> 1 d h w", h=side)
    places = F.interpolate(places, positions.grid, mode="bicubic", antialias=True)
    fitted = torch.cat([rows[:prefix], rearrange(places, "1 d h w -> (h w) d")]).reshape(own.shape).to(given.dtype)
    return {**state, positions.name: fitted}


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
