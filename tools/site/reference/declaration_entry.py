"""One thing that a spec may name, as it stands on a page of the reference."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from compose.cli.describe import BOUND
from compose.registry.declaration import BoundSize, Declaration, Parameter, Port
from compose.registry.registry import registry
from compose.spec.example import example
from compose.spec.schema.words import words
from compose.spec.yaml.writer import flow
from tools.site.markdown import fence, paragraphs, prose, table
from tools.site.models.using_specs import using_specs
from tools.site.reference.class_code import class_code
from tools.site.reference.equation_lines import equation_lines


def declaration_entry(declaration: Declaration, folder: str) -> str:
    """What it does, where it comes from, its ports and parameters, an example, who uses it, and its code.

    Args:
        declaration: what is described.
        folder: the page's in the site, where links start.
    """
    return paragraphs(
        f"## {declaration.name} {{#{declaration.name}}}",
        prose(declaration.summary),
        prose(declaration.doc),
        _source(declaration),
        _equations(declaration),
        _ports("in", declaration.inputs),
        _ports("out", declaration.outputs),
        _gives(declaration),
        _parameters(declaration),
        fence(example(declaration, registry()), "yaml"),
        _users(declaration, folder),
        _code(declaration),
    )


def _source(declaration: Declaration) -> str:
    """The paper and the equation, and what is otherwise here."""
    told = {"Reference": declaration.reference, "Deviates": declaration.deviates}
    return "\n\n".join(f"**{title}:** {prose(text)}" for title, text in told.items() if text)


def _equations(declaration: Declaration) -> str:
    rows = [(line.equation, f"`{line.code}`", prose(line.note)) for line in equation_lines(declaration)]
    return table(("equation", "code", ""), rows) if rows else ""


def _ports(title: str, ports: Iterable[Port]) -> str:
    rows = [(f"`{port.name}`", f"`{port.shape}`{_notes(port)}", prose(port.doc)) for port in ports]
    return table((title, "shape", ""), rows) if rows else ""


def _notes(port: Port) -> str:
    notes = [] if port.dtype in ("float", "any") else [port.dtype]
    return "".join(f", {note}" for note in [*notes, *(["optional"] if port.optional else [])])


def _gives(declaration: Declaration) -> str:
    given = ", ".join(f"[`{name}`](inputs.md#{anchor(name)})" for name in declaration.gives)
    return f"Gives {given}." if given else ""


def anchor(name: str) -> str:
    """The place of a reserved input on its page."""
    return name.replace(".", "-")


def _parameters(declaration: Declaration) -> str:
    rows = [_parameter(parameter) for parameter in declaration.parameters]
    rows += [(f"`{size.name}`", _bound(size), "bound", BOUND) for size in declaration.sizes]
    return table(("parameter", "type", "default", ""), rows) if rows else ""


def _parameter(parameter: Parameter) -> tuple[str, ...]:
    kind = f"`{{use: {parameter.uses.upper()}, ...}}`" if parameter.uses else prose(words(parameter.schema, sizes=True))
    return f"`{parameter.name}`", kind, _default(parameter), prose(parameter.doc)


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "required"
    return "" if parameter.default is None else f"`{flow(parameter.default)}`"


def _bound(size: BoundSize) -> str:
    return f"size of {'every ' if size.many else ''}`{size.dim}`"


def _users(declaration: Declaration, folder: str) -> str:
    users = using_specs(declaration, folder)
    return f"**Used by:** {users}." if users else ""


def _code(declaration: Declaration) -> str:
    """Its code behind a line that opens it: there each equation stands at the line that computes it."""
    found = class_code(declaration)
    if not found:
        return ""
    name, language, text = found
    head = f"<details>\n<summary>Code: {escape(name)}</summary>"
    return f"{head}\n\n{fence(text, language)}\n\n</details>"
