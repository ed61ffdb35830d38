"""The classifier of an ImageNet network: what turns its last map into class scores."""

from __future__ import annotations

from typing import Any, Self

from jaxtyping import Float, Int64
from torch import Tensor, nn
from torch.fx import GraphModule
from torchvision.models import VisionTransformer
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from compose.block import BlockError, Dim, block, is_abstract
from compose.blocks.vision.networks.few_shot_networks import FEW_SHOT
from compose.blocks.vision.networks.libraries import find_library
from compose.blocks.vision.networks.network import NetworkRequest, dry_run
from compose.blocks.vision.networks.network_weights import Pretrained, load_pretrained
from compose.blocks.vision.networks.torchvision_networks import whole_network
from compose.blocks.vision.networks.traced_taps import find_taps


@block(name="imagenet_head")
class ImageNetHead(nn.Module):
    """Score the ImageNet classes by what follows the last map in an image network.

    With a backbone of the same architecture and weights before it, it is the whole ImageNet classifier.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.2.

    Args:
        channels: channels of the map.
        classes: number of classes of the external source; as many as the network scores.
        arch: a torchvision classification architecture by its name there.
        weights: ``none``, ``imagenet`` (torchvision's, downloaded once) or a file of weights, as a backbone takes it,
            of the head or of the whole network.
        frozen: keep the weights as they are, and dropout off.
    """

    def __init__(
        self,
        channels: Dim[int, " c"],
        classes: Dim[int, " k"],
        *,
        arch: str = "resnet18",
        weights: Pretrained = "none",
        frozen: bool = True,
    ) -> None:
        super().__init__()
        if arch in FEW_SHOT or "/" in arch:
            raise BlockError(f"expected an architecture of torchvision, which has a head, got {arch}", parameter="arch")
        library, wanted = find_library(NetworkRequest(arch))
        network = whole_network(wanted)
        if isinstance(network, VisionTransformer):
            message = f"expected an architecture whose head takes a map, got {arch}, whose head takes the class token"
            raise BlockError(f"{message} (`linear` behind the backbone's `pooled` is one)", parameter="arch")
        traced = _trace(network)
        _check_sizes(traced, wanted, channels, classes)
        self.head = _behind_the_map(traced)
        self.frozen = frozen
        load_pretrained(
            self.head,
            weights,
            library=library,
            wanted=wanted,
            whole=frozenset(network.state_dict()),
            abstract=is_abstract(network),
        )
        if frozen:
            self.requires_grad_(False).train()

    def forward(self, maps: Float[Tensor, "b c h w"], external_classes: Int64[Tensor, " k"]) -> Float[Tensor, "b k"]:
        """Score the classes.

        Args:
            maps: the last map of a backbone of the same architecture, ``b c h w``.
            external_classes: the classes' places among the external nodes, ``k``; only their number counts.

        Returns:
            One logit for each class, ``b k``.
        """
        logits: Tensor = self.head(maps)
        return logits

    def train(self, mode: bool = True) -> Self:
        """Switch between training and evaluation; a frozen head stays in evaluation."""
        return super().train(mode and not self.frozen)


def _trace(network: nn.Module) -> GraphModule:
    """The whole network, giving its last map beside its scores."""
    scores = get_graph_node_names(network)[1][-1]
    extractor: GraphModule = create_feature_extractor(network, {find_taps(network, None)[0]: "map", scores: "scores"})
    return extractor.eval()


def _check_sizes(traced: GraphModule, wanted: NetworkRequest, channels: int, classes: int) -> None:
    found: dict[str, Tensor] = dry_run(traced, _call, wanted.usual_shape)
    arch = wanted.name
    if found["map"].ndim != 4:
        raise BlockError(f"expected an architecture whose head takes a map, got {arch}", parameter="arch")
    given, scored = found["map"].shape[1], found["scores"].shape[1]
    if channels != given:
        raise BlockError(f"expected a map of {given} channels, as {arch} ends in, got {channels}", parameter="arch")
    if classes != scored:
        message = f"expected {scored} external classes, as many as {arch} scores, got {classes}"
        raise BlockError(message, parameter="arch")


def _call(network: nn.Module, image: Tensor) -> Any:
    return network(image)


def _behind_the_map(traced: GraphModule) -> GraphModule:
    """What is left of the network when its last map is given."""
    graph: Any = traced.eval_graph
    (image,) = graph.find_nodes(op="placeholder")
    (found,) = graph.output_node().args
    with graph.inserting_before(image):
        found["map"].replace_all_uses_with(graph.placeholder("maps"))
    graph.output_node().args = (found["scores"],)
    graph.eliminate_dead_code()
    graph.erase_node(image)
    return GraphModule(traced, graph)
