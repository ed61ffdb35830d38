"""A spec as text, a line for each of its parts, so that the place of an error says which part is meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

Part = tuple[str, str]
"""A section, and a name in it: a node, a loss, a stage, a key; "" for the section itself."""


@dataclass(frozen=True)
class Written:
    """A spec as text.

    Args:
        text: the text.
        parts: what stands on each line.
    """

    text: str
    parts: tuple[Part, ...]

    def part(self, line: int) -> Part:
        """What stands on a line, which counts from 1."""
        return self.parts[line - 1]


def written(spec: Mapping[str, Any]) -> Written:
    """The text of a spec."""
    lines: list[str] = []
    parts: list[Part] = []
    for section, value in spec.items():
        if not isinstance(value, dict) or not value:
            lines.append(f"{section}: {_flow(value)}")
            parts.append((section, ""))
            continue
        lines.append(f"{section}:")
        parts.append((section, ""))
        for name, inner in value.items():
            lines.append(f"  {_flow(name)}: {_flow(inner)}")
            parts.append((section, name))
    return Written("\n".join(lines) + "\n", tuple(parts))


def _flow(value: Any) -> str:
    text = yaml.safe_dump(value, default_flow_style=True, width=10**6, sort_keys=False, allow_unicode=True)
    return text.removesuffix("\n").removesuffix("\n...").strip()
