"""A built model's inference graph as the evaluation and the pictures call it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from torch import Tensor

if TYPE_CHECKING:
    from torch.fx import GraphModule


def call(inference: GraphModule, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The outputs for the inputs that the graph takes; others are left out."""
    wanted = {str(node.target) for node in inference.graph.nodes if node.op == "placeholder"}
    outputs: dict[str, Tensor] = inference(**{name: value for name, value in inputs.items() if name in wanted})
    return outputs


def scorer(inference: GraphModule) -> Callable[[dict[str, Tensor]], Tensor]:
    """The scores alone, in full precision: half of it would tie many of them."""
    return lambda inputs: call(inference, inputs)["scores"].float()
