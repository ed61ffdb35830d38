"""``compose graph SPEC``: the model as a picture, or the graph over its labels."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import BlockFiles, KeyValues, SpecName, Variants

if TYPE_CHECKING:
    from compose.drawing.graph.diagram import Diagram
    from compose.spec.read import Spec

MERMAID = (".mmd", ".mermaid", ".md")


def graph(
    spec: SpecName,
    variant: Variants = None,
    override: KeyValues = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write model.svg, or model.mmd (Mermaid)."),
    ] = None,
    labels: Annotated[
        bool, typer.Option("--labels", help="Show the graph over the labels instead; -o labels.graphml writes it.")
    ] = False,
    node: Annotated[
        str | None,
        typer.Option(
            "--node",
            metavar="NAME",
            help="With --labels: show the neighbours of one label; -o cat.svg draws them.",
            show_default=False,
        ),
    ] = None,
    shapes: Annotated[
        bool, typer.Option("--shapes/--no-shapes", help="Write the shapes into the boxes; quicker without.")
    ] = True,
    blocks: BlockFiles = None,
) -> None:
    """Draw the model: Mermaid to standard output, or an SVG or Mermaid file. With --labels, show the label graph."""
    from compose.cli.graphs.graph_labels import label_graph
    from compose.cli.specs import read

    _check(output, labels=labels, node=node)
    found = read(spec, variant, override, blocks)
    if labels:
        label_graph(found, node=node, output=output)
    else:
        _draw(_diagram(found, shapes=shapes), output)


def _draw(drawn: Diagram, output: Path | None) -> None:
    from compose.cli.console import done, echo
    from compose.drawing.graph.mermaid import mermaid
    from compose.drawing.graph.svg import svg

    if output is None:
        echo(mermaid(drawn).rstrip("\n"))
        return
    text = svg(drawn) if output.suffix == ".svg" else mermaid(drawn)
    output.write_text(f"```mermaid\n{text}```\n" if output.suffix == ".md" else text, "utf-8")
    done(f"wrote {output}")


def _check(output: Path | None, *, labels: bool, node: str | None) -> None:
    from compose.cli.graphs.graph_labels import check_output
    from compose.errors import UsageError

    if node is not None and not labels:
        raise UsageError("--node names a label of the graph that --labels shows; give both")
    if labels:
        check_output(output, node)
    elif output is not None and output.suffix not in (".svg", *MERMAID):
        raise UsageError(f"-o {output}: expected a name that ends in .svg or .mmd")
    if output is not None and not output.parent.is_dir():
        raise UsageError(f"-o {output}: there is no folder {output.parent}")


def _diagram(spec: Spec, *, shapes: bool) -> Diagram:
    from compose.cli.specs import prepared
    from compose.drawing.graph.diagram import diagram, shape_texts

    known = None
    if shapes:
        made = prepared(spec)
        known = shape_texts(made.shaped.facts, made.sizes)
    return diagram(spec.plan, title=spec.resolved.name, shapes=known)
