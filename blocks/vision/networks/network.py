"""What an image network is to a backbone, whatever library it comes from."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn

from compose.block import BlockError

IMAGE_SIZE = 224
"""Side of the picture on which strides are measured where a network takes any: every architecture takes this one."""


@dataclass(frozen=True)
class NetworkRequest:
    """What a spec asks of a network.

    Args:
        name: the architecture, as its library calls it.
        library: what stands before the name and a slash in a spec, where that is needed.
        in_channels: channels of the image.
        height: height of the image.
        width: width of the image.
        taps: where to take maps; None for what the network's own head reads.
        head: whether the network's own pooling, with its weights, is kept.
        small_stem: whether a ResNet opens with a convolution of stride 1 and no pooling.
        channels: channels of each stage, where they may be chosen.
        pools: how many stages pool, where that may be chosen.
        layers: options of its layers, where they may be chosen, by the names of
            :class:`~compose.blocks.core.layers.layer_options.LayerOptions`.
    """

    name: str
    library: str = ""
    in_channels: int = 3
    height: int = IMAGE_SIZE
    width: int = IMAGE_SIZE
    taps: Sequence[str] | None = None
    head: bool = False
    small_stem: bool = False
    channels: Sequence[int] | None = None
    pools: int | None = None
    layers: Mapping[str, Any] = field(default_factory=dict)

    @property
    def arch(self) -> str:
        """The architecture, as a spec names it."""
        return f"{self.library}/{self.name}" if self.library else self.name

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one image, ``1 c h w``."""
        return 1, self.in_channels, self.height, self.width

    @property
    def usual_shape(self) -> tuple[int, ...]:
        """The shape of an image that a network takes if it takes any size, ``1 c h w``."""
        return 1, self.in_channels, IMAGE_SIZE, IMAGE_SIZE


class Reading(NamedTuple):
    """What is read of a network.

    Attributes:
        maps: the map at each tap, ``b c h w``.
        class_token: the class token at the last tap, ``b c``; None in a network without.
        pooled: what the network's own pooling gives, ``b e``; None where it was not asked for.
    """

    maps: list[Tensor]
    class_token: Tensor | None = None
    pooled: Tensor | None = None


class Reader(Protocol):
    """How a network is read."""

    def __call__(self, body: nn.Module, image: Tensor, /) -> Reading:
        """What the body sees of an image, ``b c h w``."""
        ...


@dataclass(frozen=True)
class Positions:
    """Where a network keeps its position embeddings, which are as many as its image has patches.

    Args:
        name: the parameter, ``... n d`` with the prefix tokens' before the places'.
        grid: rows and columns of places.
    """

    name: str
    grid: tuple[int, int]


@dataclass(frozen=True)
class Network:
    """An image network that is cut behind its deepest tap.

    Args:
        body: the network; its weights bear the names that its library gives them.
        read: how it is read.
        places: what the taps are called in the network.
        strides: how many pixels lie between neighbouring entries of each tap's map.
        has_class_token: whether a reading holds a class token.
        positions: where its position embeddings are, where it has such.
        whole: the names of the weights of the network before it was cut.
    """

    body: nn.Module
    read: Reader
    places: tuple[str, ...]
    strides: tuple[int, ...]
    has_class_token: bool = False
    positions: Positions | None = None
    whole: frozenset[str] = frozenset()


class Library(Protocol):
    """Where networks come from."""

    def names(self) -> list[str]:
        """The architectures that it has."""
        ...

    def build(self, wanted: NetworkRequest) -> Network:
        """A network with random weights.

        Raises:
            BlockError: it has no such architecture, or none for such images, or no such taps.
        """
        ...

    def weights(self, wanted: NetworkRequest, name: str) -> Callable[[], Mapping[str, Tensor]] | None:
        """How to get the weights that the library publishes under a name; None where it has none of that name."""
        ...

    def published(self, name: str) -> list[str]:
        """The names of the weights that it publishes of an architecture."""
        ...


def nearest(wrong: str, known: Iterable[str]) -> str:
    """The known names that are most like a wrong one, or else the first ten, to be read in a message."""
    names = list(dict.fromkeys(known))
    close = difflib.get_close_matches(wrong, names, n=5)
    rest = f" and {len(names) - 10} more" if len(names) > 10 else ""
    return ", ".join(close) if close else ", ".join(names[:10]) + rest


def refuse_tap(tap: str, known: Iterable[str]) -> BlockError:
    """The error of a tap that a network does not have."""
    return BlockError(f"expected a place such as {nearest(tap, known)}, got {tap}", parameter="taps")


