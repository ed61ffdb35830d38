"""Make a taxonomy file from WordNet's own files: ``python -m compose.graphs.build_taxonomy FOLDER OUT``.

FOLDER holds the files of a WordNet release (``data.noun``, ``index.noun``, ``noun.exc`` and their like for the other
parts of speech), such as nltk's ``corpora/wordnet`` or a system package's; nltk's corpus reader reads them.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import warnings
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compose.graphs.errors import TaxonomyError
from compose.graphs.taxonomy import read_taxonomy
from compose.graphs.taxonomy_file import FORMAT, Arrays, as_bytes, write_arrays

if TYPE_CHECKING:
    from nltk.corpus.reader import WordNetCorpusReader

# lexnames(5WN): the names of the lexicographer files by number. Some packages of WordNet leave the file out.
LEXNAMES = """
adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body
noun.cognition noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object
noun.person noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state
noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption
verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl
"""
CATEGORIES = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
PARTS = ("noun", "verb", "adj", "adv")
NEEDED = [name for part in PARTS for name in (f"data.{part}", f"index.{part}", f"{part}.exc")]


def build_taxonomy(folder: Path, out: Path) -> None:
    """Write the taxonomy of the nouns of a WordNet release.

    Raises:
        TaxonomyError: a file of WordNet is missing or cannot be read.
    """
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise TaxonomyError(folder, f"expected WordNet's files, but {', '.join(missing)} is not there")
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary) / "wordnet"
        copy.mkdir()
        for name in [*NEEDED, "lexnames"]:
            if (folder / name).is_file():
                shutil.copyfile(folder / name, copy / name)
        arrays = taxonomy_arrays(open_wordnet(copy))
    write_arrays(out, arrays)
    try:
        _ = read_taxonomy(out).max_depths
    except ValueError as error:
        out.unlink()
        raise TaxonomyError(folder, f"this is no taxonomy: {error}") from error


def open_wordnet(folder: Path) -> WordNetCorpusReader:
    """nltk's reader of a folder of WordNet files; writes the file ``lexnames`` there where it is missing."""
    import nltk
    from nltk.corpus.reader import WordNetCorpusReader
    from nltk.corpus.reader.wordnet import WordNetError

    class Reader(WordNetCorpusReader):
        def map_wn(self, version: str = "wordnet") -> None:
            """No map between versions: only other languages need it, and it asks for further files."""

    folder = folder.resolve()
    if not (folder / "lexnames").exists():
        rows = (f"{i:02d}\t{name}\t{CATEGORIES[name.split('.')[0]]}\n" for i, name in enumerate(LEXNAMES.split()))
        (folder / "lexnames").write_text("".join(rows))
    if str(folder.parent) not in nltk.data.path:
        nltk.data.path.append(str(folder.parent))  # nltk reads nothing outside its data path
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the other languages that are not there
        try:
            return Reader(str(folder), None)
        except (WordNetError, ValueError, LookupError, AssertionError) as error:
            raise TaxonomyError(folder, f"nltk cannot read these WordNet files: {error}") from error


def taxonomy_arrays(wordnet: WordNetCorpusReader) -> Arrays:
    """The arrays of :mod:`compose.graphs.taxonomy_file` from nltk's reader."""
    synsets = sorted(wordnet.all_synsets("n"), key=lambda synset: int(synset.offset()))
    number = {synset.offset(): i for i, synset in enumerate(synsets)}
    senses = _senses(wordnet)
    edges = [_edges(synset, number) for synset in synsets]
    words = [(word, synset.offset()) for synset in synsets for word in synset.lemma_names()]
    flat = list(chain.from_iterable(edges))
    return {
        "format": as_bytes(FORMAT),
        "version": as_bytes(wordnet.get_version() or ""),
        "offsets": np.diff([synset.offset() for synset in synsets], prepend=0),
        "words": as_bytes("\n".join(word for word, _ in words)),
        "word_counts": np.array([len(synset.lemma_names()) for synset in synsets]),
        "senses": np.array([senses[word.lower(), offset] for word, offset in words]),
        "parents": np.array([child - parent for child, parent, _ in flat]),
        "parent_counts": np.array([len(own) for own in edges]),
        "instance": np.array([instance for _, _, instance in flat]),
        "exceptions": as_bytes(_exceptions(wordnet)),
    }


def _senses(wordnet: WordNetCorpusReader) -> dict[tuple[str, int], int]:
    """(lemma, offset) -> sense number, from 1; the first where a lemma lists a synset twice."""
    found: dict[tuple[str, int], int] = {}
    for lemma in wordnet.all_lemma_names("n"):
        for sense, synset in enumerate(wordnet.synsets(lemma, "n", check_exceptions=False), start=1):
            found.setdefault((lemma, synset.offset()), sense)
    return found


def _edges(synset: Any, number: dict[int, int]) -> list[tuple[int, int, bool]]:
    """(synset, hypernym, whether of an instance), in the order of the numbers: nltk's own order is a set's."""
    child = number[synset.offset()]
    edges = [(child, number[parent.offset()], False) for parent in synset.hypernyms()]
    edges += [(child, number[parent.offset()], True) for parent in synset.instance_hypernyms()]
    return sorted(edges)


def _exceptions(wordnet: WordNetCorpusReader) -> str:
    table: dict[str, list[str]] = wordnet._exception_map["n"]
    return "\n".join(" ".join([form, *bases]) for form, bases in sorted(table.items()))


def main(arguments: list[str] | None = None) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m compose.graphs.build_taxonomy", description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder with WordNet's files")
    parser.add_argument("out", type=Path, help="the taxonomy file to write (.npz)")
    options = parser.parse_args(arguments)
    try:
        build_taxonomy(options.folder, options.out)
    except (TaxonomyError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
