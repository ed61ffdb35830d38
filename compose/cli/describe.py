"""``compose describe NAME``: ports, parameters, docs, reference and deviations of one thing that a spec may use."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.complete import block_names
from compose.cli.options import AsJson, BlockFiles

if TYPE_CHECKING:
    from compose.registry.declaration import Declaration, Parameter, Port


def describe(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="A block, loss, data source ...: what `compose list` lists.",
            autocompletion=block_names,
            show_default=False,
        ),
    ],
    blocks: BlockFiles = None,
    as_json: AsJson = False,
) -> None:
    """Describe a block, loss, data source ...: its inputs, outputs and parameters."""
    from compose.cli.specs import use_blocks

    use_blocks(blocks)
    found = [declaration for name in names for declaration in declarations(name)]
    if as_json:
        print(json.dumps([declaration.to_json() for declaration in found], indent=2, ensure_ascii=False))
        return
    for index, declaration in enumerate(found):
        if index:
            print()
        _print(declaration)


def declarations(name: str) -> list[Declaration]:
    """Everything that is called so, of any kind; ``loss.variance`` names one of a kind.

    Raises:
        UsageError: there is nothing of that name.
    """
    from compose.block import KINDS
    from compose.errors import UsageError, nearest
    from compose.registry.registry import registry
    from compose.registry.unlisted import unlisted

    everything = registry().all()
    found = [d for d in everything if name in (d.name, f"{d.kind}.{d.name}")]
    if found:
        return found
    close = nearest(name, {d.name for d in everything})
    hint = f"did you mean `{close}`?" if close else "`compose list` lists what there is"
    forgotten = next((told for kind in KINDS if (told := unlisted(kind, name))), None)
    raise UsageError(f"there is nothing called `{name}` that a spec could use; {forgotten or _elsewhere(name) or hint}")


def _elsewhere(name: str) -> str | None:
    """What to do with names of another sort."""
    from compose.spec.layers.resolve import find_spec
    from compose.spec.wiring.reserved import RESERVED

    if name in RESERVED:
        given = RESERVED[name]
        return f"it is an input, for `in:`: {given.doc} ({' '.join(given.dims)})"
    if find_spec(name).is_file():
        return f"for a spec, use `compose show {name}`"
    return None


def _print(declaration: Declaration) -> None:
    from compose.cli.console import echo, highlighted, out
    from compose.registry.registry import registry
    from compose.spec.example import example

    console = out()
    console.print(f"[bold cyan]{declaration.name}[/] [dim]({declaration.kind})[/]")
    echo(declaration.summary)
    if declaration.doc:
        echo(f"\n{declaration.doc}".replace("``", "`"))
    _print_ports("in", declaration.inputs)
    _print_ports("out", declaration.outputs)
    if declaration.gives:
        _head("gives")
        echo(f"  {', '.join(declaration.gives)}")
    _print_parameters(declaration)
    for title, text in (("reference", declaration.reference), ("deviates", declaration.deviates)):
        if text:
            _head(title)
            echo(f"  {text}".replace("``", "`"))
    _head("example")
    shown = "\n".join(f"  {line}" for line in example(declaration, registry()).splitlines())
    console.print(highlighted(shown, "yaml"), markup=False)


def _head(text: str) -> None:
    from compose.cli.console import out

    out().print(f"\n[bold]{text}[/]")


def _print_ports(title: str, ports: tuple[Port, ...]) -> None:
    from compose.cli.console import table

    if ports:
        _head(title)
        table((), [_port_row(port) for port in ports])


def _port_row(port: Port) -> tuple[str, str, str]:
    notes = [] if port.dtype in ("float", "any") else [port.dtype]
    notes += ["optional"] if port.optional else []
    return port.name, ", ".join([port.shape, *notes]), port.doc.replace("``", "`")


def _print_parameters(declaration: Declaration) -> None:
    from compose.cli.console import table

    rows = [_parameter_row(p) for p in declaration.parameters]
    rows += [
        (size.name, f"size of {'every ' if size.many else ''}`{size.dim}`", "bound", BOUND)
        for size in declaration.sizes
    ]
    if rows:
        _head("parameters")
        table(("name", "type", "default", ""), rows)


BOUND = "taken from the shapes at the ports, never written in a spec."


def _parameter_row(parameter: Parameter) -> tuple[str, str, str, str]:
    from compose.spec.schema.words import words

    kind = f"{{use: {parameter.uses.upper()}, ...}}" if parameter.uses else words(parameter.schema)
    return parameter.name, kind, _default(parameter), parameter.doc.replace("``", "`")


def _default(parameter: Parameter) -> str:
    from compose.spec.yaml.writer import flow

    if parameter.required:
        return "required"
    return "" if parameter.default is None else flow(parameter.default)
