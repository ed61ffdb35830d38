"""External classes: those of another data source, as nodes beside the labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from compose.data.source import LabelTable
from compose.graphs.taxonomy.lookup import find_lemma, find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy
from compose.labels.plural import plain_noun


@dataclass(frozen=True)
class ExternalClasses:
    """The classes of an external data source that are no labels, and what became of the others.

    Args:
        kept: the classes that are nodes, in the order of their source.
        dropped: those that are left out.
        places: for each class its place among those kept, -1 for one left out: ``k``.
    """

    kept: LabelTable
    dropped: tuple[str, ...]
    places: Int64[Tensor, " k"]


def external_classes(external: LabelTable, labels: LabelTable, *, nodes: bool = True) -> ExternalClasses:
    """Leave out the external classes that may be a label, seen or unseen: by synset, by name, or by a word for it.

    A class is left out where its synset is a label's; where a label is called as the class is, or by another word of
    the class's synset, as an unseen `microwave` is that was taken for the wave; or where the class is called by another
    word of a label's synset.

    Args:
        external: all external classes.
        labels: all labels.
        nodes: whether any are nodes; if not, all are left out.
    """
    taxonomy = load_taxonomy()
    taken = [_meaning(taxonomy, *label) for label in zip(labels.names, labels.synsets, strict=True)]
    synsets = {meaning.synset for meaning in taken} - {None}
    called = {name for meaning in taken for name in meaning.names}
    words = {word for meaning in taken for word in meaning.words}
    asked = [_meaning(taxonomy, *label) for label in zip(external.names, external.synsets, strict=True)]
    keep = [
        nodes and one.synset not in synsets and called.isdisjoint(one.names | one.words) and words.isdisjoint(one.names)
        for one in asked
    ]
    rows = [row for row, kept in enumerate(keep) if kept]
    places = torch.tensor(keep).cumsum(0) - 1
    return ExternalClasses(
        LabelTable(
            tuple(external.names[row] for row in rows),
            tuple(external.seen[row] for row in rows),
            tuple(external.synsets[row] for row in rows),
        ),
        tuple(name for name, kept in zip(external.names, keep, strict=True) if not kept),
        torch.where(torch.tensor(keep), places, -1),
    )


@dataclass(frozen=True)
class _Meaning:
    """What a label or a class may be taken for.

    Args:
        synset: its synset; None where WordNet has none.
        names: what it is called, as written and in the singular.
        words: the words of its synset.
    """

    synset: int | None
    names: frozenset[str]
    words: frozenset[str]


def _meaning(taxonomy: Taxonomy, name: str, explicit: str | None) -> _Meaning:
    synset = find_synset(taxonomy, explicit or name)
    lemma = find_lemma(taxonomy, name)
    words = taxonomy.synset_words(synset) if synset is not None else []
    names = {plain_noun(spelling) for spelling in (name, lemma) if spelling}
    return _Meaning(synset, frozenset(names), frozenset(map(plain_noun, words)))
