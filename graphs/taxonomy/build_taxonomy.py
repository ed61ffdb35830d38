"""Make a taxonomy file from WordNet's own files, as ``compose wordnet build`` does.

They are the files of a WordNet release (``data.noun``, ``index.noun``, ``noun.exc`` and their like for the other parts
of speech), in a folder or a zip file, such as nltk's ``corpora/wordnet``; nltk's corpus reader reads them.
"""

from __future__ import annotations

import shutil
import tempfile
import warnings
import zipfile
import zlib
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from compose.graphs.graph_errors import TaxonomyError
from compose.graphs.taxonomy.taxonomy import Taxonomy, read_taxonomy
from compose.graphs.taxonomy.taxonomy_file import FORMAT, Arrays, as_bytes, write_arrays

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


def build_taxonomy(release: Path, out: Path) -> Taxonomy:
    """Write the taxonomy of the nouns of a WordNet release; a file that is there already is replaced at the end.

    Args:
        release: the folder or the zip file with WordNet's files.
        out: the taxonomy file.

    Raises:
        TaxonomyError: a file of WordNet is missing or cannot be read.
    """
    with tempfile.TemporaryDirectory() as temporary:
        copy, made = Path(temporary) / "wordnet", Path(temporary) / "taxonomy.npz"
        copy.mkdir()
        _copy(release, copy)
        _check(release, [name for name in NEEDED if not (copy / name).is_file()])
        try:
            write_arrays(made, _arrays(copy))
            taxonomy = read_taxonomy(made)
            _ = taxonomy.max_depths
        except TaxonomyError as error:
            raise TaxonomyError(release, error.problem) from error
        except ValueError as error:
            raise TaxonomyError(release, f"this is no taxonomy: {error}") from error
        shutil.copyfile(made, out)
    return taxonomy


def _copy(release: Path, folder: Path) -> None:
    """Copy WordNet's files, as far as they are there: nltk's reader wants one more beside them."""
    if zipfile.is_zipfile(release):
        try:
            with zipfile.ZipFile(release) as archive:
                for member in archive.namelist():
                    if (name := Path(member).name) in (*NEEDED, "lexnames"):
                        (folder / name).write_bytes(archive.read(member))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise TaxonomyError(release, f"the zip file cannot be read ({error})") from None
        return
    for name in (*NEEDED, "lexnames"):
        if (release / name).is_file():
            shutil.copyfile(release / name, folder / name)


def _check(release: Path, missing: list[str]) -> None:
    if len(missing) == len(NEEDED):
        some = ", ".join(NEEDED[:3])
        raise TaxonomyError(release, f"expected WordNet's files ({some} ...), but none of them is there")
    if missing:
        is_not = "is not" if len(missing) == 1 else "are not"
        raise TaxonomyError(release, f"expected WordNet's files, but {', '.join(missing)} {is_not} there")


def _arrays(folder: Path) -> Arrays:
    from nltk.corpus.reader.wordnet import WordNetError

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about synsets that are named but not there: said below
        try:
            return taxonomy_arrays(open_wordnet(folder))
        except TaxonomyError:
            raise
        except (WordNetError, AttributeError, LookupError, ValueError, StopIteration) as error:
            raise TaxonomyError(folder, "WordNet's files are damaged: they name synsets that are not there") from error


def open_wordnet(folder: Path) -> WordNetCorpusReader:
    """nltk's reader of a folder of WordNet files; writes the file ``lexnames`` there where it is missing."""
    import nltk
    from nltk.corpus.reader import WordNetCorpusReader
    from nltk.corpus.reader.wordnet import WordNetError

    class Reader(WordNetCorpusReader):  # type: ignore[misc]  # nltk has no types
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
    """The arrays of :mod:`compose.graphs.taxonomy.taxonomy_file` from nltk's reader."""
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
