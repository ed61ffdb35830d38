"""Make the file of the data source ``glosses`` from WordNet's glosses.

    python -m tools.build_glosses FOLDER OUT.npz

FOLDER holds WordNet 3.0's file `data.noun`. The words are the most frequent lemmas of the definitions, without stop
words. The glosses are those of common nouns with enough of these words: no names of persons and places (instances),
and no taxa such as genera, whose glosses are all alike. The labels are their hypernyms, near and far, that have neither
too few nor too many of the glosses; of hypernyms that have the very same ones, the lowest.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from compose.data.vectors.gloss_file import GlossTable, write_glosses
from compose.data.vectors.sparse_rows import SparseRows
from compose.graphs.graph_errors import TaxonomyError
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.morphology import morphy
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy

WORDS, FEWEST_WORDS = 500, 4
FEWEST_GLOSSES, MOST_GLOSSES = 30, 0.25
TAXA = "taxonomic_group.n.01"
_STOP_WORDS = """
about above across after again against all almost along already also although always am among an and another any
are around as at away be because been before being below between both but by can cannot could did do does doing
done down during each either else enough especially etc even ever every few for from further get give given go had
has have having he her here hers him his how however if in instead into is it its itself just least less let like
made make makes making many may me might more most much must my near neither no non nor not now of off often on
once one only onto or other others our out over own per rather same several shall she should since so some
something sometimes such than that the their them then there these they thing this those though through throughout
thus to together too toward towards under until up upon us use used uses using usually various very via was way we
well were what when where whether which while who whom whose why will with within without would yet you your
first second third two three four five six seven eight nine ten st nd rd th
"""
STOP_WORDS = frozenset(_STOP_WORDS.split())
_WORD = re.compile(r"[a-z]+(?:-[a-z]+)*")
_EXAMPLE = re.compile(r'"[^"]*"?')


def build_glosses(folder: Path, out: Path) -> GlossTable:
    """Write the file.

    Args:
        folder: where WordNet's ``data.noun`` is.
        out: the file.

    Raises:
        TaxonomyError: it is not there, or of another WordNet than the embedded taxonomy.
    """
    taxonomy = load_taxonomy()
    glosses = read_texts(folder / "data.noun", taxonomy)
    made = gather(taxonomy, glosses)
    write_glosses(out, made)
    return made


def read_texts(path: Path, taxonomy: Taxonomy) -> list[str]:
    """The gloss of each synset.

    Raises:
        TaxonomyError: the file is not there, or of another WordNet.
    """
    try:
        lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith(" ")]
    except OSError as error:
        raise TaxonomyError(path, f"cannot be read ({error.strerror})") from None
    found = {int(line[:8]): line.partition(" | ")[2] for line in lines}
    if list(found) != taxonomy.offsets.tolist():
        raise TaxonomyError(path, f"expected the {len(taxonomy):,} nouns of WordNet {taxonomy.version}")
    return list(found.values())


def gather(
    taxonomy: Taxonomy,
    glosses: Sequence[str],
    *,
    words: int = WORDS,
    fewest_words: int = FEWEST_WORDS,
    fewest_glosses: int = FEWEST_GLOSSES,
    most_glosses: float = MOST_GLOSSES,
) -> GlossTable:
    """Count words and find hypernyms.

    Args:
        taxonomy: the nouns.
        glosses: the gloss of each of them.
        words: how many words are counted.
        fewest_words: how many different ones of them a gloss must have.
        fewest_glosses: how many glosses a label must have.
        most_glosses: and the share that it may have.
    """
    common = common_nouns(taxonomy)
    forms: dict[str, str] = {}
    bags = [Counter(lemmas(glosses[synset], taxonomy, forms)) for synset in common]
    times = Counter(word for bag in bags for word in bag)
    vocabulary = sorted(times, key=lambda word: (-times[word], word))[:words]
    place = {word: i for i, word in enumerate(vocabulary)}
    kept = [(synset, bag) for synset, bag in zip(common, bags, strict=True) if len(bag.keys() & place) >= fewest_words]
    synsets = np.array([synset for synset, _ in kept], np.int64)
    entries = [(row, place[w], n) for row, (_, bag) in enumerate(kept) for w, n in bag.items() if w in place]
    rows, columns, counts = np.array(entries, np.int64).reshape(-1, 3).T
    labels, hypernyms = find_hypernyms(taxonomy, synsets, fewest=fewest_glosses, most=most_glosses * len(synsets))
    return GlossTable(
        tuple(vocabulary),
        taxonomy.offsets[synsets],
        SparseRows.of(rows, columns, counts, shape=(len(synsets), len(vocabulary))),
        taxonomy.offsets[labels],
        hypernyms,
    )


def common_nouns(taxonomy: Taxonomy) -> list[int]:
    """The synsets that are neither instances nor taxa."""
    taxa = find_synset(taxonomy, TAXA)
    positions, ancestors = taxonomy.closure(np.arange(len(taxonomy)))
    out = np.zeros(len(taxonomy), bool)
    out[positions[ancestors == taxa]] = True
    out[taxonomy.children[taxonomy.instance]] = True
    return [int(synset) for synset in np.flatnonzero(~out)]


def lemmas(gloss: str, taxonomy: Taxonomy, forms: dict[str, str]) -> list[str]:
    """The words of a gloss's definition, without its examples; nouns in the singular.

    Args:
        gloss: the text.
        taxonomy: which nouns there are.
        forms: what words were found to be forms of; grows.
    """
    found = [word for word in _WORD.findall(_EXAMPLE.sub(" ", gloss).lower()) if len(word) > 1]
    for word in found:
        if word not in forms:
            forms[word] = morphy(word, taxonomy.is_lemma, taxonomy.exceptions) or word
    return [forms[word] for word in found if word not in STOP_WORDS and forms[word] not in STOP_WORDS]


def find_hypernyms(
    taxonomy: Taxonomy, synsets: NDArray[np.int64], *, fewest: int, most: float
) -> tuple[NDArray[np.int64], SparseRows]:
    """The synsets that are labels, and the labels of each gloss."""
    rows, ancestors = taxonomy.closure(synsets)
    above = ancestors != synsets[rows]
    rows, ancestors = rows[above], ancestors[above]
    times = np.bincount(ancestors, minlength=len(taxonomy))
    lowest: dict[bytes, int] = {}
    for label in sorted(np.flatnonzero((times >= fewest) & (times <= most)), key=lambda s: int(taxonomy.max_depths[s])):
        lowest[rows[ancestors == label].tobytes()] = int(label)
    labels = np.array(sorted(lowest.values()), np.int64)
    place = np.full(len(taxonomy), -1)
    place[labels] = np.arange(len(labels))
    used = place[ancestors] >= 0
    ones = np.ones(used.sum(), np.int8)
    return labels, SparseRows.of(rows[used], place[ancestors[used]], ones, shape=(len(synsets), len(labels)))


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the file and say what is in it."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, metavar="FOLDER")
    options.add_argument("out", type=Path, metavar="OUT.npz")
    given = options.parse_args(arguments)
    try:
        made = build_glosses(given.folder, given.out)
    except TaxonomyError as error:
        options.error(str(error))
    glosses, each = len(made.bags), made.hypernyms.counts
    print(f"{glosses:,} glosses, {len(made.words)} words ({made.bags.counts.mean():.1f} a gloss)")
    print(f"{len(made.labels)} labels ({each.mean():.1f} a gloss), {given.out.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
