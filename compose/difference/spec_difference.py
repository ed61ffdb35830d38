"""The differences of two specs or runs, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from compose.difference.compared_spec import ComparedSpec, Cost
from compose.difference.value_difference import ValueDifference

if TYPE_CHECKING:
    from compose.drawing.graph.diagram import Diagram

EntryState = Literal["added", "gone", "changed", "renamed", "affected"]
"""What became of an entry. One that is ``affected`` is written as before, and costs otherwise by what reaches it."""


@dataclass(frozen=True)
class EntryDifference:
    """What became of a node, a loss, a stage, or a section.

    Args:
        state: see :data:`EntryState`.
        name: its name, in the second spec where both have it; "" for a section.
        was: what it was called, where it is renamed.
        use: the class that it names in the first and in the second spec; "" where it names none.
        values: the parameters that differ; all that are written where one spec has it.
        wiring: the ports that something else feeds; all of them where one spec has it.
        cost: what it costs in the first and in the second spec; None where that is not known or it costs nothing.
    """

    state: EntryState
    name: str
    was: str = ""
    use: tuple[str, str] = ("", "")
    values: Sequence[ValueDifference] = ()
    wiring: Sequence[ValueDifference] = ()
    cost: tuple[Cost, Cost] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "state": self.state,
            **({"name": self.name} if self.name else {}),
            **({"was": self.was} if self.was else {}),
            **({"use": list(self.use)} if any(self.use) else {}),
            **({"values": [value.to_json() for value in self.values]} if self.values else {}),
            **({"wiring": [value.to_json() for value in self.wiring]} if self.wiring else {}),
            **({"parameters": [cost.parameters for cost in self.cost]} if self.cost else {}),
            **({"flops": [cost.flops for cost in self.cost]} if self.cost else {}),
        }


@dataclass(frozen=True)
class SpecDifference:
    """How two specs or runs differ. It is true where they do.

    Args:
        before: the first.
        after: the second.
        sections: section -> what became of its entries; sections that are the same are empty.
        totals: what the models cost; None where that is not known.
        records: of two runs, what their folders say otherwise beside their specs.
        notes: what is not known, and why.
    """

    before: ComparedSpec = field(repr=False)
    after: ComparedSpec = field(repr=False)
    sections: Mapping[str, Sequence[EntryDifference]]
    totals: tuple[Cost, Cost] | None = None
    records: Sequence[str] = ()
    notes: Sequence[str] = ()

    def __bool__(self) -> bool:
        return any(self.sections.values()) or bool(self.records)

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.markdown

    @property
    def same(self) -> list[str]:
        """The sections that are the same."""
        return [name for name, entries in self.sections.items() if not entries]

    @cached_property
    def text(self) -> str:
        """What a terminal shows, without colour."""
        from compose.difference.told import lines

        return "\n".join(map(str, lines(self)))

    @property
    def markdown(self) -> str:
        """The same as a block of code that viewers of Markdown colour as a diff."""
        from compose.shown import markdown_code

        return f"{markdown_code(self.text, 'diff')}\n"

    @property
    def diagram(self) -> Diagram:
        """Both models in one diagram: what is added, gone and changed is marked."""
        from compose.difference.both_models import both_models

        return both_models(self)

    @property
    def svg(self) -> str:
        """The diagram as the text of an SVG file."""
        from compose.drawing.graph.svg import svg

        return svg(self.diagram)

    def to_json(self) -> dict[str, Any]:
        """Plain data for other programs."""
        totals = self.totals
        return {
            "before": self.before.title,
            "after": self.after.title,
            "differ": bool(self),
            "sections": {name: [entry.to_json() for entry in found] for name, found in self.sections.items() if found},
            **({"parameters": [cost.parameters for cost in totals]} if totals else {}),
            **({"flops": [cost.flops for cost in totals]} if totals else {}),
            **({"records": list(self.records)} if self.records else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
        }
