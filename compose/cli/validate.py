"""``compose validate SPEC...``: every mistake of every file at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from compose.cli.complete import spec_names
from compose.cli.options import BlockFiles, Overrides, Variants

if TYPE_CHECKING:
    from compose.errors import SpecError
    from compose.spec.read import Spec


def validate(
    specs: Annotated[
        list[str],
        typer.Argument(
            metavar="SPEC...", help="YAML files, or packaged specs.", autocompletion=spec_names, show_default=False
        ),
    ],
    fast: Annotated[
        bool, typer.Option("--fast", help="Only the text, the names and the wiring: no shapes, no data.")
    ] = False,
    all_variants: Annotated[
        bool, typer.Option("--all-variants", help="Work out the shapes of every variant too, not only its wiring.")
    ] = False,
    variant: Variants = None,
    override: Overrides = None,
    style: Annotated[Literal["text", "json"], typer.Option("--format", help="json is for other programs.")] = "text",
    blocks: BlockFiles = None,
) -> None:
    """Check specs without training: text, names and wiring of all variants; then shapes, memory, labels and data."""
    from compose.cli.specs import use_blocks

    use_blocks(blocks)
    reports = []
    for spec in specs:
        report = _check(spec, variant or (), override or (), fast=fast, every=all_variants)
        reports.append(report)
        if style == "text":
            _print(report, first=len(reports) == 1)
    if style == "json":
        print(json.dumps({"files": [report.to_json() for report in reports]}, indent=2, ensure_ascii=False))
    raise typer.Exit(2 if any(report.errors for report in reports) else 0)


@dataclass
class Report:
    """What was found in one file: its errors, or what was checked."""

    file: str
    errors: list[SpecError]
    facts: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data for ``--format json``."""
        from compose.errors import as_json

        return {
            "file": self.file,
            "valid": not self.errors,
            "errors": [as_json(error) for error in self.errors],
            **self.facts,
            **({"notes": self.notes} if self.notes else {}),
        }


def _check(name: str, variants: Sequence[str], overrides: Sequence[str], *, fast: bool, every: bool) -> Report:
    from compose.errors import SpecErrors
    from compose.spec.read import read_spec

    try:
        spec = read_spec(name, variants=variants, overrides=overrides, all_variants=True)
        report = _fast_report(name, spec) if fast else _full_report(name, spec)
    except SpecErrors as error:
        return Report(name, error.errors)
    if every and not fast and not report.errors:
        report.errors = _in_variants(name, spec, variants, overrides)
    return report


def _fast_report(name: str, spec: Spec) -> Report:
    nodes, count = len(spec.plan.steps), _checked(spec)
    facts = {"checked": "fast", "nodes": nodes, "variants": count}
    return Report(name, [], facts, f"{nodes} nodes{_variants(count)}; shapes and data not checked")


def _full_report(name: str, spec: Spec) -> Report:
    from dataclasses import asdict

    from compose.cli.console import status

    with status(f"checking {name}"):
        from compose.checks.problems import notes, problems
        from compose.model.summary import totals
        from compose.training.prepare import prepare

        made = prepare(spec)
        errors = problems(made)
    if errors:
        return Report(name, errors)
    total = totals(made.shaped, made.batch, made.episodes)
    count = _checked(spec)
    facts = {"checked": "all", **asdict(total), "variants": count}
    return Report(name, [], facts, f"{total.text}{_variants(count)}", notes(made))


def _in_variants(name: str, spec: Spec, chosen: Sequence[str], overrides: Sequence[str]) -> list[SpecError]:
    """The mistakes that only show in the shapes of a variant."""
    from compose.errors import SpecErrors
    from compose.spec.read import read_spec

    found: dict[tuple[str, str, str], SpecError] = {}
    for variant in spec.resolved.own:
        try:
            errors = _full_report(name, read_spec(name, variants=[*chosen, variant], overrides=overrides)).errors
        except SpecErrors as mistakes:
            errors = mistakes.errors
        for error in errors:
            error.notes = (*error.notes, _note(variant))
            found.setdefault((error.code, error.message, str(error.place)), error)
    return list(found.values())


def _checked(spec: Spec) -> int:
    """How many variants were checked with the spec."""
    return 0 if spec.resolved.chosen or spec.resolved.overrides else len(spec.resolved.own)


def _note(variant: str) -> Any:
    from compose.errors import Note

    return Note(f"in the variant `{variant}`")


def _variants(count: int) -> str:
    return f", {count} variant{'s' if count != 1 else ''}" if count else ""


def _print(report: Report, *, first: bool) -> None:
    from compose.cli.console import err, out
    from compose.cli.failures import print_errors
    from compose.cli.specs import print_notes

    if report.errors:
        if not first:
            err().print()
        print_errors(report.errors)
    else:
        from rich.text import Text

        line = Text.assemble(("ok ", "bold green"), (report.file, "green"), f": {report.text}")
        out().print(line)
        print_notes(report.notes)
