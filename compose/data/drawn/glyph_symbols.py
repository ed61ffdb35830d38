"""The data source ``glyph_symbols``: other symbols of the DejaVu fonts than those of ``glyph_scenes``, a class each."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from compose.block import data
from compose.data.drawn.drawn_scenes import Count, DrawnScenes
from compose.data.drawn.glyph_table import GlyphTable, symbol_table
from compose.data.normalisation import NormalisationName
from compose.data.source import Split


@data
class GlyphSymbols(DrawnScenes):
    """Pictures of one symbol each, drawn like `glyph_scenes`, of 158 classes that are no labels there.

    No glyph and no synset is one of `glyph_scenes`, but many classes lie near its labels in WordNet: the asteroid
    `vesta`, the Hebrew letter `beth`, the currency `dong`, the `apostrophe`, the `joker`. A classifier trained on them
    plays the part that one trained on ImageNet plays for photographs. All splits draw all classes.

    Args:
        size: the side of the pictures in pixels.
        train: training pictures in an epoch.
        val: validation pictures.
        test: test pictures.
        seed: another seed gives other pictures.
        fresh: whether every epoch has training pictures of its own; if not, all epochs share those of the first.
        objects: the least and the greatest number of symbols in a picture; n symbols are drawn in proportion to 1 / n².
        scale: the least and the greatest length of a symbol's longer side, as a share of the picture's.
        rotation: how far symbols are turned to either side at most, in degrees.
        clutter: how many strokes, curls and specks lie about at most.
        noise: the greatest deviation of the background's noise, where black is 0 and white is 1.
        normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 4, "val": 5, "test": 6}

    def __init__(
        self,
        *,
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        train: Count = 10_000,
        val: Count = 1_000,
        test: Count = 3_000,
        seed: int = 0,
        fresh: bool = True,
        objects: tuple[Count, Count] = (1, 1),
        scale: tuple[float, float] = (0.28, 0.6),
        rotation: Annotated[float, Field(ge=0, le=180)] = 25.0,
        clutter: Annotated[int, Field(ge=0, le=32)] = 4,
        noise: Annotated[float, Field(ge=0, le=0.5)] = 0.06,
        normalisation: NormalisationName = "half",
    ) -> None:
        super().__init__(
            size=size,
            lengths={"train": train, "val": val, "test": test},
            seed=seed,
            fresh=fresh,
            objects=objects,
            scale=scale,
            rotation=rotation,
            clutter=clutter,
            noise=noise,
            normalisation=normalisation,
        )

    @property
    def table(self) -> GlyphTable:
        """The classes and the symbols that show them."""
        return symbol_table()
