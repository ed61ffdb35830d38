"""A page for each command, from the app that parses them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from typer.main import get_command

from compose.cli.app import GROUPS, PANELS, app
from tools.site.markdown import fence, paragraphs, prose, table


def command_pages() -> dict[str, str]:
    """Each page by its place in the site, and one that lists them."""
    pages = {f"reference/commands/{name}.md": _page(name, command) for name, command in _commands()}
    return {"reference/commands/index.md": _index(), **pages}


def _commands() -> Iterator[tuple[str, Any]]:
    """Every command of the app, in the order of its help."""
    known: Any = get_command(app)
    yield from ((name, known.commands[name]) for names in _panels().values() for name in names)


def _panels() -> dict[str, list[str]]:
    """The panels of the app's help, each with the names of its commands."""
    panels = {title: list(commands) for title, commands in PANELS.items()}
    return panels | {title: list(groups) for title, groups in GROUPS.items()}


def _index() -> str:
    known = dict(_commands())
    parts = []
    for title, names in _panels().items():
        rows = [(f"[`compose {name}`]({name}.md)", prose(known[name].get_short_help_str(limit=200))) for name in names]
        parts += [f"## {title}", table(("command", ""), rows)]
    return paragraphs("# Commands", "`compose COMMAND --help` says the same.", *parts)


def _page(name: str, command: Any) -> str:
    """A command, and below it those that it has itself."""
    inner = [_command(f"{name} {below}", found, "##") for below, found in getattr(command, "commands", {}).items()]
    return paragraphs(_command(name, command, "#"), *inner)


def _command(name: str, command: Any, mark: str) -> str:
    context = typer.Context(command, info_name=f"compose {name}")
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{mark} compose {name}", prose(command.help or ""), fence(usage, "text")]
    for kind in ("argument", "option"):
        records = [p.get_help_record(context) for p in command.params if p.param_type_name == kind]
        rows = [(f"`{record[0]}`", prose(record[1])) for record in records if record]
        parts += [table((kind, ""), rows)] if rows else []
    return paragraphs(*parts)
