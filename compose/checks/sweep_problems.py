"""The mistakes of the members of a sweep, each told once, with the member that has it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from compose.errors import Note, SpecError, SpecErrors
from compose.spec.layers.sweep import Member
from compose.spec.read import Spec


def sweep_problems(
    name: str | None,
    members: Iterable[Member],
    read: Callable[[Member], Spec],
    check: Callable[[Spec], Sequence[SpecError]],
) -> list[SpecError]:
    """What would stop a member of a sweep.

    Args:
        name: the sweep's; None where the command line gives its values.
        members: its members.
        read: reads the spec of one.
        check: the mistakes of one that was read.
    """
    found: dict[tuple[str, str, str], tuple[SpecError, list[str]]] = {}
    for member in members:
        for error in map(member.told, _problems(member, read, check)):
            found.setdefault((error.code, error.message, str(error.place)), (error, []))[1].append(member.name)
    return [_told(error, name, names) for error, names in found.values()]


def _problems(
    member: Member, read: Callable[[Member], Spec], check: Callable[[Spec], Sequence[SpecError]]
) -> Sequence[SpecError]:
    try:
        return check(read(member))
    except SpecErrors as error:
        return error.errors


def _told(error: SpecError, sweep: str | None, names: list[str]) -> SpecError:
    more = f" and {len(names) - 1} more" if names[1:] else ""
    where = f"in the sweep `{sweep}`" if sweep else "in the member"
    at = f" at `{names[0]}`" if sweep else f" `{names[0]}`"
    noted = Note(f"{where}{at}{more}")
    return replace(error, notes=(*error.notes, noted)) if names[0] else error
