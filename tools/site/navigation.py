"""The navigation of ``mkdocs.yml``, in which a pattern such as ``how-to/*.md`` stands for every page that it fits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any


def expanded(entries: Sequence[Any], pages: Sequence[str]) -> list[Any]:
    """The navigation with pages in place of patterns; a section without a page is left out.

    Args:
        entries: of ``mkdocs.yml``: pages, patterns, and mappings of one title to such.
        pages: the site's pages in order. What an entry names by itself, no pattern stands for, and of several patterns
            that fit a page the first does.
    """
    free = [page for page in pages if page not in named(entries)]
    return list(_expanded(entries, free))


def named(entries: Any) -> set[str]:
    """Every page and pattern that a navigation names."""
    if isinstance(entries, str):
        return {entries}
    inner = entries.values() if isinstance(entries, dict) else entries
    return set().union(*map(named, inner))


def _expanded(entries: Sequence[Any], free: list[str]) -> Iterator[Any]:
    """The entries with pages, which are then no longer free."""
    for entry in entries:
        if isinstance(entry, dict):
            yield from _section(entry, free)
        elif "*" in entry:
            found = [page for page in free if _fits(page, entry)]
            free[:] = [page for page in free if page not in found]
            yield from found
        else:
            yield entry


def _section(entry: dict[str, Any], free: list[str]) -> Iterator[dict[str, Any]]:
    ((title, inner),) = entry.items()
    found = list(_expanded([inner] if isinstance(inner, str) else inner, free))
    if found:
        yield {title: found[0] if isinstance(inner, str) and found == [inner] else found}


def _fits(page: str, pattern: str) -> bool:
    """Whether a pattern stands for a page: its star, for one name and not for a path."""
    return fnmatchcase(page, pattern) and page.count("/") == pattern.count("/")
