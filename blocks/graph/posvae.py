"""PosVAE: states of the external nodes from the probabilities of their classes."""

from __future__ import annotations

from typing import Literal, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.core.values import Positive, Slope
from compose.blocks.graph.probability_fusion import FusedLinear, Fusion


class PosVaeOutput(NamedTuple):
    """States of the external nodes, and the loss that shapes them.

    Attributes:
        nodes: the nodes' states, ``b x o``.
        loss: how badly the states tell the probabilities, and how far they are from a standard normal; a scalar.
    """

    nodes: Float[Tensor, "b x o"]
    loss: Float[Tensor, ""]


@block(name="posvae")
class PosVae(nn.Module):
    """Infer each external node's state from its class's probability and vector by a variational auto-encoder.

    Nothing says which external classes an image shows, so that their nodes cannot be taught like the labels'. The
    encoder gives a normal distribution of the state, from which a state is drawn while training; the decoder must
    tell the probability from it.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.3, eq. 1-5.

    Deviates: what the text calls the logarithm of the deviation is that of the variance, as its own eq. 5 uses it. The
    released code fuses ``misaligned``, reconstructs the ``projection``, and draws ``uniform`` noise, in evaluation too.

    Args:
        dim: size of a class's vector.
        hidden: width of the hidden layer of the encoder.
        decoder_hidden: width of the hidden layer of the decoder; the encoder's where it is null.
        size: size of a node state.
        fuse: how the probability, projected to the size of a vector, meets the vector: ``concat``, ``add``,
            ``multiply``; ``misaligned`` is a concatenation along the wrong axis, by which the states of one image
            follow from the other images of a batch, as in the released code.
        reconstruct: what the decoder must tell: the ``probability``, or its ``projection``, the released code's.
        noise: what a state is drawn with: standard normal, or ``uniform`` over [0, 1), as in the released code.
        sample_eval: draw states in evaluation, too, instead of taking their means.
        activation: the activation of the hidden layers.
        slope: what a ``leaky_relu`` multiplies negative entries by.
    """

    def __init__(
        self,
        dim: Dim[int, " d"],
        *,
        hidden: Positive = 256,
        decoder_hidden: Positive | None = None,
        size: Positive = 256,
        fuse: Fusion = "concat",
        reconstruct: Literal["probability", "projection"] = "probability",
        noise: Literal["normal", "uniform"] = "normal",
        sample_eval: bool = False,
        activation: LayerActivation = "relu",
        slope: Slope = 0.01,
    ) -> None:
        super().__init__()
        self.draw = torch.randn_like if noise == "normal" else torch.rand_like
        self.sample_eval = sample_eval
        self.activation = activation_layer(activation, slope=slope)
        self.probability = nn.Linear(1, dim)
        self.encoder = FusedLinear(dim, hidden, fuse=fuse)
        self.distribution = nn.Linear(hidden, 2 * size)
        self.decoder = SplitLinear(size, dim, decoder_hidden or hidden)
        self.of_projection = reconstruct == "projection"
        self.reconstruction = nn.Linear(decoder_hidden or hidden, dim if self.of_projection else 1)

    def forward(self, posterior: Float[Tensor, "b x"], external_vectors: Float[Tensor, "x d"]) -> PosVaeOutput:
        """Infer the states.

        Args:
            posterior: the probability of each external node's class, ``b x``.
            external_vectors: vectors of the external nodes, ``x d``.

        Returns:
            The states, ``b x o``, and the loss, a scalar.
        """
        mean, log_variance = self._encode(posterior, external_vectors)
        deviation = (log_variance / 2).exp()
        nodes = mean
        if self.training or self.sample_eval:
            nodes = torch.addcmul(mean, deviation, self.draw(mean))  # eq. 5
        nodes = nodes.to(external_vectors.dtype)
        error = (self._target(posterior) - self._decode(nodes, external_vectors)).square().sum(-1) / 2
        divergence = (mean.square() + deviation.square() - 1 - log_variance).sum(-1) / 2
        return PosVaeOutput(nodes, (error + divergence).mean())  # eq. 4

    def _encode(
        self, posterior: Float[Tensor, "b x"], vectors: Float[Tensor, "x d"]
    ) -> tuple[Float[Tensor, "b x o"], Float[Tensor, "b x o"]]:
        """Mean and logarithm of the variance of the states."""
        hidden = self.activation(self.encoder.encode(posterior, self.probability, vectors))
        mean, log_variance = full_precision(self.distribution(hidden)).chunk(2, dim=-1)
        return mean, log_variance

    def _target(self, posterior: Float[Tensor, "b x"]) -> Float[Tensor, "b x _"]:
        """What the decoder must tell."""
        probability = full_precision(posterior).unsqueeze(-1)
        if not self.of_projection:
            return probability
        project = self.probability
        return torch.addcmul(full_precision(project.bias), probability, full_precision(project.weight[:, 0]))

    def _decode(self, nodes: Float[Tensor, "b x o"], vectors: Float[Tensor, "x d"]) -> Float[Tensor, "b x _"]:
        """What the states tell."""
        state, known = self.decoder(nodes, vectors)
        return full_precision(self.reconstruction(self.activation(state + known)))
