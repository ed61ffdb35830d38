"""Mistakes in a class that a spec shall name: its annotations, read one by one so that each mistake has its line."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Mapping
from types import SimpleNamespace
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from compose.block import Kind
from compose.errors import Note, Place, SpecError, nearest
from compose.registry.declaration import Declaration
from compose.registry.python_place import document, place_of_argument, place_of_class, place_of_field


def mistake(
    message: str,
    place: Place | None,
    expected: str | None = None,
    near: str | None = None,
    notes: Iterable[Note] = (),
) -> SpecError:
    """An error in the Python file of a block."""
    return SpecError("block-file", message, place, expected, near, tuple(notes))


BASES: Mapping[Kind, str] = {
    "metric": "compose.evaluation.metrics.metric.Metric",
    "data": "compose.data.source.DataSource",
    "vectors": "compose.graphs.vectors.label_vectors.LabelVectors",
    "graph": "compose.graphs.label_graphs.label_graphs.LabelGraphs",
    "stage": "compose.training.stages.stage.Stage",
}
"""The class that names all members of a kind, and that whatever is of the kind extends."""


def unmet(cls: type, declaration: Declaration) -> SpecError | None:
    """A class that does not extend the contract of its kind, or lacks members of it; None where it meets it."""
    if declaration.kind not in BASES:
        return None
    module, _, base = BASES[declaration.kind].rpartition(".")
    if BASES[declaration.kind] not in {f"{known.__module__}.{known.__qualname__}" for known in cls.__mro__}:
        message = f"the {declaration.kind} `{declaration.name}` is no {base}"
        expected = f"`class {cls.__name__}({base})`, with `from {module} import {base}`"
        return mistake(message, place_of_class(cls), expected)
    lacking = [name for name, member in inspect.getmembers_static(cls) if member_is_abstract(member)]
    if lacking:
        message = f"the {declaration.kind} `{declaration.name}` lacks members of {base}"
        return mistake(message, place_of_class(cls), ", ".join(f"`{name}`" for name in lacking))
    return None


def member_is_abstract(member: object) -> bool:
    """Whether a class leaves a method or property to those that extend it."""
    return bool(getattr(member, "__isabstractmethod__", False))


def name_taken(cls: type, owner: Declaration) -> SpecError:
    """A class whose name another one of its kind has."""
    message = f"the {owner.kind} `{owner.name}` exists already: `{owner.qualname}` of {home(owner)}"
    expected = f'another name, such as @{owner.kind}(name="my_{owner.name}")'
    return mistake(message, place_of_class(cls), expected)


def home(owner: Declaration) -> str:
    """Where a class is, for people: a module of the project, or a user's file."""
    module = sys.modules.get(owner.module)
    file = module.__file__ if module and not owner.module.startswith("compose.") else None
    return document(file).name if file else owner.module


def hint_text(hint: Any) -> str:
    """An annotation as one writes it."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return "None" if hint is type(None) else inspect.formatannotation(hint)


def hints_of(thing: Any, mistakes: list[SpecError]) -> dict[str, Any]:
    """The annotations of a function or NamedTuple, evaluated; those that cannot be are added to the mistakes."""
    known = vars(sys.modules[thing.__module__])
    hints: dict[str, Any] = {}
    for name, annotation in vars(thing).get("__annotations__", inspect.get_annotations(thing)).items():
        alone = SimpleNamespace(__annotations__={name: annotation})
        try:
            hints |= get_type_hints(alone, globalns=known, include_extras=True)
        except NameError as error:
            message = f"{_annotation(name)} names `{error.name}`, which is not defined"
            mistakes.append(mistake(message, _place(thing, name), None, nearest(error.name or "", known)))
        except Exception as error:  # an annotation is any expression of the user's
            mistakes.append(mistake(f"{_annotation(name)} cannot be read: {error}", _place(thing, name)))
    return hints


def _annotation(name: str) -> str:
    return "the annotation of the result" if name == "return" else f"the annotation of `{name}`"


def _place(thing: Any, name: str) -> Place | None:
    return place_of_field(thing, name) if isinstance(thing, type) else place_of_argument(thing, name)
