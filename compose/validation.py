"""``compose.validate``: every mistake of a spec, without training."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from compose.errors import Note, SpecError, SpecErrors, as_json, render
from compose.reading import Files, Names, Overrides, SpecLike, named_spec, read

if TYPE_CHECKING:
    from compose.spec.read import Spec


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

    def __str__(self) -> str:
        """The mistakes as the command line shows them, or what was checked and the notes."""
        if self.errors:
            return "\n\n".join(map(render, self.errors))
        return "\n".join([f"ok {self.file}: {self.text}", *(f"note: {note}" for note in self.notes)])

    def to_json(self) -> dict[str, Any]:
        """Plain data for other programs."""
        return {
            "file": self.file,
            "valid": not self.errors,
            "errors": [as_json(error) for error in self.errors],
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
) -> Validation:
    """See :func:`compose.validate`."""
    try:
        named = named_spec(spec)
        file = named if isinstance(named, str) else named.name
    except SpecErrors as error:
        return Validation("<dict>", error.errors)

    def again(*more: str) -> Spec:
        chosen = [variants] if isinstance(variants, str) else variants
        return read(spec, variants=[*chosen, *more], overrides=overrides, blocks=blocks, all_variants=not more)

    try:
        found = again()
        report = _fast(file, found) if fast else _full(file, found)
    except SpecErrors as error:
        return Validation(file, error.errors)
    if not all_variants or fast or report.errors:
        return report
    return replace(report, errors=_in_variants(file, found.resolved.own, again))


def _fast(file: str, spec: Spec) -> Validation:
    nodes, count = len(spec.plan.steps), _checked(spec)
    facts = {"checked": "fast", "nodes": nodes, "variants": count}
    return Validation(file, facts=facts, text=f"{nodes} nodes{_variants(count)}; shapes and data not checked")


def _full(file: str, spec: Spec) -> Validation:
    from dataclasses import asdict

    from compose.checks.problems import notes, problems
    from compose.model.summary import totals
    from compose.training.prepare import prepare

    made = prepare(spec)
    errors = problems(made)
    if errors:
        return Validation(file, errors)
    total, count = totals(made.shaped, made.batch, made.episodes), _checked(spec)
    facts = {"checked": "all", **asdict(total), "variants": count}
    return Validation(file, facts=facts, text=f"{total.text}{_variants(count)}", notes=notes(made))


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


def _checked(spec: Spec) -> int:
    """How many variants were checked with the spec."""
    return 0 if spec.resolved.chosen or spec.resolved.overrides else len(spec.resolved.own)


def _variants(count: int) -> str:
    return f", {count} variant{'s' if count != 1 else ''}" if count else ""
