"""The block contract: all that a block, a loss or a data source needs from the framework.

A block is a plain ``nn.Module`` whose signature is its declaration:

* ``forward``'s annotated arguments are the **input ports**, its annotated result the **output port**; several outputs
  are a ``NamedTuple`` whose fields are the ports. Annotations are jaxtyping's (``Float[Tensor, "b g d"]``) and their
  dim names bind across the ports of one node; ``*n`` is any number of dims. An optional port is ``... | None = None``;
  a port that takes many tensors is a ``list[...]``, where ``?c`` is a dim that may differ from tensor to tensor.
* ``__init__``'s annotated arguments are the **parameters** that a spec may set: type, range and default come from the
  annotation, the description from the docstring's ``Args:``.
* A parameter annotated ``Dim[int, " d"]`` is never written in a spec: it is bound from the shapes that reach the ports.
  ``Dims[tuple[int, ...], " c"]`` binds the sizes of ``?c``, one for each tensor of a list port, or those of ``*c``.

A bound argument with a default keeps it where no wired port carries the dim: ``size: Dim[int, " o"] | None = None``.

A dim of one letter is written with a leading blank, ``" d"``, as jaxtyping advises: linters look for a Python name in a
string that could be one.

The class docstring says in its first line what the block does; a paragraph ``Reference:`` names paper, section and
equation, and one ``Deviates:`` what is otherwise here than there. A section ``Example:`` holds parameters as
YAML, for ``compose describe``, where required ones and defaults do not show how it is used.

``@block(check=...)`` names a function of some of the parameters that refuses, by :class:`BlockError`, what no type can:
a pattern, two values that contradict each other. It runs when a spec is read, and its module imports no torch.

Whatever a spec may name after ``use:`` is registered by a decorator of this module, one for each kind. The names stay
free of torch, so that the command line can import them for nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol, TypeVar, get_args, overload, runtime_checkable

if TYPE_CHECKING:
    # To a type checker a bound size is what its first argument says: an int, or a tuple of ints.
    from typing import Annotated as Dim
    from typing import Annotated as Dims

    from torch import nn

__all__ = [
    "KINDS",
    "REGISTRATION",
    "BlockError",
    "BoundDim",
    "DeclarationError",
    "Dim",
    "Dims",
    "GivesProbabilities",
    "HoldsIndices",
    "Kind",
    "Registration",
    "TakesLogits",
    "Use",
    "block",
    "data",
    "graph",
    "is_abstract",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "section",
    "snake_case",
    "stage",
    "vectors",
]

Kind = Literal[
    "block", "composite", "loss", "metric", "data", "vectors", "graph", "stage", "optimizer", "schedule", "section"
]
"""What a spec may name. A composite is a block written in YAML; all others are classes."""
KINDS: tuple[Kind, ...] = get_args(Kind)

_Class = TypeVar("_Class", bound=type)


@dataclass(frozen=True)
class BoundDim:
    """The marker behind ``Dim`` (one size) and ``Dims`` (several sizes)."""

    letter: str
    many: bool = False


@dataclass(frozen=True)
class Use:
    """Marks a parameter whose value is itself a ``{use: NAME, ...}`` of a kind, and reaches ``__init__`` constructed.

    ``optimizer: Annotated[Optimizer, Use("optimizer")]``
    """

    kind: Kind


@dataclass(frozen=True)
class Refers:
    """Marks a parameter whose texts, or keys, name nodes of the model (by patterns) or losses of the same spec.

    Names of what a variant removed are dropped from it. A stage is dropped with them where such a parameter is
    ``needed`` and nothing is left of it.
    """

    what: Literal["nodes", "losses"]
    needed: bool = False


@dataclass(frozen=True)
class MayChange:
    """Marks a parameter that may be another when a run goes on: it decides how far or how, never what is computed.

    A path may always be another; what lies there is compared by its content.
    """


if not TYPE_CHECKING:

    class Dim:
        """``Dim[int, " d"]``: a size bound from the shapes at the ports, never written in a spec."""

        def __class_getitem__(cls, item: tuple[type, str]) -> Any:
            return _bound("Dim", int, item)

    class Dims:
        """``Dims[tuple[int, ...], " c"]``: the sizes of ``?c``, one for each tensor of a list port, or of ``*c``."""

        def __class_getitem__(cls, item: tuple[type, str]) -> Any:
            return _bound("Dims", tuple[int, ...], item)


def _bound(name: str, wanted: Any, item: Any) -> Any:
    match item:
        case (kind, str(letter)) if kind == wanted and letter.strip().isidentifier():
            return Annotated[kind, BoundDim(letter.strip(), many=wanted is not int)]
    shown = "int" if wanted is int else wanted
    raise DeclarationError(f'expected a type and the name of a dim, {name}[{shown}, " d"], got {name}[{_text(item)}]')


def _text(item: Any) -> str:
    parts = item if isinstance(item, tuple) else (item,)
    return ", ".join(part.__name__ if type(part) is type else repr(part) for part in parts)


class BlockError(ValueError):
    """A block refuses its parameters or shapes. The framework turns it into an error at the node's line.

    Args:
        message: what was expected and what was given, in the field's words.
        parameter: the parameter at fault, so that the message can point at it.
        expected: what would have been right, such as an example, where the message does not say it.
    """

    def __init__(self, message: str, *, parameter: str | None = None, expected: str | None = None) -> None:
        super().__init__(message)
        self.parameter, self.expected = parameter, expected


class DeclarationError(TypeError):
    """A class is declared in a way that says nothing. The framework turns it into an error at the line of its file."""


@dataclass(frozen=True)
class Registration:
    """What a decorator leaves on a class.

    Args:
        kind: what it is.
        name: the name after ``use:``.
        fixes: letters of dims that differ from task to task and that its weights nevertheless follow: a model with
            ``n`` among them serves one number of classes in an episode and no other.
        check: refuses values of its parameters by a ``BlockError``; its arguments bear their names.
    """

    kind: Kind
    name: str
    fixes: tuple[str, ...] = ()
    check: Callable[..., object] | None = None


REGISTRATION = "__compose__"


def registration(cls: type) -> Registration:
    """What the decorator left on a class, or on the one that it inherits from."""
    found: Registration = getattr(cls, REGISTRATION)
    return found


def snake_case(name: str) -> str:
    """The name that a class has in a spec where its decorator gives none: ``GroupAttention`` -> ``group_attention``."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


