"""Read a class's declaration off its signature: parameters, bound sizes, ports, docs."""

from __future__ import annotations

from compose.block import registration
from compose.errors import SpecError, SpecErrors, nearest
from compose.registry.contract import mistake
from compose.registry.declaration import BoundSize, Declaration, Port
from compose.registry.docstring import class_doc
from compose.registry.parameters import argument_of, read_parameters
from compose.registry.ports import not_scalar, read_ports
from compose.registry.python_place import place_of_argument


def declare(cls: type) -> Declaration:
    """The declaration of a registered class.

    Raises:
        SpecErrors: what is missing in its signature or says nothing that a spec could be checked against, each at its
            line.
    """
    declared = registration(cls)
    mistakes: list[SpecError] = []
    told = class_doc(cls)
    parameters, sizes = read_parameters(cls, mistakes)
    of_ports: list[SpecError] = []
    inputs, outputs = read_ports(cls, of_ports) if declared.kind in ("block", "loss") else ((), ())
    if declared.kind == "loss" and not of_ports and (wrong := not_scalar(cls, outputs)):
        of_ports.append(wrong)
    if not of_ports:
        mistakes += [error for size in sizes if (error := _unbound(cls, size, inputs))]
    if mistakes or of_ports:
        raise SpecErrors([*mistakes, *of_ports])
    return Declaration(
        kind=declared.kind,
        name=declared.name,
        module=cls.__module__,
        qualname=cls.__qualname__,
        summary=told.summary,
        doc=told.doc,
        reference=told.reference,
        deviates=told.deviates,
        example=told.example,
        parameters=parameters,
        sizes=sizes,
        inputs=inputs,
        outputs=outputs,
        gives=tuple(getattr(cls, "gives", ())),
        fixes=declared.fixes,
        check=f"{declared.check.__module__}:{declared.check.__qualname__}" if declared.check else "",
    )


def _unbound(cls: type, size: BoundSize, inputs: tuple[Port, ...]) -> SpecError | None:
    """The error of a bound size whose letter no input port has."""
    if any(port.carries(size) for port in inputs):
        return None
    place = place_of_argument(argument_of(cls, size.name), size.name)
    letters = list(dict.fromkeys(letter for port in inputs for letter in port.letters(many=size.many)))
    lacking = "`?c` or `*c`, which has several sizes" if size.many else "`d`, which has one size"
    expected = f"one of {', '.join(letters)}" if letters else f"a port with a letter like {lacking}"
    message = f"`{size.name}` is bound to `{size.dim}`, which no input port of `{cls.__name__}` has"
    return mistake(message, place, expected, nearest(size.dim, letters))
