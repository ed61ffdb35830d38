"""Layers to one tree: ``extends``, variants, and the overrides of the command line; sweeps are only collected."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from compose.errors import Document, Place, SpecError, SpecErrors, listed, nearest
from compose.spec.layers.merge import is_null, merge
from compose.spec.layers.override import override
from compose.spec.layers.plain_name import IN_WORDS, PLAIN_NAME, joined_name
from compose.spec.layers.spec_files import as_mapping, base_path, find_spec, read_base, read_named
from compose.spec.schema.document import KEY_OF_SWEEP, OVERLAYS
from compose.spec.spec_text import SpecText
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, relabel, without

MOST_BASES = 50
"""How many specs may extend one another."""
MOST_OFFERED = 200
"""How many variants a spec may have, and how many sweeps: each is checked with the spec."""
OFFERED = {"variants": "variant", "sweeps": "sweep"}
"""Sections of a spec that are laid over it, or expanded, on request; and what one entry is."""


@dataclass(frozen=True)
class Resolved:
    """A spec with everything laid over it.

    Args:
        tree: the spec without ``extends``, ``variants`` and ``sweeps``; where a layer has null, it still has that mark.
        variants: the variants that it offers, its own and those of the specs that it extends.
        sweeps: the sweeps that it offers.
        own: the names of the variants of its own.
        own_sweeps: the names of the sweeps of its own.
        chosen: the variants laid over it, in order.
        overrides: the overrides laid over those.
        file: the file asked for, as the user wrote it; of a text, what messages call it.
    """

    tree: Mapping
    variants: dict[str, Mapping]
    sweeps: dict[str, Mapping]
    own: tuple[str, ...]
    own_sweeps: tuple[str, ...]
    chosen: tuple[str, ...]
    overrides: tuple[str, ...]
    file: str

    def with_layers(self, variants: Iterable[str], overrides: Iterable[str]) -> Resolved:
        """The same with more variants laid over it, and overrides over those.

        Raises:
            SpecErrors: a variant does not exist, an override leads nowhere.
            UsageError: an override is not of the form ``key=value``.
        """
        tree, chosen, texts = self.tree, tuple(variants), tuple(overrides)
        for variant in chosen:
            if variant not in self.variants:
                raise SpecErrors([_unknown_variant(variant, self.variants)])
            tree = as_mapping(merge(tree, relabel(self.variants[variant], f"variant {variant}")))
        for text in texts:
            tree = override(tree, text)
        chosen, texts = (*self.chosen, *chosen), (*self.overrides, *texts)
        return replace(self, tree=tree, chosen=chosen, overrides=texts)

    @property
    def name(self) -> str:
        """The spec's name with its variants, which names the run folder: ``ml2p-no-pyramid``."""
        named = self.tree.get("name")
        base = (
            named.value
            if isinstance(named, Scalar) and isinstance(named.value, str)
            else Path(self.file).stem.strip("<>")
        )
        return joined_name([base, *self.chosen])


def resolve(spec: str | SpecText, *, variants: Iterable[str] = (), overrides: Iterable[str] = ()) -> Resolved:
    """Read a spec and lay variants and overrides over it, in that order.

    Args:
        spec: a path, the name of a packaged spec, or a text, which extends specs as from the working folder.
        variants: names of variants (``-v``).
        overrides: ``key.path=value`` texts (``-s``), the value parsed as YAML.

    Raises:
        SpecErrors: a file cannot be read, an ``extends`` leads nowhere, a variant does not exist.
        UsageError: an override is not of the form ``key=value``.
    """
    whole = read_named(spec)
    name = spec.name if isinstance(spec, SpecText) else spec
    chosen, texts = tuple(variants), tuple(overrides)
    tree, offered = _with_bases(whole, name, ())
    offered = _override_offered(offered, texts)
    known, sweeps = overlays_of(offered, "variants"), overlays_of(offered, "sweeps")
    own = tuple(key for key in overlays_of(whole, "variants") if key in known)
    own_sweeps = tuple(key for key in overlays_of(whole, "sweeps") if key in sweeps)
    found = Resolved(tree, known, sweeps, own, own_sweeps, (), (), name)
    return found.with_layers(chosen, [text for text in texts if not _is_of_offered(text)])


def _override_offered(offered: Mapping, texts: Iterable[str]) -> Mapping:
    """The variants and sweeps with the overrides that are about them."""
    for text in filter(_is_of_offered, texts):
        before, offered = offered, override(offered, text)
        lost = [error for kind, what in OFFERED.items() for error in _lost(what, before.get(kind), offered.get(kind))]
        if lost:
            raise SpecErrors(lost)
    return offered


def _is_of_offered(text: str) -> bool:
    return text.partition("=")[0].partition(".")[0] in OFFERED


