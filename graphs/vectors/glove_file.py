"""GloVe's text files: a word and its numbers a line, separated by blanks or tabs; plain or gzip."""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from compose.graphs.graph_errors import VectorFileError
from compose.graphs.vectors.number_fields import is_number, trailing_numbers

BLOCK = 1 << 20
BOM = b"\xef\xbb\xbf"
_GAP = re.compile(rb"[ \t]+")
VOCABULARY = 400_000
GloveRow = NDArray[np.float32]


@dataclass(frozen=True)
class GloveLayout:
    """How a file is laid out: the numbers in a line, and whether word2vec's line ``words numbers`` opens it."""

    dim: int
    header: bool


@dataclass
class WordTable:
    """What one reading of a file gives.

    Args:
        rows: the vectors of the words asked for and found.
        vocabulary: the first words of the file, the most frequent in GloVe's own, to suggest others from.
    """

    rows: dict[str, GloveRow] = field(default_factory=dict)
    vocabulary: list[bytes] = field(default_factory=list)


def read_layout(path: Path) -> GloveLayout:
    """The layout of a file, from its first lines.

    Raises:
        VectorFileError: the file cannot be read, or does not start as such a file does.
    """
    with _opened(path) as stream:
        start = stream.read(BLOCK)
    lines = start.removesuffix(b"\n").split(b"\n")
    complete = lines[:-1] if len(start) == BLOCK and len(lines) > 1 else lines
    fields = [line.split() for line in complete[:100] if line.strip()]
    if not fields:
        raise VectorFileError(path, "expected a word and its numbers on each line, but the file is empty")
    header = len(fields[0]) == 2 and all(part.isdigit() for part in fields[0]) and len(fields) > 1
    # Most lines tell: one may be damaged, or hold a word with spaces.
    counts = Counter(_numbers_in(line) for line in [line for line in complete[:100] if line.strip()][header:])
    dim = max(counts, key=lambda count: (counts[count], count))
    if dim < 1:
        problem = "expected a word and its numbers, separated by spaces, as in GloVe's text files"
        raise VectorFileError(path, problem, line=1 + header)
    return GloveLayout(dim, header and int(fields[0][1]) == dim)


def _numbers_in(line: bytes) -> int:
    """How many numbers a line ends with; what stands before a tab is a word, even one that ends in a number."""
    after = line.partition(b"\t")[2].split()
    return len(after) if after and all(map(is_number, after)) else trailing_numbers(line.split())


def read_words(path: Path, words: Collection[str], layout: GloveLayout) -> WordTable:
    """The vectors of words, in one pass over the file; a word that is there twice has its first vector.

    Only the lines of these words are parsed; of the others the number of fields is checked.

    Raises:
        VectorFileError: the file cannot be read, or a line is not a word and ``layout.dim`` numbers.
    """
    table = WordTable()
    wanted = {word.encode("utf-8"): word for word in words}
    firsts = {token.split(b" ", 1)[0] for token in wanted}
    number = 1
    with _opened(path) as stream:
        for block in _blocks(stream):
            lines = block.removesuffix(b"\n").split(b"\n")
            skipped = int(layout.header and number == 1)
            _check_counts(path, block, lines[skipped:], number + skipped, layout.dim)
            tokens = [line[: line.find(b" ")] for line in lines]
            if len(table.vocabulary) < VOCABULARY:
                table.vocabulary += tokens[skipped:]
            for i in [i for i, token in enumerate(tokens) if token in firsts and i >= skipped]:
                token, row = _parse(path, lines[i], number + i, layout.dim)
                if token in wanted:
                    table.rows.setdefault(wanted[token], row)
            number += len(lines)
    return table


def read_mean(path: Path, layout: GloveLayout, *, first: int) -> GloveRow:
    """The mean of the vectors of a file's first words, the most frequent in GloVe's own.

    Raises:
        VectorFileError: the file cannot be read, or one of these lines is not a word and ``layout.dim`` numbers.
    """
    with _opened(path) as stream:
        lines = chain.from_iterable(block.removesuffix(b"\n").split(b"\n") for block in _blocks(stream))
        numbered = islice(enumerate(lines, start=1), int(layout.header), first + layout.header)
        rows = [_parse(path, line, number, layout.dim)[1] for number, line in numbered if line.strip()]
    return np.asarray(np.mean(rows, axis=0, dtype=np.float64), dtype=np.float32)


def _check_counts(path: Path, block: bytes, lines: list[bytes], number: int, dim: int) -> None:
    """Refuse a line with too few fields. Counting over the whole block first is five times faster."""
    spaces = np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == ord(" "))
    if spaces == dim * len(lines):
        return
    for i, line in enumerate(lines, start=number):
        if line.count(b" ") < dim and line.strip():
            found = f"{len(line.split()) - 1} after the word"
            raise VectorFileError(path, f"expected a word and {dim} numbers, found {found}", line=i)


def _parse(path: Path, line: bytes, number: int, dim: int) -> tuple[bytes, GloveRow]:
    """The word and the numbers of a line, counted from the right because a word may hold spaces."""
    fields = line.rstrip().rsplit(b" ", dim)
    row = _numbers(fields[1:])
    if len(fields) != dim + 1 or row is None:
        raise VectorFileError(path, f"expected a word and {dim} finite numbers, found {_shown(line)}", line=number)
    return fields[0], row


def _numbers(fields: list[bytes]) -> GloveRow | None:
    try:
        with np.errstate(over="ignore"):  # a number too large is told as not finite
            row = np.array([float(part) for part in fields]).astype(np.float32)
    except ValueError:
        return None
    return row if np.isfinite(row).all() else None


def _shown(line: bytes) -> str:
    text = line[:60].decode("utf-8", errors="replace")
    return f"`{''.join(char if char.isprintable() else '·' for char in text)}{'...' if len(line) > 60 else ''}`"


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    """The file in pieces of about a megabyte that end where a line does, with single blanks between the fields."""
    rest = b""
    while chunk := stream.read(BLOCK):
        chunk = rest + chunk
        end = chunk.rfind(b"\n") + 1
        rest = chunk[end:]
        if end:
            yield _single_blanks(chunk[:end])
    if rest:
        yield _single_blanks(rest)


def _single_blanks(block: bytes) -> bytes:
    return _GAP.sub(b" ", block) if b"\t" in block or b"  " in block else block


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The bytes of the text without a byte order mark, unpacked where the file is gzip, whatever its name."""
    try:
        with open(path, "rb") as file:
            magic = file.read(4)
            file.seek(0)
            if magic[:4] == b"PK\x03\x04":
                raise VectorFileError(path, "expected a text file, plain or gzip, found a zip archive: unpack it first")
            with gzip.open(file) if magic[:2] == b"\x1f\x8b" else file as stream:
                mark = stream.read(len(BOM))
                if mark[:2] in (b"\xff\xfe", b"\xfe\xff"):
                    raise VectorFileError(path, "expected UTF-8, found UTF-16: save the file as UTF-8")
                if mark != BOM:
                    stream.seek(0)
                yield cast(BinaryIO, stream)
    except FileNotFoundError:
        raise VectorFileError(path, "there is no such file of word vectors") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise VectorFileError(path, f"the gzip file is damaged or cut off ({error})") from None
    except OSError as error:
        raise VectorFileError(path, f"cannot be read ({error.strerror or error})") from None
