"""The data source ``glyph_scenes``: symbols of the DejaVu fonts, strewn over scenes, labelled with WordNet nouns."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import Field

from compose.block import data
from compose.data.drawn.drawn_scenes import Count, DrawnScenes
from compose.data.drawn.glyph_table import GlyphTable, glyph_table
from compose.data.normalisation import NormalisationName
from compose.data.source import LabelTable, Split


@data
class GlyphScenes(DrawnScenes):
    """Scenes of one to four symbols each, with scale, rotation, colour and clutter; drawn as they are asked for.

    The labels are 161 nouns with their WordNet synsets, closed under hypernyms: a picture of a pawn shows `pawn`,
    `chessman`, `game_equipment` and `instrumentality`. 128 are seen. Of the 33 unseen ones, 16 are leaves whose symbols
    are drawn in the test split alone, and 17 are hypernyms. Training pictures are new in every epoch.

    Args:
        size: the side of the pictures in pixels.
        train: training pictures in an epoch.
        val: validation pictures, without the symbols of unseen leaves.
        test: test pictures, with all symbols.
        seed: another seed gives other pictures.
        fresh: whether every epoch has training pictures of its own; if not, all epochs share those of the first.
        objects: the least and the greatest number of symbols in a scene; n symbols are drawn in proportion to 1 / n².
        scale: the least and the greatest length of a symbol's longer side, as a share of the picture's.
        rotation: how far symbols are turned to either side at most, in degrees.
        clutter: how many strokes, curls and specks lie about at most.
        noise: the greatest deviation of the background's noise, where black is 0 and white is 1.
        normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet.
        all_seen: whether all labels are seen and every split draws all symbols: plain multi-label classification.
        boxes: whether examples also hold `boxes` (pixels: left, top, right, bottom) and `box_labels` (which labels
            each box shows), for localisation.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 1, "val": 2, "test": 3}

    def __init__(
        self,
        *,
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        train: Count = 10_000,
        val: Count = 1_000,
        test: Count = 3_000,
        seed: int = 0,
        fresh: bool = True,
        objects: tuple[Count, Count] = (1, 4),
        scale: tuple[float, float] = (0.28, 0.6),
        rotation: Annotated[float, Field(ge=0, le=180)] = 25.0,
        clutter: Annotated[int, Field(ge=0, le=32)] = 4,
        noise: Annotated[float, Field(ge=0, le=0.5)] = 0.06,
        normalisation: NormalisationName = "half",
        boxes: bool = False,
        all_seen: bool = False,
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
            boxes=boxes,
        )
        self.all_seen = all_seen

    @property
    def table(self) -> GlyphTable:
        """The labels and the symbols that show them."""
        return glyph_table()

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        labels = super().labels
        return replace(labels, seen=(True,) * len(labels.names)) if self.all_seen else labels

    def pool(self, split: Split) -> list[tuple[int, ...]]:
        """What a split draws: for each leaf the rows of its glyphs; with ``all_seen`` every split draws all."""
        return super().pool("test" if self.all_seen else split)
