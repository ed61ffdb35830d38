"""The data source ``glyph_scenes``: symbols of the DejaVu fonts, strewn over scenes, labelled with WordNet nouns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from compose.block import BlockError, data
from compose.data.drawn.drawn_scenes import DrawnScenes
from compose.data.drawn.glyph_examples import GlyphExamples
from compose.data.drawn.glyph_table import GlyphTable, glyph_table
from compose.data.picture_labels import divided_labels, division_of_table
from compose.data.source import SPLITS, Count, LabelTable, Split
from compose.data.vectors.example_division import ExampleProtocol
from compose.data.vectors.label_division import LabelDivision, Part


@data
class GlyphScenes(DrawnScenes):
    """Scenes of one to four symbols each, with scale, rotation, colour and clutter; drawn as they are asked for.

    The labels are 161 nouns with their WordNet synsets, closed under hypernyms: a picture of a pawn shows `pawn`,
    `chessman`, `game_equipment` and `instrumentality`. 128 are seen. Of the 33 unseen ones, 16 are leaves whose symbols
    are drawn in the test split alone, and 17 are hypernyms. Training pictures are new in every epoch.

    Few-shot tasks are of several labels; those of training are drawn from the pictures of the first epoch.
    """

    streams: ClassVar[dict[Split, int]] = {"train": 1, "val": 2, "test": 3}

    def __init__(
        self,
        *,
        objects: tuple[Count, Count] = (1, 4),
        boxes: bool = False,
        all_seen: bool = False,
        split: dict[Split, Part] | Path | None = None,
        protocol: ExampleProtocol = "example_split",
        **options: Any,
    ) -> None:
        """Set how scenes are drawn.

        Args:
            objects: the least and the greatest number of symbols in a scene; n symbols are drawn in proportion to
                1 / n².
            boxes: whether examples also hold `boxes` (pixels: left, top, right, bottom) and `box_labels` (which labels
                each box shows), for localisation.
            all_seen: whether all labels are seen and every split draws all symbols: plain multi-label classification.
            split: for each of `train`, `val` and `test` how many labels its few-shot tasks are drawn by, taken with
                `seed`, or a list of them; or a JSON or YAML file that says so. Where it does not name the test's, they
                are the 33 unseen ones, and training has all labels that are left. Only those of training are then seen,
                and a symbol of another split's leaf is not drawn before: those of `val` not in training, those of
                `test` in the test alone.
            protocol: `example_split`: every split has pictures of its own. `label_split`: all splits share those of
                training, which then show all symbols.
            options: the size, the number and the look of the scenes.
        """
        super().__init__(objects=objects, **options)
        self.boxes, self.all_seen, self.example_protocol = boxes, all_seen, protocol
        if all_seen and split is not None:
            raise BlockError("expected no `split`, as all labels are to be seen", parameter="split")
        self._division = divided_labels(self._table_labels, split, seed=self.seed)

    @property
    def table(self) -> GlyphTable:
        """The labels and the symbols that show them."""
        return glyph_table()

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return division_of_table(self.table.labels, self._division)

    @property
    def division(self) -> LabelDivision:
        """The labels that the tasks of each split are drawn by."""
        return self._division

    def pool(self, split: Split) -> list[tuple[int, ...]]:
        """What a split draws: for each leaf the rows of its glyphs. Leaves that it leaves out are of later splits."""
        if self.example_protocol == "label_split" or self._division.splits is None:
            return self.table.pool()
        later = SPLITS[SPLITS.index(split) + 1 :]
        of_leaf = dict(zip(self._division.names, self._division.splits, strict=True))
        return self.table.pool([leaf for leaf in self.table.leaves if of_leaf[leaf] in later])

    def scenes(self, name: Split, *, fresh: bool) -> GlyphExamples:
        """The scenes of a split."""
        if self.example_protocol == "example_split":
            return super().scenes(name, fresh=fresh)
        columns = self._division.columns(name)
        return GlyphExamples(self, "train", columns=columns, fresh=fresh and name == "train")

    @property
    def _table_labels(self) -> LabelTable:
        labels = self.table.labels
        return replace(labels, seen=(True,) * len(labels.names)) if self.all_seen else labels
