"""Random values of parameters, by their JSON schemas; texts that a schema leaves open have a way of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Any

from torch import Tensor

from compose.registry.declaration import Declaration, Parameter

Schema = Mapping[str, Any]
LARGEST = 12
"""Of integers that no schema bounds, so that models stay small."""
LETTERS = "abcdefghijk"


class NoValue(Exception):
    """No value is known for a parameter."""


@dataclass(frozen=True)
class Setting:
    """What values are drawn for.

    Args:
        declaration: the class.
        sizes: sizes in play, which integers are often drawn from.
        fed: what feeds each input port.
        names: what texts may name: ``nodes``, ``losses``, ``metrics``.
        nested: makes a value ``{use: ...}`` of a kind.
    """

    declaration: Declaration
    sizes: Sequence[int] = ()
    fed: Mapping[str, Any] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    nested: Callable[[str], Any] | None = None

    @property
    def ranks(self) -> list[int]:
        """How many dims the tensors have that feed it."""
        values = [value[0] if isinstance(value, list) else value for value in self.fed.values()]
        return [value.ndim for value in values if isinstance(value, Tensor)]


def draw(dice: Random, parameter: Parameter, setting: Setting) -> Any:
    """A value that the parameter's schema allows.

    Raises:
        NoValue: none is known.
    """
    own = TEXTS.get(parameter.name)
    if own is not None and _has_text(parameter.schema):
        return own(dice, setting)
    if parameter.name in RATES:
        return float(f"{10 ** dice.uniform(-4, -1):.1e}")
    if parameter.refers:
        return _names(dice, parameter, setting.names.get(parameter.refers, ()))
    if parameter.uses:
        if setting.nested is None:
            raise NoValue(parameter.name)
        is_list = parameter.schema.get("type") == "array"
        return _several(dice, parameter.uses, setting.nested) if is_list else setting.nested(parameter.uses)
    return of_schema(dice, parameter.schema, setting)


def parameters(dice: Random, setting: Setting, *, often: float = 0.35) -> dict[str, Any]:
    """Values for a class: the required ones, and others now and then.

    Raises:
        NoValue: a required one has none that is known.
    """
    found = {}
    for parameter in setting.declaration.parameters:
        if not parameter.required and dice.random() > often and parameter.name not in ALWAYS:
            continue
        try:
            found[parameter.name] = draw(dice, parameter, setting)
        except NoValue:
            if parameter.required:
                raise
    return found


def of_schema(dice: Random, schema: Schema, setting: Setting) -> Any:
    """A value of a JSON schema.

    Raises:
        NoValue: it is a text of no known form.
    """
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if "allOf" in schema:
        return of_schema(dice, schema["allOf"][-1], setting)
    if "anyOf" in schema:
        arms = [*schema["anyOf"]]
        dice.shuffle(arms)
        for arm in arms:
            try:
                return of_schema(dice, arm, setting)
            except NoValue:
                continue
        raise NoValue
    kind = schema.get("type")
    if kind == "boolean":
        return dice.random() < 0.5
    if kind == "null":
        return None
    if kind in _OF_KIND:
        return _OF_KIND[kind](dice, schema, setting)
    raise NoValue


def _integer(dice: Random, schema: Schema, setting: Setting) -> int:
    least, most = _bounds(schema, 1)
    least = int(least) if least > -inf else -2
    most = int(min(most, max(LARGEST, least)))
    known = [size for size in setting.sizes if least <= size <= most]
    if known and dice.random() < 0.5:
        return dice.choice(known)
    return dice.choice([least, dice.randint(least, most), dice.randint(least, most)])


def _number(dice: Random, schema: Schema, setting: Setting) -> float:
    least, most = _bounds(schema, 0)
    least, most = max(least, 0.0), min(most, 2.0)
    inside = round(dice.uniform(least, most), 3)
    edges = [edge for edge, name in ((least, "minimum"), (most, "maximum")) if schema.get(name) == edge]
    value = dice.choice([inside, inside, *edges])
    return value if value > schema.get("exclusiveMinimum", -inf) else (least + most) / 2


def _bounds(schema: Schema, step: int) -> tuple[float, float]:
    least = max(schema.get("minimum", -inf), schema.get("exclusiveMinimum", -inf) + step)
    most = min(schema.get("maximum", inf), schema.get("exclusiveMaximum", inf) - step * 1)
    return least, most if step else min(most, 0.99 * schema.get("exclusiveMaximum", inf))


def _array(dice: Random, schema: Schema, setting: Setting) -> list[Any]:
    items = schema.get("items", {})
    if isinstance(items, list):
        values = [of_schema(dice, item, setting) for item in items]
        return sorted(values) if all(isinstance(value, int | float) for value in values) else values
    length = dice.randint(max(1, schema.get("minItems", 1)), min(3, schema.get("maxItems", 3)))
    return [of_schema(dice, items, setting) for _ in range(length)]


def _object(dice: Random, schema: Schema, setting: Setting) -> dict[str, Any]:
    inner = schema.get("additionalProperties")
    if not isinstance(inner, dict):
        raise NoValue
    return {dice.choice(LETTERS): of_schema(dice, inner, setting)}


_OF_KIND: Mapping[str, Callable[[Random, Schema, Setting], Any]] = {
    "integer": _integer,
    "number": _number,
    "array": _array,
    "object": _object,
}


def _has_text(schema: Schema) -> bool:
    arms = [schema, *schema.get("anyOf", ())]
    kinds = [arm.get("items", arm).get("type") for arm in arms if isinstance(arm.get("items", arm), dict)]
    return any(kind in ("string", "object") for kind in kinds)


def _names(dice: Random, parameter: Parameter, names: Sequence[str]) -> Any:
    """Names, or patterns of some: as a list, or as the keys of a mapping."""
    if not names:
        raise NoValue(parameter.name)
    chosen = dice.sample(list(names), dice.randint(1, min(3, len(names))))
    if dice.random() < 0.2 and parameter.refers == "nodes":
        chosen[0] = dice.choice(["*", f"{chosen[0][:2]}*"])
    is_mapping = any(arm.get("type") == "object" for arm in (parameter.schema, *parameter.schema.get("anyOf", ())))
    return {name: round(dice.uniform(0.1, 2), 2) for name in chosen} if is_mapping else chosen


# --- texts with a grammar of their own --------------------------------------------------------------------------------


def _layout(dice: Random, setting: Setting) -> str:
    """The dims of a tensor in letters."""
    rank = dice.choice(setting.ranks or [2])
    if dice.random() < 0.4 and rank > 1:
        return f"... {LETTERS[rank - 1]}"
    return " ".join(LETTERS[:rank])


def _axis(dice: Random, setting: Setting) -> str:
    return LETTERS[
        dice.choice([rank - 1 for rank in setting.ranks] or [1]) if dice.random() < 0.7 else dice.randrange(3)
    ]


def _pattern(dice: Random, setting: Setting) -> str:
    """A pattern of einops: dims that are moved, merged, taken out or multiplied; or the one of the example."""
    example = re.search(r"""pattern: *["']([^"']+)["']""", setting.declaration.example)
    if example and dice.random() < 0.3:
        return example[1]
    used = [_letters(dice, rank) for rank in setting.ranks[: 3 if len(setting.fed) > 1 else 1]] or [["a", "b"]]
    if any(isinstance(value, list) for value in setting.fed.values()):
        lists = [value for value in setting.fed.values() if isinstance(value, list)]
        used = [_letters(dice, tensor.ndim) for tensor in lists[0]]
    every = list(dict.fromkeys(letter for letters in used for letter in letters))
    result = [letter for letter in every if letter == "a" or dice.random() < 0.75]
    if dice.random() < 0.4:
        head, rest = result[:1], result[1:]
        dice.shuffle(rest)
        result = [*head, *rest]
    if dice.random() < 0.3 and len(result) > 2:
        result = [*result[:-2], f"({result[-2]} {result[-1]})"]
    if dice.random() < 0.15:
        result.append("z")
    return f"{', '.join(' '.join(letters) for letters in used)} -> {' '.join(result)}"


def _letters(dice: Random, rank: int) -> list[str]:
    """One tensor's dims; those of several may share letters."""
    return ["a", *(LETTERS[place] for place in range(1, rank))]


