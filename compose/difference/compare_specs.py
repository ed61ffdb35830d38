"""From two specs to their differences."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from compose.block import Kind
from compose.difference.compared_spec import SECTIONS, ComparedSpec, Cost, SpecEntry
from compose.difference.renames import as_renamed, renames
from compose.difference.spec_difference import EntryDifference, SpecDifference
from compose.difference.value_difference import ABSENT, Registries, ValueDifference, nested, written
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry

REFERS = {"model": "nodes", "loss": "losses"}
"""Section -> what a parameter that names its entries refers to."""


def compare_specs(
    before: ComparedSpec, after: ComparedSpec, *, records: Sequence[str] = (), notes: Sequence[str] = ()
) -> SpecDifference:
    """How two specs differ.

    Args:
        before: the first.
        after: the second.
        records: of two runs, what their folders say otherwise beside their specs.
        notes: what is not known, and why.
    """
    sections = _SpecComparison(before, after).sections()
    totals = None if before.total is None or after.total is None else (before.total, after.total)
    return SpecDifference(before, after, sections, totals, records, notes)


class _SpecComparison:
    def __init__(self, before: ComparedSpec, after: ComparedSpec) -> None:
        self.before, self.after = before, after
        self.renamed: dict[str, dict[str, str]] = {"nodes": {}, "losses": {}, "stages": {}}
        self.known = Registries(before.spec.registry, after.spec.registry, self.renamed)

    def sections(self) -> dict[str, Sequence[EntryDifference]]:
        """Section -> what became of its entries."""
        found: dict[str, Sequence[EntryDifference]] = {}
        for section in SECTIONS:
            self._find_renames(section)
        self.renamed["nodes"] |= self._taken_names()
        found["model"] = list(self._entries("model"))
        found["outputs"] = list(self._outputs())
        found["blocks"] = list(self._composites())
        found["loss"] = list(self._entries("loss"))
        found["train"] = [*self._entries("train"), *self._order()]
        found["data"] = list(self._data())
        for name in ("labels", "evaluate"):
            found[name] = list(self._section(name))
        found["seed"] = list(_whole(nested(self.before.spec.seed, self.after.spec.seed, "seed")))
        return found

    def _find_renames(self, section: str) -> None:
        gone, added = self._unmatched(self.before, section), self._unmatched(self.after, section)
        of_section = self.renamed[REFERS.get(section, "stages")]
        of_section |= renames(gone, added, lambda old, new, found: self._is_same(old, new, {**of_section, **found}))

    def _taken_names(self) -> dict[str, str]:
        """Nodes that are gone and whose names others have now, and what those of the first spec are called."""
        paired = {new: old for old, new in self.renamed["nodes"].items()}
        names = {name for part, name in self.before.entries if part == "model"} - {*paired.values()}
        return {name: f"{name} (gone)" for name in names if name in paired}

    def _unmatched(self, side: ComparedSpec, section: str) -> list[SpecEntry]:
        """The entries whose name means nothing in the other spec, or another class."""
        other = self.after if side is self.before else self.before
        found = [(entry, other.entries.get(key)) for key, entry in side.entries.items() if key[0] == section]
        return [entry for entry, namesake in found if namesake is None or namesake.use != entry.use]

    def _is_same(self, before: SpecEntry, after: SpecEntry, found: Mapping[str, str]) -> bool:
        """Whether two entries differ in their names alone."""
        nodes = found if before.section == "model" else self.renamed["nodes"]
        return (
            before.use == after.use
            and nodes.get(before.share, before.share) == after.share
            and not any(_wires(_renamed_wiring(before, nodes), after.wiring))
            and not any(self._values(before, after))
        )

    def _values(self, before: SpecEntry, after: SpecEntry) -> Iterator[ValueDifference]:
        """The parameters that differ."""
        declared = [_declared(side.spec.registry, before.section, before.use) for side in (self.before, self.after)]
        if before.use != after.use:
            yield from nested(before.values, after.values)
        else:
            yield from self.known.declared(declared[0], declared[1], before.values, after.values)

    def _entries(self, section: str) -> Iterator[EntryDifference]:
        """The entries of a section in the order of the second spec, and then those that are gone."""
        names = self.renamed[REFERS.get(section, "stages")]
        befores = {name: entry for (part, name), entry in self.before.entries.items() if part == section}
        afters = {name: entry for (part, name), entry in self.after.entries.items() if part == section}
        stayed = {name: name for name in afters if name in befores and name not in names}
        pairs = stayed | {new: old for old, new in names.items() if new in afters}
        for name, entry in afters.items():
            old = befores.get(pairs.get(name, ""))
            found = self._only_in(entry, "added") if old is None else self._of_both(old, entry)
            if found is not None:
                yield found
        yield from (self._only_in(entry, "gone") for name, entry in befores.items() if name not in pairs.values())

    def _of_both(self, before: SpecEntry, after: SpecEntry) -> EntryDifference | None:
        """What became of an entry that both have; None where nothing did."""
        nodes = self.renamed["nodes"]
        wiring = [*_wires(_renamed_wiring(before, nodes), after.wiring)]
        wiring += nested(nodes.get(before.share, before.share) or ABSENT, after.share or ABSENT, "share")
        values, cost = list(self._values(before, after)), self._cost(before, after)
        found = EntryDifference("changed", after.name, "", (before.use, after.use), values, wiring, cost)
        if before.name != after.name:
            return replace(found, state="renamed", was=before.name)
        if before.use != after.use or values or wiring:
            return found
        return replace(found, state="affected") if cost and cost[0] != cost[1] else None

    def _only_in(self, entry: SpecEntry, state: Any) -> EntryDifference:
        """An entry of one spec, with all that is written of it."""
        after = state == "added"
        wires = {port: ", ".join(sources) for port, sources in entry.wiring.items()}
        wires |= {"share": entry.share} if entry.share else {}
        use = ("", entry.use) if after else (entry.use, "")
        cost = self._cost(None, entry) if after else self._cost(entry, None)
        values = list(written(entry.values, after=after))
        return EntryDifference(state, entry.name, "", use, values, list(written(wires, after=after)), cost)

    def _cost(self, before: SpecEntry | None, after: SpecEntry | None) -> tuple[Cost, Cost] | None:
        sides = ((self.before, before), (self.after, after))
        if any(side.shaped is None for side, _ in sides):
            return None
        costs = [side.costs.get((entry.section, entry.name), Cost()) if entry else Cost() for side, entry in sides]
        return (costs[0], costs[1]) if any(cost != Cost() for cost in costs) else None

    def _outputs(self) -> Iterator[EntryDifference]:
        """Which nodes give the scores, and the attention where the model tells."""
        ends = [
            {name: side.source(ref) for name, ref in (("scores", plan.scores), ("attention", plan.attention)) if ref}
            for side, plan in ((side, side.spec.plan) for side in (self.before, self.after))
        ]
        before = {name: as_renamed(source, self.renamed["nodes"]) for name, source in ends[0].items()}
        yield from _whole(nested(before, ends[1]))

    def _composites(self) -> Iterator[EntryDifference]:
        """The blocks that the specs themselves define."""
        before, after = (side.values.get("blocks") or {} for side in (self.before, self.after))
        for name in dict.fromkeys([*after, *before]):
            if name not in before or name not in after:
                yield EntryDifference("added" if name in after else "gone", name)
            elif found := [value for value in nested(before[name], after[name]) if value.key != "description"]:
                yield EntryDifference("changed", name, values=found)

    def _order(self) -> Iterator[EntryDifference]:
        """The order of the stages that both have."""
        names = self.renamed["stages"]
        before = [names.get(name, name) for name in self.before.stages]
        common = [name for name in before if name in self.after.stages]
        after = [name for name in self.after.stages if name in common]
        yield from _whole(nested(common, after, "order"))

    def _data(self) -> Iterator[EntryDifference]:
        before, after = (_named(side.values["data"]) for side in (self.before, self.after))
        uses = str(before["use"]), str(after["use"])
        if uses[0] != uses[1]:
            values = [value for value in nested(before, after) if value.key != "use"]
            yield EntryDifference("changed", "", use=uses, values=values)
        else:
            yield from _whole(self.known.chosen("data", before, after, ""))

    def _section(self, name: str) -> Iterator[EntryDifference]:
        declared = [side.spec.registry.find("section", name) for side in (self.before, self.after)]
        values = [side.values.get(name) or {} for side in (self.before, self.after)]
        yield from _whole(self.known.declared(declared[0], declared[1], values[0], values[1]))


def _declared(registry: Registry, section: str, use: str) -> Declaration | None:
    kind: Any = SECTIONS[section]
    kinds: list[Kind] = [kind, "composite"] if kind == "block" else [kind]
    return next((found for one in kinds if (found := registry.find(one, use))), None)


def _renamed_wiring(entry: SpecEntry, nodes: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    return {port: tuple(as_renamed(source, nodes) for source in sources) for port, sources in entry.wiring.items()}


def _wires(before: Mapping[str, tuple[str, ...]], after: Mapping[str, tuple[str, ...]]) -> Iterator[ValueDifference]:
    """The ports that something else feeds."""
    for port in dict.fromkeys([*after, *before]):
        old, new = before.get(port), after.get(port)
        if old != new:
            texts = [ABSENT if sources is None else ", ".join(sources) for sources in (old, new)]
            yield ValueDifference(port, *texts)


def _whole(values: Iterable[ValueDifference]) -> Iterator[EntryDifference]:
    """The differences of a section that has no entries."""
    found = list(values)
    if found:
        yield EntryDifference("changed", "", values=found)


def _named(value: Any) -> Mapping[str, Any]:
    """What names a data source, also where it stands by itself."""
    return {"use": value} if isinstance(value, str) else value
