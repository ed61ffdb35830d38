"""Example predictions as one picture: what the model sees, where it looks, what it says, and what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float, Int8, Int64, UInt8
from torch import Tensor

from compose.shown import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy import ndarray

    from compose.drawing.attention.attention_sheet import AttentionRow

TOP = 5
COLUMNS = 2
RIGHT, WRONG, UNKNOWN, MISSED = "#1a7f37", "#cf222e", "#6e7781", "#9a6700"


@dataclass(frozen=True)
class Predictions:
    """What a model says to some pictures.

    Args:
        images: the pictures as people see them, in [0, 1].
        scores: a score for each label.
        targets: 1 = present, -1 = absent, 0 = unknown.
        labels: the labels' names.
        attention: where the model looks for each picture's ``top_labels``, if it tells.
    """

    images: Float[Tensor, "b 3 h w"]
    scores: Float[Tensor, "b l"]
    targets: Int8[Tensor, "b l"]
    labels: Sequence[str]
    attention: Float[Tensor, "b k y x"] | None = None


def top_labels(scores: Float[Tensor, "b l"]) -> Int64[Tensor, "b k"]:
    """The labels with the greatest scores, the best first."""
    return scores.topk(min(TOP, scores.shape[1])).indices


def draw(predictions: Predictions) -> UInt8[ndarray, "height width 3"]:
    """The pictures, each with its top labels, right ones marked; with the attention for each, where the model tells."""
    import numpy as np

    if predictions.attention is None:
        return _beside_labels(predictions)
    from compose.drawing.attention.attention_sheet import attention_sheet

    return np.asarray(attention_sheet(attention_rows(predictions), columns=TOP).convert("RGB"))


def attention_rows(predictions: Predictions) -> list[AttentionRow]:
    """A row for each picture: its top labels, and where the model looks for them."""
    from compose.drawing.attention.attention_sheet import AttentionPanel, AttentionRow

    assert predictions.attention is not None
    truth = {1: True, -1: False, 0: None}
    rows = []
    for i, top in enumerate(top_labels(predictions.scores).tolist()):
        known = [(label, truth[int(predictions.targets[i, label])]) for label in top]
        labels = [
            AttentionPanel(
                predictions.labels[j], float(predictions.scores[i, j]), predictions.attention[i, place], right
            )
            for place, (j, right) in enumerate(known)
        ]
        missed = ", ".join(_missed(predictions, i, top))
        rows.append(AttentionRow(predictions.images[i], labels=labels, note=f"missed: {missed}" if missed else ""))
    return rows


def _beside_labels(predictions: Predictions) -> UInt8[ndarray, "height width 3"]:
    """The examples side by side: each picture, and the top labels, right ones ticked."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(predictions.images)
    rows = -(-count // COLUMNS)
    figure = Figure(figsize=(COLUMNS * 3.8, rows * 2.1), dpi=100, layout="constrained")
    grid = figure.subplots(rows, 2 * COLUMNS, squeeze=False, width_ratios=[1.0, 1.35] * COLUMNS)
    for axes in grid.flat:
        axes.set_axis_off()
    for i in range(count):
        picture, lines = grid[i // COLUMNS][2 * (i % COLUMNS) :][:2]
        picture.imshow(predictions.images[i].permute(1, 2, 0).numpy())  # h w 3
        _write_labels(lines, caption(predictions, i))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]


def caption(predictions: Predictions, i: int) -> list[tuple[str, str]]:
    """The lines beside a picture and their colours: the top labels by score, then the true ones that are missing."""
    scores, targets = predictions.scores[i], predictions.targets[i]
    top = top_labels(scores[None])[0].tolist()
    marks = {1: ("✓", RIGHT), -1: ("✗", WRONG), 0: ("?", UNKNOWN)}
    lines = []
    for label in top:
        mark, colour = marks[int(targets[label])]
        lines.append((f"{mark} {_short(predictions.labels[label])}  {float(scores[label]):.2f}", colour))
    return [*lines, *((f"missed: {name}", MISSED) for name in _missed(predictions, i, top)[:3])]


def _missed(predictions: Predictions, i: int, top: Sequence[int]) -> list[str]:
    """The true labels that are not among the top ones."""
    present = (predictions.targets[i] > 0).nonzero().flatten().tolist()
    return [_short(predictions.labels[label]) for label in present if label not in top]


def _write_labels(axes: Axes, lines: list[tuple[str, str]]) -> None:
    for row, (text, colour) in enumerate(lines):
        height = 0.98 - row * 0.125
        axes.text(0.0, height, text, color=colour, fontsize=9, va="top", transform=axes.transAxes, parse_math=False)


def _short(name: str, limit: int = 18) -> str:
    name = printable(name)
    return name if len(name) <= limit else name[: limit - 1] + "…"
