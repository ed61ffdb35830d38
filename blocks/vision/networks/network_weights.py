"""Fill a network with weights: published ones, or a file of the user's."""

from __future__ import annotations

import math
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import torch
from einops import rearrange
from pydantic import WithJsonSchema
from torch import nn
from torch.nn import functional as F

from compose.block import BlockError
from compose.blocks.vision.networks.network import Library, NetworkRequest, Positions
from compose.blocks.vision.weights.fill_network import check_finite, check_fits, fill
from compose.blocks.vision.weights.name_prefix import AmbiguousNames, behind_prefix
from compose.blocks.vision.weights.weight_file import State, read_bad_values, read_shapes, read_weights

PATH_OR_TAG = {"type": "string", "format": "weights"}
"""The schema of a file of weights, where the tag of published ones may stand instead."""
Pretrained = Literal["none", "imagenet"] | Annotated[Path, WithJsonSchema(PATH_OR_TAG)]
"""What ``weights:`` may be; a path may also be the tag under which a library publishes weights."""


def load_pretrained(
    body: nn.Module,
    weights: Pretrained,
    *,
    library: Library,
    wanted: NetworkRequest,
    positions: Positions | None = None,
    whole: frozenset[str] = frozenset(),
    abstract: bool,
) -> None:
    """Fill a network, or the part of it that is left, with weights. Weights of other parts are passed over.

    Args:
        body: what to fill.
        weights: where from.
        library: where the network is from.
        wanted: what was asked of the library.
        positions: its position embeddings; they are interpolated where the weights are for another size of images.
        whole: the names of the weights of the whole network, by which another one's are known.
        abstract: only check that the weights are there, fit, and are finite.

    Raises:
        BlockError: the weights are not to be had or do not fit.
    """
    if weights == "none":
        return
    published = library.weights(wanted, str(weights))
    if published is None and weights == "imagenet":
        known = ", ".join(["none", *library.published(wanted.name)][:11])
        raise _error(f"expected {known} or a file for {wanted.arch}, which has no ImageNet weights, got imagenet")
    if published is None:
        path = _file(weights, library, wanted)
        origin = str(path)
        read: State = read_shapes(path) if abstract else read_weights(path)
    elif abstract:
        return
    else:
        origin = f"the weights {weights}"
        read = _download(published, f"{origin} of {wanted.arch}")
    prefix, state = _own(read, body, wanted.arch, origin)
    state = _fitted(state, body, positions)
    check_fits(body, state, wanted.arch, origin, whole=whole)
    if abstract:
        bad = read_bad_values(Path(weights))
        check_finite(
            {name: bad[prefix + name] for name in body.state_dict() if prefix + name in bad}, wanted.arch, origin
        )
    else:
        fill(body, state, wanted.arch, origin)


def _own(state: State, body: nn.Module, arch: str, origin: str) -> tuple[str, State]:
    """The prefix that the network's weights have in a file, and the weights behind it.

    Raises:
        BlockError: several are equally good.
    """
    try:
        return behind_prefix(state, body.state_dict())
    except AmbiguousNames as error:
        names = ", ".join(prefix.rstrip(".") for prefix in error.prefixes[:4])
        message = f"expected the weights of one {arch}, got {len(error.prefixes)} in {origin}, in {names}"
        raise _error(f"{message}; save those of one of them in a file of their own") from None


def _file(weights: Pretrained, library: Library, wanted: NetworkRequest) -> Path:
    """The file of weights that a spec names.

    Raises:
        BlockError: there is none.
    """
    path = Path(weights)
    state = _not_a_file(path)
    if state:
        known = ", ".join(library.published(wanted.name)[:10])
        others = f" or one of {known}" if known else ""
        raise _error(f"expected a file of weights{others}, got {path}, which is {state}")
    return path


def _not_a_file(path: Path) -> str:
    """Why a path leads to no file; "" where it does."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):  # also a name that is too long, or has a NUL
        return "not there"
    if not stat.S_ISDIR(mode):
        return "" if stat.S_ISREG(mode) else "no file that can be read twice"
    inner = path / "weights" / "last.safetensors"
    return f"a folder; a run's weights are in {inner}" if inner.is_file() else "a folder"


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


def _error(message: str) -> BlockError:
    return BlockError(message, parameter="weights")
