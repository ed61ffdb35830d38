"""A map of attention over a picture: the picture paled, the map in colours from dark violet to yellow over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from einops import rearrange
from numpy.typing import NDArray
from PIL import Image

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

PALE, LIFT = 0.6, 0.1
"""How much of the picture's colour is taken away, and how much its blacks are lifted and its whites lowered."""
FAINTEST, STRONGEST = 0.3, 0.78
"""How opaque the colours are where there is no attention, and at its maximum."""
GREY = np.array([0.299, 0.587, 0.114])


def numbers(values: Tensor) -> NDArray[Any]:
    """A tensor's values, wherever they are; float32 or integer."""
    values = values.detach().cpu()
    return (values.float() if values.is_floating_point() else values).numpy()


def shown(picture: Float[Tensor, "3 h w"], side: int) -> Image.Image:
    """A picture whose longer side is ``side``; smaller ones are scaled up smoothly, larger ones down."""
    pixels = rearrange(np.nan_to_num(numbers(picture)).clip(0, 1), "c h w -> h w c")
    image = Image.fromarray((pixels * 255).round().astype(np.uint8))
    scale = side / max(image.size)
    width, height = (max(1, round(length * scale)) for length in image.size)
    return image.resize((width, height), Image.Resampling.BICUBIC if scale > 1 else Image.Resampling.LANCZOS)


def heat(attention: Float[Tensor, "h w"], size: tuple[int, int]) -> NDArray[np.float32]:
    """A map of any size brought to the width and height of a picture, from 0 to 1 at its maximum."""
    values = np.nan_to_num(numbers(attention).astype(np.float32), posinf=0, neginf=0).clip(0)
    values = values / max(float(values.max()), np.finfo(np.float32).tiny)  # before, so that tiny weights survive
    grown = np.asarray(Image.fromarray(values).resize(size, Image.Resampling.BILINEAR))
    scaled: NDArray[np.float32] = grown / max(float(grown.max()), np.finfo(np.float32).tiny)
    return scaled


def overlaid(picture: Image.Image, warmth: NDArray[np.float32]) -> Image.Image:
    """A picture under a map of :func:`heat` of its size."""
    pixels = np.asarray(picture) / 255
    pale = pixels + PALE * ((pixels @ GREY)[..., None] - pixels)
    return _blend(LIFT + (1 - 2 * LIFT) * pale, warmth)


def heat_scale(width: int, height: int) -> Image.Image:
    """The colours from no attention at the left to the maximum at the right, as over a grey picture."""
    warmth = np.broadcast_to(np.linspace(0, 1, width, dtype=np.float32), (height, width))
    return _blend(np.full((height, width, 3), 0.5), warmth)


def _blend(ground: NDArray[Any], warmth: NDArray[np.float32]) -> Image.Image:
    from matplotlib import colormaps

    opacity = (FAINTEST + (STRONGEST - FAINTEST) * warmth)[..., None]
    mixed = ground * (1 - opacity) + colormaps["inferno"](warmth)[..., :3] * opacity
    return Image.fromarray((mixed.clip(0, 1) * 255).round().astype(np.uint8))
