"""What MkDocs calls: it adds the pages that are made from the project, and lets links to its files lead somewhere.

``mkdocs.yml`` names this file; MkDocs is started from the project's folder, as ``python -m mkdocs``.
"""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files, InclusionLevel
from mkdocs.structure.pages import Page

from tools.site.docstring_roles import with_roles
from tools.site.made_pages import made_pages
from tools.site.navigation import expanded, named
from tools.site.repository_links import linked_files, with_site_links


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add what is made, and let the patterns of the navigation stand for the pages that fit them."""
    for uri, content in {**made_pages(), **linked_files()}.items():
        files.append(File.generated(config, uri, content=content))
    pages = [file.src_uri for file in files.documentation_pages()]
    config.nav = expanded(config.nav or [], pages)
    shown = named(config.nav)
    for file in files.documentation_pages():
        if file.src_uri.startswith("files/") and file.src_uri not in shown:
            file.inclusion = InclusionLevel.NOT_IN_NAV
    return files


def on_page_markdown(markdown: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Turn links to files of the project into links to the pages that show them."""
    return with_site_links(markdown, page.file.src_uri)


def on_page_content(html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Resolve the references of docstrings."""
    return with_roles(html)
