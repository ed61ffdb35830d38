"""The data source ``glyph_scenes``: symbols of the DejaVu fonts, strewn over scenes, labelled with WordNet nouns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from compose.block import data
from compose.data.drawn.drawn_scenes import DrawnScenes
from compose.data.drawn.glyph_table import GlyphTable, glyph_table
from compose.data.source import Count, LabelTable, Split


@data
class GlyphScenes(DrawnScenes):
    """Scenes of one to four symbols each, with scale, rotation, colour and clutter; drawn as they are asked for.

    The labels are 161 nouns with their WordNet synsets, closed under hypernyms: a picture of a pawn shows `pawn`,
    `chessman`, `game_equipment` and `instrumentality`. 128 are seen. Of the 33 unseen ones, 16 are leaves whose symbols
    are drawn in the test split alone, and 17 are hypernyms. Training pictures are new in every epoch.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 1, "val": 2, "test": 3}

    def __init__(
        self, *, objects: tuple[Count, Count] = (1, 4), boxes: bool = False, all_seen: bool = False, **options: Any
    ) -> None:
        """Set how scenes are drawn.

        Args:
            objects: the least and the greatest number of symbols in a scene; n symbols are drawn in proportion to
                1 / n².
            boxes: whether examples also hold `boxes` (pixels: left, top, right, bottom) and `box_labels` (which labels
                each box shows), for localisation.
            all_seen: whether all labels are seen and every split draws all symbols: plain multi-label classification.
            options: the size, the number and the look of the scenes.
        """
        super().__init__(objects=objects, **options)
        self.boxes, self.all_seen = boxes, all_seen

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
