"""How a built model's graphs are called: with the inputs that they take, of all that there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from torch.fx import GraphModule


def inputs_of(graph: GraphModule) -> set[str]:
    """The keywords that a graph takes."""
    return {str(node.target) for node in graph.graph.nodes if node.op == "placeholder"}


def call(inference: GraphModule, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The outputs for the inputs that the graph takes; others are left out."""
    wanted = inputs_of(inference)
    outputs: dict[str, Tensor] = inference(**{name: value for name, value in inputs.items() if name in wanted})
    return outputs


def scorer(inference: GraphModule) -> Callable[[dict[str, Tensor]], Tensor]:
    """The scores alone, in full precision: half of it would tie many of them."""
    return lambda inputs: call(inference, inputs)["scores"].float()
