"""The compact file of a noun taxonomy: a zip of numpy arrays that together weigh under 3 MB.

Synsets are numbered in the order of their WordNet offsets. Words stand in the order of the synsets, with the number of
the sense that each has there, which is all that sense order needs. Numbers that grow are stored as differences, because
those compress.

============== ======= ==============================================================================
array          dtype   content
============== ======= ==============================================================================
format         uint8   the text ``compose-taxonomy 1``
version        uint8   the text of WordNet's version, such as ``3.0``
offsets        int32   ``n``: differences of the synsets' offsets, the numbers in their WordNet ids
words          uint8   text: the words of all synsets as WordNet writes them, one a line
word_counts    uint8   ``n``: words in each synset
senses         uint8   for each word, its sense number there, from 1
parents        int32   for each hypernym edge, the synset's number minus its hypernym's
parent_counts  uint8   ``n``: hypernyms and instance hypernyms of each synset
instance       bool    for each edge, whether it is an instance hypernym's
exceptions     uint8   text: a line for each irregular plural, the plural and its singulars
digest         uint8   BLAKE2b-128 of all that stands above, in this order
============== ======= ==============================================================================
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compose.graphs.graph_errors import TaxonomyError

FORMAT = "compose-taxonomy 1"
DTYPES = {
    "format": "|u1",
    "version": "|u1",
    "offsets": "<i4",
    "words": "|u1",
    "word_counts": "|u1",
    "senses": "|u1",
    "parents": "<i4",
    "parent_counts": "|u1",
    "instance": "|b1",
    "exceptions": "|u1",
}
Arrays = dict[str, NDArray[Any]]


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write the arrays of ``DTYPES`` and their digest; the same arrays give the same bytes.

    Raises:
        TaxonomyError: a number is too large for the format.
    """
    packed = {name: np.ascontiguousarray(arrays[name]).astype(dtype) for name, dtype in DTYPES.items()}
    wrong = [name for name in DTYPES if not np.array_equal(packed[name], arrays[name])]
    if wrong:
        raise TaxonomyError(path, f"`{wrong[0]}` has numbers that do not fit the format ({DTYPES[wrong[0]]})")
    arrays = packed
    arrays["digest"] = _digest(arrays)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            member.compress_type = zipfile.ZIP_DEFLATED
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, array, version=(1, 0), allow_pickle=False)
            archive.writestr(member, buffer.getvalue())


def read_arrays(path: Path) -> Arrays:
    """Read and check the arrays of ``DTYPES``.

    Raises:
        TaxonomyError: the file is missing, damaged, or no taxonomy.
    """
    arrays = _load(path)
    unknown = [name for name in [*DTYPES, "digest"] if name not in arrays]
    if unknown or text(arrays["format"]) != FORMAT:
        raise TaxonomyError(path, f"expected the format `{FORMAT}`; `compose wordnet build` makes such a file")
    wrong = [name for name, dtype in DTYPES.items() if arrays[name].dtype.str != dtype or arrays[name].ndim != 1]
    if wrong or not np.array_equal(arrays["digest"], _digest(arrays)):
        raise TaxonomyError(path, "the taxonomy is damaged: its content does not match its checksum")
    return arrays


def text(array: NDArray[np.generic]) -> str:
    """The text that an array of bytes holds."""
    return array.tobytes().decode("utf-8", errors="replace")


def as_bytes(content: str) -> NDArray[np.uint8]:
    """A text as an array of bytes."""
    return np.frombuffer(content.encode("utf-8"), dtype=np.uint8)


def _load(path: Path) -> Arrays:
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.removesuffix(".npy") in [*DTYPES, "digest"]]
            return {name.removesuffix(".npy"): _member(archive.read(name)) for name in names}
    except FileNotFoundError:
        raise TaxonomyError(path, "there is no such taxonomy file") from None
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        raise TaxonomyError(path, f"the taxonomy is damaged or no taxonomy file ({error})") from None


def _member(content: bytes) -> NDArray[np.generic]:
    array: NDArray[Any] = np.lib.format.read_array(io.BytesIO(content), allow_pickle=False)
    return array


def _digest(arrays: Arrays) -> NDArray[np.uint8]:
    digest = hashlib.blake2b(digest_size=16)
    for name in DTYPES:
        digest.update(f"{name} {arrays[name].size}\n".encode())
        digest.update(arrays[name].tobytes())
    return np.frombuffer(digest.digest(), dtype=np.uint8)
