"""What a model of few-shot learning attends to in an episode, as one picture: STANet, fig. 4."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw

from compose.drawing.attention.episode_grid import MARGIN, tiled
from compose.drawing.attention.episode_query import drawn_query
from compose.drawing.attention.legends import episode_legend
from compose.drawing.lettering import font, shorten
from compose.drawing.palette import FAINT, GROUND, INK

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

TITLE, BETWEEN, NARROWEST = 18.0, 14, 520


@dataclass(frozen=True)
class SupportPicture:
    """A picture that the model knows the class of.

    Args:
        picture: pixels in [0, 1]; one or three channels.
        name: its class.
    """

    picture: Float[Tensor, "c h w"]
    name: str


@dataclass(frozen=True)
class QueryView:
    """A picture that the model names, and how it looks at the episode for it.

    Args:
        picture: pixels in [0, 1]; one or three channels.
        name: its true class, where it is known.
        scores: the episode's classes by their position, and the probability of each.
        query_attention: for each layer m, spatial attention on the picture.
        support_attention: for each layer, spatial attention on each support picture.
        episode_attention: for each layer, how much each support picture counts; a layer's weights sum to 1.
    """

    picture: Float[Tensor, "c h w"]
    name: str | None
    scores: Sequence[tuple[str, float]]
    query_attention: Float[Tensor, "m h w"] | None = None
    support_attention: Float[Tensor, "m s h w"] | None = None
    episode_attention: Float[Tensor, "m s"] | None = None

    @property
    def predicted(self) -> str:
        """The class with the highest probability."""
        return max(self.scores, key=lambda score: score[1])[0]

    @property
    def layers(self) -> int:
        """How many layers attend."""
        maps = (self.query_attention, self.support_attention, self.episode_attention)
        return next((attention.shape[0] for attention in maps if attention is not None), 0)


def episode_sheet(support: Sequence[SupportPicture], queries: Sequence[QueryView], *, title: str = "") -> Image.Image:
    """The queries under each other, each beside the support pictures: as they are, then as each layer attends to them.

    Args:
        support: what the model knows of the episode's classes, in the order of the attention on it.
        queries: what it names.
        title: stands over them.

    Raises:
        ValueError: a query's classes are not those of the support pictures, or attention is not on all of them.
    """
    for query in queries:
        _check(support, query)
    blocks = [drawn_query(support, query) for query in queries]
    content = max([NARROWEST, *(block.width for block in blocks)])
    spatial = any(query.query_attention is not None or query.support_attention is not None for query in queries)
    task = any(query.episode_attention is not None for query in queries)
    parts = [block for pair in zip(blocks, [_line(content)] * len(blocks), strict=True) for block in pair]
    inside = tiled(
        [*_titled(title, content), *parts, episode_legend(content, spatial=spatial, task=task)], 1, (0, BETWEEN)
    )
    sheet = Image.new("RGB", (content + 2 * MARGIN, inside.height + 2 * MARGIN), GROUND)
    sheet.paste(inside, (MARGIN, MARGIN))
    return sheet


def _check(support: Sequence[SupportPicture], query: QueryView) -> None:
    known, named = {picture.name for picture in support}, {name for name, _ in query.scores}
    if known != named:
        raise ValueError(f"expected scores of the support pictures' classes {sorted(known)}, got {sorted(named)}")
    for attention in (query.support_attention, query.episode_attention):
        if attention is not None and attention.shape[1] != len(support):
            raise ValueError(f"expected attention on {len(support)} support pictures, got {attention.shape[1]}")
    maps = (query.query_attention, query.support_attention, query.episode_attention)
    layers = [attention.shape[0] for attention in maps if attention is not None]
    if len(set(layers)) > 1:
        raise ValueError(f"expected attention of the same layers, got {layers}")


def _titled(title: str, width: int) -> list[Image.Image]:
    if not title:
        return []
    line = Image.new("RGB", (width, 24), GROUND)
    pen, text = ImageDraw.Draw(line), shorten(title, width, TITLE, bold=True)
    pen.text((0, 12), text, fill=INK, font=font(TITLE, bold=True), anchor="lm")
    return [line]


def _line(width: int) -> Image.Image:
    return Image.new("RGB", (width, 1), FAINT)
