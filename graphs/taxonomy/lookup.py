"""From the labels of a data set to the synsets of a taxonomy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from compose.graphs.graph_errors import MissingLabels
from compose.graphs.nearest import Nearest
from compose.graphs.taxonomy.morphology import bases, phrase_bases, spellings
from compose.graphs.taxonomy.taxonomy import Taxonomy

WORDNET_ID = re.compile(r"n\d{8}")
SYNSET_NAME = re.compile(r"(?P<lemma>.+)\.(?P<part>[nvasr])\.(?P<sense>\d{1,3})")


def find_synset(taxonomy: Taxonomy, label: str) -> int | None:
    """The synset that a label means, or None.

    A label is a noun in the singular or plural (``Polar bears``), whose first sense is taken, a synset's name
    (``queen.n.02``) or its WordNet id (``n02084071``).
    """
    label = label.strip()
    if WORDNET_ID.fullmatch(label):
        return taxonomy.from_wordnet_id(label)
    named = SYNSET_NAME.fullmatch(label.lower())
    if named:
        return taxonomy.sense(named["lemma"].replace(" ", "_"), int(named["sense"])) if named["part"] == "n" else None
    lemma = find_lemma(taxonomy, label)
    return None if lemma is None else taxonomy.sense(lemma)


def find_lemma(taxonomy: Taxonomy, label: str) -> str | None:
    """The lemma that a label is a form of, or None."""
    for readings in (bases, phrase_bases):
        for spelling in spellings(label):
            for form in readings(spelling, taxonomy.exceptions):
                if taxonomy.is_lemma(form):
                    return form
    return None


def find_synsets(
    taxonomy: Taxonomy, names: Sequence[str], synsets: Sequence[str | None] | None = None
) -> NDArray[np.int64]:
    """The synset of each label; where the table names one explicitly, that one.

    Args:
        taxonomy: where to look.
        names: ``l`` labels.
        synsets: ``l`` explicit synsets (``queen.n.02`` or ``n02084071``), or None where the label itself is looked up.

    Returns:
        ``l`` synsets.

    Raises:
        MissingLabels: all labels that are not there, each with the nearest lemmas.
    """
    asked = [explicit or name for name, explicit in zip(names, synsets or [None] * len(names), strict=True)]
    found = [find_synset(taxonomy, label) for label in asked]
    missing = [i for i, synset in enumerate(found) if synset is None]
    if missing:
        raise _missing(taxonomy, {names[i]: asked[i] for i in missing})
    return np.array(found, dtype=np.int64)


def _missing(taxonomy: Taxonomy, asked: dict[str, str]) -> MissingLabels:
    reasons = {name: reason for name, label in asked.items() if (reason := _reason(taxonomy, name, label))}
    nearest = _nearest_lemmas(taxonomy)
    lemmas = {name: label for name, label in asked.items() if not WORDNET_ID.fullmatch(label)}
    stems = {name: label.lower().rsplit(".", 2)[0] if SYNSET_NAME.fullmatch(label.lower()) else label
             for name, label in lemmas.items()}  # fmt: skip
    unknown = {name: stem for name, stem in stems.items() if not taxonomy.is_lemma(stem)}
    close = nearest.all(unknown.values())
    return MissingLabels(
        f"WordNet {taxonomy.version}'s nouns",
        list(asked),
        nearest={name: close[stem] for name, stem in unknown.items() if close.get(stem)},
        reasons=reasons,
        hint="Rename the label, or give its synset (such as queen.n.02, or a WordNet id such as n02084071).",
    )


def _reason(taxonomy: Taxonomy, name: str, label: str) -> str:
    """Why an explicit synset does not exist."""
    named = SYNSET_NAME.fullmatch(label.lower())
    if WORDNET_ID.fullmatch(label):
        return f"no noun has the WordNet id {label}"
    if named and named["part"] != "n":
        return f"{label} is no noun"
    if named and (count := taxonomy.sense_count(named["lemma"])):
        return f"`{named['lemma']}` has {count} noun sense{'s' if count > 1 else ''}, and no {label}"
    return f"there is no synset {label}" if label != name else ""


@cache
def _nearest_lemmas(taxonomy: Taxonomy) -> Nearest:
    return Nearest(taxonomy.lemmas())