class Decorator(Protocol):
    """``@block``, ``@block(name="other")``: registers a class and leaves it as it is."""

    @overload
    def __call__(self, cls: _Class, /) -> _Class: ...
    @overload
    def __call__(
        self, /, *, name: str | None = None, fixes: tuple[str, ...] = (), check: Callable[..., object] | None = None
    ) -> Callable[[_Class], _Class]: ...


def _decorator(kind: Kind) -> Decorator:
    def decorate(
        cls: Any = None,
        /,
        *,
        name: str | None = None,
        fixes: tuple[str, ...] = (),
        check: Callable[..., object] | None = None,
    ) -> Any:
        if cls is None:
            return lambda cls: decorate(cls, name=name, fixes=fixes, check=check)
        _refuse_misuse(kind, cls, name, check)
        setattr(cls, REGISTRATION, Registration(kind, name or snake_case(cls.__name__), _letters(kind, fixes), check))
        return cls

    decorate.__doc__ = f"Register a class as a {kind}: under ``name``, or its own name in snake case."
    return decorate


def _refuse_misuse(kind: Kind, cls: Any, name: Any, check: Any) -> None:
    """Refuse a decorator around what is no class, or with arguments that mean nothing."""
    if not isinstance(cls, type):
        what = f"the {type(cls).__name__} `{cls.__name__}`" if isinstance(cls, FunctionType) else repr(cls)
        raise DeclarationError(f'expected a class under @{kind}, or @{kind}(name="..."), got {what}')
    if REGISTRATION in vars(cls):
        raise DeclarationError(
            f"`{cls.__name__}` has two decorators, @{registration(cls).kind} and @{kind}: one is enough"
        )
    if name is not None and not (isinstance(name, str) and re.fullmatch(r"[A-Za-z]\w*", name)):
        raise DeclarationError(
            f'expected a name of letters, digits and underlines, @{kind}(name="my_{kind}"), got {name!r}'
        )
    if check is not None and not (isinstance(check, FunctionType) and "<" not in check.__qualname__):
        raise DeclarationError(f"expected a function with a name of its own, @{kind}(check=function), got {check!r}")


def _letters(kind: Kind, fixes: Any) -> tuple[str, ...]:
    """The dims that a decorator names."""
    letters = tuple(fixes) if isinstance(fixes, tuple | list) else ()
    if fixes and not (letters and all(isinstance(letter, str) and letter.isidentifier() for letter in letters)):
        raise DeclarationError(f'expected letters of dims, @{kind}(fixes=("n",)), got {fixes!r}')
    return letters


block = _decorator("block")
loss = _decorator("loss")
metric = _decorator("metric")
data = _decorator("data")
vectors = _decorator("vectors")
graph = _decorator("graph")
stage = _decorator("stage")
optimizer = _decorator("optimizer")
schedule = _decorator("schedule")
section = _decorator("section")


@runtime_checkable
class GivesProbabilities(Protocol):
    """A block that says whether what it gives are probabilities, in an attribute of the class or the module."""

    probabilities: bool


@runtime_checkable
class TakesLogits(Protocol):
    """A loss that says that its first port takes logits, so that probabilities there are a likely mistake."""

    takes_logits: bool


@runtime_checkable
class HoldsIndices(Protocol):
    """A block that takes or gives integers that count entries of an axis, so that only some of them mean anything."""

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """Which integers a port takes, or gives, for inputs of these shapes; other ports are left out.

        Args:
            inputs: input port -> tensor or list of tensors, of whose values nothing is known.
            known: input port -> the integers that it holds here, where that is known.
        """


def is_abstract(module: nn.Module) -> bool:
    """Whether the module's weights are stand-ins without storage, as while a spec's shapes are checked.

    A block that reads weights from a file does so in ``__init__`` unless this is true.
    """
    return any(parameter.is_meta for parameter in module.parameters())
