"""Example predictions as one picture: what the model sees, where it looks, what it says, and what is true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jaxtyping import Float, Int8, UInt8
from torch import Tensor
from torch.nn.functional import interpolate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from numpy import ndarray

TOP = 5
COLUMNS = 2
RIGHT, WRONG, UNKNOWN, MISSED = "#1a7f37", "#cf222e", "#6e7781", "#9a6700"


@dataclass(frozen=True)
class Predictions:
    """What a model says to some pictures.

    Args:
        images: the pictures.
        scores: a score for each label.
        targets: 1 = present, -1 = absent, 0 = unknown.
        labels: the labels' names.
        attention: where the model looks, if it tells.
    """

    images: Float[Tensor, "b 3 h w"]
    scores: Float[Tensor, "b l"]
    targets: Int8[Tensor, "b l"]
    labels: Sequence[str]
    attention: Float[Tensor, "b m y x"] | None = None


def draw(predictions: Predictions) -> UInt8[ndarray, "height width 3"]:
    """The examples side by side: each picture, the mean attention over it, and the top labels, right ones ticked."""
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    count = len(predictions.images)
    panels = 2 if predictions.attention is None else 3
    rows = -(-count // COLUMNS)
    figure = Figure(figsize=(COLUMNS * panels * 1.9, rows * 2.1), dpi=100, layout="constrained")
    widths = ([1.0] * (panels - 1) + [1.35]) * COLUMNS
    grid = figure.subplots(rows, panels * COLUMNS, squeeze=False, width_ratios=widths)
    for axes in grid.flat:
        axes.set_axis_off()
    for i in range(count):
        start = (i % COLUMNS) * panels
        _draw_example(predictions, i, grid[i // COLUMNS][start : start + panels])
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()  # type: ignore[no-untyped-call]


def _draw_example(predictions: Predictions, i: int, panels: Sequence[Axes]) -> None:
    picture = displayable(predictions.images[i])
    panels[0].imshow(picture)
    if predictions.attention is not None:
        heat = attention_map(predictions.attention[i], picture.shape[:2])
        panels[1].imshow(picture.mean(2), cmap="gray", vmin=0, vmax=1)
        panels[1].imshow(heat, cmap="inferno", alpha=0.6, vmin=0, vmax=1)
    _write_labels(panels[-1], caption(predictions, i))


def caption(predictions: Predictions, i: int) -> list[tuple[str, str]]:
    """The lines beside a picture and their colours: the top labels by score, then the true ones that are missing."""
    scores, targets = predictions.scores[i], predictions.targets[i]
    top = scores.topk(min(TOP, len(scores))).indices.tolist()
    marks = {1: ("✓", RIGHT), -1: ("✗", WRONG), 0: ("?", UNKNOWN)}
    lines = []
    for label in top:
        mark, colour = marks[int(targets[label])]
        lines.append((f"{mark} {_short(predictions.labels[label])}  {float(scores[label]):.2f}", colour))
    missed = [_short(predictions.labels[j]) for j in (targets > 0).nonzero().flatten().tolist() if j not in top]
    return [*lines, *((f"missed: {name}", MISSED) for name in missed[:3])]


def displayable(image: Float[Tensor, "3 h w"]) -> Float[ndarray, "h w 3"]:
    """A picture between 0 and 1; one that the data has normalised is stretched to that range."""
    low, high = image.min(), image.max()
    if low < 0 or high > 1:
        image = (image - low) / (high - low).clamp(min=1e-6)
    shown: ndarray = image.float().permute(1, 2, 0).numpy()
    return shown


def attention_map(attention: Float[Tensor, "m y x"], size: tuple[int, int]) -> Float[ndarray, "h w"]:
    """The mean of the attention maps over a picture, 1 at its peak."""
    mean = attention.float().mean(0)[None, None]
    heat = interpolate(mean, size=size, mode="bilinear", align_corners=False)[0, 0]
    shown: ndarray = (heat / heat.max().clamp(min=1e-12)).numpy()
    return shown


def _write_labels(axes: Axes, lines: list[tuple[str, str]]) -> None:
    for row, (text, colour) in enumerate(lines):
        height = 0.98 - row * 0.125
        axes.text(0.0, height, text, color=colour, fontsize=9, va="top", transform=axes.transAxes, parse_math=False)


def _short(name: str, limit: int = 18) -> str:
    return name if len(name) <= limit else name[: limit - 1] + "…"
