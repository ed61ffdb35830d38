"""Backbones: the maps of an image network at named places."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block, is_abstract
from compose.blocks.vision.architectures import build_architecture
from compose.blocks.vision.network_weights import Pretrained, load_pretrained
from compose.blocks.vision.taps import cut, find_taps, measure_strides


class BackboneOutput(NamedTuple):
    """The maps at the taps.

    Attributes:
        maps: all of them in the order of the taps, each ``b c h w`` with sizes of its own.
        last: the last tap's map, ``b c h w``.
    """

    maps: list[Float[Tensor, "b ?c ?h ?w"]]
    last: Float[Tensor, "b c h w"]


@block
class Backbone(nn.Module):
    """Give the maps of an image network at one or more named places.

    What lies behind the deepest place is cut away. ``strides`` tells how many pixels lie between two entries of each
    map.

    Args:
        in_channels: channels of the image.
        arch: a torchvision classification architecture by its name there, ``conv64`` or ``resnet12``.
        taps: where to take maps, shallow to deep: a module's name as in torchvision's ``get_graph_node_names``
            (ResNet: ``layer1`` ... ``layer4``; Conv64: ``block1`` ...); ``pool1`` ... for the pooled maps of a VGG or
            AlexNet. By default the last map.
        weights: ``none``, ``imagenet`` (torchvision's, downloaded once) or a file of weights, safetensors or a
            PyTorch state dict.
        frozen: keep the weights as they are, and batch norm on its running statistics.
        stem: ``small`` opens a ResNet with a 3×3 convolution of stride 1 and no pooling, for small images.
        channels: channels of each stage of ``conv64`` or ``resnet12``; by default the papers'.
        pools: how many blocks of ``conv64`` pool, the first ones; by default all. Small images keep a map so.
    """

    def __init__(
        self,
        in_channels: Dim[int, " i"],
        *,
        arch: str = "resnet18",
        taps: Annotated[list[str], Field(min_length=1)] | None = None,
        weights: Pretrained = "none",
        frozen: bool = False,
        stem: Literal["imagenet", "small"] = "imagenet",
        channels: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)] | None = None,
        pools: Annotated[int, Field(ge=0)] | None = None,
    ) -> None:
        super().__init__()
        network = build_architecture(arch, in_channels=in_channels, stem=stem, channels=channels, pools=pools)
        self.places = find_taps(network, taps)
        self.body = cut(network, self.places)
        self.strides = measure_strides(self.body, self.places, in_channels=in_channels)
        self.frozen = frozen
        load_pretrained(self.body, weights, arch=arch, abstract=is_abstract(network))
        if frozen:
            self.requires_grad_(False).train()

    def forward(self, image: Float[Tensor, "b i y x"]) -> BackboneOutput:
        """Take the maps.

        Args:
            image: normalised images, ``b i y x``.

        Returns:
            The maps at the taps.
        """
        found = self.body(image)
        maps = [found[place] for place in self.places]
        return BackboneOutput(maps, maps[-1])

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; a frozen backbone stays in evaluation."""
        return super().train(mode and not self.frozen)
