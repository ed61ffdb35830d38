"""The page of the reserved inputs: what the data and the label space feed to a model."""

from __future__ import annotations

import inspect

from compose.registry.docstring import doc_entries, sections
from compose.spec.wiring.reserved import RESERVED, ReservedInput
from tools.site.markdown import paragraphs, prose, table
from tools.site.reference.declaration_entry import anchor


def inputs_page() -> str:
    """The page as Markdown."""
    rows = [_row(given) for given in RESERVED.values()]
    letters = doc_entries(sections(inspect.getdoc(ReservedInput)).get("Args", ""))["dims"]
    return paragraphs(
        "# Inputs",
        "What the data and the label space give. A node names one after `in:`; a port of the same name, with `_` for "
        "the dot, is fed by it unless the spec feeds it otherwise.",
        f"Of the dims, {prose(letters.removeprefix('its dims: '))}",
        table(("input", "shape", "port", ""), rows),
    )


def _row(given: ReservedInput) -> tuple[str, ...]:
    name = f'<a id="{anchor(given.name)}"></a>`{given.name}`'
    return name, f"`{' '.join(given.dims)}`, {given.dtype}", f"`{given.port}`", prose(given.doc)
