"""The examples that a page of mistakes shows: small pictures inside the page, and what each is called."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from jaxtyping import Float
from torch import Tensor

from compose.data.source import DataError, DataSource, Examples
from compose.evaluation.mistakes.task_mistakes import TaskMistakes

if TYPE_CHECKING:
    from PIL import Image

LARGEST = 160
"""Pixels of the longer side of a picture."""


@dataclass(frozen=True)
class ShownExample:
    """An example as people see it.

    Args:
        name: its file, or its place in the data.
        picture: its address in the page; "" where it is none, or cannot be read any more.
        width: of the picture.
        height: of the picture.
    """

    name: str
    picture: str = ""
    width: int = 0
    height: int = 0


def shown_examples(mistakes: TaskMistakes, source: DataSource) -> list[ShownExample]:
    """The examples of the mistakes in a task, in their order.

    Args:
        mistakes: which examples.
        source: where they come from.
    """
    rows = [example.row for example in mistakes.examples]
    if not rows:
        return []
    examples = source.task_examples(mistakes.split) if mistakes.drawn == "tasks" else source.split(mistakes.split)
    names = [name or f"{mistakes.split} {row}" for name, row in zip(examples.names(rows), rows, strict=True)]
    if "image" not in source.shapes:
        return [ShownExample(name) for name in names]
    return [_shown(name, row, examples, source) for name, row in zip(names, rows, strict=True)]


def _shown(name: str, row: int, examples: Examples, source: DataSource) -> ShownExample:
    try:
        found = _picture(source.displayed(examples[[row]]["image"])[0])
    except (DataError, OSError, ValueError):  # the evaluation has read it; its file may be gone since
        return ShownExample(name)
    found.thumbnail((LARGEST, LARGEST))
    file = BytesIO()
    found.save(file, "JPEG", quality=82)
    return ShownExample(name, f"data:image/jpeg;base64,{b64encode(file.getvalue()).decode()}", *found.size)


def _picture(pixels: Float[Tensor, "c h w"]) -> Image.Image:
    """A picture of PIL's, of one channel or of three."""
    from PIL import Image

    rgb = pixels.float().clamp(0, 1).expand(3, -1, -1).mul(255).round().byte()
    return Image.fromarray(rgb.permute(1, 2, 0).contiguous().numpy())
