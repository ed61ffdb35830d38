"""What of a file may stand in a message: a spec of a stranger's may name any file, also one that is no data at all.

Nothing of a file is quoted before the file has shown that it is of the form that was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 40
_TITLE = re.compile(r"[^\W\d][\w .-]{0,39}")


def titles_text(header: Sequence[str]) -> str:
    """The first line of a file that should name columns: as it is where it does, else how many cells it has."""
    if len(header) > 1 and all(_TITLE.fullmatch(name) for name in header):
        return ", ".join(header)
    if not any(header):
        return "nothing"
    return f"a line of {len(header):,} cell{'s' if len(header) > 1 else ''}, which names no columns"


def keys_text(keys: Sequence[str]) -> str:
    """The keys of an object that has others than it should."""
    if all(_TITLE.fullmatch(key) for key in keys):
        return ", ".join(keys) or "none"
    return f"{len(keys):,} others"


def short(text: str) -> str:
    """A field of a file of the right form."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
