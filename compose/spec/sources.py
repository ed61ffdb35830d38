"""The reserved sources: what the data and the label space feed to a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReservedSource:
    """A source that every spec may name.

    Args:
        name: as written in a spec; ``port`` is the name of a port that it feeds by itself.
        dims: its dims, ``b`` images and ``l`` labels in use.
        dtype: ``float`` or ``int``.
        doc: what it is.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    doc: str

    @property
    def port(self) -> str:
        """The port name that is fed by this source where it is not wired."""
        return self.name.replace(".", "_")


RESERVED = {
    source.name: source
    for source in (
        ReservedSource("image", ("b", "c", "h", "w"), "float", "the pictures, normalised"),
        ReservedSource("features", ("b", "d"), "float", "feature vectors, where the data gives no pictures"),
        ReservedSource("targets", ("b", "l"), "int", "1 present, -1 absent, 0 unknown, for the labels in use"),
        ReservedSource("labels.vectors", ("l", "d"), "float", "the vectors of the labels in use"),
    )
}
ROOTS = {name.split(".")[0] for name in RESERVED} | {"loss"}
"""Names that no node may bear."""
