"""Text of a user as it is shown: control characters as escapes, long texts cut, cells of a CSV that are no formulas.

Names, labels, file names and descriptions come from specs and data of strangers. A terminal obeys escape sequences, a
line can be forged by a line break, and text can be turned round or hidden by characters that have no width.
"""

from __future__ import annotations

import json
import re
from typing import Any
from xml.sax.saxutils import escape

LONGEST, MOST_LINES = 2_000, 30
"""Characters of a line of a message, and lines of it, that are shown."""
LONGEST_QUOTE = 200
"""Characters of what a message quotes that are shown."""
INDENT = "  "
_WIDE_SPACE = "\u3000"
_FORMULA = re.compile(r"[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_QUOTED = re.compile("`([^`]*)`")
_FENCE = re.compile("`{3,}")


class _Shown(dict[int, str]):
    """Character -> how it is shown; filled as characters come."""

    def __init__(self, kept: str, form: Any) -> None:
        super().__init__({ord(char): char for char in kept})
        self._form = form

    def __missing__(self, code: int) -> str:
        char = chr(code)
        self[code] = char if char.isprintable() or char == _WIDE_SPACE else self._form(char)
        return self[code]


def _python_escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _json_escape(char: str) -> str:
    return json.dumps(char)[1:-1]


_LINE = _Shown("", _python_escape)
_LINES = _Shown("\n\t", _python_escape)
_JSON = _Shown("\n", _json_escape)


def printable(text: str) -> str:
    """A text on one line: line breaks, control characters, and characters without a width, as escapes."""
    return text if text.isprintable() else text.translate(_LINE)


def printable_lines(text: str) -> str:
    """A text that may have several lines; its line breaks and tabs stay."""
    return text if text.isprintable() else text.translate(_LINES)


def message_text(text: str) -> str:
    """A message with what it quotes on one line; further lines are indented, so that no text of a user begins one."""
    lines = printable_lines(short_quotes(text)).split("\n")
    told = [cut(line) if line.startswith(INDENT) else INDENT + cut(line) for line in lines[:MOST_LINES]]
    told[0] = cut(lines[0])
    more = [f"{INDENT}… {len(lines) - MOST_LINES:,} more lines"] if len(lines) > MOST_LINES else []
    return "\n".join([*told, *more])


def short_quotes(text: str) -> str:
    """A message with what it quotes on one line, and cut where it is long."""
    return _QUOTED.sub(lambda quoted: f"`{cut(printable(quoted[1]), LONGEST_QUOTE)}`", text)


def json_text(value: Any, *, indent: int | None = None) -> str:
    """A value as JSON that reads back the same, and that a terminal can show."""
    return json.dumps(value, indent=indent, ensure_ascii=False).translate(_JSON)


def xml_text(text: str) -> str:
    """A text on one line within an element of XML, which may hold no control character at all."""
    return escape(printable(text))


def csv_cell(text: str) -> str:
    """A text as a cell of a CSV that a spreadsheet does not take for a formula: one like that begins with ``'``."""
    shown = printable(text)
    return f"'{shown}" if _FORMULA.match(shown) and not _NUMBER.fullmatch(shown) else shown


def markdown_text(text: str) -> str:
    """A text on one line within Markdown: it opens no cell, no link, no picture and no HTML."""
    return re.sub(r"([\\|\[\]`])", r"\\\1", printable(text)).replace("<", "&lt;")


def markdown_code(text: str, language: str) -> str:
    """A text of several lines as a block of code that nothing in it can close."""
    fence = "`" * (1 + max([2, *map(len, _FENCE.findall(text))]))
    return f"{fence}{language}\n{printable_lines(text)}\n{fence}"


def cut(text: str, most: int = LONGEST) -> str:
    """A text without its middle where it is too long."""
    if len(text) <= most:
        return text
    head, tail = most * 3 // 4, most // 4
    return f"{text[:head]} … {len(text) - head - tail:,} characters … {text[-tail:]}"
