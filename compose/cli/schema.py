"""``compose schema``: the JSON Schema for editors, and the index of all blocks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compose.cli.options import BlockFiles

if TYPE_CHECKING:
    from compose.registry.registry import Registry

SCHEMA, TABLES, INDEX = "spec.schema.json", "table.schema.json", "blocks.json"


def schema(
    folder: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="Where to write them; made where it is missing.")
    ] = Path("specs"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; end with 1 where the files there differ.")
    ] = False,
    blocks: BlockFiles = None,
) -> None:
    """Write spec.schema.json and table.schema.json (for editors) and blocks.json, also of your blocks with --blocks."""
    from compose.cli.console import done

    texts = documents(live_registry(blocks))
    stale = [name for name, text in texts.items() if _read(folder / name) != text]
    if check:
        for name in stale:
            done(f"{folder / name} differs from what the blocks declare")
        raise typer.Exit(1 if stale else 0)
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, "utf-8")
        done(f"wrote {folder / name}" if name in stale else f"{folder / name} is up to date")


def live_registry(blocks: list[Path] | None) -> Registry:
    """The registry read off the code: built-in classes, installed packages' and the user's own.

    Raises:
        UsageError: a file of blocks cannot be used.
    """
    from compose.registry.registry import Registry, add_entry_points, live_declarations, load_block_file
    from compose.spec.composites import with_composites

    found = with_composites(Registry(live_declarations()))
    add_entry_points(found)
    for path in blocks or ():
        load_block_file(path, found)
    return found


def documents(registry: Registry) -> dict[str, str]:
    """File name -> text of each file."""
    from compose.spec.schema.publish import index_text, schema_text, table_schema_text

    return {SCHEMA: schema_text(registry), TABLES: table_schema_text(), INDEX: index_text(registry.all())}


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.is_file() else None
