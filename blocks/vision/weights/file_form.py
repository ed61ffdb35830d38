"""What a file that a spec names as weights is, by its first bytes, whatever its name says."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Form = Literal["safetensors", "zip", "pickle"]
"""The forms in which weights are kept: safetensors, and PyTorch's newer and older ones."""

AGAIN = "download or copy it again"
START = 4096
"""How many bytes are looked at."""
LARGEST_HEADER = 100_000_000
"""The most bytes that a header of safetensors may have."""
PAGES = (b"<!doctype", b"<html", b"<head", b"<?xml", b"<body")
PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"\x28\xb5\x2f\xfd": "zstandard",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
}
OTHERS = {
    b"\x89HDF": "HDF5, as Keras saves weights",
    b"GGUF": "GGUF, the form of llama.cpp",
    b"\x93NUMPY": "a numpy array",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"%PDF": "a PDF",
}
TAR_MARK = slice(257, 262)


@dataclass
class NoWeights(Exception):
    """A file that holds no weights; it is told as a BlockError, with the file and what was expected.

    Args:
        what: what it is.
        remedy: what the user can do.
    """

    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


def form_of(path: Path) -> Form:
    """The form of a file of weights.

    Raises:
        NoWeights: it is something else.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        start = file.read(START)
    if not start:
        raise NoWeights("it is empty", "save or download it again")
    if start.startswith(b"version https://git-lfs"):
        raise NoWeights("it is a pointer of git-lfs, not the file itself", "fetch that with `git lfs pull`")
    if start.lstrip().lower().startswith(PAGES):
        raise NoWeights("it is a web page (HTML), no weights", "download the file itself, not the page about it")
    if start.startswith(b"PK\x03\x04"):
        return _zip(path)
    if _is_safetensors(start):
        return "safetensors"
    if start.startswith(b"\x80") and start[1] <= 5:
        return "pickle"
    raise _something_else(start)


def _zip(path: Path) -> Form:
    """A zip file of PyTorch's.

    Raises:
        NoWeights: it is another.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except zipfile.BadZipFile:
        raise NoWeights("it is cut off or damaged: the end of the file is missing", AGAIN) from None
    ends = {name.rpartition("/")[2] for name in names}
    if "constants.pkl" in ends:
        remedy = "save its weights: torch.save(torch.jit.load(FILE).state_dict(), ...)"
        raise NoWeights("it is a TorchScript program, which is run and not read", remedy)
    if "data.pkl" in ends:
        return "zip"
    if any(name.endswith(".npy") for name in names):
        raise NoWeights("it is an archive of numpy arrays (npz)", "save them as safetensors")
    raise NoWeights("it is a zip archive of other files", "unpack it, and name the file of weights in it")


def _is_safetensors(start: bytes) -> bool:
    length = int.from_bytes(start[:8], "little")
    return 0 < length <= LARGEST_HEADER and start[8:9] == b"{"


def _something_else(start: bytes) -> NoWeights:
    for mark, name in PACKED.items():
        if start.startswith(mark):
            return NoWeights(f"it is packed ({name})", "unpack it, and name the file of weights in it")
    if start[TAR_MARK] == b"ustar":
        return NoWeights("it is packed (tar)", "unpack it, and name the file of weights in it")
    for mark, name in OTHERS.items():
        if start.startswith(mark):
            return NoWeights(f"it is {name}", "save the weights as safetensors or as a PyTorch state dict")
    if not _is_text(start):
        return NoWeights("it is of no form that is known", f"it may be damaged: {AGAIN}")
    if b'"weight_map"' in start:
        return NoWeights("it is the list of the files that weights are split into", "save them as one file")
    return NoWeights(f"it is {'JSON' if _is_json(start) else 'text'}, no weights", "name the file of the weights")


def _is_text(start: bytes) -> bool:
    text = start.decode("utf-8", "ignore")
    return len(text.encode()) >= len(start) - 3 and not any(char < " " and char not in "\t\r\n\f" for char in text)


def _is_json(start: bytes) -> bool:
    if len(start) == START:
        return start.lstrip()[:1] in (b"{", b"[")
    try:
        return isinstance(json.loads(start), dict | list)
    except ValueError:
        return False
