"""Read a spec and check all that needs no torch: files, schema, wiring, and every variant of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from compose.errors import SpecError, SpecErrors
from compose.registry import Registry, registry
from compose.spec.check import check
from compose.spec.plan import Plan
from compose.spec.resolve import Resolved, resolve, with_variant
from compose.spec.tree import Mapping, plain
from compose.spec.wire import wire


@dataclass(frozen=True)
class Spec:
    """A spec whose text, schema and wiring are right.

    Args:
        resolved: the spec with variants and overrides laid over it.
        plan: what is computed.
        registry: what its names mean.
    """

    resolved: Resolved
    plan: Plan
    registry: Registry

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
    name: str,
    *,
    variants: Iterable[str] = (),
    overrides: Iterable[str] = (),
    all_variants: bool = False,
    known: Registry | None = None,
) -> Spec:
    """Read, resolve, check and wire a spec.

    Args:
        name: a path, or the name of a packaged spec.
        variants: variants to lay over it, in order.
        overrides: ``key=value`` texts to lay over those.
        all_variants: whether every variant that the spec offers is checked too, each by itself.
        known: the registry; that of the process where not given.

    Raises:
        SpecErrors: every mistake that can be seen without torch.
    """
    found = known or registry()
    resolved = resolve(name, variants=variants, overrides=overrides)
    plan, errors = _plan(resolved.tree, found)
    if all_variants:
        for variant in resolved.variants:
            errors += _plan(with_variant(resolved.tree, resolved.variants[variant], variant), found)[1]
    if errors or plan is None:
        raise SpecErrors({(e.code, e.message, str(e.place)): e for e in errors}.values())
    return Spec(resolved, plan, found)


def _plan(tree: Mapping, known: Registry) -> tuple[Plan | None, list[SpecError]]:
    errors = check(tree, known)
    shaped_like_a_spec = not any(e.code in ("wrong-type", "missing-key", "missing-use", "name") for e in errors)
    if not shaped_like_a_spec:
        return None, errors
    try:
        return wire(tree, known), errors
    except SpecErrors as error:
        return None, [*errors, *error.errors]
