"""``compose describe NAME``: ports, parameters, docs, reference and deviations of one thing that a spec may use.

An input of the spec language and a packaged spec, which ``compose list`` lists as well, are described in short.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compose.cli.arguments.complete import block_names
from compose.cli.options import AsJson, BlockFiles
from compose.shown import printable

if TYPE_CHECKING:
    from compose.cli.console import Cell
    from compose.errors import UsageError
    from compose.registry.declaration import Declaration, Parameter, Port
    from compose.spec.layers.resolve import Resolved
    from compose.spec.wiring.reserved import ReservedInput


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
    from compose.cli.console import echo, echo_json
    from compose.cli.specs import use_blocks

    use_blocks(blocks)
    found = [entry for name in names for entry in entries(name)]
    if as_json:
        echo_json([entry.data for entry in found], indent=2)
        return
    for index, entry in enumerate(found):
        if index:
            echo("")
        entry.show()


@dataclass(frozen=True)
class DescribedEntry:
    """One thing that is described: as plain data, and as one reads it."""

    data: dict[str, Any]
    show: Callable[[], None]


def entries(name: str) -> list[DescribedEntry]:
    """Everything that is called so: classes; else an input; else a spec.

    Raises:
        UsageError: there is nothing of that name.
    """
    from compose.spec.layers.resolve import resolve
    from compose.spec.layers.spec_files import find_spec
    from compose.spec.wiring.reserved import RESERVED
    from compose.training.storage.find_run import lock_of

    if _called(name):
        return [DescribedEntry(found.to_json(), partial(_print, found)) for found in _called(name)]
    if name in RESERVED:
        return [_of_input(RESERVED[name])]
    kept = lock_of(Path(name))
    if kept is not None or find_spec(name).is_file():
        found = str(kept or name)
        return [_of_spec(found, resolve(found))]
    raise _nothing(name)


def _of_input(given: ReservedInput) -> DescribedEntry:
    data = {"kind": "input", "name": given.name, "dims": given.dims, "dtype": given.dtype, "doc": given.doc}
    lines = [given.doc, f"\n{' '.join(given.dims)}, {given.dtype}", f"\nin a spec: `in: {given.name}`"]
    return DescribedEntry(data, partial(_show, given.name, "input", lines))


def _of_spec(name: str, spec: Resolved) -> DescribedEntry:
    from compose.cli.list import spec_line

    offered = {"variants": list(spec.variants), "sweeps": list(spec.sweeps)}
    deviates = _deviations(spec)
    data = {"kind": "spec", "name": name, "summary": spec_line(name), **offered, "deviates": deviates}
    lines = [f"{key}: {', '.join(names)}" for key, names in offered.items() if names]
    whole = f"`compose show {name}` shows it whole"

    def show() -> None:
        _show(name, "spec", [spec_line(name), *lines, whole])
        for layer, sentences in deviates.items():
            _print_deviations(f"deviates (-v {layer})" if layer else "deviates", sentences)

    return DescribedEntry(data, show)


def _deviations(spec: Resolved) -> dict[str, dict[str, str | None]]:
    """Variant -> what it adds or takes back, "" for the spec itself with the classes that it uses."""
    from compose.registry.registry import registry
    from compose.spec.deviations import deviations, own_deviations

    found = {name: own_deviations(variant) for name, variant in spec.variants.items()}
    whole: dict[str, str | None] = {**deviations(spec.tree, registry())}
    return {name: sentences for name, sentences in {"": whole, **found}.items() if sentences}


def _print_deviations(title: str, sentences: dict[str, str | None]) -> None:
    from compose.cli.console import table

    _head(title)
    table((), [(name, text or TAKEN_BACK) for name, text in sentences.items()])


TAKEN_BACK = "no longer: as the text has it"


def _show(name: str, kind: str, lines: list[str]) -> None:
    from compose.cli.console import echo

    _title(name, kind)
    for line in filter(None, lines):
        echo(line)


def _title(name: str, kind: str) -> None:
    from rich.text import Text

    from compose.cli.console import out

    out().print(Text.assemble((printable(name), "bold cyan"), (f" ({kind})", "dim")))


def _called(name: str) -> list[Declaration]:
    """Every class that is called so, of any kind; ``loss.variance`` names one of a kind."""
    from compose.registry.registry import registry

    return [d for d in registry().all() if name in (d.name, f"{d.kind}.{d.name}")]


def _nothing(name: str) -> UsageError:
    from compose.block import KINDS
    from compose.errors import UsageError, nearest
    from compose.registry.registry import registry
    from compose.registry.unlisted import unlisted
    from compose.spec.layers.spec_files import zoo_names
    from compose.spec.wiring.reserved import RESERVED

    close = nearest(name, [*{d.name for d in registry().all()}, *RESERVED, *zoo_names()])
    hint = f"did you mean `{close}`?" if close else "`compose list` lists what there is"
    forgotten = next((told for kind in KINDS if (told := unlisted(kind, name))), None)
    return UsageError(f"there is nothing called `{name}` that a spec could use; {forgotten or hint}")


def _print(declaration: Declaration) -> None:
    from compose.cli.console import echo, highlighted, out
    from compose.registry.registry import registry
    from compose.spec.example import example

    _title(declaration.name, declaration.kind)
    echo(declaration.summary)
    if declaration.doc:
        echo(f"\n{declaration.doc}".replace("``", "`"))
    _print_ports("in", declaration.inputs)
    _print_ports("out", declaration.outputs)
    if declaration.gives:
        _head("gives")
        echo(f"  {', '.join(declaration.gives)}")
    _print_parameters(declaration)
    file = f"zoo/composites/{declaration.qualname}" if declaration.kind == "composite" else ""
    for title, text in (("reference", declaration.reference), ("deviates", declaration.deviates), ("file", file)):
        if text:
            _head(title)
            echo(f"  {text}".replace("``", "`"))
    _head("example")
    shown = "\n".join(f"  {line}" for line in example(declaration, registry()).splitlines())
    out().print(highlighted(shown, "yaml"))


def _head(text: str) -> None:
    from compose.cli.console import echo

    echo(f"\n{text}", style="bold")


def _print_ports(title: str, ports: tuple[Port, ...]) -> None:
    from compose.cli.console import table

    if ports:
        _head(title)
        table((), [_port_row(port) for port in ports])


def _port_row(port: Port) -> tuple[Cell, ...]:
    notes = [] if port.dtype in ("float", "any") else [port.dtype]
    notes += ["optional"] if port.optional else []
    return port.name, ", ".join([port.shape, *notes]), _doc_lines(port.doc)


def _doc_lines(doc: str) -> list[str]:
    return doc.replace("``", "`").splitlines()


def _print_parameters(declaration: Declaration) -> None:
    from compose.cli.console import table

    rows: list[tuple[Cell, ...]] = [_parameter_row(p) for p in declaration.parameters]
    rows += [
        (size.name, f"size of {'every ' if size.many else ''}`{size.dim}`", "bound", BOUND)
        for size in declaration.sizes
    ]
    if rows:
        _head("parameters")
        table(("name", "type", "default", ""), rows)


BOUND = "taken from the shapes at the ports, never written in a spec."


def _parameter_row(parameter: Parameter) -> tuple[Cell, ...]:
    from compose.spec.schema.words import words

    kind = f"{{use: {parameter.uses.upper()}, ...}}" if parameter.uses else words(parameter.schema)
    return parameter.name, kind, _default(parameter), _doc_lines(parameter.doc)


def _default(parameter: Parameter) -> str:
    from compose.spec.yaml.writer import flow

    if parameter.required:
        return "required"
    return "" if parameter.default is None else flow(parameter.default)
