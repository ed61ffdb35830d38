"""What labels that a user names mean in WordNet, and which of several senses is taken."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from compose.graphs.graph_errors import SHOWN
from compose.graphs.taxonomy.lookup import SYNSET_NAME, WORDNET_ID, find_lemma, find_synset
from compose.graphs.taxonomy.taxonomy import load_taxonomy

if TYPE_CHECKING:
    from compose.graphs.taxonomy.taxonomy import Taxonomy

OTHERS = 3
"""How many other senses of a label are told."""


def explicit_synset(name: str, synset: str | None) -> str | None:
    """The synset that a label is given with, or is written as (``queen.n.02``, ``n02084071``); None where neither."""
    return synset or (name if WORDNET_ID.fullmatch(name) or SYNSET_NAME.fullmatch(name.lower()) else None)


def meaning(name: str, synset: str | None) -> int | None:
    """The synset that a label means; None where WordNet has none."""
    return find_synset(load_taxonomy(), synset or name)


def words_of(name: str) -> str:
    """A label as word vectors know it: of a synset its first word."""
    named = SYNSET_NAME.fullmatch(name.lower())
    if named:
        return named["lemma"].replace("_", " ")
    synset = load_taxonomy().from_wordnet_id(name) if WORDNET_ID.fullmatch(name) else None
    return name if synset is None else load_taxonomy().synset_words(synset)[0].replace("_", " ")


def sense_notes(names: Sequence[str]) -> list[str]:
    """Which sense is taken of names that have several: a line for each of the first, and how many more there are.

    Args:
        names: labels without a synset.
    """
    taxonomy = load_taxonomy()
    several = {name: lemma for name in names if (lemma := find_lemma(taxonomy, name)) and _count(lemma) > 1}
    lines = [_told(taxonomy, name, lemma) for name, lemma in list(several.items())[:SHOWN]]
    more = len(several) - SHOWN
    return [*lines, *([f"of {more:,} more labels the first noun sense is taken"] if more > 0 else [])]


def _told(taxonomy: Taxonomy, name: str, lemma: str) -> str:
    senses = [_sense(taxonomy, lemma, number) for number in range(1, min(_count(lemma), 1 + OTHERS) + 1)]
    rest = _count(lemma) - len(senses)
    more = f" and {rest} more" if rest else ""
    return f"`{name}` is taken as {senses[0]}, its first noun sense; others are {', '.join(senses[1:])}{more}"


def _sense(taxonomy: Taxonomy, lemma: str, number: int) -> str:
    """The name of a sense, and what kind of thing it is."""
    synset = taxonomy.sense(lemma, number)
    above = [] if synset is None else taxonomy.hypernyms(synset)
    kind = f" ({taxonomy.synset_words(above[0])[0].replace('_', ' ')})" if above else ""
    return f"{lemma}.n.{number:02d}{kind}"


def _count(lemma: str) -> int:
    return load_taxonomy().sense_count(lemma)
