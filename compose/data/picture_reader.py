"""How a picture of the user's becomes a model's input: what prediction needs of a source of pictures, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jaxtyping import Float, Float32
from torch import Tensor

from compose.data.ink import INK, read_ink
from compose.data.normalisation import Normalisation

if TYPE_CHECKING:
    from compose.data.pictures.grey_range import GreyRange
    from compose.data.pictures.image_examples import Preparation

How = Literal["prepared", "middle", "ink"]


@dataclass(frozen=True)
class PictureReader:
    """Reads pictures as in evaluation. A run keeps it, so that prediction does not need the data.

    Args:
        how: by a :class:`~compose.data.pictures.image_examples.Preparation`, the middle cut out, or as ink on paper.
        options: what that depends on, as JSON has it.
        normalisation: of the pixels.
    """

    how: How
    options: Mapping[str, Any]
    normalisation: Normalisation

    @classmethod
    def prepared(cls, preparation: Preparation) -> PictureReader:
        """Pictures as they are prepared for evaluation."""
        return cls("prepared", asdict(preparation), preparation.normalisation)

    @classmethod
    def middle(cls, size: int, normalisation: Normalisation) -> PictureReader:
        """The middle of pictures, ``size`` pixels high and wide."""
        return cls("middle", {"size": size}, normalisation)

    @classmethod
    def ink(cls, size: int) -> PictureReader:
        """The middle of pictures of ink on paper, of one channel."""
        return cls("ink", {"size": size}, INK)

    def read(self, path: Path) -> Float32[Tensor, "c h w"]:
        """A picture, ``c h w``.

        Raises:
            PictureError: it cannot be read.
        """
        return _READERS[self.how](self, path)

    def scaled(self, path: Path) -> GreyRange | None:
        """The range by which a picture is scaled, where it has more than 8 bits, or decimals, and no option says it."""
        from compose.data.pictures.picture import wide_range

        return wide_range(path) if self.options.get("white") is None else None

    def displayed(self, image: Float[Tensor, "*b c h w"]) -> Float[Tensor, "*b 3 h w"]:
        """Pictures as people see them, with pixels in [0, 1]."""
        return self.normalisation.undo(image)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"how": self.how, "options": dict(self.options), "normalisation": asdict(self.normalisation)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> PictureReader:
        """The inverse of :meth:`to_json`, after a trip through JSON text."""
        mean, std = (tuple(data["normalisation"][name]) for name in ("mean", "std"))
        return cls(data["how"], data["options"], Normalisation(mean, std))


def _prepared(reader: PictureReader, path: Path) -> Float32[Tensor, "3 h w"]:
    from compose.data.pictures.image_examples import Preparation

    made = {**reader.options, "crop": tuple(reader.options["crop"]), "normalisation": reader.normalisation}
    return reader.normalisation.pixels(Preparation(**made).plain(path))


def _middle(reader: PictureReader, path: Path) -> Float32[Tensor, "3 h w"]:
    from compose.data.pictures.picture_view import read_picture

    return reader.normalisation.pixels(read_picture(path, reader.options["size"]))


def _ink(reader: PictureReader, path: Path) -> Float32[Tensor, "1 h w"]:
    return read_ink(path, reader.options["size"])


_READERS: Mapping[How, Callable[[PictureReader, Path], Tensor]] = {
    "prepared": _prepared,
    "middle": _middle,
    "ink": _ink,
}
