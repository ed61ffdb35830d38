from __future__ import annotations

import math
import re
from xml.etree import ElementTree

import pytest

from compose.drawing.graph.neighbourhood import COLOURS, MOST, Spoke, neighbourhood_svg

SVG = "{http://www.w3.org/2000/svg}"
SPOKES = [
    Spoke("wolf", 0.96, "seen", hypernym=True, hint="wolf: 0.960"),
    Spoke("cat & <dog>", 0.85, "unseen"),
    Spoke("a label with a very long name of many words", 0.52, "external"),
]


def draw(spokes: list[Spoke], subtitle: str = "dog.n.01") -> ElementTree.Element:
    return ElementTree.fromstring(neighbourhood_svg("dog", "seen", spokes, subtitle=subtitle))


def texts(root: ElementTree.Element) -> list[str | None]:
    return [node.text for node in root.iter(f"{SVG}text")]


def distances(root: ElementTree.Element) -> list[float]:
    """How far each neighbour's dot is from the centre."""
    dots = [group.find(f"{SVG}circle") for group in root.iter(f"{SVG}g") if group.get("class")]
    return [math.hypot(float(dot.attrib["cx"]), float(dot.attrib["cy"])) for dot in dots if dot is not None]


def test_every_text_is_there() -> None:
    root = draw(SPOKES)
    assert {"dog", "dog.n.01", *(spoke.name for spoke in SPOKES), *COLOURS} <= set(texts(root))
    assert "heavy lines: its hypernyms and hyponyms" in texts(root)
    assert "wolf: 0.960" in [node.text for node in root.iter(f"{SVG}title")]
    assert {"heavy lines: its hypernyms and hyponyms", "unseen", "external"}.isdisjoint(texts(draw([])))


def test_the_more_similar_the_nearer() -> None:
    near, middle, far = distances(draw(SPOKES))
    assert far - middle == pytest.approx((middle - near) * 0.33 / 0.11, abs=0.2)  # in proportion


def test_names_stay_inside_the_picture() -> None:
    root = draw([Spoke("a label with a very long name", 0.9 - i / 100, "seen") for i in range(12)])
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    group = next(node for node in root.iter(f"{SVG}g") if "translate" in node.get("transform", ""))
    left, top = map(float, re.findall(r"[-\d.]+", group.attrib["transform"]))
    for text in group.iter(f"{SVG}text"):
        if text.text and "transform" in text.attrib:
            x, y, degrees = map(float, re.findall(r"-?[\d.]+", text.attrib["transform"]))
            length = 6.0 * len(text.text) * (1 if text.attrib["text-anchor"] == "start" else -1)
            end = (
                x + left + length * math.cos(math.radians(degrees)),
                y + top + length * math.sin(math.radians(degrees)),
            )
            assert 0 <= end[0] <= width
            assert 60 <= end[1] <= height - 30  # below the title and above the legend


def test_many_neighbours() -> None:
    root = draw([Spoke(f"label {i}", 0.99 - i / 1000, "external") for i in range(300)])
    assert f"the {MOST} most similar of 300 neighbours" in texts(root)
    assert f"label {MOST - 1}" in texts(root)
    assert f"label {MOST}" not in texts(root)
