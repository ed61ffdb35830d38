"""The page of a packaged spec: what it is, how it is trained, its graph, its equations, its figures, its deviations."""

from __future__ import annotations

from collections.abc import Iterable

from tools.site.markdown import fence, paragraphs, prose
from tools.site.models.deviation_lists import deviation_lists
from tools.site.models.node_tables import node_tables
from tools.site.models.opening_comment import opening_comment
from tools.site.models.packaged_spec import PackagedSpec
from tools.site.models.printed_tables import printed_tables


def spec_page(spec: PackagedSpec) -> str:
    """The page as Markdown."""
    commands, said = opening_comment(spec.text)
    titled = bool(spec.values.get("paper"))  # then the first paragraph is the paper's title
    return paragraphs(
        f"# {spec.stem}",
        _cited(spec),
        f"**{prose(spec.values['description'])}**",
        fence(commands, "sh"),
        *map(prose, said[titled:]),
        _offered(spec),
        "## Graph",
        f"![The graph of {spec.stem}]({spec.stem}.svg)",
        f"Drawn by `compose graph {spec.name} -o {spec.stem}.svg`.",
        node_tables(spec),
        printed_tables(spec),
        deviation_lists(spec),
        "## Spec",
        f"`{spec.name}`",
        fence(spec.text, "yaml"),
    )


def _cited(spec: PackagedSpec) -> str:
    paper = spec.values.get("paper") or {}
    return prose(f"{paper['title']}, {paper['venue']}.") if "title" in paper else ""


def _offered(spec: PackagedSpec) -> str:
    """The variants and sweeps by name."""
    found = {"Variants": spec.resolved.variants, "Sweeps": spec.resolved.sweeps}
    return "\n\n".join(f"{title}: {_names(names)}." for title, names in found.items() if names)


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
