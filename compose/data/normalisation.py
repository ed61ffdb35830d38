"""How pixels in [0, 1] become a model's input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import torch
from jaxtyping import Float
from torch import Tensor

NormalisationName: TypeAlias = Literal["half", "imagenet", "cifar"]


@dataclass(frozen=True)
class Normalisation:
    """Subtract a mean and divide by a deviation, channel by channel."""

    mean: tuple[float, float, float]
    std: tuple[float, float, float]

    def pixels(self, image: Float[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 3 h w"]:
        """Pixels in [0, 1], normalised."""
        return (image - torch.tensor(self.mean)[:, None, None]) / torch.tensor(self.std)[:, None, None]

    def colours(self, colours: Float[Tensor, "*b 3"]) -> Float[Tensor, "*b 3"]:
        """Colours in [0, 1], normalised."""
        return (colours - torch.tensor(self.mean)) / torch.tensor(self.std)

    def undo(self, image: Float[Tensor, "*b 3 h w"]) -> Float[Tensor, "*b 3 h w"]:
        """From a model's input back to pixels in [0, 1]."""
        return (image * torch.tensor(self.std)[:, None, None] + torch.tensor(self.mean)[:, None, None]).clamp(0, 1)


NORMALISATIONS: dict[NormalisationName, Normalisation] = {
    "half": Normalisation((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
    "imagenet": Normalisation((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    "cifar": Normalisation((0.4914, 0.4822, 0.4465), (0.2023, 0.1994, 0.2010)),
}
"""``half`` maps [0, 1] to [-1, 1]; ``imagenet`` is what torchvision's ImageNet weights expect; ``cifar`` are numbers in
use for CIFAR's pictures, and in some released code for others."""
