"""The groups that labels belong to: alphabets of characters, superclasses of classes."""

from __future__ import annotations

import torch
from jaxtyping import Float32, Int8
from torch import Tensor

from compose.data.source import DataSource


class Parents:
    """The parents of a source's seen labels.

    Args:
        source: says which group each label belongs to.

    Attributes:
        names: the groups of the seen labels, each once, in the order of the labels.
    """

    def __init__(self, source: DataSource) -> None:
        parents = source.parents
        seen = [parent for parent, is_seen in zip(parents, source.labels.seen, strict=bool(parents)) if is_seen]
        self.names = tuple(dict.fromkeys(seen))
        place = {name: index for index, name in enumerate(self.names)}
        self._members: Float32[Tensor, "l p"] = torch.zeros(len(parents), len(self.names))
        for label, parent in enumerate(parents):
            if parent in place:
                self._members[label, place[parent]] = 1

    def targets(self, targets: Int8[Tensor, "b l"]) -> Int8[Tensor, "b p"]:
        """1 for the groups of each image's labels, -1 for the others.

        Args:
            targets: 1 for the labels that an image shows, over all labels of the source.
        """
        shown = targets.gt(0).float() @ self._members
        return shown.gt(0).to(torch.int8).mul_(2).sub_(1)
