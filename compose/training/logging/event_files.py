"""The event files of TensorBoard, and what is left of them after a crash.

A file is a row of records: 8 bytes of length, 4 of its checksum, the data, 4 of theirs.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Mapping
from pathlib import Path

HEADER, FOOTER = 12, 4


def sizes(folder: Path) -> dict[str, int]:
    """The bytes of each file, all of them on the disk."""
    found = {}
    for path in sorted(folder.glob("events.*")):
        with path.open("rb+") as file:
            os.fsync(file.fileno())
            found[path.name] = os.fstat(file.fileno()).st_size
    return found


def cut_back(folder: Path, kept: Mapping[str, int]) -> list[str]:
    """Leave what was there at a checkpoint; returns what is missing of it, a line for each file.

    Args:
        folder: the files' folder.
        kept: the bytes of each file at the checkpoint; others are deleted.
    """
    told = [f"{name} is gone" for name in kept if not (folder / name).exists()]
    for path in sorted(folder.glob("events.*")):
        if path.name not in kept:
            path.unlink()
            continue
        whole = _whole(path, kept[path.name])
        os.truncate(path, whole)
        if whole < kept[path.name]:
            told.append(f"{path.name} is damaged: of {kept[path.name]:,} bytes {whole:,} are whole and kept")
    return told


def _whole(path: Path, size: int) -> int:
    """The bytes of the whole records at the start of a file, as far as ``size``."""
    from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c

    at, there = 0, min(size, path.stat().st_size)
    with path.open("rb") as file:
        while at + HEADER + FOOTER <= there:
            file.seek(at)
            length, check = struct.unpack("<QI", file.read(HEADER))
            if check != masked_crc32c(struct.pack("<Q", length)) or at + HEADER + length + FOOTER > there:
                break
            at += HEADER + length + FOOTER
    return at
