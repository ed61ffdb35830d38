"""The documents of the project, and what in them is to be run: fenced blocks, and the commands in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FENCE = re.compile(
    r"^(?P<over><!-- over (?P<base>\S+) -->\n)?"
    r"^```(?P<kind>\w*)(?: title=\"?(?P<title>[^\"\n]+)\"?)?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Fenced:
    """A fenced block of a page.

    Args:
        kind: the word behind the fence, such as ``sh``.
        text: what it holds.
        place: the page and the line of its first line, ``README.md:12``.
        title: the file that it is, if it says so.
        base: the spec that it is laid over, if the comment before it names one.
    """

    kind: str
    text: str
    place: str
    title: str | None
    base: str | None


@dataclass(frozen=True)
class Command:
    """A command in a block.

    Args:
        line: it, without prompt; continued lines are one.
        place: the page and the line where it begins.
        shown: the lines below it that a ``console`` block shows as its output.
    """

    line: str
    place: str
    shown: tuple[str, ...] = ()


def pages() -> list[Path]:
    """README and every page in ``docs/``."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def fenced(page: Path) -> Iterator[Fenced]:
    """The blocks of a page."""
    text = page.read_text("utf-8")
    for found in FENCE.finditer(text):
        name = page.relative_to(ROOT) if page.is_relative_to(ROOT) else page.name
        place = f"{name}:{text.count(chr(10), 0, found.start('text')) + 1}"
        yield Fenced(found["kind"], found["text"], place, found["title"], found["base"])


def commands(block: Fenced) -> list[Command]:
    """The commands of a ``sh`` block, one a line, or of a ``console`` block, those behind ``$``."""
    page, first = block.place.rsplit(":", 1)
    found: list[Command] = []
    continued = False
    for number, line in enumerate(block.text.splitlines(), int(first)):
        if continued:
            found[-1] = Command(f"{found[-1].line} {line.strip()}", found[-1].place)
        elif block.kind == "sh" or line.startswith("$ "):
            found.append(Command(line.removeprefix("$ ").strip(), f"{page}:{number}"))
        elif found:
            found[-1] = Command(found[-1].line, found[-1].place, (*found[-1].shown, line))
        continued = found != [] and found[-1].line.endswith("\\")
        if continued:
            found[-1] = Command(found[-1].line.removesuffix("\\").strip(), found[-1].place)
    return [command for command in found if command.line and not command.line.startswith("#")]
