"""A data source without examples: what a model needs to know of the data that it was trained on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jaxtyping import Float
from torch import Tensor

from compose.data.picture_reader import PictureReader
from compose.data.source import DataError, DataSource, Examples, LabelTable, Split

if TYPE_CHECKING:
    from compose.data.pictures.grey_range import GreyRange


class KeptSource(DataSource):
    """Stands for a source whose files may be gone.

    Args:
        name: the source's.
        labels: its labels.
        shapes: of its examples.
        parents: the groups of its labels.
        reader: how it reads pictures; None where it reads none.
        example_protocol: how its examples are divided, where they carry several labels each.
    """

    def __init__(
        self,
        name: str,
        labels: LabelTable,
        shapes: Mapping[str, tuple[int, ...]],
        *,
        parents: tuple[str, ...] = (),
        reader: PictureReader | None = None,
        example_protocol: str | None = None,
    ) -> None:
        self.example_protocol = example_protocol
        self._name, self._labels, self._shapes, self._parents, self._reader = name, labels, shapes, parents, reader

    @classmethod
    def of(cls, source: DataSource) -> KeptSource:
        """What is kept of a source."""
        return cls(
            source.name,
            source.labels,
            source.shapes,
            parents=source.parents,
            reader=source.reader,
            example_protocol=source.example_protocol,
        )

    @property
    def name(self) -> str:
        """The name of the source that it stands for."""
        return self._name

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return self._labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What an example held."""
        return dict(self._shapes)

    @property
    def parents(self) -> tuple[str, ...]:
        """The groups of the labels."""
        return self._parents

    @property
    def reader(self) -> PictureReader | None:
        """How the source read pictures."""
        return self._reader

    def split(self, name: Split) -> Examples:
        """There are no examples.

        Raises:
            DataError: always.
        """
        raise DataError(f"there are no examples in the split `{name}`: the run keeps only what prediction needs")

    def read_image(self, path: Any) -> Tensor:
        """One picture of the user's as the model takes it, float32 ``c h w``.

        Raises:
            DataError: it cannot be read, or the examples were no pictures.
        """
        return super().read_image(path) if self._reader is None else self._reader.read(Path(path))

    def scaled(self, path: Any) -> GreyRange | None:
        """The range by which a picture of the user's was scaled, where the picture alone told it; else None."""
        return None if self._reader is None else self._reader.scaled(Path(path))

    def displayed(self, image: Float[Tensor, "*b c h w"]) -> Float[Tensor, "*b 3 h w"]:
        """Pictures as people see them, with pixels in [0, 1].

        Raises:
            DataError: the examples were no pictures.
        """
        return super().displayed(image) if self._reader is None else self._reader.displayed(image)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "name": self._name,
            "labels": {"names": self._labels.names, "seen": self._labels.seen, "synsets": self._labels.synsets},
            "shapes": self._shapes,
            "parents": self._parents,
            "example_protocol": self.example_protocol,
            "reader": None if self._reader is None else self._reader.to_json(),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> KeptSource:
        """The inverse of :meth:`to_json`, after a trip through JSON text."""
        return cls(
            data["name"],
            LabelTable(**{key: tuple(values) for key, values in data["labels"].items()}),
            {name: tuple(shape) for name, shape in data["shapes"].items()},
            parents=tuple(data["parents"]),
            example_protocol=data.get("example_protocol"),
            reader=None if data["reader"] is None else PictureReader.from_json(data["reader"]),
        )
