"""What a folder of modules says of itself."""

from __future__ import annotations

import ast
from pathlib import Path


def package_line(folder: Path) -> str:
    """The first line of a package's docstring."""
    doc = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
    return doc.partition("\n")[0]
