"""What the sources of drawn scenes have in common: the settings of the drawing, and the examples made from them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, ClassVar

from pydantic import Field

from compose.block import BlockError
from compose.data.drawn.glyph_examples import GlyphExamples
from compose.data.drawn.glyph_table import GlyphTable
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.picture_labels import divided_labels
from compose.data.picture_reader import PictureReader
from compose.data.reader_source import ReaderSource
from compose.data.source import Count, LabelTable, Split
from compose.data.vectors.label_division import LabelDivision


class DrawnScenes(ReaderSource):
    """Scenes of symbols with scale, rotation, colour and clutter, drawn as they are asked for."""

    beside_test = frozenset({"fresh", "normalisation", "boxes"})
    boxes = False
    """Whether examples also hold ``boxes`` and ``box_labels``."""
    streams: ClassVar[dict[Split, int]]
    """Tells the splits' random numbers apart, and those of different sources with one seed."""

    def __init__(
        self,
        *,
        objects: tuple[Count, Count],
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        train: Count = 10_000,
        val: Count = 1_000,
        test: Count = 3_000,
        seed: int = 0,
        fresh: bool = True,
        scale: tuple[float, float] = (0.28, 0.6),
        rotation: Annotated[float, Field(ge=0, le=180)] = 25.0,
        clutter: Annotated[int, Field(ge=0, le=32)] = 4,
        noise: Annotated[float, Field(ge=0, le=0.5)] = 0.06,
        normalisation: NormalisationName = "half",
    ) -> None:
        """Set how scenes are drawn.

        Args:
            objects: the least and the greatest number of symbols in a scene.
            size: the side of the pictures in pixels.
            train: training pictures in an epoch.
            val: validation pictures.
            test: test pictures.
            seed: another seed gives other pictures.
            fresh: whether every epoch has training pictures of its own; if not, all epochs share those of the first.
            scale: the least and the greatest length of a symbol's longer side, as a share of the picture's.
            rotation: how far symbols are turned to either side at most, in degrees.
            clutter: how many strokes, curls and specks lie about at most.
            noise: the greatest deviation of the background's noise, where black is 0 and white is 1.
            normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet;
                `cifar` has the numbers of CIFAR's pictures.
        """
        if not 1 <= objects[0] <= objects[1] <= 9:
            raise BlockError(
                f"expected two numbers from 1 to 9, the lesser first, got {list(objects)}", parameter="objects"
            )
        if not 0.05 <= scale[0] <= scale[1] <= 1:
            raise BlockError(
                f"expected two shares from 0.05 to 1, the lesser first, got {list(scale)}", parameter="scale"
            )
        self.size, self.seed, self.fresh = size, seed, fresh
        self.lengths: dict[Split, int] = {"train": train, "val": val, "test": test}
        self.objects, self.scale, self.rotation, self.clutter, self.noise = objects, scale, rotation, clutter, noise
        self.normalisation = NORMALISATIONS[normalisation]

    @property
    @abstractmethod
    def table(self) -> GlyphTable:
        """The labels and the symbols that show them."""

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return self.table.labels

    @property
    def division(self) -> LabelDivision:
        """The labels that the tasks of each split are drawn by."""
        return divided_labels(self.labels, None, seed=self.seed)

    def pool(self, split: Split) -> list[tuple[int, ...]]:
        """What a split draws: for each leaf the rows of its glyphs. Unseen leaves are drawn in the test alone."""
        return self.table.pool(() if split == "test" else self.table.unseen_leaves)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape, and the boxes' where they are asked for."""
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self.size, self.size)}
        if self.boxes:
            shapes |= {"boxes": (self.objects[1], 4), "box_labels": (self.objects[1], len(self.labels.names))}
        return shapes

    def split(self, name: Split) -> GlyphExamples:
        """The examples of a split."""
        return self.scenes(name, fresh=self.fresh)

    def task_examples(self, name: Split) -> GlyphExamples:
        """The examples that tasks of a split are drawn from: in every epoch those of the first."""
        return self.scenes(name, fresh=False)

    def scenes(self, name: Split, *, fresh: bool) -> GlyphExamples:
        """The scenes of a split.

        Args:
            name: the split.
            fresh: whether every epoch of training has scenes of its own.
        """
        return GlyphExamples(self, name, columns=self.division.columns(name), fresh=fresh and name == "train")

    @property
    def reader(self) -> PictureReader:
        """How pictures are read."""
        return PictureReader.middle(self.size, self.normalisation)
