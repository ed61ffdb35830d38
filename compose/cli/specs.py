"""Read the spec, or open the run, that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from compose import Run
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared


def use_blocks(files: Sequence[Path] | None) -> None:
    """Register the blocks of the user's own files.

    Raises:
        UsageError: a file is missing, fails to import, or defines no block.
    """
    from compose.registry.registry import load_block_file

    for path in files or ():
        load_block_file(path)


def read(
    spec: str, variants: Sequence[str] | None, overrides: Sequence[str] | None, blocks: Sequence[Path] | None
) -> Spec:
    """The checked spec of a command line; says so where it is a run's, which keeps copies of the user's block files.

    Raises:
        SpecErrors: every mistake in it.
        UsageError: an override is not of the form ``key=value``, or a file of blocks cannot be used.
    """
    from compose.api.begin_run import kept_notes
    from compose.api.reading import read as read_any
    from compose.cli.console import note

    found = read_any(spec, variants=variants or (), overrides=overrides or (), blocks=blocks or ())
    for line in () if blocks else kept_notes(found.blocks, Path(found.resolved.file)):
        note(line)
    return found


def prepared(spec: Spec) -> Prepared:
    """The spec with all that it names made, and its shapes known.

    Raises:
        SpecErrors: values that their classes refuse, or shapes that cannot meet.
    """
    from compose.cli.console import status

    with status("working out the shapes"):
        from compose.checks.fixes import with_fixes
        from compose.errors import SpecErrors
        from compose.training.prepare import prepare

        made = prepare(spec)
        try:
            made.shaped  # noqa: B018 - computed now, so that its errors come before any output
        except SpecErrors as error:
            raise SpecErrors(with_fixes(made, error.errors)) from None
    return made


def opened(path: Path, *, weights: Literal["last", "best"] | None, device: str, blocks: Sequence[Path] | None) -> Run:
    """The run of a command line; says so where it reads its own copies of the user's block files.

    Raises:
        UsageError: there is no such run, or a file of blocks is gone or has changed.
    """
    from compose import Run
    from compose.api.begin_run import kept_notes
    from compose.api.reading import LOCK
    from compose.cli.console import note
    from compose.processes.launched import is_first_process

    run = Run(path, weights=weights, device=device, blocks=blocks or ())
    for line in kept_notes(run.kept_blocks, run.folder / LOCK) if is_first_process() else ():
        note(line)
    return run
