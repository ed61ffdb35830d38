"""The comment that a packaged file opens with: its commands, and what it says."""

from __future__ import annotations

import re


def opening_comment(text: str) -> tuple[str, tuple[str, ...]]:
    """The commands, which are set in, and the paragraphs, of which the first says what the file is.

    Args:
        text: the file; its first line names its schema.
    """
    lines = []
    for line in text.splitlines()[1:]:
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").removeprefix(" "))
    parts = re.split(r"\n\s*\n", "\n".join(lines).strip("\n"))
    commands = [part for part in parts if part.startswith("  ")]
    return "\n".join(map(_outdented, commands)), tuple(part for part in parts if part not in commands)


def _outdented(text: str) -> str:
    return "\n".join(line.removeprefix("  ") for line in text.splitlines())
