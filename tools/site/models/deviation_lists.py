"""Everything that a spec, its variants and what they use compute otherwise than the papers say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import dirname

from compose.cli.describe import TAKEN_BACK
from tools.site.markdown import paragraphs, prose
from tools.site.models.packaged_spec import PackagedSpec
from tools.site.reference.overview import link


def deviation_lists(spec: PackagedSpec) -> str:
    """A list for the spec, one for each variant that adds to it or takes back, and one for the classes."""
    lists = [*_lists(spec)]
    return paragraphs("## Deviations", *lists) if lists else ""


def _lists(spec: PackagedSpec) -> Iterator[str]:
    if spec.own_deviations:
        yield paragraphs("### Of the spec", _list(spec.own_deviations))
    for variant, sentences in spec.variant_deviations.items():
        yield paragraphs(f"### With `-v {variant}`", _list(sentences))
    folder = dirname(spec.page)
    lines = [
        f"- {link(used, folder)}{_in(variants)}: {prose(used.deviates)}"
        for used, variants in spec.used.values()
        if used.deviates
    ]
    if lines:
        yield paragraphs("### Of what it uses", "\n".join(lines))


def _list(sentences: Mapping[str, str | None]) -> str:
    return "\n".join(f"- `{name}`: {prose(text or TAKEN_BACK)}" for name, text in sentences.items())


def _in(variants: tuple[str, ...]) -> str:
    return f" ({', '.join(f'`-v {name}`' for name in variants)})" if variants else ""
