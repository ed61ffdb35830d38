"""Types of parameters that many blocks have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compose.blocks.core.pattern.axis import AXIS, DIMS
from compose.blocks.core.pattern.einops_pattern import PATTERN, REDUCING
from compose.blocks.core.pattern.einsum_pattern import EINSUM
from compose.blocks.core.pattern.learned_shape import SHAPE
from compose.blocks.core.pattern.select_pattern import SELECT

Positive = Annotated[int, Field(gt=0)]
NotNegative = Annotated[int, Field(ge=0)]
DropShare = Annotated[float, Field(ge=0, lt=1)]
"""Of the entries that dropout drops."""
Slope = Annotated[float, Field(ge=0, lt=1)]
"""Of a leaky ReLU below 0."""
Epsilon = Annotated[float, Field(gt=0)]
Momentum = Annotated[float, Field(gt=0, le=1)]

# height and width: one number for both, or one for each
Places = Positive | tuple[Positive, Positive]
Padding = NotNegative | tuple[NotNegative, NotNegative]

# texts whose form the published schema holds, and whose meaning their blocks check
DimsText = Annotated[str, Field(json_schema_extra={"pattern": DIMS})]
AxisText = Annotated[str, Field(json_schema_extra={"pattern": AXIS})]
PatternText = Annotated[str, Field(json_schema_extra={"pattern": PATTERN})]
ReducingText = Annotated[str, Field(json_schema_extra={"pattern": REDUCING})]
EinsumText = Annotated[str, Field(json_schema_extra={"pattern": EINSUM})]
SelectText = Annotated[str, Field(json_schema_extra={"pattern": SELECT})]
ShapeText = Annotated[str, Field(json_schema_extra={"pattern": SHAPE})]
DimSizes = dict[str, Positive] | None
"""Sizes of letters of a pattern."""
