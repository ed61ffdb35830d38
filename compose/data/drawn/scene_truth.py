"""What a batch of drawn scenes shows: targets and boxes."""

from __future__ import annotations

import numpy as np
import torch
from jaxtyping import Float32, Int8
from numpy.typing import NDArray
from torch import Tensor

from compose.data.drawn.scene_layout import Symbols


def scene_targets(symbols: Symbols, shows: NDArray[np.bool_]) -> Int8[Tensor, "b l"]:
    """1 where a symbol of the scene shows the label, else -1; ``shows`` says which glyph does: ``glyphs l``."""
    shown = (shows[symbols.glyph] & symbols.present[..., None]).any(1)
    return torch.from_numpy(np.where(shown, 1, -1).astype(np.int8))


def scene_boxes(symbols: Symbols, covered: Float32[Tensor, "k b 1 h w"], shows: NDArray[np.bool_]) -> dict[str, Tensor]:
    """The boxes of a batch.

    Args:
        symbols: what is in the scenes.
        covered: how far each symbol covers each pixel.
        shows: which labels a glyph shows: ``glyphs l``.

    Returns:
        ``boxes`` float32 ``b k 4``: left, top, right, bottom in pixels, around what a symbol covers (also where a
        later one hides it), 0 where a place is empty. ``box_labels`` int8 ``b k l``: 1 for the labels shown.
    """
    inked = covered[:, :, 0].transpose(0, 1) > 0.1  # b k h w
    sides = []
    for axis in (inked.any(-2), inked.any(-1)):  # b k w, b k h
        first = axis.int().argmax(-1)
        last = axis.shape[-1] - axis.flip(-1).int().argmax(-1)
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    present = torch.from_numpy(symbols.present)
    found = torch.stack([left, top, right, bottom], -1).float() * present[..., None]
    shown = torch.from_numpy(shows[symbols.glyph]) & present[..., None]
    return {"boxes": found, "box_labels": shown.to(torch.int8)}
