"""Diagrams as Mermaid and SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from compose.drawing.graph.diagram import Arrow, Box, Diagram
from compose.drawing.graph.mermaid import mermaid
from compose.drawing.graph.svg import box_size, svg
from compose.drawing.palette import BOXES

DIAGRAM = Diagram(
    'a "model" <of> & #1',
    (
        Box("input.image", "input", "image", ("2×3×8×8",)),
        Box("a", "node", "a", ("block<a>", "2×4"), 'Says "a" & b.'),
        Box("scores", "scores", "scores"),
        Box("loss.rank", "loss", "rank", ("ranknet, weight 0.5",)),
    ),
    (
        Arrow("input.image", "a"),
        Arrow("a", "scores", "left → x"),
        Arrow("a", "scores", "right → y"),
        Arrow("scores", "loss.rank"),
        Arrow("a", "loss.rank"),
    ),
)


def test_mermaid() -> None:
    assert mermaid(DIAGRAM).splitlines() == [
        "---",
        'title: "a #quot;model#quot; #lt;of#gt; & #35;1"',
        "---",
        "flowchart TD",
        '    n0(["<b>image</b><br/>2×3×8×8"])',
        '    n1["<b>a</b><br/>block#lt;a#gt;<br/>2×4"]',
        '    n2["<b>scores</b>"]',
        '    n3{{"<b>rank</b><br/>ranknet, weight 0.5"}}',
        "    n0 --> n1",
        '    n1 -->|"left → x"| n2',
        '    n1 -->|"right → y"| n2',
        "    n2 --> n3",
        "    n1 --> n3",
        *(
            line
            for index, (role, colour) in enumerate(BOXES.items())
            for line in (
                f"    classDef {role} fill:{colour.fill},stroke:{colour.line},color:{colour.text}",
                f"    class n{index} {role}",
            )
        ),
    ]


def test_svg_is_xml_with_every_text() -> None:
    root = ElementTree.fromstring(svg(DIAGRAM))
    texts = [node.text for node in root.iter("{http://www.w3.org/2000/svg}text")]
    for box in DIAGRAM.boxes:
        assert {box.title, *box.lines} <= set(texts)
    assert {DIAGRAM.title, "left → x", "right → y"} <= set(texts)
    assert 'Says "a" & b.' in [node.text for node in root.iter("{http://www.w3.org/2000/svg}title")]


def test_svg_stays_inside_its_view() -> None:
    root = ElementTree.fromstring(svg(DIAGRAM))
    width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
    inner = root.find("{http://www.w3.org/2000/svg}g")
    assert inner is not None
    left, top = map(float, re.findall(r"[-\d.]+", inner.attrib["transform"]))
    for box in inner.iter("{http://www.w3.org/2000/svg}rect"):
        x, y, w, h = (float(box.attrib[key]) for key in ("x", "y", "width", "height"))
        assert x + left >= 0
        assert y + top >= 0
        assert x + left + w <= width
        assert y + top + h <= height


def test_arrows_between_the_same_boxes_are_one_line() -> None:
    paths = list(ElementTree.fromstring(svg(DIAGRAM)).iter("{http://www.w3.org/2000/svg}path"))
    assert len(paths) == len({(arrow.start, arrow.end) for arrow in DIAGRAM.arrows})


def test_a_box_is_as_wide_as_its_text() -> None:
    short, long = box_size(Box("a", "node", "a")), box_size(Box("a", "node", "a", ("48 × 2100 × 8 × 8",)))
    assert long.width > short.width
    assert long.height > short.height


def test_an_empty_diagram() -> None:
    assert ElementTree.fromstring(svg(Diagram("nothing", (), ()))) is not None
