"""PosVAE: states of the external nodes from the probabilities of their classes."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.split_linear import SplitLinear
from compose.blocks.core.values import Slope


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

    Deviates: what the text calls the logarithm of the deviation is that of the variance, as its own eq. 5 uses it.

    Args:
        dim: size of a class's vector.
        hidden: width of the hidden layers of the encoder and of the decoder.
        size: size of a node state.
        noise: what a state is drawn with: standard normal, or ``uniform`` over [0, 1), as in the released code.
        sample_eval: draw states in evaluation, too, instead of taking their means.
        activation: the activation of the hidden layers.
        slope: what a ``leaky_relu`` multiplies negative entries by.
    """

    def __init__(
        self,
        dim: Dim[int, " d"],
        *,
        hidden: Annotated[int, Field(gt=0)] = 256,
        size: Annotated[int, Field(gt=0)] = 256,
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
        self.encoder = SplitLinear(dim, dim, hidden)
        self.distribution = nn.Linear(hidden, 2 * size)
        self.decoder = SplitLinear(size, dim, hidden)
        self.reconstruction = nn.Linear(hidden, 1)

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
        reconstruction = self._decode(nodes, external_vectors)
        error = (full_precision(posterior) - full_precision(reconstruction)).square() / 2
        divergence = (mean.square() + deviation.square() - 1 - log_variance).sum(-1) / 2
        return PosVaeOutput(nodes, (error + divergence).mean())  # eq. 4

    def _encode(
        self, posterior: Float[Tensor, "b x"], vectors: Float[Tensor, "x d"]
    ) -> tuple[Float[Tensor, "b x o"], Float[Tensor, "b x o"]]:
        """Mean and logarithm of the variance of the states."""
        # The projected probability is p · a + c, so that the hidden layer is p · W₁ a + (W₁ c + W₂ s + b).
        project = self.probability
        direction, known = self.encoder(project.weight.mT, vectors)  # 1 j, x j
        origin, _ = self.encoder(project.bias, vectors[:0])
        entries = torch.addcmul(known + origin, posterior.to(known.dtype).unsqueeze(-1), direction)  # b x j
        hidden = self.activation(entries)
        mean, log_variance = full_precision(self.distribution(hidden)).chunk(2, dim=-1)
        return mean, log_variance

    def _decode(self, nodes: Float[Tensor, "b x o"], vectors: Float[Tensor, "x d"]) -> Float[Tensor, "b x"]:
        """The probabilities that the states tell."""
        state, known = self.decoder(nodes, vectors)
        probabilities: Tensor = self.reconstruction(self.activation(state + known))
        return probabilities.squeeze(-1)
