"""What a registered class declares of itself, as plain data: the ports, the parameters, the docs.

The declarations of all built-in classes are stored in ``specs/blocks.json``, so that a spec can be checked, and a block
described, without importing torch.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from compose.block import Kind
from compose.registry.dim_name import dim_name

PATH = "path"
"""The ``format`` in the schema of a value that is a path."""
WEIGHTS_FILE = "weights"
"""That of a file of weights, of which one is a path that looks like one or is there, and any other text the name of
published ones, or ``none``."""
NO_WEIGHTS = "none"
"""What stands there for no weights."""


@dataclass(frozen=True)
class Parameter:
    """A value that a spec may set.

    Args:
        name: the key in the spec.
        schema: its JSON Schema (draft-07).
        required: whether the spec must set it.
        default: the value where the spec does not.
        doc: what it means.
        uses: the kind whose ``{use: ...}`` it takes, or None for a plain value.
        refers: ``nodes`` or ``losses`` where its texts name such; "" for any other parameter.
        needed: whether a stage has nothing to do where none of these names is left.
        may_change: what may be another when a run goes on: ``any`` value, a ``path``, or "" for nothing.
    """

    name: str
    schema: dict[str, Any]
    required: bool
    default: Any
    doc: str
    uses: Kind | None = None
    refers: str = ""
    needed: bool = False
    may_change: Literal["", "any", "path"] = ""

    @property
    def nullable(self) -> bool:
        """Whether null is one of its values."""
        if self.uses and self.schema.get("type") != "array":
            return self.default is None and not self.required
        return admits_null(self.schema)

    @property
    def starts_weights(self) -> bool:
        """Whether it names weights to begin with, which do not matter where others are loaded afterwards."""
        return any(arm.get("format") == WEIGHTS_FILE for arm in self.schema.get("anyOf", ()))

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``specs/blocks.json``; what few parameters have stands there only where it is set."""
        rare = {"refers": self.refers, "needed": self.needed, "may_change": self.may_change}
        data = {key: value for key, value in asdict(self).items() if key not in rare}
        return {**data, **{key: value for key, value in rare.items() if value}}


@dataclass(frozen=True)
class BoundSize:
    """A constructor argument bound from the shapes at the ports.

    Args:
        name: the argument.
        dim: the letter that it is bound to.
        many: whether it is bound to several sizes, those of ``*d``, or of ``?d`` in each tensor of a list.
        optional: whether it keeps its default where no wired port carries the dim.
    """

    name: str
    dim: str
    many: bool
    optional: bool = False


@dataclass(frozen=True)
class Port:
    """An input or output of a block.

    Args:
        name: the port's name.
        dims: its dim names in order, such as ``("b", "g", "d")``; None where any shape fits.
        dtype: ``float``, ``int``, ``bool`` or ``any``.
        optional: whether an input may stay unwired.
        many: whether it is a list of tensors.
        doc: what it carries.
        length: of how many tensors a list consists; None for any number.
    """

    name: str
    dims: tuple[str, ...] | None
    dtype: str
    optional: bool
    many: bool
    doc: str
    length: int | None = None

    @property
    def shape(self) -> str:
        """The dims as one writes them: ``b g d``."""
        dims = "any shape" if self.dims is None else " ".join(self.dims) or "scalar"
        if not self.many:
            return dims
        return f"list of {dims}" if self.length is None else f"list of {self.length}: {dims}"

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``specs/blocks.json``; the length of a list stands there only where it is fixed."""
        data = asdict(self)
        return {key: value for key, value in data.items() if key != "length" or value is not None}

    def letters(self, *, many: bool) -> list[str]:
        """The letters that a constructor argument can be bound to: of one size, or with ``many`` of several."""
        names = [dim_name(dim) for dim in self.dims or ()]
        return [name.letter for name in names if name.letter and (name.spread or name.each) == many]

    def carries(self, size: BoundSize) -> bool:
        """Whether a constructor argument can be bound from the shape that arrives here."""
        return size.dim in self.letters(many=size.many)


@dataclass(frozen=True)
class Declaration:
    """A registered class, as a spec sees it.

    Args:
        kind: what it is (block, loss, data ...).
        name: the name after ``use:``.
        module: the Python module that defines it, and ``qualname`` its name there.
        summary: the first line of its docstring, ``doc`` the rest, ``reference`` the paper, section and equation.
        parameters: what a spec may set.
        sizes: what is bound from shapes.
        inputs: the input ports in order.
        outputs: the output ports; the first is the one meant by the bare node name.
        gives: the reserved inputs that a data source feeds.
        fixes: dims that differ from task to task and that a block's weights nevertheless follow.
        deviates: what is otherwise here than in the reference.
        example: parameters that show its use, as YAML, where its defaults do not.
        check: ``module:function`` that refuses values of its parameters, where a type cannot.
    """

    kind: Kind
    name: str
    module: str
    qualname: str
    summary: str
    doc: str
    reference: str
    parameters: tuple[Parameter, ...]
    sizes: tuple[BoundSize, ...] = ()
    inputs: tuple[Port, ...] = ()
    outputs: tuple[Port, ...] = ()
    gives: tuple[str, ...] = ()
    fixes: tuple[str, ...] = ()
    deviates: str = ""
    example: str = ""
    check: str = ""

    def parameter(self, name: str) -> Parameter | None:
        """The parameter of this name."""
        return next((p for p in self.parameters if p.name == name), None)

    def output(self, name: str) -> Port | None:
        """The output port of this name."""
        return next((p for p in self.outputs if p.name == name), None)

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``specs/blocks.json``."""
        return {
            **asdict(self),
            "parameters": [parameter.to_json() for parameter in self.parameters],
            "inputs": [port.to_json() for port in self.inputs],
            "outputs": [port.to_json() for port in self.outputs],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Declaration:
        """The inverse of :meth:`to_json`, after a trip through JSON text."""
        return cls(
            **{
                **data,
                "parameters": tuple(Parameter(**p) for p in data["parameters"]),
                "sizes": tuple(BoundSize(**s) for s in data["sizes"]),
                "inputs": tuple(_port(p) for p in data["inputs"]),
                "outputs": tuple(_port(p) for p in data["outputs"]),
                "gives": tuple(data["gives"]),
                "fixes": tuple(data["fixes"]),
            }
        )


def admits_null(schema: dict[str, Any]) -> bool:
    """Whether a JSON Schema takes null."""
    if "anyOf" in schema:
        return any(admits_null(arm) for arm in schema["anyOf"])
    if "enum" in schema:
        return None in schema["enum"]
    kinds = schema.get("type", "null")
    return "null" in (kinds if isinstance(kinds, list) else [kinds])


def _port(data: dict[str, Any]) -> Port:
    return Port(**{**data, "dims": None if data["dims"] is None else tuple(data["dims"])})
