"""``compose data list``: the published data sets, and which of them are there."""

from __future__ import annotations

from compose.cli.options import AsJson


def list_data(as_json: AsJson = False) -> None:
    """List the published data sets that are read without conversion, and whether their files are there."""
    from compose.api.published_data import published_data, published_names
    from compose.cli.console import echo, echo_json, table

    found = [published_data(name) for name in published_names()]
    if as_json:
        echo_json([state.to_json() for state in found], indent=2)
        return
    rows = [(state.source, state.title, state.state, str(state.folder or "")) for state in found]
    table(("source", "data set", "files", "folder"), rows, indent=0)
    echo("\nThey are looked for in the folder that COMPOSE_DATA or --data-root names, else here.", style="dim")
    echo("compose data describe NAME says what one needs, and where it can be had.", style="dim")
