"""Which packaged specs use a block, a loss, a data source."""

from __future__ import annotations

from functools import cache
from posixpath import relpath

from compose.registry.declaration import Declaration
from tools.site.models.packaged_spec import PackagedSpec, packaged_specs


def using_specs(declaration: Declaration, folder: str) -> str:
    """Links to their pages, from a page in a folder of the site; "" where none does."""
    found = _users().get((declaration.kind, declaration.name), ())
    return ", ".join(f"[{spec.stem}]({relpath(spec.page, folder)})" for spec in found)


@cache
def _users() -> dict[tuple[str, str], list[PackagedSpec]]:
    found: dict[tuple[str, str], list[PackagedSpec]] = {}
    for spec in packaged_specs():
        for key in spec.used:
            found.setdefault(key, []).append(spec)
    return found
