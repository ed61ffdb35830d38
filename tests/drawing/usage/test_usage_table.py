"""Which modules give the labels' scores: numbers, tables and the chart."""

from __future__ import annotations

import csv
import io
import itertools
from xml.etree import ElementTree

import pytest
import torch
from jaxtyping import Int
from PIL import ImageColor
from torch import Tensor

from compose.drawing.palette import INK, MODULES, UNSEEN
from compose.drawing.usage.usage_chart import NAMED, TALL, usage_chart, usage_image
from compose.drawing.usage.usage_series import module_series
from compose.drawing.usage.usage_table import usage_summary, usage_table, usages

SVG = "{http://www.w3.org/2000/svg}"
COUNTS = torch.tensor([[0, 7, 3], [9, 1, 0], [0, 0, 0], [2, 8, 0], [5, 5, 0]])
NAMES = ["zebra", "dog", "nothing", "ant & <bee>", "Cat"]
SEEN = [True, False, True, True, True]


def many(labels: int, modules: int) -> tuple[Int[Tensor, "l m"], list[str], list[bool]]:
    counts = torch.randint(0, 100, (labels, modules), generator=torch.Generator().manual_seed(0))
    return counts, [f"label_{i}" for i in range(labels)], [i % 5 > 0 for i in range(labels)]


def rectangles(text: str) -> list[tuple[float, float, float, float, str, str]]:
    """Of each part of a column: x, y, width, height, fill, hint."""
    found = []
    for rectangle in ElementTree.fromstring(text).iter(f"{SVG}rect"):
        hint = rectangle.find(f"{SVG}title")
        if hint is not None:
            x, y, width, height = (float(rectangle.attrib[key]) for key in ("x", "y", "width", "height"))
            found.append((x, y, width, height, rectangle.attrib["fill"], hint.text or ""))
    return found


def names(text: str) -> dict[str, ElementTree.Element]:
    """The labels' names: hint -> element."""
    elements = ElementTree.fromstring(text).iter(f"{SVG}text")
    return {hint.text or "": element for element in elements if (hint := element.find(f"{SVG}title")) is not None}


def test_labels_by_main_module_and_name() -> None:
    found = usages(COUNTS, NAMES, SEEN)
    assert [(usage.name, usage.main) for usage in found] == [
        ("Cat", 0),
        ("dog", 0),
        ("ant & <bee>", 1),
        ("zebra", 1),
        ("nothing", None),
    ]
    assert found[1].counts == (9, 1, 0)
    assert not found[1].seen


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="expected counts, names and seen of the same labels, got 5, 4, 5"):
        usages(COUNTS, NAMES[:4], SEEN)


def test_table() -> None:
    rows = list(csv.DictReader(io.StringIO(usage_table(COUNTS, [*NAMES[:4], 'a "b", c'], SEEN))))
    assert [row["label"] for row in rows] == ['a "b", c', "dog", "ant & <bee>", "zebra", "nothing"]
    assert rows[1] == {
        "label": "dog", "seen": "false", "main_module": "0", "module_0": "9", "module_1": "1", "module_2": "0",
    }  # fmt: skip
    assert rows[-1]["main_module"] == ""


def test_summary() -> None:
    counts = torch.cat([COUNTS, torch.zeros(5, 1, dtype=torch.long)], 1)
    assert usage_summary(counts, NAMES, SEEN, top=2).splitlines() == [
        "module   share  main for  labels that use it most (* unseen)",
        "     1   52.5%         2  ant & <bee>, zebra, …",
        "     0   40.0%         2  dog*, Cat, …",
        "     2    7.5%         0  zebra",
        "never used: 3",
    ]
    assert usage_summary(torch.zeros(2, 2, dtype=torch.long), ["a", "b"], [True, True]).endswith("never used: 0, 1\n")


# --- the chart --------------------------------------------------------------------------------------------------------


def test_columns_are_shares_with_the_main_module_at_the_bottom() -> None:
    parts = [part for part in rectangles(usage_chart(COUNTS, NAMES, SEEN)) if part[5].startswith("ant")]
    (_, low, _, tall, fill, hint), (_, high, _, small, other, _) = parts
    assert (tall, small) == (pytest.approx(0.8 * TALL), pytest.approx(0.2 * TALL))
    assert high + small == pytest.approx(low)
    assert (fill, other) == (MODULES[1], MODULES[0])
    assert hint == "ant & <bee>: module 1, 8 of 10 (80%)"


