"""What two mappings of a spec say otherwise; what is not written is the declared default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compose.block import Kind
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import Registry
from compose.spec.schema.node_keys import selector
from compose.spec.yaml.writer import flow

ABSENT: Any = object()
"""What stands where nothing is written and nothing is declared."""
SHOWN = 70
"""Characters of a value that are shown."""


@dataclass(frozen=True)
class ValueDifference:
    """A value that is another.

    Args:
        key: where it stands, such as ``optimizer.lr``.
        before: what it was; ABSENT for nothing.
        after: what it is.
    """

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if self.before is ABSENT:
            return f"{self.key} {shown(self.after)}"
        return f"{self.key} {shown(self.before)} → {'none' if self.after is ABSENT else shown(self.after)}"

    def to_json(self) -> dict[str, Any]:
        """Plain data; what is absent is left out."""
        values = {"before": self.before, "after": self.after}
        return {"key": self.key, **{name: value for name, value in values.items() if value is not ABSENT}}


def shown(value: Any) -> str:
    """A value on one line, its middle left out where it is long."""
    text = flow(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN * 2 // 3]}…{text[-SHOWN // 3 :]}"


@dataclass(frozen=True)
class Registries:
    """What the names of the two specs mean, which may have blocks of their own.

    Args:
        before: of the first spec.
        after: of the second.
        renamed: ``nodes`` or ``losses`` -> what they are called in the first -> and in the second.
    """

    before: Registry
    after: Registry
    renamed: Mapping[str, Mapping[str, str]]

    def chosen(self, kind: Kind, before: Any, after: Any, key: str) -> Iterator[ValueDifference]:
        """The differences of two mappings that name a class each, such as ``{use: adam, lr: 1e-3}``."""
        named = selector(kind)
        both = isinstance(before, Mapping) and isinstance(after, Mapping)
        if not both or before.get(named) != after.get(named):
            yield from _value(key, before, after)
            return
        name = str(after.get(named))
        yield from self.declared(self.before.find(kind, name), self.after.find(kind, name), before, after, key)

    def declared(
        self,
        declared_before: Declaration | None,
        declared_after: Declaration | None,
        before: Mapping[str, Any],
        after: Mapping[str, Any],
        key: str = "",
    ) -> Iterator[ValueDifference]:
        """The differences of the parameters of a class."""
        for name in dict.fromkeys([*after, *before]):
            parameter = declared_after.parameter(name) if declared_after else None
            old, new = _written(declared_before, before, name), _written(declared_after, after, name)
            inner = f"{key}.{name}" if key else name
            if parameter is not None and parameter.uses and isinstance(old, Mapping) and isinstance(new, Mapping):
                yield from self.chosen(parameter.uses, old, new, inner)
            else:
                yield from _value(inner, self._as_renamed(parameter, old), new)

    def _as_renamed(self, parameter: Parameter | None, value: Any) -> Any:
        """The names of nodes or losses in a value of the first spec, as the second calls them."""
        names = self.renamed.get(parameter.refers, {}) if parameter else {}
        return [names.get(name, name) for name in value] if names and isinstance(value, list) else value


def nested(before: Any, after: Any, key: str = "") -> Iterator[ValueDifference]:
    """The differences of two values of which nothing is declared."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping):
        yield from _value(key, before, after)
        return
    for name in dict.fromkeys([*after, *before]):
        inner = f"{key}.{name}" if key else str(name)
        yield from nested(before.get(name, ABSENT), after.get(name, ABSENT), inner)


def written(values: Mapping[str, Any], *, after: bool) -> Iterator[ValueDifference]:
    """What a mapping says that only one of two specs has.

    Args:
        values: the mapping.
        after: whether it is the second spec that has it.
    """
    for name, value in values.items():
        yield ValueDifference(name, ABSENT, value) if after else ValueDifference(name, value, ABSENT)


def _written(declaration: Declaration | None, values: Mapping[str, Any], name: str) -> Any:
    """What is written, or else the default."""
    parameter = declaration.parameter(name) if declaration else None
    default = ABSENT if parameter is None or parameter.required else parameter.default
    return _plain(values.get(name, default))


def _value(key: str, before: Any, after: Any) -> Iterable[ValueDifference]:
    return [] if _plain(before) == _plain(after) else [ValueDifference(key, before, after)]


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list | tuple) else value
