"""What the shell offers on Tab: files, packaged specs, their variants and sweeps, the names that a spec may use."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from compose.spec.layers.resolve import Resolved


def spec_names(incomplete: str) -> list[str]:
    """YAML files beside what is typed so far, and the packaged specs."""
    from compose.spec.layers.spec_files import zoo_names

    return _files_and(zoo_names(), incomplete)


def swept_names(incomplete: str) -> list[str]:
    """YAML files beside what is typed so far, and the packaged specs and tables."""
    from compose.spec.layers.spec_files import table_names, zoo_names

    return _files_and([*zoo_names(), *table_names()], incomplete)


def _files_and(packaged: Iterable[str], incomplete: str) -> list[str]:
    from pathlib import Path

    folder = Path(incomplete).parent if "/" in incomplete else Path()
    found = [str(path) for path in sorted(folder.glob("*.y*ml"))] if folder.is_dir() else []
    return [name for name in plain(dict.fromkeys([*found, *packaged])) if name.startswith(incomplete)]


def plain(names: Iterable[str]) -> list[str]:
    """The names that a shell takes literally; one of them evaluates what it is offered."""
    return [name for name in names if re.fullmatch(r"[\w./+@][\w./+@-]*", name)]


def variant_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """The variants of the spec on the command line."""
    return _offered(ctx, lambda resolved: resolved.variants, incomplete)


def sweep_names(ctx: typer.Context, incomplete: str) -> list[str]:
    """The sweeps of the spec on the command line."""
    return _offered(ctx, lambda resolved: resolved.sweeps, incomplete)


def _offered(ctx: typer.Context, names: Callable[[Resolved], Iterable[str]], incomplete: str) -> list[str]:
    from compose.errors import ComposeError
    from compose.spec.layers.resolve import resolve

    given = [
        ctx.params.get("spec"),
        *(ctx.params.get("specs") or ()),
        *ctx.args,
    ]  # -v without a value leaves it in args
    for name in filter(None, given):
        try:
            return [name for name in plain(names(resolve(name))) if name.startswith(incomplete)]
        except (ComposeError, OSError):
            continue
    return []


def block_names(incomplete: str) -> list[str]:
    """Everything that a spec may name after ``use:``."""
    from compose.registry.registry import registry

    return sorted({d.name for d in registry().all() if d.name.startswith(incomplete)})
