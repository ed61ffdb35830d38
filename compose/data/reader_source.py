"""Pictures of the user's, read by the one reader that prediction without the data takes as well."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor

from compose.data.picture_reader import PictureReader
from compose.data.source import PictureSource

if TYPE_CHECKING:
    from compose.data.pictures.grey_range import GreyRange


class ReaderSource(PictureSource):
    """A source of pictures whose reading a :class:`~compose.data.picture_reader.PictureReader` says as plain data."""

    @property
    @abstractmethod
    def reader(self) -> PictureReader:
        """How a picture of the user's is read, as in evaluation."""

    def read_image(self, path: Any) -> Tensor:
        """A picture of the user's as in evaluation, float32 ``c h w``.

        Raises:
            PictureError: it cannot be read.
        """
        return self.reader.read(Path(path))

    def scaled(self, path: Any) -> GreyRange | None:
        """The range by which a picture of the user's was scaled, unless an option of the source says what is white."""
        return self.reader.scaled(Path(path))
