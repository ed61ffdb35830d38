"""The site builds without a warning, needs nothing from elsewhere, and its links lead somewhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from posixpath import dirname, join, normpath

import pytest
import yaml

from compose.spec.layers.spec_files import zoo_names
from tools.rooms import ROOT
from tools.site.docstring_roles import with_roles
from tools.site.markdown import prose, table
from tools.site.navigation import expanded
from tools.site.repository_links import with_site_links

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
"""Elements that a browser loads something for, and the attribute that says what."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr
    return folder


class Loaded(HTMLParser):
    """What a page loads, where its links lead, and the places that links to it may name."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.places: set[str] = {""}
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.places.add(found.get("id", ""))
        if tag in LOADED and LOADED[tag] in found and found.get("rel") not in ("prev", "next", "canonical"):
            self.loaded.append(found[LOADED[tag]])
        elif tag == "a" and "href" in found:
            self.links.append(found["href"])


def test_pages_load_nothing_from_elsewhere_and_link_to_what_is_there(site: Path) -> None:
    pages = {path.relative_to(site).as_posix(): Loaded(path.read_text("utf-8")) for path in site.rglob("*.html")}
    assert len(pages) > 70
    for name, page in pages.items():
        assert not [url for url in page.loaded if re.match(r"(\w+:)?//", url)], name
        for link in (link for link in page.links if not re.match(r"\w+:", link) and name != "404.html"):
            path, _, place = link.partition("#")
            target = normpath(join(dirname(name), path)) if path else name
            target = join(target, "index.html") if (site / target).is_dir() else target
            assert (site / target).is_file(), f"{name}: {link}"
            assert target not in pages or place in pages[target].places, f"{name}: {link}"


def test_every_page_of_docs_and_every_spec_is_in_the_navigation(site: Path) -> None:
    front = Loaded((site / "index.html").read_text("utf-8"))
    names = [path.relative_to(ROOT / "docs") for path in (ROOT / "docs").rglob("*.md")]
    names += [Path(name) for name in zoo_names()]
    pages = {name.with_suffix(".html").as_posix() for name in names}
    reached, ahead = set(), {"index.html"}
    while ahead:
        name = ahead.pop()
        reached.add(name)
        links = Loaded((site / name).read_text("utf-8")).links if name in pages | {"zoo.html", "index.html"} else []
        found = {normpath(join(dirname(name), link.partition("#")[0])) for link in links if not re.match(r"\w+:", link)}
        ahead |= {link for link in found if link.endswith(".html")} - reached
    assert front.links
    assert pages <= reached


def test_the_picture_of_a_model_lies_beside_its_page(site: Path) -> None:
    for name in zoo_names():
        assert (site / name).with_suffix(".svg").read_text("utf-8").startswith("<svg")


def test_nothing_that_is_made_is_kept() -> None:
    kept = subprocess.run(["git", "ls-files", "docs", "site"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not [name for name in kept.stdout.split() if name.startswith(("site/", "docs/reference/", "docs/zoo/"))]


def test_patterns_of_the_navigation_stand_for_pages() -> None:
    pages = ["index.md", "zoo.md", "language.md", "other.md", "a/one.md", "a/two.md", "a/b/deep.md"]
    entries = [
        "index.md",
        {"A": "a/*.md"},
        {"None": "none/*.md"},
        {"Deep": ["a/b/*.md", {"X": ["zoo.md"]}]},
        "la*.md",
        "*.md",
    ]
    assert expanded(entries, pages) == [
        "index.md",
        {"A": ["a/one.md", "a/two.md"]},
        {"Deep": ["a/b/deep.md", {"X": ["zoo.md"]}]},
        "language.md",
        "other.md",
    ]


def test_the_pages_of_others_need_no_entry() -> None:
    nav = yaml.safe_load((ROOT / "mkdocs.yml").read_text("utf-8"))["nav"]
    new = ["how-to/new.md", "results/new.md", "tutorial.md", "zoo/hybrids/new.md", "zoo/tables/new.md", "new.md"]
    assert not [page for page in new if f"'{page}'" not in str(expanded(nav, new))]


@pytest.mark.parametrize(
    ("link", "becomes"),
    [
        ("../zoo/lesa.yaml", "zoo/lesa.md"),
        ("../zoo/baselines/maml.yaml#x", "zoo/baselines/maml.md#x"),
        ("../README.md", "index.md"),
        ("../CONTRIBUTING.md", "files/CONTRIBUTING.md"),
        ("../tests/test_mentions.py", "files/tests/test_mentions.py.md"),
        ("../blocks/", "reference/index.md"),
        ("sizing.md#several-processes", "sizing.md#several-processes"),
        ("../gone.py", "../gone.py"),
        ("https://example.org/x", "https://example.org/x"),
        ("#here", "#here"),
    ],
)
def test_links_to_files_of_the_project(link: str, becomes: str) -> None:
    assert with_site_links(f"See [it]({link}).", "architecture.md") == f"See [it]({becomes})."


def test_links_in_code_and_of_made_pages_stay() -> None:
    text = "```md\n[x](../README.md)\n```\n"
    assert with_site_links(text, "architecture.md") == text
    assert with_site_links("[x](../README.md)", "reference/data.md") == "[x](../README.md)"
    assert with_site_links("[x](docs/zoo.md)", "files/CONTRIBUTING.md") == "[x](../zoo.md)"


def test_pieces_of_markdown() -> None:
    assert prose("``a_b`` of *d < W_I [x]") == r"`a_b` of \*d &lt; W\_I \[x\]"
    assert table(("", "n"), [("`a|b`", "1 | 2")], right=True) == "|  | n |\n|---|--:|\n| `a|b` | 1 \\| 2 |"


def test_references_of_docstrings_become_links() -> None:
    html = '<h2 id="compose.load">load</h2> :func:<code>load</code>, :class:<code>compose.Gone</code>'
    assert with_roles(html).endswith('<a href="#compose.load"><code>load</code></a>, <code>compose.Gone</code>')
