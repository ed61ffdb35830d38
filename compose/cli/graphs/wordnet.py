"""``compose wordnet build``: a taxonomy file from WordNet's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from compose.shown import printable

wordnet = typer.Typer(no_args_is_help=True, help="Make taxonomy files of other WordNets than the embedded one.")


@wordnet.callback()
def root() -> None:
    """Make taxonomy files of other WordNets than the embedded one, 3.0."""


@wordnet.command()
def build(
    folder: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER",
            help="WordNet's files (data.noun, index.noun ...): a folder or a .zip, such as nltk's corpora/wordnet.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Argument(metavar="OUT.npz", help="The taxonomy file to write.", show_default=False)],
) -> None:
    """Write the nouns of a WordNet as a taxonomy file, for `taxonomy:` in a spec's `labels`."""
    _check(folder, out)
    from compose.cli.console import echo, status
    from compose.errors import RunError
    from compose.graphs import TaxonomyError
    from compose.graphs.taxonomy.build_taxonomy import build_taxonomy

    try:
        with status("reading WordNet"):
            made = build_taxonomy(folder, out)
    except TaxonomyError as error:
        raise RunError(" ".join(str(error).split())) from error
    lemmas, size = sum(1 for _ in made.lemmas()), out.stat().st_size
    told = printable(str(out))
    echo(f"wrote {told}: WordNet {made.version}, {len(made):,} synsets, {lemmas:,} lemmas, {size:,} bytes")


def _check(folder: Path, out: Path) -> None:
    from compose.errors import UsageError

    if not folder.exists():
        raise UsageError(f"{folder}: there is no such folder")
    if out.suffix != ".npz":
        raise UsageError(f"{out}: expected a name that ends in .npz")
    if not out.parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent}")
