"""``compose show SPEC``: the resolved spec, and the model as a table.

What is printed is YAML throughout: on a pipe the table comes as comments, so that ``compose show SPEC > copy.yaml``
writes a spec that builds the same model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import BlockFiles, KeyValues, SpecName, Variants
from compose.shown import printable

if TYPE_CHECKING:
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared


def show(
    spec: SpecName,
    variant: Variants = None,
    override: KeyValues = None,
    origin: Annotated[
        bool, typer.Option("--origin", help="Say beside each value which file and line, variant or -s set it.")
    ] = False,
    defaults: Annotated[
        bool, typer.Option("--defaults", help="Write out the parameters that the spec leaves at their defaults, too.")
    ] = False,
    only_spec: Annotated[bool, typer.Option("--spec", help="Only the spec: quick, and no shapes.")] = False,
    only_model: Annotated[bool, typer.Option("--model", help="Only the table of the model.")] = False,
    blocks: BlockFiles = None,
) -> None:
    """Show the resolved spec as YAML, and the model as a table of nodes, shapes, parameters and FLOPs."""
    from compose.cli.specs import prepared, read
    from compose.errors import UsageError

    if only_spec and only_model:
        raise UsageError("--spec and --model exclude each other; without either both are shown")
    found = read(spec, variant, override, blocks)
    if not only_model:
        _print_spec(found, origin=origin, defaults=defaults)
    if not only_spec:
        _print_model(prepared(found), comment=not only_model)
        _print_deviations(found, comment=not only_model)


def _print_spec(spec: Spec, *, origin: bool, defaults: bool) -> None:
    from compose.cli.console import highlighted, out
    from compose.spec.layers.origin import origin as origin_of
    from compose.spec.layers.origin import with_defaults
    from compose.spec.yaml.tree import plain
    from compose.spec.yaml.writer import dump

    tree = with_defaults(spec.tree, spec.registry) if defaults else spec.tree
    text = dump(plain(tree), note=(lambda path: origin_of(tree, path)) if origin else None)
    out().print(highlighted(text, "yaml"), end="")


def _print_model(made: Prepared, *, comment: bool) -> None:
    from compose.cli.console import echo, note, out, plain_table, table
    from compose.model.costs.flops import count_flops
    from compose.model.costs.summary import HEADERS, count, made_for_real, rows, totals

    flops = count_flops(made.shaped)
    cells = [row.cells for row in rows(made.shaped, made.batch, flops)]
    notes = made_for_real(made.shaped)
    cost = f"{count(sum(flops.values()) // made.batch)} FLOPs an example"
    total = f"{totals(made.shaped, made.batch, made.episodes).text}, {cost}"
    if out().is_terminal or not comment:
        echo("") if comment else None
        table(HEADERS, cells, right=(3, 4), indent=0)
        echo(total, style="bold")
        for text in notes:
            note(text)
    else:
        lines = ["", *plain_table(HEADERS, cells, right=(3, 4)), "", total, *(f"note: {text}" for text in notes)]
        echo("\n".join(f"# {printable(line)}".rstrip() for line in lines))


def _print_deviations(spec: Spec, *, comment: bool) -> None:
    """What is computed otherwise than the paper says: the sentences of the spec, of its variants and of its classes."""
    from compose.cli.console import echo, out, table
    from compose.spec.deviations import deviations

    found = deviations(spec.tree, spec.registry)
    if not found:
        return
    if out().is_terminal or not comment:
        echo("\ndeviates", style="bold")
        table((), list(found.items()))
    else:
        lines = ["", "deviates", *(f"  {name}: {text}" for name, text in found.items())]
        echo("\n".join(f"# {printable(line)}".rstrip() for line in lines))
