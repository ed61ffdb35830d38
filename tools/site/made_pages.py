"""Every page and picture that is made from the project."""

from __future__ import annotations

from tools.site.models.graph_picture import graph_picture
from tools.site.models.packaged_spec import packaged_specs
from tools.site.models.spec_page import spec_page
from tools.site.models.table_page import packaged_tables, page_of_table, table_page
from tools.site.reference.command_pages import command_pages
from tools.site.reference.declaration_pages import declaration_pages
from tools.site.reference.inputs_page import inputs_page
from tools.site.reference.overview import overview
from tools.site.reference.python_page import python_page


def made_pages() -> dict[str, str]:
    """Each by its place in the site, in the order of the navigation."""
    return {
        **{spec.page: spec_page(spec) for spec in packaged_specs()},
        **{spec.page.removesuffix("md") + "svg": graph_picture(spec) for spec in packaged_specs()},
        **{page_of_table(table): table_page(table) for table in packaged_tables()},
        "reference/index.md": overview(),
        **declaration_pages(),
        "reference/inputs.md": inputs_page(),
        "reference/python.md": python_page(),
        **command_pages(),
    }
