"""The navigation of ``mkdocs.yml``, in which a pattern such as ``how-to/*.md`` stands for every page that it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any


def expanded(entries: Sequence[Any], pages: Sequence[str]) -> list[Any]:
    """The navigation with pages in place of patterns; a section without a page is left out.

    Args:
        entries: of ``mkdocs.yml``: pages, patterns, and mappings of one title to such.
        pages: the site's pages in order. What an entry names by itself, no pattern stands for.
    """
    free = [page for page in pages if page not in named(entries)]
    return list(_expanded(entries, free))


def named(entries: Any) -> set[str]:
    """Every page and pattern that a navigation names."""
    if isinstance(entries, str):
        return {entries}
    inner = entries.values() if isinstance(entries, dict) else entries
    return set().union(*map(named, inner))


def _expanded(entries: Sequence[Any], pages: Sequence[str]) -> Iterator[Any]:
    for entry in entries:
        if isinstance(entry, dict):
            yield from _section(entry, pages)
        elif "*" in entry:
            yield from (page for page in pages if _fits(page, entry))
        else:
            yield entry


def _section(entry: dict[str, Any], pages: Sequence[str]) -> Iterator[dict[str, Any]]:
    ((title, inner),) = entry.items()
    found = list(_expanded([inner] if isinstance(inner, str) else inner, pages))
    if found:
        yield {title: found[0] if isinstance(inner, str) and found == [inner] else found}


def _fits(page: str, pattern: str) -> bool:
    """Whether a pattern stands for a page: its star, for one name and not for a path."""
    return fnmatchcase(page, pattern) and page.count("/") == pattern.count("/")
