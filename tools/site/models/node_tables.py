"""Which block each node of a model and each loss uses, and which equation of which paper that computes."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from compose.spec.wiring.plan import Step
from tools.site.markdown import paragraphs, prose, table
from tools.site.models.packaged_spec import PackagedSpec
from tools.site.reference.equation_lines import equation_lines
from tools.site.reference.overview import link


def node_tables(spec: PackagedSpec) -> str:
    """The nodes in the order in which they are computed, and the losses."""
    plan = spec.spec.plan
    folder = dirname(spec.page)
    nodes = dict(_nodes(plan.steps))
    terms = {term.name: term.step.declaration if term.step else None for term in plan.terms}
    weights = {term.name: f"{term.weight:g}" for term in plan.terms}
    return paragraphs(
        "## Equations",
        "A block without an equation of a paper is a general one.",
        table(("node", "block", "computes", ""), [(f"`{name}`", *_said(used, folder)) for name, used in nodes.items()]),
        table(
            ("loss", "weight", "block", "computes", ""),
            [(f"`{name}`", weights[name], *_said(used, folder)) for name, used in terms.items()],
        ),
        _of_variants(spec, folder),
        _lines(spec, folder),
    )


def _lines(spec: PackagedSpec, folder: str) -> str:
    """The lines of code that compute equations."""
    rows = [
        (f"{prose(used.reference.partition(',')[0])}, {line.equation}", link(used, folder), f"`{line.code}`")
        for used, _ in spec.used.values()
        for line in equation_lines(used)
    ]
    return table(("equation", "block", "line of code"), rows) if rows else ""


def _of_variants(spec: PackagedSpec, folder: str) -> str:
    """What variants alone use."""
    rows = [
        (", ".join(f"`-v {name}`" for name in variants), *_said(used, folder))
        for used, variants in spec.used.values()
        if variants and used.kind in ("block", "composite", "loss")
    ]
    return table(("variant", "block", "computes", ""), rows) if rows else ""


def _nodes(steps: tuple[Step, ...]) -> Iterator[tuple[str, Declaration]]:
    """Each node with its block; of copies the first stands for all, and a packaged composite for what is in it."""
    for step in steps:
        shown = next((around for around in step.within if _is_packaged(around)), step)
        if shown.declaration:
            yield _without_numbers(shown.name), shown.declaration


def _is_packaged(step: Step) -> bool:
    return step.declaration is not None and registry().find("composite", step.declaration.name) is not None


def _without_numbers(name: str) -> str:
    return ".".join(part for part in name.split(".") if not part.isdigit())


def _said(used: Declaration | None, folder: str) -> tuple[str, str, str]:
    if used is None:
        return "", "", "a scalar of the model, as it is"
    return link(used, folder), prose(used.reference), prose(used.summary)
