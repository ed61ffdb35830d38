"""The chart of which modules give the labels' scores."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import warnings
from collections.abc import Sequence
from xml.etree import ElementTree

import numpy as np
import pytest
import torch
from jaxtyping import Int
from matplotlib import rc_context
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from PIL import Image, ImageColor
from torch import Tensor

from compose.drawing.palette import INK, MODULES, UNSEEN
from compose.drawing.usage.usage_chart import MOST, ROWS, STYLE, _figure, module_styles, usage_chart, usage_image
from compose.drawing.usage.usage_table import usages

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = torch.tensor([[0, 7, 3], [9, 1, 0], [0, 0, 0], [2, 8, 0], [5, 5, 0]])
NAMES = ["zebra", "dog", "nothing", "ant & <bee>", "Cat"]
SEEN = [True, False, True, True, True]


def many(labels: int, modules: int) -> tuple[Int[Tensor, "l m"], list[str], list[bool]]:
    counts = torch.randint(1, 100, (labels, modules), generator=torch.Generator().manual_seed(0))
    return counts, [f"label_{i}" for i in range(labels)], [i % 5 > 0 for i in range(labels)]


def figure(counts: Int[Tensor, "l m"], names: Sequence[str], seen: Sequence[bool], *, title: str = "") -> Figure:
    """The figure, laid out."""
    with rc_context(STYLE):
        drawn = _figure(usages(counts, names, seen), title)
        drawn.draw_without_rendering()
    return drawn


def parts(drawn: Figure, row: int = 0) -> list[tuple[str, list[float], list[float]]]:
    """Of each style in a row: its colour, and where its parts of the columns start and end."""
    steps = [patch for patch in drawn.axes[row].patches if isinstance(patch, StepPatch)]
    data = [(to_hex(step.get_facecolor()), step.get_data()) for step in steps]
    return [(fill, list(np.asarray(step.baseline)[::2]), list(step.values[::2])) for fill, step in data]


def names(drawn: Figure) -> list[Text]:
    """The names under the columns."""
    return [label for axes in drawn.axes for label in axes.get_xticklabels()]


def written(text: str) -> list[str]:
    """The texts of an SVG file."""
    return ["".join(element.itertext()).strip() for element in ElementTree.fromstring(text).iter(f"{SVG}text")]


def test_columns_are_shares_with_the_main_module_at_the_bottom() -> None:
    zero, one, two = parts(figure(COUNTS, NAMES, SEEN))
    assert [fill for fill, _, _ in (zero, one, two)] == list(MODULES[:3])
    # Cat 5 5 0, dog 9 1 0, ant 2 8 0, zebra 0 7 3, nothing
    assert zero[1] == pytest.approx([0, 0, 0.8, 0.7, 0])
    assert zero[2] == pytest.approx([0.5, 0.9, 1, 0.7, 0])
    assert one[1] == pytest.approx([0.5, 0.9, 0, 0, 0])
    assert one[2] == pytest.approx([1, 1, 0.8, 0.7, 0])
    assert two[2] == pytest.approx([1, 1, 1, 1, 0])


def test_names_are_as_they_are_and_unseen_ones_are_told_apart() -> None:
    text = usage_chart(COUNTS, ["a$b$ ^2", *NAMES[1:]], SEEN, title="a & b")
    assert {"a$b$ ^2", "dog", "ant & <bee>", "Cat", "nothing", "a & b", "unseen label"} <= set(written(text))
    shown = {name.get_text(): (name.get_color(), name.get_fontweight()) for name in names(figure(COUNTS, NAMES, SEEN))}
    assert shown["zebra"] == (INK, "normal")
    assert shown["dog"] == (UNSEEN.text, "bold")


def test_the_legend_gives_each_modules_share_and_explains_the_names() -> None:
    assert {"module 0: 40.0%", "module 1: 52.5%", "module 2: 7.5%"} <= set(written(usage_chart(COUNTS, NAMES, SEEN)))
    assert "unseen label" not in usage_chart(COUNTS, NAMES, [True] * 5)


def test_columns_of_a_main_module_are_headed_by_it() -> None:
    texts = written(usage_chart(COUNTS, NAMES, SEEN))
    assert [text for text in texts if text in ("module 0", "module 1", "module 2", "–")] == [
        "module 0",
        "module 1",
        "–",
    ]


@pytest.mark.parametrize(("labels", "modules"), [(1, 1), (3, 20), (80, 4), (81, 4), (200, 20), (400, 2)])
def test_every_label_has_its_column_and_name(labels: int, modules: int) -> None:
    drawn = figure(*many(labels, modules))
    assert len(names(drawn)) == labels
    ends = [np.max([end for _, _, end in parts(drawn, row)], axis=0) for row in range(len(drawn.axes))]
    assert np.concatenate(ends) == pytest.approx(np.ones(labels))


def test_where_columns_are_thin_some_names_are_left_out() -> None:
    drawn = figure(*many(1500, 4))
    assert len(drawn.axes) == ROWS
    assert all(MOST / 2 < len(axes.get_xticklabels()) <= MOST for axes in drawn.axes)
    assert sum(len(parts(drawn, row)[0][1]) for row in range(ROWS)) == 1500


@pytest.mark.parametrize(("labels", "modules"), [(3, 2), (3, 20), (40, 4), (200, 20)])
def test_nothing_overlaps_or_runs_out(labels: int, modules: int) -> None:
    drawn = figure(*many(labels, modules), title="modules")
    page = drawn.bbox
    for axes in drawn.axes:
        box = axes.get_tightbbox()
        assert box is not None
        assert page.x0 - 1 <= box.x0 < box.x1 <= page.x1 + 1
        assert page.y0 - 1 <= box.y0 < box.y1 <= page.y1 + 1
        assert axes.bbox.height > 1.2 * drawn.dpi
        places = [label.get_window_extent() for label in axes.get_xticklabels()]
        assert all(one.x1 <= other.x0 for one, other in itertools.pairwise(places))
    boxes = [axes.get_tightbbox() for axes in drawn.axes] + [legend.get_window_extent() for legend in drawn.legends]
    assert all(upper and lower and upper.y0 >= lower.y1 - 1 for upper, lower in itertools.pairwise(boxes))
    assert page.x0 - 1 <= boxes[-1].x0 < boxes[-1].x1 <= page.x1 + 1


def test_names_in_any_script() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert "猫" in written(usage_chart(COUNTS, ["猫", *NAMES[1:]], SEEN))


def test_long_names_are_shortened() -> None:
    long = "a name of very many words, all of them long"
    found = [name.get_text() for name in names(figure(COUNTS, [long, *NAMES[1:]], SEEN))]
    assert [name[-1] for name in found if name.startswith("a name of")] == ["…"]


def test_modules_look_different() -> None:
    few, lots = module_styles([1] * 24), module_styles([*range(40)])
    assert [style.modules for style in few] == [(module,) for module in range(24)]
    assert len({(style.fill, style.hatch) for style in lots}) == len(lots) == 24
    assert lots[-1].modules == tuple(range(17))  # the least used
    assert lots[-1].name == "17 others"


def test_the_same_counts_give_the_same_text() -> None:
    text = usage_chart(*many(20, 20))
    assert text == usage_chart(*many(20, 20))
    assert "<dc:date>" not in text


def test_no_labels() -> None:
    assert parts(figure(torch.zeros(0, 3, dtype=torch.long), [], [])) == []
    assert usage_chart(torch.zeros(0, 3, dtype=torch.long), [], []).rstrip().endswith("</svg>")


def test_pixels() -> None:
    image = usage_image(*many(12, 3))
    assert image.mode == "RGB"
    colours = {colour for _, colour in image.getcolors(1 << 20) or []}
    assert {ImageColor.getrgb(fill) for fill in MODULES[:3]} <= colours
    assert ImageColor.getrgb(MODULES[3]) not in colours
    assert math.isclose(usage_image(*many(12, 3), dpi=72).width, image.width / 2, abs_tol=1)
    assert isinstance(image, Image.Image)


def test_matplotlib_is_only_imported_to_draw_and_without_pyplot() -> None:
    code = (
        "import sys, torch; from compose.drawing.usage.usage_chart import usage_chart;"
        "assert 'matplotlib' not in sys.modules;"
        "usage_chart(torch.ones(2, 2).long(), ['a', 'b'], [True, False]); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
