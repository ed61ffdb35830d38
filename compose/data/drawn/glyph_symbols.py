"""The data source ``glyph_symbols``: other symbols of the DejaVu fonts than those of ``glyph_scenes``, a class each."""

from __future__ import annotations

from typing import Any, ClassVar

from compose.block import data
from compose.data.drawn.drawn_scenes import DrawnScenes
from compose.data.drawn.glyph_table import GlyphTable, symbol_table
from compose.data.source import Count, Split


@data
class GlyphSymbols(DrawnScenes):
    """Pictures of one symbol each, drawn like `glyph_scenes`, of 158 classes that are no labels there.

    No glyph and no synset is one of `glyph_scenes`, but many classes lie near its labels in WordNet: the asteroid
    `vesta`, the Hebrew letter `beth`, the currency `dong`, the `apostrophe`, the `joker`. A classifier trained on them
    plays the part that one trained on ImageNet plays for photographs. All splits draw all classes.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 4, "val": 5, "test": 6}

    def __init__(self, *, objects: tuple[Count, Count] = (1, 1), **options: Any) -> None:
        """Set how pictures are drawn.

        Args:
            objects: the least and the greatest number of symbols in a picture; n symbols are drawn in proportion to
                1 / n².
            options: the size, the number and the look of the pictures.
        """
        super().__init__(objects=objects, **options)

    @property
    def table(self) -> GlyphTable:
        """The classes and the symbols that show them."""
        return symbol_table()
