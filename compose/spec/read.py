"""Read a spec and check all that needs no torch: files, schema, wiring, and every variant of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeAlias

from compose.errors import Note, SpecError, SpecErrors
from compose.registry.registry import Registry, registry
from compose.spec.layers.merge import removes_nothing
from compose.spec.layers.resolve import Resolved, resolve, with_variant
from compose.spec.schema.check import Checker
from compose.spec.spec_text import SpecText
from compose.spec.wiring.plan import Plan
from compose.spec.wiring.wire import wire
from compose.spec.yaml.tree import Mapping, plain


@dataclass(frozen=True)
class Spec:
    """A spec whose text, schema and wiring are right.

    Args:
        resolved: the spec with variants and overrides laid over it.
        plan: what is computed.
        registry: what its names mean.
        blocks: the user's own files that the registry was told of.
    """

    resolved: Resolved
    plan: Plan
    registry: Registry
    blocks: tuple[Path, ...] = ()

    @property
    def tree(self) -> Mapping:
        """The resolved spec."""
        return self.resolved.tree

    @property
    def values(self) -> dict[str, object]:
        """The resolved spec as dicts, lists and scalars."""
        found = plain(self.tree)
        assert isinstance(found, dict)
        return found


def read_spec(
    name: str | SpecText,
    *,
    variants: Iterable[str] = (),
    overrides: Iterable[str] = (),
    all_variants: bool = False,
    known: Registry | None = None,
) -> Spec:
    """Read, resolve, check and wire a spec.

    Args:
        name: a path, the name of a packaged spec, or a text.
        variants: variants to lay over it, in order.
        overrides: ``key=value`` texts to lay over those.
        all_variants: whether every variant that the file defines is checked too, each by itself. A variant is laid over
            the spec as its file has it, so that those of a spec that is extended are left to that spec, and all are
            left out where a variant or override is given.
        known: the registry; that of the process where not given.

    Raises:
        SpecErrors: every mistake that can be seen without torch.
    """
    found = known or registry()
    resolved = resolve(name, variants=variants, overrides=overrides)
    checker = Checker(found)
    plan, errors = _plan(resolved.tree, checker)
    seen = {_identity(error): error for error in errors}
    if all_variants and not (resolved.chosen or resolved.overrides):
        _add_variants(resolved, checker, seen)
    if seen:
        raise SpecErrors(seen.values())
    assert plan is not None
    return Spec(resolved, plan, found)


def _plan(tree: Mapping, checker: Checker) -> tuple[Plan | None, list[SpecError]]:
    """The plan of a spec, None where it has mistakes, and those that were not found before."""
    before = len(checker.errors)
    sound = checker.check(tree)
    errors = checker.errors[before:]
    if not sound:
        return None, errors
    try:
        return wire(tree, checker.registry), errors
    except SpecErrors as error:
        return None, [*errors, *error.errors]


def _add_variants(resolved: Resolved, checker: Checker, seen: dict[_Identity, SpecError]) -> None:
    """Add the mistakes that only variants have, each once, with the variants that have it."""
    found: dict[_Identity, tuple[SpecError, list[str]]] = {}
    for name in resolved.own:
        overlay = resolved.variants[name]
        lost = removes_nothing(resolved.tree, overlay)
        for error in (*lost, *_plan(with_variant(resolved.tree, overlay, name), checker)[1]):
            if _identity(error) not in seen:
                found.setdefault(_identity(error), (error, []))[1].append(name)
    for identity, (error, names) in found.items():
        listed = ", ".join(f"`{name}`" for name in names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
        note = Note(f"in the variant{'s' if names[1:] else ''} {listed}")
        seen[identity] = replace(error, notes=(*error.notes, note))


_Identity: TypeAlias = tuple[str, str, str]


def _identity(error: SpecError) -> _Identity:
    return error.code, error.message, str(error.place)
