"""Every block of the core vocabulary, small, with tensors that reach its ports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import nn

from compose.blocks.core.elementwise.activation import Activation
from compose.blocks.core.elementwise.add import Add
from compose.blocks.core.elementwise.detach import Detach
from compose.blocks.core.elementwise.dropout import Dropout
from compose.blocks.core.elementwise.gate import Gate
from compose.blocks.core.elementwise.multiply import Multiply
from compose.blocks.core.elementwise.scale import Scale
from compose.blocks.core.elementwise.softmax import Softmax
from compose.blocks.core.layers.convolution import Convolution
from compose.blocks.core.layers.learned_tensor import LearnedTensor
from compose.blocks.core.layers.linear import Linear
from compose.blocks.core.layers.multihead_attention import MultiheadAttention
from compose.blocks.core.layers.pool import Pool
from compose.blocks.core.layers.positional_encoding import PositionalEncoding
from compose.blocks.core.layers.resize import Resize
from compose.blocks.core.layers.transformer_layer import TransformerLayer
from compose.blocks.core.layout.concat import Concat
from compose.blocks.core.layout.einsum import Einsum
from compose.blocks.core.layout.rearrange import Rearrange
from compose.blocks.core.layout.reduce import Reduce
from compose.blocks.core.layout.repeat import Repeat
from compose.blocks.core.layout.select import Select
from compose.blocks.core.layout.top_k_mean import TopKMean
from compose.blocks.core.mlp import Mlp
from compose.blocks.core.norms.batch_norm import BatchNorm
from compose.blocks.core.norms.group_norm import GroupNorm
from compose.blocks.core.norms.layer_norm import LayerNorm
from compose.blocks.core.norms.normalise import Normalise
from compose.blocks.core.similarity.cosine_similarity import CosineSimilarity
from compose.blocks.core.similarity.vector_distance import VectorDistance

MAP = (2, 4, 3, 5)
"""Images, channels, height, width."""
TOKENS = (2, 3, 4)


class Case(NamedTuple):
    """A block and the shapes that reach its ports.

    Args:
        make: the block.
        ports: the tensors by port; a shape is one of random numbers, a list of shapes a list port.
    """

    make: Callable[[], nn.Module]
    ports: dict[str, Any]

    def inputs(self, *, grad: bool = False) -> dict[str, Any]:
        """Tensors in double precision."""
        return {port: _tensors(shape, grad) for port, shape in self.ports.items()}


def _tensors(shape: Any, grad: bool) -> Any:
    if isinstance(shape, list):
        return [_tensors(one, grad) for one in shape]
    return shape if isinstance(shape, torch.Tensor) else torch.randn(shape, dtype=torch.float64, requires_grad=grad)


CASES: dict[str, list[Case]] = {
    "activation": [Case(lambda: Activation(kind="gelu"), {"features": TOKENS})],
    "add": [
        Case(lambda: Add([4, 4]), {"tensors": [TOKENS, TOKENS]}),
        Case(lambda: Add([4, 1], learned=True), {"tensors": [TOKENS, (3, 1)]}),
    ],
    "batch_norm": [Case(lambda: BatchNorm(MAP), {"features": MAP})],
    "concat": [Case(lambda: Concat(dims="b c ...", axis="c"), {"tensors": [MAP, (2, 1, 3, 5)]})],
    "convolution": [Case(lambda: Convolution(4, channels=2, kernel=2, stride=2), {"maps": MAP})],
    "cosine": [
        Case(CosineSimilarity, {"first": TOKENS, "second": (5, 4)}),
        Case(CosineSimilarity, {"first": TOKENS, "second": (2, 3, 5, 4)}),
    ],
    "detach": [Case(Detach, {"tensor": TOKENS})],
    "distance": [
        Case(VectorDistance, {"first": TOKENS, "second": (5, 4)}),
        Case(lambda: VectorDistance(kind="squared"), {"first": TOKENS, "second": (2, 3, 5, 4)}),
    ],
    "dropout": [Case(Dropout, {"features": TOKENS})],
    "einsum": [Case(lambda: Einsum(pattern="... m d, l d -> ... m l"), {"tensors": [MAP, (6, 5)]})],
    "gate": [Case(Gate, {"features": MAP, "gate": (2, 4, 1, 1)})],
    "group_norm": [Case(lambda: GroupNorm(MAP, groups=2), {"features": MAP})],
    "layer_norm": [
        Case(lambda: LayerNorm(MAP), {"features": MAP}),
        Case(lambda: LayerNorm(MAP, dims="b c h w", axis="c"), {"features": MAP}),
    ],
    "linear": [
        Case(lambda: Linear(4, size=6), {"features": TOKENS}),
        Case(lambda: Linear(4, 3), {"features": TOKENS, "like": torch.zeros(3, dtype=torch.int64)}),
    ],
    "mlp": [Case(lambda: Mlp(4, sizes=[5, 3], norm="layer"), {"features": TOKENS})],
    "multihead_attention": [
        Case(lambda: MultiheadAttention(4, heads=2), {"query": TOKENS}),
        Case(
            lambda: MultiheadAttention(4, 6, heads=2),
            {"query": TOKENS, "key": (2, 5, 6), "mask": torch.tensor([1, 1, 0, 1, 0])},
        ),
    ],
    "multiply": [Case(Multiply, {"tensors": [TOKENS, (4,)]})],
    "normalise": [Case(lambda: Normalise(dims="b c ...", axis="c", length=2), {"features": MAP})],
    "parameter": [
        Case(lambda: LearnedTensor(shape="3 4"), {}),
        Case(lambda: LearnedTensor(MAP, shape="2 c", dims="b c ..."), {"like": MAP}),
    ],
    "pool": [
        Case(lambda: Pool(window=2, stride=1), {"maps": MAP}),
        Case(lambda: Pool(kind="max", size=(2, 3)), {"maps": MAP}),
    ],
    "positional_encoding": [
        Case(lambda: PositionalEncoding(3, 4), {"tokens": TOKENS}),
        Case(lambda: PositionalEncoding(3, 4, kind="learned"), {"tokens": TOKENS}),
    ],
    "rearrange": [
        Case(lambda: Rearrange(pattern="b c h w -> b (h w) c"), {"tensor": MAP}),
        Case(lambda: Rearrange(pattern="b (h w) c, b x h w -> b c h w"), {"tensor": (2, 15, 3), "like": MAP}),
    ],
    "reduce": [Case(lambda: Reduce(pattern="b c h w -> b c", how="logsumexp"), {"tensor": MAP})],
    "repeat": [Case(lambda: Repeat(pattern="l d, b ... -> b l d"), {"tensor": (3, 4), "like": MAP})],
    "resize": [
        Case(lambda: Resize(scale=2, mode="bilinear"), {"maps": MAP}),
        Case(Resize, {"maps": MAP, "like": (2, 1, 6, 4)}),
    ],
    "scale": [Case(lambda: Scale(MAP, learned=True, dims="b c h w", axis="c"), {"features": MAP})],
    "select": [
        Case(
            lambda: Select(pattern="b m h w, b l -> b l h w"),
            {"values": MAP, "index": torch.tensor([[0, 3, 1], [2, 2, 0]])},
        )
    ],
    "softmax": [Case(lambda: Softmax(temperature=0.5, log=True), {"features": TOKENS})],
    "top_k_mean": [Case(lambda: TopKMean(k=2, dims="b c ...", axis="c"), {"features": MAP})],
    "transformer_layer": [
        Case(lambda: TransformerLayer(4, heads=2, hidden=5, dropout=0), {"tokens": (2, 1, 3, 4)}),
        Case(
            lambda: TransformerLayer(4, heads=2, hidden=5, dropout=0, norm_first=True),
            {"tokens": TOKENS, "mask": torch.tensor([[1, 1, 0], [1, 0, 1]])},
        ),
    ],
}
"""By the block's name in a spec."""