def refuse_head(reason: str) -> BlockError:
    """The error of a network whose own pooling is asked for and is not to be had."""
    return BlockError(f"expected mean or class_token, got own: {reason}", parameter="pooling")


def refuse_taps_and_head(wanted: NetworkRequest) -> None:
    """Refuse taps beside the own pooling of a network that is cut behind its deepest tap.

    Raises:
        BlockError: there are both.
    """
    if wanted.head and wanted.taps:
        raise BlockError("expected no taps, as the network's own pooling reads its last features", parameter="taps")


def refuse_odd_patches(wanted: NetworkRequest, patch: Sequence[int]) -> None:
    """Refuse an image that does not divide into the patches of a transformer.

    Raises:
        BlockError: a border of the image would be left out.
    """
    if wanted.height % patch[0] or wanted.width % patch[1]:
        shown = f"{wanted.arch}, whose patches are {patch[0]} × {patch[1]}"
        got = f"{wanted.height} × {wanted.width}"
        raise BlockError(f"expected an image that divides into the patches of {shown}, got {got}", parameter="arch")


class _Run(nn.Module):
    """Whatever is done with a network, as a module."""

    def __init__(self, body: nn.Module, run: Callable[[nn.Module, Tensor], Any]) -> None:
        super().__init__()
        self.body, self.run = body, run

    def forward(self, image: Tensor) -> Any:
        return self.run(self.body, image)


def dry_run(body: nn.Module, run: Callable[[nn.Module, Tensor], Any], shape: Sequence[int]) -> Any:
    """What ``run(body, image)`` gives in evaluation; only its shapes count. On the meta device, where that can be.

    Args:
        body: the network.
        run: what is done with it.
        shape: of the image.
    """
    training = body.training
    module = _Run(body, run).eval()
    try:
        with torch.no_grad():
            return _on_meta(module, shape)
    except Exception:  # whatever a network does with tensors that have no values
        if any(parameter.is_meta for parameter in body.parameters()):
            raise
        with torch.no_grad():
            return module(torch.zeros(*shape))
    finally:
        body.train(training)


def _on_meta(module: nn.Module, shape: Sequence[int]) -> Any:
    state = {name: tensor.to("meta") for name, tensor in (*module.named_parameters(), *module.named_buffers())}
    with torch.device("meta"):
        return torch.func.functional_call(module, state, torch.empty(*shape))


def dry_run_and_calls(
    body: nn.Module, run: Callable[[nn.Module, Tensor], Any], shape: Sequence[int]
) -> tuple[Any, set[nn.Module]]:
    """What :func:`dry_run` gives, and the parts of the network that it called."""
    called: set[nn.Module] = set()
    hooks = [module.register_forward_pre_hook(lambda module, _: called.add(module)) for module in body.modules()]
    try:
        return dry_run(body, run, shape), called
    finally:
        for hook in hooks:
            hook.remove()


def drop_uncalled(body: nn.Module, called: set[nn.Module]) -> None:
    """Take away the weights of those children of a network, its head for one, of which nothing is ever called."""
    for name, part in body.named_children():
        if called.isdisjoint(part.modules()) and any(True for _ in part.parameters()):
            setattr(body, name, nn.Identity())


def strides_of(maps: Sequence[Any], places: Sequence[str], shape: Sequence[int], *, any_size: bool) -> tuple[int, ...]:
    """How many pixels lie between neighbouring entries of each place's map.

    Args:
        maps: what lies at the places.
        places: what the taps are called.
        shape: of the image.
        any_size: whether the network takes any other; then a stride is a power of two, whatever a border costs.

    Raises:
        BlockError: what lies at a place is no map.
    """
    strides = []
    for place, found in zip(places, maps, strict=True):
        refuse_no_map(place, found, square=shape[2] == shape[3])
        exact = shape[2] / found.shape[2]
        strides.append(int(2 ** round(math.log2(exact))) if any_size else round(exact))
    return tuple(strides)


def refuse_no_map(place: str, found: Any, *, square: bool) -> None:
    """Refuse what is no map.

    Raises:
        BlockError: it is none.
    """
    shape = tuple(found.shape) if isinstance(found, Tensor) else ()
    if len(shape) != 4 or (square and shape[2] != shape[3]):
        what = f"shape {'×'.join(map(str, shape))}" if shape else f"a {type(found).__name__}"
        raise BlockError(f"expected a place with a map b c h w, got {place} with {what}", parameter="taps")
