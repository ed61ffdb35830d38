"""Classes that are WordNet ids, and the names that they are given."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from compose.graphs.taxonomy.taxonomy import Taxonomy

WORDNET_ID = re.compile(r"n\d{8}")


def class_names(taxonomy: Taxonomy, ids: Sequence[str]) -> tuple[str, ...]:
    """A name for each class, all different: the first word of its synset, or else the synset's name."""
    synsets = [synset for wordnet_id in ids if (synset := taxonomy.from_wordnet_id(wordnet_id)) is not None]
    words = [taxonomy.synset_words(synset)[0].replace("_", " ") for synset in synsets]
    times = Counter(word.lower() for word in words)
    pairs = zip(synsets, words, strict=True)
    return tuple(word if times[word.lower()] == 1 else taxonomy.name(synset) for synset, word in pairs)
