"""The ports of a composite block, read off what its nodes do with its inputs and where its outputs come from.

Their dims are those that its description names: ``maps: the map, ``b c h w``.``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from compose.registry.declaration import Port
from compose.registry.docstring import doc_entries, sections
from compose.spec.wiring.plan import Ref, Step, Value, refs

ANY = Port("", None, "any", False, False, "")
DIMS = r"``((?:\.\.\. )?[a-z0-9](?: \??[a-z0-9])*)``"
"""Dims in a description."""


@dataclass(frozen=True)
class CompositePorts:
    """The ports of a composite.

    Args:
        inputs: its inputs in order. One that feeds only ports which may stay unwired may itself; one of which single
            tensors are taken is a list, and as long as there are such.
        outputs: its outputs; the first is the one meant by the bare node name.
    """

    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()

    @property
    def lengths(self) -> dict[str, int]:
        """How many tensors the lists consist of that have a length."""
        return {port.name: port.length for port in self.inputs if port.length is not None}


@dataclass(frozen=True)
class _Use:
    """One place where an input goes: a port of a block (None: an output of the composite), and by which index."""

    port: Port | None
    index: int | None


def read_ports(
    name: str, names: Iterable[str], steps: Iterable[Step], outputs: dict[str, Value], *, text: str
) -> CompositePorts:
    """The ports of a composite that is wired by itself.

    Args:
        name: the composite; its inputs are the ports of a step of this name.
        names: its inputs.
        steps: its steps.
        outputs: output port -> what it gives out.
        text: its description, in the form of a block's docstring.
    """
    steps, parts = list(steps), sections(text)
    docs, told = doc_entries(parts.get("Args", "")), _outputs_told(list(outputs), parts.get("Returns", ""))
    inputs = tuple(_input(port, list(_uses(name, port, steps, outputs)), docs.get(port, "")) for port in names)
    by_name = {step.name: step for step in steps}
    given = (_output(port, value, by_name, told.get(port, "")) for port, value in outputs.items())
    return CompositePorts(inputs, tuple(given))


def _outputs_told(names: list[str], text: str) -> dict[str, str]:
    """Output -> what a description says of it; of a single one it may speak without its name."""
    entries = doc_entries(text)
    return {names[0]: " ".join(text.split())} if len(names) == 1 and not set(names) & set(entries) else entries


def _uses(name: str, port: str, steps: Iterable[Step], outputs: dict[str, Value]) -> Iterator[_Use]:
    for step in steps:
        ports = {port.name: port for port in step.declaration.inputs} if step.declaration else {}
        for key, value in step.inputs.items():
            yield from (_Use(ports.get(key), ref.index) for ref in refs(value) if (ref.step, ref.port) == (name, port))
    for value in outputs.values():
        yield from (_Use(None, ref.index) for ref in refs(value) if (ref.step, ref.port) == (name, port))


def _input(name: str, uses: list[_Use], doc: str) -> Port:
    ports, indices = [use.port for use in uses], [use.index for use in uses]
    optional = bool(ports) and all(port is not None and port.optional for port in ports)
    taken = [index for index in indices if index is not None]
    length = max(taken) + 1 if taken and None not in indices else None
    kinds = {port.dtype for port in ports if port}
    dtype = kinds.pop() if len(kinds) == 1 else "any"
    return Port(name, _told(doc), dtype, optional, bool(taken), doc, length)


def _output(name: str, value: Value, steps: dict[str, Step], doc: str) -> Port:
    given = [_given(ref, steps) for ref in refs(value)]
    kinds = {port.dtype for port in given}
    dtype = kinds.pop() if len(kinds) == 1 else "any"
    if isinstance(value, tuple):
        return Port(name, _told(doc), dtype, False, True, doc, len(value))
    return Port(name, _told(doc) or given[0].dims, dtype, False, value.index is None and given[0].many, doc)


def _told(doc: str) -> tuple[str, ...] | None:
    """The dims that a port's description names, such as ``b c h w``; None where it names none."""
    found = re.findall(DIMS, doc)
    return tuple(found[-1].split()) if found else None


def _given(ref: Ref, steps: dict[str, Step]) -> Port:
    step = steps.get(ref.step)
    found = step.declaration.output(ref.port) if step and step.declaration else None
    return found or ANY
