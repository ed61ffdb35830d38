"""What the label space gives a model of each episode's labels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from jaxtyping import Int64
from torch import Tensor

if TYPE_CHECKING:
    from compose.labels.label_space import LabelSpace


class EpisodeLabels:
    """The vectors of episodes' labels, and which base labels are left.

    Args:
        space: the label space.
        device: where the model is.
    """

    def __init__(self, space: LabelSpace, device: torch.device | str = "cpu") -> None:
        self._space, self._device = space, device
        self.fixed = {name: value.to(device) for name, value in space.inputs("seen").items()}

    def __call__(self, columns: Int64[Tensor, "e n"]) -> Mapping[str, Tensor]:
        """``labels_novel`` ``e n d``, where labels have vectors, and ``labels_base_mask`` ``e m``.

        Args:
            columns: the labels of each episode, by their columns in the label table.
        """
        columns = columns.cpu()
        given = {"labels_base_mask": self._space.without(columns).to(self._device)}
        if self._space.vectors is not None:
            given["labels_novel"] = self._space.novel(columns).to(self._device)
        return given
