"""Two models in one diagram: marks by colour, by sign and by line."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest

import compose
from compose.difference.spec_difference import SpecDifference
from compose.drawing.graph.diagram import Diagram

from .pairs import SMALL, over, renamed


def told(overlay: dict[str, Any]) -> SpecDifference:
    return compose.diff(SMALL, over(SMALL, overlay), costs=False)


def box_marks(drawn: Diagram) -> dict[str, str]:
    return {box.key: box.mark for box in drawn.boxes if box.mark}


def arrow_marks(drawn: Diagram) -> dict[tuple[str, str], str]:
    return {(arrow.start, arrow.end): arrow.mark for arrow in drawn.arrows if arrow.mark}


def test_added_gone_and_changed() -> None:
    overlay = {
        "model": {"extra": {"use": "activation", "in": "neck"}, "words": {"in": ["extra", "labels.vectors"]}},
        "loss": {"spread": None, "rank": {"weight": 0.75}},
    }
    drawn = told(overlay).diagram
    assert box_marks(drawn) == {"extra": "added", "words": "changed", "loss.spread": "gone"}
    assert arrow_marks(drawn) == {
        ("neck", "extra"): "added",
        ("extra", "words"): "added",
        ("neck", "words"): "gone",
        ("places", "loss.spread"): "gone",
    }
    assert drawn.marks == ("added", "gone", "changed")


def test_every_arrow_leads_onward() -> None:
    """Also where the two models compute the same nodes in opposite orders."""
    chain = {"a": {"use": "activation", "in": "neck"}, "b": {"use": "activation", "in": "a", "kind": "gelu"}}
    first = over(SMALL, {"model": {**chain, "words": {"in": ["b", "labels.vectors"]}}})
    second = over(first, {"model": {"a": {"in": "b"}, "b": {"in": "neck"}, "words": {"in": ["a", "labels.vectors"]}}})
    drawn = compose.diff(first, second, costs=False).diagram
    place = {box.key: index for index, box in enumerate(drawn.boxes)}
    assert all(place[arrow.start] < place[arrow.end] for arrow in drawn.arrows)
    assert ("a", "b") not in arrow_marks(drawn), "it would lead back"
    assert arrow_marks(drawn)["b", "words"] == "gone"
    ElementTree.fromstring(compose.diff(first, second, costs=False).svg)


def test_what_is_renamed_stands_once() -> None:
    drawn = compose.diff(SMALL, renamed(SMALL, {"neck": "throat"}), costs=False).diagram
    assert box_marks(drawn) == {"throat": "changed"}
    assert arrow_marks(drawn) == {}
    (box,) = [box for box in drawn.boxes if box.key == "throat"]
    assert "was neck" in box.lines


def test_equal_models_have_no_marks() -> None:
    found = compose.diff(SMALL, SMALL, costs=False)
    assert found.diagram.marks == ()
    assert "changed" not in found.svg


@pytest.mark.parametrize("pair", [("zoo/stanet.yaml", "zoo/desire-net.yaml"), ("zoo/ml2p.yaml", "zoo/lesa.yaml")])
def test_the_picture_says_by_more_than_colour(pair: tuple[str, str]) -> None:
    found = compose.diff(*pair, costs=False)
    root = ElementTree.fromstring(found.svg)
    space = "{http://www.w3.org/2000/svg}"
    signs = {"added": "+", "gone": "−", "changed": "~"}
    for group in root.iter(f"{space}g"):
        mark = group.get("class", "").partition(" ")[2]
        if mark:
            rect, title = group.find(f"{space}rect"), group.find(f"{space}text")
            assert rect is not None
            assert title is not None
            assert (title.text or "").startswith(f"{signs[mark]} ")
            assert (rect.get("stroke-dasharray"), rect.get("stroke-width")) != (None, "1.3")
    texts = [node.text for node in root.iter(f"{space}text")]
    assert {f"{signs[mark]} {mark}" for mark in found.diagram.marks} <= set(texts)
