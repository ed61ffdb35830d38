"""A layer of a transformer's encoder."""

from __future__ import annotations

from typing import Literal, NamedTuple

from jaxtyping import Float, Shaped
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.layers.left_out import left_out
from compose.blocks.core.layers.multihead_attention import check_heads
from compose.blocks.core.values import DropShare, Epsilon, Positive


class ChangedTokens(NamedTuple):
    """Tokens after a layer.

    Attributes:
        tokens: as many as before, ``... t d``.
    """

    tokens: Float[Tensor, "*b t d"]


@block
class TransformerLayer(nn.Module):
    """Let tokens attend to one another, and change each by two linear layers; both are added to what was there.

    ``torch.nn.TransformerEncoderLayer`` does the work, and has the weights. Several of them are ``repeat: 6`` with
    ``carry: [tokens]``.

    Reference: Attention Is All You Need (NeurIPS 2017), section 3.1.

    Example:
        {heads: 4, hidden: 256, norm_first: true}

    Args:
        size: size of a token.
        heads: number of heads, which divides ``size``.
        hidden: width between the two linear layers; null for four times ``size``.
        dropout: share of the entries dropped while training.
        activation: the activation between the two linear layers.
        norm_first: whether layer norms stand before attention and linear layers instead of behind the sums.
        eps: added to the variance by the norms.
        bias: whether linear layers and norms have biases.
    """

    def __init__(
        self,
        size: Dim[int, " d"],
        *,
        heads: Positive = 8,
        hidden: Positive | None = None,
        dropout: DropShare = 0.1,
        activation: Literal["relu", "gelu"] = "relu",
        norm_first: bool = False,
        eps: Epsilon = 1e-5,
        bias: bool = True,
    ) -> None:
        super().__init__()
        check_heads(size, heads)
        self.layer = nn.TransformerEncoderLayer(
            size,
            heads,
            hidden or 4 * size,
            dropout,
            activation,
            layer_norm_eps=eps,
            batch_first=True,
            norm_first=norm_first,
            bias=bias,
        )

    def forward(self, tokens: Float[Tensor, "*b t d"], mask: Shaped[Tensor, "*#b t"] | None = None) -> ChangedTokens:
        """Apply the layer.

        Args:
            tokens: the tokens, ``... t d``.
            mask: not 0 for a token that the others see, 0 for one that they do not, ``... t``.

        Returns:
            The tokens afterwards, ``... t d``.
        """
        flat = tokens.reshape(-1, *tokens.shape[-2:])
        changed: Tensor = self.layer(flat, src_key_padding_mask=left_out(mask, tokens))
        return ChangedTokens(changed.reshape(tokens.shape))
