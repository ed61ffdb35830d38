"""What a first noun sense may have got wrong: a label is looked up by its name where its table names no synset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from compose.data.source import LabelTable
from compose.errors import listed
from compose.graphs.similarity.wup import wup_similarities
from compose.graphs.taxonomy.lookup import find_lemma, find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy

NEAREST = 3
"""Of how many labels, the most similar ones, the mean similarity says how near a sense is to the labels."""
FAR = 0.25
"""How much nearer another sense must be to be told."""
MOST_SENSES = 12


@dataclass(frozen=True)
class DoubtfulSense:
    """A label that is looked up by its name, and a sense of it that is nearer to the other labels than the first.

    Args:
        label: the label.
        first: the first sense, which is taken.
        other: the one that is nearer.
    """

    label: str
    first: str
    other: str

    def __str__(self) -> str:
        return f"`{self.label}` is {self.first}, and {self.other} is far nearer to the other labels"


def sense_notes(table: LabelTable, isolated: Sequence[str]) -> list[str]:
    """What to tell of labels whose synset is guessed: a line for each way.

    Args:
        table: all labels.
        isolated: the labels that no edge joins to another.
    """
    guessed = {name for name, synset in zip(table.names, table.synsets, strict=True) if synset is None}
    alone = [f"`{name}`" for name in isolated if name in guessed]
    guesses = nearer_senses(table)
    say = "name the synset that is meant: after the label and a tab, in the list of labels"
    found = []
    if alone:
        found.append(f"as their first noun sense, labels have no edge but their loop: {listed(alone)}; {say}")
    if guesses:
        told = listed([str(guess) for guess in guesses])
        found.append(f"labels may not mean their first noun sense: {told}; {say}")
    return found


def nearer_senses(table: LabelTable) -> list[DoubtfulSense]:
    """The labels whose synset is guessed, and of which another sense is far nearer to the other labels."""
    taxonomy = load_taxonomy()
    pairs = list(zip(table.names, table.synsets, strict=True))
    first = [find_synset(taxonomy, synset or name) for name, synset in pairs]
    senses = [_senses(taxonomy, name) if synset is None else [] for name, synset in pairs]
    several = [place for place, of_label in enumerate(senses) if len(of_label) > 1]
    known = np.array([-1 if synset is None else synset for synset in first], np.int64)
    asked = np.array([sense for place in several for sense in senses[place]], np.int64)
    if not len(asked) or (known >= 0).sum() <= NEAREST:
        return []
    near = _nearness(taxonomy, asked, known, np.repeat(several, [len(senses[place]) for place in several]))
    found, at = [], 0
    for place in several:
        of_label = near[at : at + len(senses[place])]
        best = int(of_label.argmax())
        if of_label[best] - of_label[0] >= FAR:
            names = (taxonomy.name(senses[place][sense]) for sense in (0, best))
            found.append(DoubtfulSense(table.names[place], *names))
        at += len(of_label)
    return found


def _senses(taxonomy: Taxonomy, name: str) -> list[int]:
    lemma = find_lemma(taxonomy, name)
    if lemma is None:
        return []
    numbers = range(1, min(taxonomy.sense_count(lemma), MOST_SENSES) + 1)
    return [sense for number in numbers if (sense := taxonomy.sense(lemma, number)) is not None]


def _nearness(
    taxonomy: Taxonomy, asked: Int64[np.ndarray, " s"], known: Int64[np.ndarray, " l"], owner: Int64[np.ndarray, " s"]
) -> np.ndarray:
    """The mean similarity of each sense with the labels that are most similar to it, its own left out: ``s``."""
    columns = np.flatnonzero(known >= 0)
    similar = wup_similarities(taxonomy, asked, known[columns])
    similar[owner[:, None] == columns] = 0
    nearest: np.ndarray = np.sort(similar, axis=1)[:, -NEAREST:].mean(1)
    return nearest
