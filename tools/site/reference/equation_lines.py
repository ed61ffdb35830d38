"""The lines of code that compute an equation of a paper, as the comments behind them say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from tools.rooms import imports
from tools.site.reference.class_code import module_file

LINE = re.compile(
    r"^\s*(?P<code>\S.*?)  # (?P<before>.*?)(?P<equation>eqs?\. \d+(?:-\d+)?)(?P<after>.*)$", re.MULTILINE
)


@dataclass(frozen=True)
class EquationLine:
    """A line of code.

    Args:
        equation: which equation it computes, ``eq. 6``.
        code: the line.
        note: what else its comment says, such as the shape of what it gives.
    """

    equation: str
    code: str
    note: str

    @property
    def number(self) -> int:
        """The number of the equation."""
        return int(re.findall(r"\d+", self.equation)[0])


def equation_lines(declaration: Declaration) -> list[EquationLine]:
    """Those of a class and of what it is made of, by the numbers of the equations."""
    if declaration.kind not in ("block", "loss"):
        return []
    return _equation_lines(declaration.module)


@cache
def _equation_lines(module: str) -> list[EquationLine]:
    lines = [line for path in _files(module, frozenset()) for line in _lines(path)]
    return sorted(dict.fromkeys(lines), key=lambda line: line.number)


def _files(module: str, seen: frozenset[str]) -> Iterator[Path]:
    """The file of a module, and of those that it imports and that are no blocks by themselves."""
    path = module_file(module)
    if not path.is_file():  # a package's
        return
    yield path
    for name in imports(path):
        if name.startswith("compose.blocks.") and name not in {*seen, module, *_registered()}:
            yield from _files(name, seen | {module})


@cache
def _registered() -> frozenset[str]:
    return frozenset(declaration.module for declaration in registry().all())


def _lines(path: Path) -> Iterator[EquationLine]:
    for found in LINE.finditer(path.read_text("utf-8")):
        note = f"{found['before']}{found['after']}".strip(" ,;")
        yield EquationLine(found["equation"], found["code"], note)
