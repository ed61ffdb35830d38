"""``compose list runs [FOLDER]``: what was trained, and how far it has come."""

from __future__ import annotations

from pathlib import Path

HEADERS = ("run", "begun", "state", "headline", "seed", "spec")


def list_runs(folder: Path | None, *, as_json: bool) -> None:
    """Print the runs of a folder, the newest first.

    Args:
        folder: ``runs/`` where not given.
        as_json: whether JSON is printed.

    Raises:
        UsageError: there is no such folder.
    """
    from compose.api.run_list import listed_runs
    from compose.cli.console import done, echo_json, table

    found = listed_runs(folder)
    if as_json:
        echo_json([run.to_json() for run in found], indent=2)
    elif not found:
        done(f"there is no run in {folder or 'runs/'}; `compose train` makes one")
    else:
        rows = [(run.folder, run.when, run.state, run.headline, _seed(run.seed), run.spec) for run in found]
        table(HEADERS, rows, right=(4,), indent=0)


def _seed(seed: int | None) -> str:
    return "" if seed is None else str(seed)