def _with_bases(tree: Mapping, name: str, seen: tuple[str, ...]) -> tuple[Mapping, Mapping]:
    """The spec laid over all that it extends, and the variants and sweeps of all of them.

    Args:
        tree: the spec.
        name: its file.
        seen: the files that extend it, outermost first.
    """
    base_name = tree.get("extends")
    own = _only(tree, OFFERED)
    for kind in OFFERED:
        overlays_of(own, kind)
    rest = without(tree, OVERLAYS)
    if base_name is None or is_null(base_name):
        return as_mapping(merge(None, rest)), own
    path, seen = base_path(base_name, name), (*seen, os.path.realpath(find_spec(name)))
    if path in seen:
        raise SpecErrors([SpecError("extends-cycle", "this spec ends up extending itself", base_name.place)])
    if len(seen) > MOST_BASES:
        message = f"more than {MOST_BASES} specs extend one another"
        raise SpecErrors([SpecError("extends-depth", message, base_name.place, "a spec that extends fewer")])
    below, known = _with_bases(read_base(path, base_name), path, seen)
    return as_mapping(merge(below, rest)), _offered_by_both(known, own)


def _offered_by_both(below: Mapping, own: Mapping) -> Mapping:
    """The variants and sweeps of a spec and of what it extends; one of the same name replaces, null removes.

    Raises:
        SpecErrors: null should remove what the extended spec does not have.
    """
    items = dict(below.items)
    for kind, section in own.items.items():
        old, new = items.get(kind), section
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            items[kind] = replace(old, items={**old.items, **new.items}, keys={**old.keys, **new.keys})
        else:
            items[kind] = new
        lost = _lost(OFFERED[kind], old, new)
        if lost:
            raise SpecErrors(lost)
    return replace(own, items=items, keys={key: own.keys.get(key, below.place) for key in items})


def _lost(what: str, old: Tree | None, new: Tree | None) -> list[SpecError]:
    known = [key for key, value in old.items.items() if not is_null(value)] if isinstance(old, Mapping) else []
    gone = [key for key, value in new.items.items() if is_null(value)] if isinstance(new, Mapping) else []
    return [
        SpecError(
            "removes-nothing", f"there is no {what} `{key}` to remove", new.keys[key],
            f"one of {listed(known, most=20)}" if known else f"no name: there is no {what}", nearest(key, known),
        )
        for key in gone if key not in known and isinstance(new, Mapping)
    ]  # fmt: skip


def overlays_of(tree: Mapping, kind: str) -> dict[str, Mapping]:
    """The variants, or the sweeps, that stand in a spec.

    Raises:
        SpecErrors: they are no mapping of names, or one of them is not what it must be.
    """
    section = tree.get(kind)
    if section is None or is_null(section):
        return {}
    if not isinstance(section, Mapping):
        raise SpecErrors([SpecError("wrong-type", f"`{kind}` is a mapping of names", section.place)])
    if len(section.items) > MOST_OFFERED:
        message = f"the spec has {len(section.items):,} {kind}"
        raise SpecErrors([SpecError(f"too-many-{kind}", message, section.place, f"at most {MOST_OFFERED} {kind}")])
    check = _wrong_overlay if kind == "variants" else wrong_sweep
    there = {name: value for name, value in section.items.items() if not is_null(value)}
    wrong = [error for name, value in there.items() for error in check(name, value)]
    wrong += [_no_name(name, section, OFFERED[kind]) for name in there if not re.fullmatch(PLAIN_NAME, name)]
    if wrong:
        raise SpecErrors(wrong)
    return {key: value for key, value in there.items() if isinstance(value, Mapping)}


def _no_name(name: str, section: Mapping, what: str) -> SpecError:
    return SpecError("bad-name", f"`{name}` cannot name a {what}", section.keys[name], IN_WORDS)


def wrong_sweep(name: str, sweep: Tree) -> list[SpecError]:
    """What is wrong with the form of a sweep."""
    expected = "keys with the values that each takes, such as `model.groups.groups: [1, 3, 5]`"
    if isinstance(sweep, Mapping) and not sweep.items:
        return [SpecError("wrong-type", f"the sweep `{name}` is empty", sweep.place, expected)]
    if not isinstance(sweep, Mapping):
        return [SpecError("wrong-type", f"the sweep `{name}` is a mapping of keys to values", sweep.place, expected)]
    wrong = [
        SpecError("bad-name", f"`{key}` of the sweep `{name}` is no path of the spec", sweep.keys[key], expected)
        for key in sweep.items
        if not re.fullmatch(KEY_OF_SWEEP, key)
    ]
    return wrong + [
        SpecError("wrong-type", f"`{key}` of the sweep `{name}` needs a list of values", values.place, expected)
        for key, values in sweep.items.items()
        if not (isinstance(values, Sequence) and values.items)
    ]


def _wrong_overlay(name: str, overlay: Tree) -> list[SpecError]:
    if not isinstance(overlay, Mapping):
        message = f"the variant `{name}` is a mapping laid over the spec"
        return [SpecError("wrong-type", message, overlay.place, "`data:`, `model:`, `train:` ...")]
    return [
        SpecError("unknown-key", f"the variant `{name}` cannot have `{key}`", overlay.keys[key], "the other sections")
        for key in OVERLAYS
        if key in overlay.items
    ]


def _only(tree: Mapping, names: Iterable[str]) -> Mapping:
    return without(tree, tree.items.keys() - set(names))


def _unknown_variant(name: str, known: dict[str, Mapping]) -> SpecError:
    flag = f"-v {name}"
    place = Place(Document("command line", (flag,)), 1, 4, len(name))
    expected = f"one of {listed([*known], most=20)}" if known else "no variant: the spec has none"
    return SpecError("unknown-variant", f"the spec has no variant `{name}`", place, expected, nearest(name, known))
