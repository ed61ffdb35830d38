"""Read a spec and check all that needs no torch: files, schema, wiring, and every variant and sweep of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias

from compose.errors import Note, SpecError, SpecErrors
from compose.registry.registry import Registry, registry
from compose.spec.layers.merge import merge
from compose.spec.layers.null import settle
from compose.spec.layers.packaged import with_packaged
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.sweep import probes
from compose.spec.paths import with_paths
from compose.spec.schema.check import Checker
from compose.spec.spec_text import SpecText
from compose.spec.wiring.bounds import unbounded
from compose.spec.wiring.leftovers import Leftovers
from compose.spec.wiring.plan import Plan
from compose.spec.wiring.scope import WiredComposite
from compose.spec.wiring.wire import wire
from compose.spec.yaml.tree import Mapping, plain

UNTRAINED = "the spec has no `train:`, so that nothing is trained and `compose train` refuses it"


@dataclass(frozen=True)
class Spec:
    """A spec whose text, schema and wiring are right.

    Args:
        resolved: the spec with variants and overrides laid over it.
        plan: what is computed.
        registry: what its names mean.
        blocks: the user's own files that the registry was told of.
        notes: what was left out of it, and why.
        unread: the resolved spec with the nodes that nothing reads, where there are such.
    """

    resolved: Resolved
    plan: Plan
    registry: Registry
    blocks: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    unread: Mapping | None = None

    def __repr__(self) -> str:
        """Short, for a notebook; what it holds is large."""
        return f"Spec({self.resolved.file!r})"

    @property
    def tree(self) -> Mapping:
        """The resolved spec."""
        return self.resolved.tree

    @property
    def seed(self) -> int:
        """The seed of the weights and of the order of the examples."""
        seed = self.values.get("seed", 0)
        assert isinstance(seed, int | float)
        return int(seed)  # `1e3` is an integer, too

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
        all_variants: whether every variant that the file defines is checked too, each by itself, and every value of its
            sweeps. They are laid over the spec as its file has it, so that those of a spec that is extended are left to
            that spec, and all are left out where a variant or override is given.
        known: the registry; that of the process where not given.

    Raises:
        SpecErrors: every mistake that can be seen without torch.
    """
    found = known or registry()
    resolved = resolve(name, variants=variants, overrides=overrides)
    reader = _Reader(found)
    spec, errors = reader.read(resolved)
    seen = {_identity(error): error for error in errors}
    if all_variants and not (resolved.chosen or resolved.overrides):
        reader.add_variants(resolved, seen)
    if seen:
        raise SpecErrors(seen.values())
    assert spec is not None
    return spec


def laid_over(spec: Spec, overlay: Mapping) -> Spec:
    """A spec with one more layer over it.

    Args:
        spec: a spec that is right.
        overlay: what is laid over it.

    Raises:
        SpecErrors: what is then wrong with it.
    """
    tree = merge(spec.unread or spec.tree, overlay)
    assert isinstance(tree, Mapping), "a mapping over a mapping is one"
    found, errors = _Reader(spec.registry).read(replace(spec.resolved, tree=tree))
    if found is None or errors:
        raise SpecErrors(errors)
    return replace(found, blocks=spec.blocks)


def whole_plan(spec: Spec) -> tuple[Plan, dict[str, WiredComposite]]:
    """The plan of a spec with the nodes that nothing reads, and its composites by their paths.

    Nodes that cannot be wired are no mistake as long as nothing reads them; then they stay away.
    """
    composites: dict[str, WiredComposite] = {}
    try:
        plan = wire(spec.unread or spec.tree, spec.registry, whole=True, composites=composites)
    except SpecErrors:
        plan = wire(spec.tree, spec.registry, composites=composites)
    return plan, composites


class _Reader:
    """Checks a spec and what may be laid over it; what they have in common is checked once."""

    def __init__(self, known: Registry) -> None:
        self.registry = known
        self.checker = Checker(known)

    def read(self, resolved: Resolved) -> tuple[Spec | None, list[SpecError]]:
        """The spec, None where it has mistakes, and those that were not found before."""
        settled = settle(with_packaged(resolved.tree, self.registry), self.registry, resolved.variants.values())
        vast = unbounded(settled.tree)
        if vast:
            return None, [*settled.errors, *vast]
        before = len(self.checker.errors)
        sound = self.checker.check(settled.tree)
        errors = [*settled.errors, *self.checker.errors[before:]]
        if settled.errors or not sound:
            return None, errors
        left = Leftovers(with_paths(settled.tree, self.registry), settled.removed, self.registry)
        errors += left.errors
        notes = [*settled.notes, *left.notes, *([] if left.tree.get("train") else [UNTRAINED])]
        try:
            plan = wire(left.tree, self.registry, removed=settled.removed, unread=left.unread, notes=notes)
        except SpecErrors as error:
            return None, [*errors, *error.errors]
        unread = left.tree if left.unread else None
        return Spec(replace(resolved, tree=left.read), plan, self.registry, notes=tuple(notes), unread=unread), errors

    def add_variants(self, resolved: Resolved, seen: dict[_Identity, SpecError]) -> None:
        """Add the mistakes that only variants and members of sweeps have, each once, with those that have it."""
        found: dict[_Identity, tuple[SpecError, list[Note]]] = {}
        for note, layered, told in self._all(resolved):
            try:
                errors = self.read(layered())[1]
            except SpecErrors as mistakes:
                errors = mistakes.errors
            for error in map(told, errors):
                if _identity(error) not in seen:
                    found.setdefault(_identity(error), (error, []))[1].append(note)
        for identity, (error, notes) in found.items():
            seen[identity] = replace(error, notes=(*error.notes, *_grouped(notes)))

    def _all(
        self, resolved: Resolved
    ) -> Iterator[tuple[Note, Callable[[], Resolved], Callable[[SpecError], SpecError]]]:
        for name in resolved.own:
            yield Note(f"{IN_VARIANT}`{name}`"), partial(resolved.with_layers, [name], []), _as_it_is
        for name in resolved.own_sweeps:
            for member in probes(resolved, name):
                note = Note(f"in the sweep `{name}` at `{member.name}`", resolved.sweeps[name].place)
                yield note, partial(resolved.with_layers, member.variants, member.overrides), member.told


def _as_it_is(error: SpecError) -> SpecError:
    return error


IN_VARIANT = "in the variant "


def _grouped(found: list[Note]) -> list[Note]:
    """Where a mistake was found: variants in one line, and the first member of a sweep."""
    names = [note.message.removeprefix(IN_VARIANT) for note in found if note.message.startswith(IN_VARIANT)]
    members = [note for note in found if not note.message.startswith(IN_VARIANT)]
    listed = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")
    more = f" and {len(members) - 1} more" if members[1:] else ""
    notes = []
    if names:
        notes.append(Note(f"in the variant{'s' if names[1:] else ''} {listed}"))
    if members:
        notes.append(replace(members[0], message=members[0].message + more))
    return notes


_Identity: TypeAlias = tuple[str, str, str]
_Told: TypeAlias = Callable[[SpecError], SpecError]


def _identity(error: SpecError) -> _Identity:
    return error.code, error.message, str(error.place)
