"""Backbones: the maps and tokens of an image network at named places."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple, Self

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block, is_abstract
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.layers.layer_options import Order, set_batch_norms
from compose.blocks.core.values import DropShare, Epsilon, Momentum, Slope
from compose.blocks.vision.networks.libraries import build_network
from compose.blocks.vision.networks.network import IMAGE_SIZE, Network, NetworkRequest, Reading
from compose.blocks.vision.networks.network_weights import Pretrained, load_pretrained

Pooling = Literal["mean", "class_token", "own"]


class BackboneOutput(NamedTuple):
    """What a network sees: maps, tokens, one vector. Every network gives all of them, of whatever kind it is.

    Attributes:
        maps: the maps at the taps, in their order, each ``b c h w`` with sizes of its own.
        last: the last tap's map, ``b c h w``.
        tokens: the places of the last tap's map one after another, row by row, ``b t c`` with t = h · w; of a
            transformer its tokens without class token and registers.
        pooled: one vector for each image, ``b e``; see ``pooling``.
    """

    maps: list[Float[Tensor, "b ?c ?h ?w"]]
    last: Float[Tensor, "b c h w"]
    tokens: Float[Tensor, "b t c"]
    pooled: Float[Tensor, "b e"]


@block
class Backbone(nn.Module):
    """Give the maps of an image network at one or more named places, and its tokens.

    ``arch`` is a name of torchvision's (``resnet18``, ``vit_b_16``, ``swin_t``), one of few-shot learning (``conv64``,
    ``resnet12``), ``timm/NAME`` or ``open_clip/NAME``, whose image tower is taken; the last two need ``pip install
    'torchcompose[timm]'`` or ``'torchcompose[open_clip]'``. What lies behind the deepest tap is cut away. A network
    that is made for one size of images is made for the size that arrives. ``strides`` tells how many pixels lie between
    two entries of each map.

    Args:
        in_channels: channels of the image.
        height: height of the image.
        width: width of the image.
        arch: the network: a torchvision classification architecture by its name there, ``conv64``, ``resnet12``,
            ``timm/NAME`` or ``open_clip/NAME``.
        taps: where to take maps, shallow to deep. torchvision: a module's name as in its ``get_graph_node_names``
            (ResNet: ``layer1`` ... ``layer4``; ViT: ``encoder.layers.encoder_layer_3``), or ``pool1`` ... for the
            pooled maps of a VGG or AlexNet. Conv64: ``block1`` ...; ResNet12: ``layer1`` ... timm: the modules of its
            ``feature_info`` (ResNet: ``layer1`` ...; ViT: ``blocks.3``; Swin: ``layers.2``). open_clip: its blocks
            (``transformer.resblocks.3``). By default what the network's own head reads, normalised where that is.
        weights: ``none``, ``imagenet`` (the library's, downloaded once), the name under which the library publishes
            others (timm ``a1_in1k``, open_clip ``openai``), or a file of weights, safetensors or what ``torch.save``
            wrote: a network's own, or a whole checkpoint of a training program, in which they are found by their names
            behind ``model.``, ``module.``, ``backbone.`` and the like (of averaged and plain weights the averaged, of
            teacher and student the teacher's), such as ``weights/last.safetensors`` of another run. Position embeddings
            are interpolated to the image's size.
        frozen: keep the weights as they are, and batch norm on its running statistics.
        pooling: where ``pooled`` comes from: ``mean`` over the last map; ``class_token`` at the last tap; ``own``, what
            the network itself makes of its features, with its weights for that (open_clip: the image's embedding beside
            those of texts; torchvision's VGG, AlexNet and MobileNetV3: what the last layer of their classifier reads,
            4,096 numbers in the first two). By default the class token, and the mean in a network without.
        stem: ``small`` opens a ResNet of torchvision's with a 3×3 convolution of stride 1 and no pooling, for small
            images.
        channels: channels of each stage of ``conv64`` or ``resnet12``; by default the papers'.
        pools: how many blocks of ``conv64`` pool, the first ones; by default all. Small images keep a map so.
        activation: the activation of ``conv64`` or ``resnet12``; by default ReLU, and a leaky one of slope 0.1.
        slope: what their ``leaky_relu`` multiplies negative entries by.
        dropout: share of the entries dropped behind each of their layers while training.
        order: what comes first in the blocks of ``conv64``; by default convolution, norm, activation.
        eps: added to the variance by all batch norms; by default what the network has.
        momentum: the share of a batch in the running mean and variance of all batch norms; by default what the network
            has.

    Example:
        arch: timm/vit_tiny_patch16_224
        taps: [blocks.3, blocks.7, blocks.11]
    """

    def __init__(
        self,
        in_channels: Dim[int, " i"],
        height: Dim[int, " y"] = IMAGE_SIZE,
        width: Dim[int, " x"] = IMAGE_SIZE,
        *,
        arch: str = "resnet18",
        taps: Annotated[list[str], Field(min_length=1)] | None = None,
        weights: Pretrained = "none",
        frozen: bool = False,
        pooling: Pooling | None = None,
        stem: Literal["imagenet", "small"] = "imagenet",
        channels: Annotated[list[Annotated[int, Field(gt=0)]], Field(min_length=1)] | None = None,
        pools: Annotated[int, Field(ge=0)] | None = None,
        activation: LayerActivation | None = None,
        slope: Slope | None = None,
        dropout: DropShare | None = None,
        order: Order | None = None,
        eps: Epsilon | None = None,
        momentum: Momentum | None = None,
    ) -> None:
        super().__init__()
        layers = {"activation": activation, "slope": slope, "dropout": dropout, "order": order}
        wanted = NetworkRequest(
            name=arch,
            in_channels=in_channels,
            height=height,
            width=width,
            taps=taps,
            head=pooling == "own",
            small_stem=stem == "small",
            channels=channels,
            pools=pools,
            layers={name: value for name, value in layers.items() if value is not None},
        )
        network, library, wanted = build_network(wanted)
        self.body, self.read = network.body, network.read
        self.places, self.strides = list(network.places), list(network.strides)
        self.pooling = pooling or _default_pooling(network)
        if self.pooling == "class_token" and not network.has_class_token:
            raise BlockError(f"expected mean or own, as {arch} has no class token here", parameter="pooling")
        self.frozen = frozen
        self._set_norms(arch, eps, momentum)
        load_pretrained(
            self.body,
            weights,
            library=library,
            wanted=wanted,
            positions=network.positions,
            whole=network.whole,
            abstract=is_abstract(self.body),
        )
        if frozen:
            self.requires_grad_(False).train()

    def forward(self, image: Float[Tensor, "b i y x"]) -> BackboneOutput:
        """Take the maps.

        Args:
            image: normalised images, ``b i y x``.

        Returns:
            The maps at the taps, the last one's tokens, and a vector for each image.
        """
        found = self.read(self.body, image)
        last = found.maps[-1]
        return BackboneOutput(found.maps, last, rearrange(last, "b c h w -> b (h w) c"), self._pooled(found))

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; a frozen backbone stays in evaluation."""
        return super().train(mode and not self.frozen)

    def _set_norms(self, arch: str, eps: float | None, momentum: float | None) -> None:
        there = set_batch_norms(self.body, eps=eps, momentum=momentum)
        lost = [name for name, value in (("eps", eps), ("momentum", momentum)) if value is not None and not there]
        if lost:
            raise BlockError(f"expected a network with batch norms, got arch {arch}", parameter=lost[0])

    def _pooled(self, found: Reading) -> Tensor:
        vectors = {"class_token": found.class_token, "own": found.pooled}
        vector = vectors.get(self.pooling)
        return found.maps[-1].mean((2, 3)) if vector is None else vector


def _default_pooling(network: Network) -> Pooling:
    return "class_token" if network.has_class_token else "mean"
