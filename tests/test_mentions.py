"""Every module, class and file of the project that a docstring, comment, message or document names exists."""

from __future__ import annotations

import importlib
import io
import re
import subprocess
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("*.md", "*.yaml", "*.toml", "Makefile")
FOLDERS = "compose|blocks|graphs|specs|zoo|tests|tools|benchmarks|docs"
DOTTED = re.compile(r"(?<![\w./-])compose(?:\.[A-Za-z_]\w*)+")
FILE = re.compile(rf"(?<![\w./-])(?:{FOLDERS})(?:/[\w.-]+)+\.(?:py|yaml|json|tsv|txt|npz|md|svg)\b")
REFERENCE = re.compile(r":(?:mod|class|func|data|meth|attr):`~?([\w.]+)`")


def files(*patterns: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [name for name in listed.stdout.split() if not name.startswith("tests/")]


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Strings and comments of a Python file, each with its line; all lines of another."""
    text = path.read_text("utf-8")
    if path.suffix != ".py":
        yield from enumerate(text.splitlines(), 1)
        return
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.STRING, tokenize.COMMENT):
            yield token.start[0], token.string


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if not hasattr(found, part):
                return False
            found = getattr(found, part)
        return True
    return False


@pytest.mark.parametrize("name", files("*.py", *DOCUMENTS))
def test_what_is_named_exists(name: str) -> None:
    unknown = []
    for line, text in prose(ROOT / name):
        text = text.replace("blocks/my_blocks.py", "")  # a user's
        dotted = [found.removesuffix(".py") for found in DOTTED.findall(text)]
        unknown += [f"{name}:{line}: {found}" for found in dotted if not exists(found)]
        unknown += [f"{name}:{line}: {found}" for found in FILE.findall(text) if not (ROOT / found).is_file()]
    assert unknown == []


@pytest.mark.parametrize("name", files("blocks/*.py", "graphs/*.py", "compose/*.py"))
def test_cross_references_are_to_something(name: str) -> None:
    module = vars(importlib.import_module(module_name(name)))
    members = {member for value in module.values() if isinstance(value, type) for member in dir(value)}
    found = [(line, name) for line, text in prose(ROOT / name) for name in REFERENCE.findall(text)]
    known = {*module, *members}
    unknown = [f"{name}:{line}: {found}" for line, found in found if found not in known and not exists(found)]
    assert unknown == []


def module_name(name: str) -> str:
    parts = Path(name).with_suffix("").parts
    parts = parts if parts[0] == "compose" else ("compose", *parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
