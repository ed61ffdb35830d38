"""The graph of a packaged spec as a picture, by the code of ``compose graph``."""

from __future__ import annotations

from compose.drawing.graph.diagram import diagram, shape_texts
from compose.drawing.graph.svg import svg
from compose.training.prepare import prepare
from tools.site.models.packaged_spec import PackagedSpec


def graph_picture(spec: PackagedSpec) -> str:
    """The text of the SVG, with the shapes in its boxes."""
    made = prepare(spec.spec)
    shapes = shape_texts(made.shaped.facts, made.sizes)
    return svg(diagram(spec.spec.plan, title=spec.resolved.name, shapes=shapes))
