"""Names that may be those of a file or folder on every system: nothing in them leads elsewhere."""

from __future__ import annotations

import re
from hashlib import sha256

_DEVICES = "[cC][oO][nN]|[pP][rR][nN]|[aA][uU][xX]|[nN][uU][lL]|[cC][oO][mM][0-9]|[lL][pP][tT][0-9]"
"""What Windows takes for devices, whatever the ending; spelt so for JavaScript's regular expressions, too."""
PLAIN_NAME = rf"^(?!(?:{_DEVICES})(?:\.|$))[A-Za-z0-9_](?:[A-Za-z0-9_.+-]{{0,98}}[A-Za-z0-9_+-])?$"
IN_WORDS = (
    "letters, digits, `_`, `.`, `+` and `-`, at most 100; a letter, digit or `_` first, no `.` last, "
    "and no name of a device, such as `con`"
)
LONGEST = 150
"""Characters of a name that is put together from several."""


def plain_name(text: str) -> str:
    """A text as such a name; one that is such a name stays as it is."""
    if re.fullmatch(PLAIN_NAME, text):
        return text
    name = re.sub(r"[^A-Za-z0-9_.+-]+", "-", text).lstrip("-.+")[:100].rstrip("-.+") or "model"
    return name if re.fullmatch(PLAIN_NAME, name) else f"_{name}"


def joined_name(parts: list[str]) -> str:
    """Names joined by hyphens; the end of a very long one is the hash of the whole."""
    name = "-".join(map(plain_name, parts))
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 13]}-{sha256(name.encode()).hexdigest()[:12]}"
