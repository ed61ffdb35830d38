"""``compose code SPEC``: the forward pass of the model as Python."""

from __future__ import annotations

from typing import Annotated

import typer

from compose.cli.options import BlockFiles, KeyValues, SpecName, Variants


def code(
    spec: SpecName,
    variant: Variants = None,
    override: KeyValues = None,
    inference: Annotated[bool, typer.Option("--inference", help="What the scores need, without the losses.")] = False,
    blocks: BlockFiles = None,
) -> None:
    """Print the model as Python: its modules with the sizes that the shapes gave them, and its forward pass."""
    from compose.cli.console import highlighted, out
    from compose.cli.specs import prepared, read

    made = prepared(read(spec, variant, override, blocks))
    from compose.model.python_code import python_code

    text = python_code(made.shaped, made.spec.registry, made.spec.resolved.name, inference=inference)
    out().print(highlighted(text, "python"), end="")