def _letter_sizes(dice: Random, setting: Setting) -> dict[str, int]:
    return {"z": dice.choice([1, 2, *setting.sizes])}


def _shape(dice: Random, setting: Setting) -> str:
    """The shape of learned numbers: sizes, and letters of what it is like."""
    sizes = [str(dice.choice([1, 2, 4, *setting.sizes])) for _ in range(dice.randint(1, 3))]
    if setting.fed and dice.random() < 0.5:
        sizes[-1] = LETTERS[dice.randrange(max(setting.ranks))] if any(setting.ranks) else sizes[-1]
    return " ".join(sizes)


def _architecture(dice: Random, setting: Setting) -> str:
    if setting.declaration.parameter("channels") is None:
        return "squeezenet1_1"
    return dice.choice(["conv64"] * 40 + ["resnet12", "squeezenet1_1", "shufflenet_v2_x0_5", "nonet"])


def _none(dice: Random, setting: Setting) -> str:
    return "none"


def _unset(dice: Random, setting: Setting) -> Any:
    raise NoValue


def _monitor(dice: Random, setting: Setting) -> str:
    losses = [f"loss.{name}" for name in setting.names.get("losses", ())]
    return dice.choice(["loss", *losses, *setting.names.get("metrics", ())])


TEXTS: Mapping[str, Callable[[Random, Setting], Any]] = {
    "dims": _layout,
    "layout": _layout,
    "axis": _axis,
    "pattern": _pattern,
    "sizes": _letter_sizes,
    "shape": _shape,
    "arch": _architecture,
    "weights": _none,
    "taps": _unset,
    "path": _unset,
    "taxonomy": _unset,
    "monitor": _monitor,
}
"""Parameters whose texts mean something that no schema says, by their names."""


ALWAYS = ("arch",)
"""Parameters whose default is large."""
RATES = ("lr", "inner_lr", "weight_decay")
"""Numbers that are small where training is to go well."""


def _several(dice: Random, kind: str, nested: Callable[[str], Any]) -> list[Any]:
    """Some values of a kind, each another one."""
    found = [nested(kind) for _ in range(dice.randint(1, 3))]
    return [value for place, value in enumerate(found) if value not in found[:place]]


def wrong(dice: Random, parameter: Parameter) -> Any:
    """A value that is most likely wrong for a parameter."""
    return dice.choice([-1, 0, 1.5, "nonsense", True, [], ["a"], {"a": 1}, 10**6, "", None])
