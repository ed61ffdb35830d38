"""The data source ``glyph_scenes``: symbols of the DejaVu fonts, strewn over scenes, labelled with WordNet nouns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field
from torch import Tensor

from compose.block import BlockError, data
from compose.data.glyph_examples import GlyphExamples
from compose.data.glyph_table import glyph_table
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.source import LabelTable, Split

Count = Annotated[int, Field(ge=1)]


@data
class GlyphScenes:
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

    gives = ("image",)

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
        if not 1 <= objects[0] <= objects[1] <= 9:
            raise BlockError(
                f"expected two numbers from 1 to 9, the lesser first, got {list(objects)}", parameter="objects"
            )
        if not 0.05 <= scale[0] <= scale[1] <= 1:
            raise BlockError(
                f"expected two shares from 0.05 to 1, the lesser first, got {list(scale)}", parameter="scale"
            )
        self.size, self.seed, self.fresh, self.boxes, self.all_seen = size, seed, fresh, boxes, all_seen
        self.objects, self.scale, self.rotation, self.clutter, self.noise = objects, scale, rotation, clutter, noise
        self.normalisation = NORMALISATIONS[normalisation]
        self.lengths: dict[Split, int] = {"train": train, "val": val, "test": test}

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        labels = glyph_table().labels
        return replace(labels, seen=(True,) * len(labels.names)) if self.all_seen else labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape, and the boxes' where they are asked for."""
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self.size, self.size)}
        if self.boxes:
            shapes |= {"boxes": (self.objects[1], 4), "box_labels": (self.objects[1], len(self.labels.names))}
        return shapes

    def split(self, name: Split) -> GlyphExamples:
        """The examples of a split."""
        return GlyphExamples(self, name)

    def check(self) -> list[str]:
        """Nothing: pictures that are drawn are never broken."""
        return []

    def notes(self) -> list[str]:
        """Nothing."""
        return []

    def read_image(self, path: Any) -> Tensor:
        """The middle of a picture of the user's in this source's size and normalisation: ``3 h w``.

        Raises:
            PictureError: the picture cannot be read.
        """
        from compose.data.picture import read_picture

        return self.normalisation.pixels(read_picture(Path(path), self.size))
