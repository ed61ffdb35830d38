"""Read a class's declaration off its signature: parameters, bound sizes, ports, docs."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from compose.block import registration
from compose.errors import SpecError, SpecErrors, listed, nearest
from compose.registry.contract import member_is_abstract, mistake
from compose.registry.declaration import BoundSize, Declaration, Parameter, Port
from compose.registry.docstring import class_doc
from compose.registry.parameters import argument_of, read_parameters
from compose.registry.ports import not_scalar, read_ports
from compose.registry.python_place import place_of_argument, place_of_class


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
    mistakes += _foreign_to_check(cls, parameters)
    if not (mistakes or of_ports) and (wrong := _cannot_be_made(cls)):
        mistakes.append(wrong)
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


def _foreign_to_check(cls: type, parameters: Iterable[Parameter]) -> list[SpecError]:
    """The errors of arguments of a class's check that are none of its parameters."""
    check, known = registration(cls).check, [parameter.name for parameter in parameters]
    foreign = [name for name in inspect.signature(check).parameters if name not in known] if check else []
    told = f"the check of `{cls.__name__}` takes `{{}}`, which is no parameter"
    return [
        mistake(told.format(name), place_of_argument(check, name), None, nearest(name, known))
        for name in foreign
        if check
    ]


def _cannot_be_made(cls: type) -> SpecError | None:
    """The error of a class of which no module can be made."""
    if cls.__hash__ is None:
        message = f"`{cls.__name__}` has an equality of its own and no hash, such as `@dataclass` gives it"
        return mistake(
            message, place_of_class(cls), "an `__init__` in place of `@dataclass`, or `@dataclass(eq=False)`"
        )
    if registration(cls).kind in ("block", "loss") and inspect.isabstract(cls):
        left = [name for name, member in inspect.getmembers_static(cls) if member_is_abstract(member)]
        message = f"`{cls.__name__}` leaves {listed(left)} to classes that extend it"
        return mistake(message, place_of_class(cls), "a class with all that it needs")
    return None


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
