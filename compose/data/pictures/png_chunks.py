"""The parts of a PNG file that make the picture; what else a program wrote into it keeps nobody from reading."""

from __future__ import annotations

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_KEPT = {b"tRNS", b"eXIf"}
"""Of what is not part of the pixels: transparency, and how the camera was held."""


def essential(data: bytes) -> bytes | None:
    """A file without texts, profiles, times and the like; None where it is no PNG file, or has nothing of that.

    PIL refuses a file for a text that is long, damaged, or large once it is unpacked.

    Args:
        data: the file, which may be damaged.
    """
    if not data.startswith(SIGNATURE):
        return None
    parts, at = [SIGNATURE], len(SIGNATURE)
    while at + 8 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if kind[:1].isupper() or kind in _KEPT:
            parts.append(data[at:end])
        at = end
    kept = b"".join(parts)
    return kept if len(kept) < len(data) else None
