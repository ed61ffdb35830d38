"""Changes of a spec as text: characters and lines put in, taken out, doubled, moved, cut."""

from __future__ import annotations

import re
from collections.abc import Callable

from hypothesis.strategies import DrawFn, integers, sampled_from

from tests.fuzz.hostile import CHARACTERS, TEXTS

MOST_TIMES = 3000


def _inserted(draw: DrawFn, text: str) -> str:
    at = draw(integers(0, len(text)))
    return text[:at] + draw(sampled_from(CHARACTERS)) + text[at:]


def _replaced(draw: DrawFn, text: str) -> str:
    at = draw(integers(0, len(text)))
    return text[:at] + draw(sampled_from(CHARACTERS)) + text[at + 1 :]


def _cut_out(draw: DrawFn, text: str) -> str:
    at, length = draw(integers(0, len(text))), draw(sampled_from((1, 1, 2, 5, 20, 200)))
    return text[:at] + text[at + length :]


def _cut_off(draw: DrawFn, text: str) -> str:
    return text[: draw(integers(0, len(text)))]


def _line(draw: DrawFn, text: str) -> str:
    """A line taken out, doubled, indented otherwise, or moved."""
    lines = text.split("\n")
    at = draw(integers(0, len(lines) - 1))
    what = draw(sampled_from(("out", "double", "deeper", "flatter", "moved", "tab")))
    line = lines.pop(at)
    if what == "double":
        lines[at:at] = [line, line]
    elif what == "moved":
        lines.insert(draw(integers(0, len(lines))), line)
    elif what != "out":
        lines.insert(at, {"deeper": f"  {line}", "flatter": line.removeprefix("  "), "tab": f"\t{line}"}[what])
    return "\n".join(lines)


def _word(draw: DrawFn, text: str) -> str:
    """A word in another's place."""
    words = list(re.finditer(r"[\w.-]+", text))
    if not words:
        return text
    here = draw(sampled_from(words))
    new = draw(sampled_from([*TEXTS, *(word.group() for word in words[:200])]))
    return text[: here.start()] + new + text[here.end() :]


def _many(draw: DrawFn, text: str) -> str:
    """A piece of the text many times."""
    at, length = draw(integers(0, len(text))), draw(sampled_from((1, 1, 3, 30)))
    return text[:at] + text[at : at + length] * draw(sampled_from((2, 10, 60, MOST_TIMES))) + text[at:]


def _anchored(draw: DrawFn, text: str) -> str:
    """Something anchored, and taken again elsewhere."""
    values = list(re.finditer(r"(?<=: )[^\s#]", text))
    if len(values) < 2:
        return text
    first, second = sorted((draw(sampled_from(values)).start(), draw(sampled_from(values)).start()))
    return f"{text[:first]}&a {text[first:second]}*a {text[second:]}"


CHANGES: tuple[Callable[[DrawFn, str], str], ...] = (
    _inserted, _inserted, _replaced, _cut_out, _cut_off, _line, _line, _word, _word, _many, _anchored,
)  # fmt: skip


def change_text(draw: DrawFn, text: str) -> str:
    """Change a text somewhere."""
    return draw(sampled_from(CHANGES))(draw, text)
