"""An entry of an overlay that changes what is not there: the name that was meant, and what a new one would need."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from compose.errors import SpecError, listed, nearest
from compose.spec.yaml.tree import Mapping, Tree

MOST = 10
"""How many names a message lists."""


@dataclass(frozen=True)
class EntryKind:
    """A kind of entry with a name of its own.

    Args:
        what: what messages call it.
        identity: the keys, one of which a whole one has.
        new: what a new one needs.
    """

    what: str
    identity: Sequence[str]
    new: str


ENTRIES = {
    "model": EntryKind("node", ("use", "share"), "`use:` and a block"),
    "loss": EntryKind("term", ("use", "in"), "`use:` and a loss, or `in:` and a scalar port"),
    "train": EntryKind("stage", ("stage",), "`stage:` and its kind"),
    "blocks": EntryKind("block", ("model", "outputs"), "`inputs:`, `model:` and `outputs:`"),
}
"""Section -> what its entries are."""


def changes_nothing(section: str, entries: Mapping, name: str, *, within: str = "the spec") -> SpecError | None:
    """The error of an entry that only says how it differs from one that is not there.

    Args:
        section: a key of :data:`ENTRIES`.
        entries: the section with all layers laid.
        name: the entry.
        within: what should have such an entry, as messages call it.

    Returns:
        The error; None where the entry is whole, or no overlay set it.
    """
    kind, entry = ENTRIES[section], entries.items[name]
    others = {other: tree for other, tree in entries.items.items() if other != name}
    if not isinstance(entry, Mapping) or _is_whole(entry, kind) or not _is_overlaid(entry, others.values()):
        return None
    known = [other for other, tree in others.items() if _is_whole(tree, kind)]
    there = f"one of {listed(known, most=MOST)}" if known else f"no {kind.what}: there is none"
    message = f"{within} has no {kind.what} `{name}` to change"
    expected = f"{there}; a new {kind.what} needs {kind.new}"
    return SpecError("changes-nothing", message, entries.keys[name], expected, nearest(name, known))


def _is_overlaid(entry: Tree, others: Iterable[Tree]) -> bool:
    """Whether a variant or override set an entry, or another file than the rest of its section."""
    return bool(entry.layer) or any(other.place.document != entry.place.document for other in others)


def _is_whole(entry: Tree, kind: EntryKind) -> bool:
    return isinstance(entry, Mapping) and bool(set(entry.items) & set(kind.identity))
