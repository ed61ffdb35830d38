"""How often each attention module gives each label's score, as stacked columns: LESA, figure 4 (top)."""

from __future__ import annotations

import io
import itertools
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from compose.drawing.lettering import shorten, text_length
from compose.drawing.palette import DIM, FAINT, INK, MODULES, OTHERS, UNSEEN
from compose.drawing.usage.usage_table import Usage, module_totals, usages
from compose.shown import printable

if TYPE_CHECKING:
    from jaxtyping import Int
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL import Image
    from torch import Tensor

HATCHES = ("", "////", "\\\\\\\\")
"""What tells modules of the same colour apart."""
INCH, TALL, AXIS = 72, 1.7, 0.7
"""Points in an inch; the height of a full column and the room beside the columns in inches."""
NARROWEST, WIDEST, PITCH = 6.0, 15.0, 0.5
"""How wide the chart is, and how far apart the columns of few labels are, in inches."""
MOST, ROWS = 80, 5
"""Labels of a row that all have their names; rows of so many, more labels get thinner columns instead."""
NAME, TEXT, TITLE, LONGEST, ENTRY = 8.5, 9.5, 13.0, 110.0, 110
"""Sizes of text, the length at which names are shortened, and the room for an entry of the legend, in points."""
STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "text.parse_math": False,
    "text.color": DIM,
    "hatch.linewidth": 1.2,
    "svg.fonttype": "none",
    "svg.hashsalt": "compose",
}


@dataclass(frozen=True)
class ModuleStyle:
    """Modules that are drawn alike: one, or in the last place all that are left over."""

    modules: tuple[int, ...]
    name: str
    fill: str
    hatch: str


def module_styles(used: Sequence[int]) -> list[ModuleStyle]:
    """How the modules are drawn; beyond 24 of them, the least used ones share a grey.

    Args:
        used: how often each was used.
    """
    looks = [(fill, hatch) for hatch in HATCHES for fill in MODULES]
    kept = list(range(len(used)))
    if len(used) > len(looks):
        kept = sorted(sorted(kept, key=lambda module: -used[module])[: len(looks) - 1])
    styles = [ModuleStyle((module,), f"module {module}", *look) for module, look in zip(kept, looks, strict=False)]
    left = tuple(module for module in range(len(used)) if module not in kept)
    return [*styles, ModuleStyle(left, f"{len(left)} others", OTHERS, "")] if left else styles


def usage_chart(counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool], *, title: str = "") -> str:
    """The chart as the text of an SVG file; the same counts give the same text.

    Args:
        counts: for each label, how often each module gave its score.
        names: the labels.
        seen: which of them the model was trained on; the names of the others are heavy and orange.
        title: stands over the chart.
    """
    file = io.StringIO()
    _save(usages(counts, names, seen), title, file, format="svg", metadata={"Date": None, "Creator": None})
    return file.getvalue()


def usage_image(
    counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool], *, title: str = "", dpi: int = 2 * INCH
) -> Image.Image:
    """The same chart in pixels."""
    from PIL import Image

    file = io.BytesIO()
    _save(usages(counts, names, seen), title, file, format="png", dpi=dpi)
    return Image.open(file).convert("RGB")


def _save(found: Sequence[Usage], title: str, file: IO[Any], **form: Any) -> None:
    from matplotlib import rc_context

    with rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # in pixels; the SVG has the text itself
        _figure(found, title).savefig(file, **form)


