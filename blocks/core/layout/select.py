"""Entries that an index picks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from einops import rearrange
from jaxtyping import Int, Shaped
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.pattern.select_pattern import selecting
from compose.blocks.core.pattern.side import DOTS
from compose.blocks.core.values import SelectText


@block(check=selecting)
class Select(nn.Module):
    """Pick entries along one letter by an index, such as the ``winner`` of scores.

    ``b m h w, b l -> b l h w`` gives for each label the map of the module that its score comes from: m is picked by
    the index.

    Example:
        {pattern: "b m d, b l -> b l d"}

    Args:
        pattern: the dims of the values, of the index, and of what is picked, in letters; the one letter of the values
            that is not in the result is what the index counts.
    """

    def __init__(self, *, pattern: SelectText) -> None:
        super().__init__()
        self.pattern = found = selecting(pattern)
        self.shared = [name for name in found.index.names if name in found.values.names]
        self.others = [name for name in found.index.names if name not in found.values.names]
        self.kept = [name for name in found.values.names if name not in (*self.shared, found.picked)]

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The index counts the entries along the letter that is picked."""
        pattern = self.pattern
        sizes = pattern.values.sizes(inputs["values"].shape, {}, what="the values", pattern=pattern.text)
        picked = {"out": known["values"]} if "values" in known else {}
        return {"index": range(sizes[pattern.picked]), **picked}

    def forward(self, values: Shaped[Tensor, "*n"], index: Int[Tensor, "*k"]) -> Shaped[Tensor, "*m"]:
        """Pick.

        Args:
            values: what is picked from.
            index: which entry along the picked letter, from 0.

        Returns:
            What is picked, with the dims of the pattern's right side.
        """
        self._check(values, index)
        found, own = self.pattern, " ".join(self.shared)
        ordered = rearrange(values, f"{found.values.text} -> {own} {found.picked} {' '.join(self.kept)}")
        wanted = rearrange(index, f"{found.index.text} -> {own} {' '.join(self.others)}")
        shared = len(self.shared) + (DOTS in self.shared) * (index.ndim - len(found.index.names))
        before, behind = wanted.shape[:shared], ordered.shape[shared + 1 :]
        flat = ordered.reshape(-1, *ordered.shape[shared:])
        places = wanted.long().reshape(flat.shape[0], -1)
        rows = torch.arange(flat.shape[0], device=index.device).unsqueeze(1)
        picked = flat[rows, places].reshape(*before, *wanted.shape[shared:], *behind)
        return rearrange(picked, f"{' '.join([*self.shared, *self.others, *self.kept])} -> {found.result.text}")

    def _check(self, values: Tensor, index: Tensor) -> None:
        """Refuse shapes that the pattern does not describe."""
        found, text = self.pattern, self.pattern.text
        sizes = found.values.sizes(values.shape, {}, what="the values", pattern=text)
        met = {name: size for name, size in sizes.items() if name in self.shared or name.startswith(DOTS)}
        if DOTS not in self.shared:
            met = {name: size for name, size in met.items() if not name.startswith(DOTS)}
        found.index.sizes(index.shape, met, what="the index", pattern=text)
