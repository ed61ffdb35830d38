"""The ``labels`` section of a spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from compose.block import Use, section


@section(name="labels")
@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """The label space: the vectors of the labels, and which labels are in it.

    Args:
        vectors: where the labels' vectors come from.
        normalise: whether each vector is scaled to length 1.
        strict: whether seen labels are left out that are the singular or plural of an unseen one.
    """

    vectors: Annotated[Any, Use("vectors")] | None = None
    normalise: bool = True
    strict: bool = False
