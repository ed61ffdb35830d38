"""A packaged spec as its page needs it: read once, with its variants, and with the comment that it opens with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, TypeAlias

from compose.api.run_record import figures_of, values_of
from compose.registry.declaration import Declaration
from compose.spec.deviations import own_deviations
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.spec_files import find_spec, zoo_names
from compose.spec.read import Spec, read_spec
from tools.site.models.used_classes import used_classes

Users: TypeAlias = dict[tuple[str, str], tuple[Declaration, tuple[str, ...]]]


@dataclass(frozen=True)
class PackagedSpec:
    """One spec of the zoo.

    Args:
        name: as one trains it, ``zoo/ml2p.yaml``.
    """

    name: str

    @property
    def page(self) -> str:
        """Its page, by the place in the site."""
        return str(Path(self.name).with_suffix(".md"))

    @property
    def stem(self) -> str:
        """The name of its file."""
        return Path(self.name).stem

    @cached_property
    def text(self) -> str:
        """The file."""
        return find_spec(self.name).read_text("utf-8")

    @cached_property
    def resolved(self) -> Resolved:
        """The spec as it stands, and its variants."""
        return resolve(self.name)

    @cached_property
    def spec(self) -> Spec:
        """The spec, checked and wired."""
        return read_spec(self.name)

    @cached_property
    def values(self) -> Any:
        """The spec as plain data."""
        return values_of(self.resolved.tree)

    @property
    def figures(self) -> Any:
        """What its paper prints."""
        return figures_of(self.values)

    @property
    def own_deviations(self) -> dict[str, str]:
        """What it says itself that it computes otherwise than its paper."""
        return {name: text for name, text in own_deviations(self.resolved.tree).items() if text}

    @property
    def variant_deviations(self) -> dict[str, dict[str, str | None]]:
        """What each variant adds to that, or takes back (None)."""
        found = {name: own_deviations(variant) for name, variant in self.resolved.variants.items()}
        return {name: sentences for name, sentences in found.items() if sentences}

    @cached_property
    def used(self) -> Users:
        """What it uses, by kind and name; with the variants that do where the spec itself does not."""
        found: Users = {(used.kind, used.name): (used, ()) for used in used_classes(self.values)}
        for variant in self.resolved.variants:
            for used in used_classes(values_of(resolve(self.name, variants=[variant]).tree)):
                known = found.get((used.kind, used.name))
                if known is None or known[1]:
                    found[used.kind, used.name] = used, (*(known[1] if known else ()), variant)
        return found


@cache
def packaged_specs() -> tuple[PackagedSpec, ...]:
    """Every spec of the zoo."""
    return tuple(map(PackagedSpec, zoo_names()))
