"""The page of the Python API: what ``import compose`` offers, each with its docstring."""

from __future__ import annotations

import compose
from tools.site.markdown import paragraphs


def python_page() -> str:
    """The page as Markdown; mkdocstrings puts the docstrings in."""
    functions = [name for name in compose.__all__ if name.islower()]
    classes = [name for name in compose.__all__ if not name.islower()]
    return paragraphs(
        "# Python",
        "The command line is a face of these functions.",
        *(f"::: compose.{name}" for name in ("load", *sorted({*functions} - {"load"}), *classes)),
    )
