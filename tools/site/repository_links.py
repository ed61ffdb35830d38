"""Links from a page to files of the project: right in the repository as they are, and in the site as they become here.

A file is shown by the page that is made from it, such as a spec's, or else as it is, on a page of its own. So no link
needs the address of a repository.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from posixpath import dirname, join, normpath, relpath

from compose.spec.layers.spec_files import table_names, zoo_names
from tools.rooms import ROOT
from tools.site.markdown import fence

SHOWN_BY = {
    "README.md": "index.md",
    "zoo": "zoo.md",
    "zoo/composites": "reference/composites.md",
    "blocks": "reference/index.md",
    "blocks/losses": "reference/losses.md",
    "compose/__init__.py": "reference/python.md",
    "compose/cli": "reference/commands/index.md",
    "compose/cli/app.py": "reference/commands/index.md",
    **{name: str(Path(name).with_suffix(".md")) for name in (*zoo_names(), *table_names())},
}
"""A file or folder of the project -> the page that is made from it."""
ALWAYS = ("CONTRIBUTING.md", "CHANGELOG.md")
"""Files that have a page although no other may link to them."""
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)(#[^)\s]*)?(?=\))")
FENCE = re.compile(r"^(`{3,}).*?^\1`*$", re.MULTILINE | re.DOTALL)
LANGUAGES = {".py": "python", ".yaml": "yaml", ".toml": "toml", ".json": "json", ".sh": "sh"}


def with_site_links(text: str, uri: str) -> str:
    """A page's text, in which links to files of the project lead to the pages that show them.

    Args:
        text: Markdown.
        uri: the page, by its place in the site.
    """
    own = _file_of(uri)
    return text if own is None else _outside_fences(text, lambda part: _relinked(part, own, uri))


def linked_files() -> dict[str, str]:
    """A page for each file of the project that a page links to and that no other page shows."""
    texts = {f"docs/{path.relative_to(ROOT / 'docs').as_posix()}": path for path in (ROOT / "docs").rglob("*.md")}
    texts |= {name: ROOT / name for name in ALWAYS}
    named = {target for name, path in texts.items() for target in _targets(path.read_text("utf-8"), name)}
    return {page_of(name): _as_page(name) for name in sorted({*named, *ALWAYS}) if page_of(name).startswith("files/")}


def page_of(name: str) -> str:
    """The page that shows a file or folder of the project."""
    if name.startswith("docs/"):
        return name.removeprefix("docs/")
    return SHOWN_BY.get(name) or f"files/{name.removesuffix('.md')}.md"


def _as_page(name: str) -> str:
    path = ROOT / name
    text = path.read_text("utf-8")
    return text if path.suffix == ".md" else f"# `{name}`\n\n{fence(text, LANGUAGES.get(path.suffix, 'text'))}\n"


def _file_of(uri: str) -> str | None:
    """The file of the project that a page shows as it is; None where the page is made."""
    if (ROOT / "docs" / uri).is_file():
        return f"docs/{uri}"
    name = uri.removeprefix("files/")
    return name if uri.startswith("files/") and (ROOT / name).is_file() else None


def _relinked(text: str, own: str, uri: str) -> str:
    def moved(link: re.Match[str]) -> str:
        target = normpath(join(dirname(own), link[1]))
        if (own.startswith("docs/") and target.startswith("docs/")) or not _is_ours(target):
            return link[0]
        return relpath(page_of(target), dirname(uri) or ".") + (link[2] or "")

    return LINK.sub(moved, text)


def _targets(text: str, own: str) -> Iterator[str]:
    """The files and folders of the project that a text links to."""
    found = (normpath(join(dirname(own), link[1])) for link in LINK.finditer(FENCE.sub("", text)))
    yield from (target for target in found if _is_ours(target) and not target.startswith("docs/"))


def _is_ours(target: str) -> bool:
    return target in SHOWN_BY or (not target.startswith("..") and (ROOT / target).is_file())


def _outside_fences(text: str, change: Callable[[str], str]) -> str:
    """A text that is changed everywhere but in its blocks of code."""
    done, end = "", 0
    for block in FENCE.finditer(text):
        done += change(text[end : block.start()]) + block[0]
        end = block.end()
    return done + change(text[end:])
