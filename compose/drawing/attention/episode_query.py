"""A query picture of an episode beside the support pictures: a row as they are, and a row for each layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from compose.drawing.attention.episode_grid import FRAME, GAP, LARGEST, QUERY_GAP, Grid, arranged, in_classes, tiled
from compose.drawing.attention.episode_panels import (
    attended,
    class_score,
    framed,
    named,
    own_name,
    plain,
    task_weight,
    written,
)
from compose.drawing.heat import numbers
from compose.drawing.palette import FAINT, GROUND, INK, RIGHT, WRONG

if TYPE_CHECKING:
    from compose.drawing.attention.episode_sheet import QueryView, SupportPicture

QUERY, ROW_GAP = LARGEST + 2 * FRAME, 20
ALIKE = 1.001
"""Weights that differ by a smaller factor are alike."""


def drawn_query(support: Sequence[SupportPicture], query: QueryView) -> Image.Image:
    """The rows of a query, the one of the pictures as they are first."""
    counts = Counter(known.name for known in support)
    grid = arranged(len(counts), max(counts.values()))
    classes = [[place for place, known in enumerate(support) if known.name == name] for name, _ in query.scores]
    picture, pictures = plain(query.picture, LARGEST), [plain(known.picture, grid.side) for known in support]
    frames = [_frame(known.name, query) for known in support]
    cells = [framed(known, frame, grid.side) for known, frame in zip(pictures, frames, strict=True)]
    parts = [_query(picture, query), in_classes(cells, classes, grid, _captions(query, grid))]
    for layer in range(query.layers):
        cells = _attended(pictures, frames, query, layer, grid)
        parts += [_attending_query(picture, query, layer), in_classes(cells, classes, grid)]
    return tiled(parts, 2, (QUERY_GAP, ROW_GAP))


def _frame(name: str, query: QueryView) -> str:
    if name == query.name:
        return RIGHT
    if name != query.predicted:
        return FAINT
    return INK if query.name is None else WRONG


def _correct(name: str, query: QueryView) -> bool | None:
    return None if query.name is None else name == query.name


def _query(picture: Image.Image, query: QueryView) -> Image.Image:
    """The picture, its true class where that is known, and what it is taken for."""
    if query.name is None:
        known = [framed(picture, INK, LARGEST), written(f"taken for {own_name(query.predicted)}", QUERY)]
        return tiled(known, 1, (0, GAP))
    right = query.predicted == query.name
    verdict = "named rightly" if right else f"taken for {own_name(query.predicted)}"
    below = [*named([query.name], QUERY, [RIGHT]), written(verdict, QUERY, "right" if right else "wrong")]
    return tiled([framed(picture, INK, LARGEST), *below], 1, (0, GAP))


def _captions(query: QueryView, grid: Grid) -> list[Image.Image]:
    """The classes' names and probabilities."""
    width, names = grid.class_width, [name for name, _ in query.scores]
    titles = named(names, width, [RIGHT if name == query.name else INK for name in names])
    bars = [
        class_score(score, width, correct=_correct(name, query), predicted=name == query.predicted)
        for name, score in query.scores
    ]
    return [tiled(pair, 1, (0, GAP)) for pair in zip(titles, bars, strict=True)]


def _attending_query(picture: Image.Image, query: QueryView, layer: int) -> Image.Image:
    """The picture under the spatial attention on it, where there is one, and which layer this is."""
    parts = [written(f"layer {layer + 1}", QUERY)]
    if query.query_attention is not None:
        parts.insert(0, framed(attended(picture, query.query_attention[layer]), INK, LARGEST))
    return tiled(parts, 1, (0, GAP))


def _attended(
    pictures: Sequence[Image.Image], frames: Sequence[str], query: QueryView, layer: int, grid: Grid
) -> list[Image.Image]:
    """For each support picture what a layer attends to: the picture under its attention, and its weight below it."""
    cells: list[list[Image.Image]] = [[] for _ in pictures]
    if query.support_attention is not None:
        maps = query.support_attention[layer]
        for cell, picture, frame, attention in zip(cells, pictures, frames, maps, strict=True):
            cell.append(framed(attended(picture, attention), frame, grid.side))
    if query.episode_attention is not None:
        for cell, bar in zip(cells, _bars(numbers(query.episode_attention), layer, grid.cell), strict=True):
            cell.append(bar)
    return [tiled(cell or [Image.new("RGB", (grid.cell, 1), GROUND)], 1, (0, GAP)) for cell in cells]


def _bars(weights: NDArray[np.float32], layer: int, width: int) -> list[Image.Image]:
    """The weights of a layer; none stands out where all are alike."""
    known, longest = np.nan_to_num(weights[layer]), max(float(np.nan_to_num(weights).max()), 1e-12)
    greatest = known.max() if known.max() > ALIKE * known.min() else np.inf
    return [
        task_weight(float(weight), float(weight) / longest, width, strongest=weight == greatest) for weight in known
    ]