def _figure(found: Sequence[Usage], title: str) -> Figure:
    from matplotlib.figure import Figure

    rows = min(ROWS, max(1, math.ceil(len(found) / MOST)))
    length = max(1, math.ceil(len(found) / rows))
    width = min(WIDEST, max(NARROWEST, length * PITCH + AXIS))
    places = max(length, int((width - AXIS) / PITCH))
    used = module_totals(found)
    styles = module_styles(used)
    room = max((text_length(_short(usage), NAME, bold=True) for usage in found), default=0) / INCH
    lines = math.ceil((len(styles) + 1) * ENTRY / (width * INCH))
    height = rows * (TALL + room + 0.5) + 0.3 * lines + 0.4 * bool(title)
    figure = Figure((width, height), layout="constrained")
    for axes, start in zip(figure.subplots(rows, squeeze=False)[:, 0], range(0, rows * length, length), strict=True):
        _draw_row(axes, found[start : start + length], styles, places=places, pitch=(width - AXIS) * INCH / places)
    _legend(figure, styles, used, unseen=not all(usage.seen for usage in found))
    if title:
        figure.suptitle(printable(title), x=0.01, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    return figure


def _draw_row(axes: Axes, found: Sequence[Usage], styles: Sequence[ModuleStyle], *, places: int, pitch: float) -> None:
    """Columns, the names under them, and over them what their main module is.

    Args:
        axes: where to draw.
        found: the labels of the row.
        styles: how modules are drawn.
        places: the columns that there is room for.
        pitch: how far apart they are, in points.
    """
    axes.set(xlim=(-0.5, places - 0.5), ylim=(0, 1), yticks=(0, 0.5, 1), yticklabels=("0%", "50%", "100%"))
    axes.tick_params(length=0, labelcolor=DIM, labelsize=NAME)
    axes.grid(axis="y", color=FAINT)
    axes.set_axisbelow(True)
    axes.spines[:].set_visible(False)
    edges = (np.arange(len(found))[:, None] + (-0.42, 0.42)).ravel()
    for style, low, high in zip(styles, *_parts(found, styles), strict=True):
        baseline = np.repeat(low, 2)[:-1]
        values = np.repeat(high, 2)[:-1]
        values[1::2] = baseline[1::2]  # nothing between columns
        axes.stairs(values, edges, baseline=baseline, fill=True, fc=style.fill, ec="white", lw=0, hatch=style.hatch)
    _write_names(axes, found)
    for main, group in itertools.groupby(enumerate(found), key=lambda pair: pair[1].main):
        columns = [column for column, _ in group]
        _write_main(axes, main, columns[0], columns[-1], pitch)


def _parts(found: Sequence[Usage], styles: Sequence[ModuleStyle]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each style's part of each column starts and ends, ``styles l``; the main module's is at the bottom."""
    low, high = np.zeros((2, len(styles), len(found)))
    for column, usage in enumerate(found):
        end = 0.0
        for place in sorted(range(len(styles)), key=lambda place: usage.main not in styles[place].modules):
            low[place, column] = end
            end += sum(usage.counts[module] for module in styles[place].modules) / max(1, usage.total)
            high[place, column] = end
    return low, high


def _short(usage: Usage) -> str:
    return shorten(usage.name, LONGEST, NAME, bold=True)


def _write_names(axes: Axes, found: Sequence[Usage]) -> None:
    every = max(1, math.ceil(len(found) / MOST))
    axes.set_xticks(range(0, len(found), every), [_short(usage) for usage in found[::every]], rotation=90)
    for label, usage in zip(axes.get_xticklabels(), found[::every], strict=True):
        label.set(color=INK if usage.seen else UNSEEN.text, fontweight="normal" if usage.seen else "bold")


def _write_main(axes: Axes, main: int | None, first: int, last: int, pitch: float) -> None:
    """A line over columns, and the name of their main module as far as there is room."""
    texts = ["never predicted", "–"] if main is None else [f"module {main}", str(main)]
    fitting = next((text for text in texts if text_length(text, NAME) < pitch * (last - first + 1)), "")
    axes.plot((first - 0.42, last + 0.42), (1.04, 1.04), color=DIM, lw=1, clip_on=False)
    axes.text((first + last) / 2, 1.09, fitting, ha="center", va="bottom", fontsize=NAME)


def _legend(figure: Figure, styles: Sequence[ModuleStyle], used: Sequence[int], *, unseen: bool) -> None:
    """The modules with their shares of all scores, then what the colour of names means."""
    from matplotlib.patches import Patch

    shares = [sum(used[module] for module in style.modules) / max(1, sum(used)) for style in styles]
    texts = [f"{style.name}: {share:.1%}" for style, share in zip(styles, shares, strict=True)]
    patches = [Patch(fc=style.fill, ec="white", lw=0, hatch=style.hatch) for style in styles]
    if unseen:
        texts.append("unseen label")
        patches.append(Patch(fill=False, lw=0))
    columns = max(1, int(figure.get_figwidth() * INCH // ENTRY))
    look = {"frameon": False, "fontsize": TEXT, "handlelength": 1.4, "handleheight": 1.4}
    legend = figure.legend(patches, texts, loc="outside lower left", ncols=columns, **look)
    if unseen:
        legend.get_texts()[-1].set(color=UNSEEN.text, fontweight="bold")
