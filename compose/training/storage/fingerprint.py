"""What a run is made of, which its checkpoints keep: spec, block files, data, versions."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.errors import UsageError
from compose.registry.block_file import USER_MODULE
from compose.training.storage.data_record import DataRecord, as_json
from compose.training.storage.lock import lock_values, versions

if TYPE_CHECKING:
    from compose.registry.registry import Registry
    from compose.spec.read import Spec
    from compose.training.storage.kept_blocks import KeptFile


def fingerprint(spec: Spec, *, blocks: Sequence[KeptFile], data: DataRecord | None) -> dict[str, Any]:
    """What a run is made of.

    Args:
        spec: what runs.
        blocks: the user's files that the run keeps.
        data: what it is trained on; None in a process that writes no checkpoint.
    """
    return {
        "spec": lock_values(spec),
        "blocks": [sha256(file.content).hexdigest() for file in blocks],
        "packages": installed_code(spec.registry, spec.blocks),
        "data": as_json(data),
        "versions": versions(),
    }


def installed_code(registry: Registry, given: Sequence[Path]) -> dict[str, str]:
    """Module -> digest of its file, for the blocks of installed packages.

    Args:
        registry: what the names of a spec mean.
        given: the user's own files, which are no such modules.
    """
    own = {path.resolve() for path in given}
    found = {}
    for declaration in registry.all():
        if declaration.module.startswith(("compose.", USER_MODULE)) or declaration.kind == "composite":
            continue
        file = inspect.getsourcefile(registry.load(declaration.kind, declaration.name))
        if file and Path(file).resolve() not in own:
            found[declaration.module] = sha256(Path(file).read_bytes()).hexdigest()
    return found


def check_code(before: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Refuse to go on with a run by other code of installed packages than its own.

    Args:
        before: what :func:`installed_code` said when the run was trained.
        now: what it says now.

    Raises:
        UsageError: a module has changed or is gone.
    """
    for module, digest in before.items():
        if now.get(module) != digest:
            what = "has changed since the run was trained" if module in now else "is not installed any more"
            raise UsageError(f"the blocks of `{module}`: their code {what}; bring it back, or begin a new run")


def version_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Which packages are of another version than when a run was trained."""
    names = dict.fromkeys([*before, *now])
    return [f"{n} {before.get(n, 'none')} -> {now.get(n, 'none')}" for n in names if before.get(n) != now.get(n)]
