"""Text in the DejaVu fonts that matplotlib ships: its width, and how it is shortened or broken to fit."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from PIL import ImageFont

from compose.shown import printable

ELLIPSIS = "…"


@cache
def font(size: float, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    """DejaVu Sans at a size in pixels."""
    import matplotlib

    file = Path(matplotlib.get_data_path(), "fonts", "ttf", f"DejaVuSans{'-Bold' * bold}.ttf")
    return ImageFont.truetype(str(file), size)


def text_length(text: str, size: float, *, bold: bool = False) -> float:
    """How wide a text of one line is, in pixels."""
    return font(size, bold=bold).getlength(text)


def one_line(text: str) -> str:
    """A text without doubled spaces, in which nothing breaks a line or is hidden."""
    return printable(" ".join(text.split()))


def shorten(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A text that fits, its end left out where it is too long."""
    text = one_line(text)
    return _longest(text, lambda kept: text[:kept].rstrip(" ,;:-_/(") + ELLIPSIS, room, size, bold)


def shorten_middle(text: str, room: float, size: float, *, bold: bool = False) -> str:
    """A text that fits, its middle left out where it is too long: file names differ at their ends."""
    text = one_line(text)
    return _longest(
        text, lambda kept: text[: -(-kept // 2)] + ELLIPSIS + text[len(text) - kept // 2 :], room, size, bold
    )


def _longest(text: str, cut: Callable[[int], str], room: float, size: float, bold: bool) -> str:
    """The whole text, or else the longest cut of it that fits."""
    if text_length(text, size, bold=bold) <= room:
        return text
    fitting = (cut(kept) for kept in range(min(len(text), int(room)), 0, -1))
    return next((short for short in fitting if text_length(short, size, bold=bold) <= room), ELLIPSIS)


def broken(text: str, room: float, size: float, *, lines: int) -> list[str]:
    """A text in at most so many lines, broken between words; the last one is shortened to hold the rest."""
    words, found = one_line(text).split(), list[str]()
    while words and len(found) < lines - 1:
        count = 1
        while count < len(words) and text_length(" ".join(words[: count + 1]), size) <= room:
            count += 1
        found.append(shorten(" ".join(words[:count]), room, size))
        words = words[count:]
    return [*found, shorten(" ".join(words), room, size)] if words else found
