"""The mistakes of the members of a sweep, each told once, with the member that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from compose.errors import Note, SpecError, SpecErrors
from compose.spec.layers.sweep import Member
from compose.spec.read import Spec


def sweep_problems(
    name: str, members: Iterable[Member], read: Callable[[Member], Spec], *, fast: bool = False
) -> list[SpecError]:
    """What would stop a member of a sweep.

    Args:
        name: the sweep's.
        members: its members.
        read: reads the spec of one.
        fast: whether only what needs no torch is checked.
    """
    found: dict[tuple[str, str, str], tuple[SpecError, list[str]]] = {}
    for member in members:
        for error in map(member.told, _problems(member, read, fast=fast)):
            found.setdefault((error.code, error.message, str(error.place)), (error, []))[1].append(member.name)
    return [_told(error, name, names) for error, names in found.values()]


def _problems(member: Member, read: Callable[[Member], Spec], *, fast: bool) -> list[SpecError]:
    try:
        spec = read(member)
        if fast:
            return []
        from compose.checks.problems import problems
        from compose.training.prepare import prepare

        return problems(prepare(spec))
    except SpecErrors as error:
        return error.errors


def _told(error: SpecError, sweep: str, names: list[str]) -> SpecError:
    more = f" and {len(names) - 1} more" if names[1:] else ""
    return replace(error, notes=(*error.notes, Note(f"in the sweep `{sweep}` at `{names[0]}`{more}")))
