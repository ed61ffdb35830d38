"""The code of what a spec may name: a class, or the file of a composite."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from compose.registry.declaration import Declaration
from tools.rooms import PARTS, ROOT

SHOWN = ("block", "loss", "metric", "composite")
"""The kinds whose code says what they compute."""


def class_code(declaration: Declaration) -> tuple[str, str, str] | None:
    """The file, its language and the text; None of what is no computation."""
    if declaration.kind not in SHOWN:
        return None
    if declaration.kind == "composite":
        path = ROOT / "zoo" / "composites" / declaration.qualname
        return _name(path), "yaml", path.read_text("utf-8")
    path = module_file(declaration.module)
    return _name(path), "python", _class(path, declaration.qualname)


def module_file(module: str) -> Path:
    """The file of a module of the package."""
    inner = module.split(".")[1:]
    folder = ROOT if inner[0] in PARTS and (ROOT / inner[0]).is_dir() else ROOT / "compose"
    return folder.joinpath(*inner).with_suffix(".py")


def _class(path: Path, name: str) -> str:
    text, tree = _parsed(path)
    (found,) = (node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name)
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    return "\n".join(text.splitlines()[first - 1 : found.end_lineno])


@cache
def _parsed(path: Path) -> tuple[str, ast.Module]:
    text = path.read_text("utf-8")
    return text, ast.parse(text)


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
