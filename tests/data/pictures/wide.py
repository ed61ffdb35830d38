"""Pictures of 16 bits for a colour and TIFF files of any numbers, which PIL does not write."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(path: Path, numbers: NDArray[Any], *, extra: bytes = b"", late: bytes = b"") -> Path:
    """A PNG of 8 or 16 bits for each of 1 to 4 channels, with other chunks before and after its pixels."""
    height, width, channels = numbers.shape
    kind, bits = {1: 0, 2: 4, 3: 2, 4: 6}[channels], 8 * numbers.itemsize
    rows = b"".join(b"\0" + row.astype(f">u{numbers.itemsize}").tobytes() for row in numbers)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0))
    path.write_bytes(SIGNATURE + head + extra + chunk(b"IDAT", zlib.compress(rows)) + late + chunk(b"IEND", b""))
    return path


def tiff(path: Path, numbers: NDArray[Any]) -> Path:
    """A TIFF of one channel, or of three of 16 bits."""
    channels = numbers.shape[2] if numbers.ndim == 3 else 1
    end = 8 + numbers.nbytes
    bits = struct.pack("<HHH", *(8 * numbers.itemsize,) * 3)
    tags = [
        (256, numbers.shape[1]),
        (257, numbers.shape[0]),
        (258, end if channels > 1 else 8 * numbers.itemsize),
        (259, 1),
        (262, 2 if channels > 1 else 1),
        (273, 8),
        (277, channels),
        (278, numbers.shape[0]),
        (279, numbers.nbytes),
        (339, {"u": 1, "i": 2, "f": 3}[numbers.dtype.kind]),
    ]
    long = (258, 273, 279)
    fields = b"".join(
        struct.pack("<HHII", tag, 4 if tag in long[1:] else 3, channels if tag == 258 else 1, value)
        for tag, value in tags
    )
    start = struct.pack("<2sHI", b"II", 42, end + len(bits))
    path.write_bytes(start + numbers.tobytes() + bits + struct.pack("<H", len(tags)) + fields + struct.pack("<I", 0))
    return path
