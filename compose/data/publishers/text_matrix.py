"""Files of zeros and ones, a line for each picture, read in a stream."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from compose.data.source import DataError

BLOCK = 1 << 24
MOST_ODD = 10
"""Lines of a file of single values that may hold something else."""
_BLANKS = np.frombuffer(b" \t\r\n", np.uint8)


class Ones(NamedTuple):
    """Where a matrix has ones, line after line.

    Args:
        rows: the lines, from 0.
        columns: the places in them, ascending within a line.
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int32]


def read_matrix(path: Path, *, height: int, width: int, of: str) -> Ones:
    """Where a file of ``width`` zeros and ones a line has ones.

    Args:
        path: the file; it is read in blocks, and only the ones are kept.
        height: how many lines it must have.
        width: how many values a line must have.
        of: the file that says how many lines there must be, for messages.

    Raises:
        DataError: it has other values, or fewer or more of them: the first line at fault is named.
    """
    rows, columns, line = [np.zeros(0, np.int64)], [np.zeros(0, np.int32)], 0
    for block in _blocks(path):
        ones = _ones(path, block, line, width)
        row, column = np.nonzero(ones)
        rows.append(row + line)
        columns.append(column.astype(np.int32))
        line += len(ones)
    _check_height(path, line, height, of)
    return Ones(np.concatenate(rows), np.concatenate(columns))


def read_column(path: Path, *, height: int, of: str) -> tuple[NDArray[np.int8], list[int]]:
    """The values of a file of one zero or one a line, and the lines that hold something else, whose value is 0 here.

    Raises:
        DataError: it has more or fewer lines, or many with something else.
    """
    cells = np.array(path.read_bytes().split(), dtype="S8")
    _check_height(path, len(cells), height, of)
    ones, odd = cells == b"1", (cells != b"1") & (cells != b"0")
    lines: list[int] = (np.flatnonzero(odd) + 1).tolist()
    if len(lines) > MOST_ODD:
        raise DataError(f"{path}:{lines[0]}: expected 0 or 1 on each line, got something else on {len(lines):,} lines")
    return ones.astype(np.int8), lines


def _blocks(path: Path) -> Iterator[bytes]:
    """The file in pieces that end where a line does."""
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(BLOCK):
            chunk = rest + chunk
            end = chunk.rfind(b"\n") + 1
            rest = chunk[end:]
            if end:
                yield chunk[:end]
    if rest.strip():
        yield rest + b"\n"


def _ones(path: Path, block: bytes, line: int, width: int) -> NDArray[np.bool_]:
    """``lines width`` values of a block.

    Raises:
        DataError: it is no such block.
    """
    data = np.frombuffer(block, np.uint8)
    digit = (data == ord("0")) | (data == ord("1"))
    ends = np.flatnonzero(data == ord("\n"))
    values = data[digit]
    if len(values) != len(ends) * width or not (digit | np.isin(data, _BLANKS)).all():
        raise _wrong(path, block, line, width)
    ones: NDArray[np.bool_] = values == ord("1")
    return ones.reshape(-1, width)


def _wrong(path: Path, block: bytes, line: int, width: int) -> DataError:
    """The error that names the first line at fault."""
    for number, text in enumerate(block.splitlines(), line + 1):
        cells = text.split()
        if len(cells) != width:
            return DataError(f"{path}:{number}: expected {width:,} values, got {len(cells):,}; the file may be cut off")
        if not set(cells) <= {b"0", b"1"}:
            return DataError(f"{path}:{number}: expected zeros and ones, got other values")
    return DataError(f"{path}: expected {width:,} zeros and ones a line, with blanks between them")


def _check_height(path: Path, got: int, height: int, of: str) -> None:
    if got != height:
        cut = "; the file is cut off" if got < height else ""
        raise DataError(f"{path}: expected {height:,} lines, one for each picture of {of}, got {got:,}{cut}")
