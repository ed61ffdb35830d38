"""Read the spec that a command line names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    """The checked spec of a command line.

    Raises:
        SpecErrors: every mistake in it.
        UsageError: an override is not of the form ``key=value``, or a file of blocks cannot be used.
    """
    from compose.spec.read import read_spec

    use_blocks(blocks)
    return read_spec(spec, variants=variants or (), overrides=overrides or ())


def prepared(spec: Spec) -> Prepared:
    """The spec with all that it names made, and its shapes known.

    Raises:
        SpecErrors: values that their classes refuse, or shapes that cannot meet.
    """
    from compose.cli.console import status

    with status("working out the shapes"):
        from compose.training.prepare import prepare

        made = prepare(spec)
        made.shaped  # noqa: B018 - computed now, so that its errors come before any output
    return made


def ready(spec: Spec, *, data: bool = True, scoring: bool = False) -> Prepared:
    """The spec with all that it names made, and nothing left that would stop a run.

    Args:
        spec: the checked spec.
        data: whether the files of the data are looked at.
        scoring: take only what the scores need, for a model that is not trained any more.

    Raises:
        SpecErrors: every mistake that can be found before training.
    """
    from compose.cli.console import status
    from compose.errors import SpecErrors

    with status("checking the spec and its data"):
        from compose.checks.episode_problems import ways_problems
        from compose.checks.problems import notes, problems
        from compose.training.prepare import prepare

        made = prepare(spec)
        unfit = list(ways_problems(made)) if scoring else []
        made = made.scoring() if scoring else made
        found = unfit or problems(made, data=data)
    if found:
        raise SpecErrors(found)
    if data:
        print_notes(notes(made))
    return made


def print_notes(found: list[str]) -> None:
    """What the user should know although it stops nothing."""
    from compose.cli.console import err

    for line in found:
        err().print(f"note: {line}", style="yellow", markup=False)