def test_names_are_escaped_and_unseen_ones_are_told_apart() -> None:
    found = names(usage_chart(COUNTS, NAMES, SEEN, title="a & b"))
    assert set(found) == {"Cat, seen", "dog, unseen", "ant & <bee>, seen", "zebra, seen", "nothing, seen"}
    assert {hint: text.attrib["fill"] for hint, text in found.items() if "zebra" in hint or "dog" in hint} == {
        "zebra, seen": INK,
        "dog, unseen": UNSEEN.text,
    }
    assert "font-weight" in found["dog, unseen"].attrib
    assert "font-weight" not in found["zebra, seen"].attrib


@pytest.mark.parametrize("labels", [1, 5, 40, 161, 400])
def test_every_label_has_its_column_and_name(labels: int) -> None:
    text = usage_chart(*many(labels, 4))
    assert len(names(text)) == labels
    parts = rectangles(text)
    assert len({part[5].split(":")[0] for part in parts}) == labels
    assert sum(height for _, _, _, height, _, _ in parts) == pytest.approx(labels * TALL, rel=1e-3)


@pytest.mark.parametrize("labels", [5, 40, 400, 1500])
def test_nothing_overlaps_or_runs_out(labels: int) -> None:
    text = usage_chart(*many(labels, 4))
    width, height = (float(ElementTree.fromstring(text).attrib[key]) for key in ("width", "height"))
    assert width < 1400
    lowest: dict[str, tuple[float, float, float]] = {}
    for x, y, across, tall, _, hint in rectangles(text):
        assert 0 <= x <= x + across <= width
        assert 0 <= y <= y + tall <= height
        lowest.setdefault(hint.split(":")[0], (round(y + tall, 1), x, x + across))
    columns = sorted(lowest.values())
    assert len(columns) == labels
    assert all(one[2] < other[1] for one, other in itertools.pairwise(columns) if one[0] == other[0])
    places = sorted((float(text.attrib["y"]), float(text.attrib["x"])) for text in names(text).values())
    assert all(b[1] - a[1] >= NAMED - 0.3 for a, b in itertools.pairwise(places) if a[0] == b[0])


def test_where_columns_are_thin_some_names_are_left_out() -> None:
    text = usage_chart(*many(1500, 4))
    assert 200 < len(names(text)) < 1500
    assert len({part[5].split(":")[0] for part in rectangles(text)}) == 1500


def test_long_names_are_shortened() -> None:
    found = names(usage_chart(COUNTS, ["a name of very many words, all of them long", *NAMES[1:]], SEEN))
    text = found["a name of very many words, all of them long, seen"].text
    assert text is not None
    assert text.endswith("…")


def test_modules_look_different() -> None:
    few, lots = module_series([1] * 24), module_series([*range(40)])
    assert [series.modules for series in few] == [(module,) for module in range(24)]
    assert len({(series.fill, series.texture) for series in lots}) == len(lots) == 24
    assert lots[-1].modules == tuple(range(17))  # the least used
    assert lots[-1].name == "17 others"
    assert len({part[4] for part in rectangles(usage_chart(*many(30, 30)))}) == 24


def test_no_labels() -> None:
    assert rectangles(usage_chart(torch.zeros(0, 3, dtype=torch.long), [], [])) == []


def test_pixels_are_those_of_the_svg() -> None:
    text = usage_chart(*many(12, 12), title="modules")
    image = usage_image(*many(12, 12), title="modules", scale=2)
    root = ElementTree.fromstring(text)
    assert image.size == (2 * int(root.attrib["width"]), 2 * int(root.attrib["height"]))
    checked = 0
    for x, y, width, height, fill, _ in rectangles(text):
        if height > 4 and fill.startswith("#"):
            assert image.getpixel((round(2 * x + width), round(2 * y + height))) == ImageColor.getrgb(fill)
            checked += 1
        elif height > 8:
            area = image.crop(
                (round(2 * x) + 2, round(2 * y) + 2, round(2 * (x + width)) - 2, round(2 * (y + height)) - 2)
            )
            assert len(area.getcolors() or []) == 2  # stripes
    assert checked > 20


def test_turned_names_are_painted() -> None:
    image = usage_image(*many(60, 3), scale=1)
    element = next(iter(names(usage_chart(*many(60, 3))).values()))
    x, y = float(element.attrib["x"]), float(element.attrib["y"])
    area = image.crop((round(x) - 6, round(y), round(x) + 6, round(y) + 45)).convert("L")
    assert area.getextrema()[0] < 128
    below = image.crop((round(x) - 6, round(y) + 62, round(x) + 6, round(y) + 68)).convert("L")
    assert below.getextrema() == (255, 255)
