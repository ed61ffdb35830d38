"""Several values in one text, as ``-s key=1,2,3`` writes them: commas inside brackets and quotes part nothing."""

from __future__ import annotations

import re

OPEN, CLOSE = "[{", "]}"


def value_texts(text: str) -> list[str]:
    """The values of a text, each as YAML: ``1,[2,3],"a,b"`` has three.

    Args:
        text: what stands after ``key=``.
    """
    found, depth, quote, start, skip = [], 0, "", 0, False
    for index, letter in enumerate(text):
        if skip:
            skip = False
        elif quote:
            skip = letter == "\\" and quote == '"'
            quote = "" if letter == quote else quote
        elif letter in "'\"" and re.search(r"(?:^|[\[{,:])\s*$", text[:index]):
            quote = letter
        elif letter in OPEN:
            depth += 1
        elif letter in CLOSE:
            depth -= 1
        elif letter == "," and depth == 0:
            found.append(text[start:index])
            start = index + 1
    return [part.strip() for part in [*found, text[start:]]]
