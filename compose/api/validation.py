"""``compose.validate``: every mistake of a spec, without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import Files, Names, Overrides, SpecLike, known_with, named_spec, override_texts, read
from compose.errors import Note, SpecError, SpecErrors, UsageError, as_json, render_all
from compose.shown import message_text

if TYPE_CHECKING:
    from compose.spec.layers.resolve import Resolved
    from compose.spec.read import Spec

MOST_IN_JSON = 200
"""Mistakes that other programs are told; of more there is the number."""
UNCHECKED = "; shapes and data not checked"


@dataclass(frozen=True)
class Validation:
    """What was found in a spec: its mistakes, or what was checked. It is true where there are no mistakes.

    Args:
        file: the spec, as messages call it.
        errors: the mistakes, in the order of the file.
        facts: what was checked, and how large the model is.
        text: the same in a line.
        notes: what the user should know although it stops nothing.
    """

    file: str
    errors: Sequence[SpecError] = ()
    facts: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    notes: Sequence[str] = ()

    def __bool__(self) -> bool:
        return not self.errors

    def __repr__(self) -> str:
        """The mistakes as the command line shows them, or what was checked and the notes."""
        if self.errors:
            return render_all(self.errors)
        lines = [f"ok {self.file}: {self.text}", *(f"note: {note}" for note in self.notes)]
        return "\n".join(map(message_text, lines))

    def to_json(self) -> dict[str, Any]:
        """Plain data for other programs."""
        return {
            "file": self.file,
            "valid": not self.errors,
            "errors": [as_json(error) for error in self.errors[:MOST_IN_JSON]],
            **({"more_errors": len(self.errors) - MOST_IN_JSON} if len(self.errors) > MOST_IN_JSON else {}),
            **self.facts,
            **({"notes": list(self.notes)} if self.notes else {}),
        }


def validate_spec(
    spec: SpecLike,
    *,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    fast: bool = False,
    all_variants: bool = False,
    sweep: str | None = None,
) -> Validation:
    """See :func:`compose.validate`."""
    from compose.api.begin_run import kept_notes
    from compose.spec.layers.table_file import is_table

    files = [blocks] if isinstance(blocks, str | PathLike) else list(blocks)
    try:
        named = named_spec(spec)
        file = named if isinstance(named, str) else named.name
    except SpecErrors as error:
        return Validation("<dict>", error.errors)
    if isinstance(named, str) and is_table(named):
        if sweep is not None:
            raise UsageError(f"{file} is a table, whose rows are the members; expected no sweep beside it")
        return _table(named, variants, overrides, blocks, fast=fast)

    chosen, given = [variants] if isinstance(variants, str) else [*variants], override_texts(overrides)

    def again(*more: str, changes: Sequence[str] = ()) -> Spec:
        alone = not (more or changes or sweep)
        return read(spec, variants=[*chosen, *more], overrides=[*given, *changes], blocks=files, all_variants=alone)

    try:
        if sweep is not None:
            from compose.spec.layers.resolve import resolve

            return _sweep(file, resolve(named, variants=chosen, overrides=given), sweep, again, fast=fast)
        found = again()
        report = _fast(file, found) if fast else _full(file, found)
        kept = () if files else kept_notes(found.blocks, Path(found.resolved.file))
        report = replace(report, notes=[*kept, *report.notes])
    except SpecErrors as error:
        from compose.spec.layers.spec_files import IS_COMPOSITE

        is_composite = [mistake.code for mistake in error.errors] == [IS_COMPOSITE]
        if is_composite and isinstance(named, str) and not (chosen or given or sweep):
            return _composite(named, files)
        return Validation(file, error.errors)
    if not all_variants or fast or report.errors:
        return report
    return replace(report, errors=_in_variants(file, found.resolved.own, again))


def _composite(file: str, blocks: Files) -> Validation:
    """A composite block by itself."""
    from compose.spec.composites import check_composite

    try:
        found = check_composite(file, known_with(blocks))
    except SpecErrors as error:
        return Validation(file, error.errors)
    declared = found.declaration
    facts = {"checked": "fast", "composite": declared.name, "nodes": found.steps}
    parts = [
        _counted(node=found.steps),
        _counted(input=len(declared.inputs)),
        _counted(parameter=len(declared.parameters)),
    ]
    text = f"the composite block {declared.name}, {', '.join(parts)}; shapes are checked where a spec uses it"
    return Validation(file, facts=facts, text=text, notes=found.notes)


def _sweep(file: str, resolved: Resolved, name: str, read_with: Callable[..., Spec], *, fast: bool) -> Validation:
    """The members of a sweep, and the mistakes of each."""
    from compose.checks.sweep_problems import sweep_problems
    from compose.spec.layers.sweep import sweep

    members = sweep(resolved, name)
    check = _nothing_more if fast else _problems
    errors = sweep_problems(name, members, lambda member: read_with(*member.variants, changes=member.overrides), check)
    facts = {"checked": "fast" if fast else "all", "sweep": name, "members": [member.name for member in members]}
    unchecked = UNCHECKED if fast else ""
    return Validation(file, errors, facts, f"{_counted(member=len(members))} of the sweep {name}{unchecked}")


def _table(file: str, variants: Names, overrides: Overrides, blocks: Files, *, fast: bool) -> Validation:
    """The rows of a table, and the mistakes of each."""
    from compose.api.tables.table_grid import begin_table

    try:
        grid, _ = begin_table(file, variants=variants, overrides=overrides, blocks=blocks)
        specs = grid.specs
        if not fast:
            grid.check()
    except SpecErrors as error:
        return Validation(file, error.errors)
    facts = {"checked": "fast" if fast else "all", "rows": [row.label for row in grid.rows], "trained": len(specs)}
    left = len(grid.rows) - len(specs)
    text = f"{_counted(row=len(grid.rows))}{f', {left} of them left out' if left else ''}{UNCHECKED if fast else ''}"
    return Validation(file, facts=facts, text=text, notes=[f"needs {grid.table.needs}"] if grid.table.needs else ())


def _nothing_more(spec: Spec) -> list[SpecError]:
    """What is checked of a spec that was read, where no torch is wanted."""
    return []


def _problems(spec: Spec) -> list[SpecError]:
    from compose.checks.problems import problems
    from compose.training.prepare import prepare

    return problems(prepare(spec))


def _fast(file: str, spec: Spec) -> Validation:
    nodes = len(spec.plan.steps)
    facts = {"checked": "fast", "nodes": nodes, **_offered(spec)}
    return Validation(file, facts=facts, text=f"{nodes} nodes{_and_offered(spec)}{UNCHECKED}", notes=spec.notes)


def _full(file: str, spec: Spec) -> Validation:
    from dataclasses import asdict

    from compose.checks.problems import notes, problems
    from compose.model.costs.summary import totals
    from compose.training.prepare import prepare

    made = prepare(spec)
    errors = problems(made)
    if errors:
        return Validation(file, errors)
    total = totals(made.shaped, made.batch, made.episodes)
    facts = {"checked": "all", **asdict(total), **_offered(spec)}
    return Validation(file, facts=facts, text=f"{total.text}{_and_offered(spec)}", notes=notes(made))


def _in_variants(file: str, names: Sequence[str], read_variant: Callable[[str], Spec]) -> list[SpecError]:
    """The mistakes that only show in the shapes of a variant, each once."""
    found: dict[tuple[str, str, str], SpecError] = {}
    for variant in names:
        try:
            errors = _full(file, read_variant(variant)).errors
        except SpecErrors as mistakes:
            errors = mistakes.errors
        for error in errors:
            noted: SpecError = replace(error, notes=(*error.notes, Note(f"in the variant `{variant}`")))
            found.setdefault((error.code, error.message, str(error.place)), noted)
    return list(found.values())


def _offered(spec: Spec) -> dict[str, int]:
    """How many variants and sweeps of its own were checked with the spec."""
    resolved = spec.resolved
    if resolved.chosen or resolved.overrides:
        return {"variants": 0, "sweeps": 0}
    return {"variants": len(resolved.own), "sweeps": len(resolved.own_sweeps)}


def _and_offered(spec: Spec) -> str:
    """The same in words."""
    counts = _offered(spec)
    parts = [_counted(**{word.removesuffix("s"): count}) for word, count in counts.items() if count]
    return "".join(f", {part}" for part in parts)


def _counted(**count: int) -> str:
    ((word, number),) = count.items()
    return f"{number} {word}{'s' if number != 1 else ''}"
