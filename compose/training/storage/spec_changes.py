"""What a spec says otherwise than the run that is to go on with it: what may change, and what is refused at its line.

Which parameters may change, their classes declare (:class:`~compose.block.MayChange`). A value that is not written
is the declared default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any

from compose.block import Kind
from compose.errors import SpecError, SpecErrors
from compose.registry.declaration import Declaration, Parameter
from compose.spec.schema.document import ABOUT
from compose.spec.schema.node_keys import EXTRA_KEYS, selector
from compose.spec.yaml.tree import Path, place_of
from compose.spec.yaml.writer import flow
from compose.training.storage.lock import lock_values

if TYPE_CHECKING:
    from compose.spec.read import Spec

ENTRIES: Mapping[str, Kind] = {"model": "block", "loss": "loss", "train": "stage"}
"""Sections of named entries, and what an entry is."""
SHOWN = 60
"""Characters of a value that a message shows."""
NONE: Any = object()
"""What stands where nothing is written and nothing is declared."""


@dataclass(frozen=True)
class Progress:
    """How far a run has come.

    Args:
        stage: stages that have ended for good; the one after them is at work, or may be taken up again.
        epochs: epochs of that one that were begun.
    """

    stage: int = 0
    epochs: int = 0

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> Progress:
        """How far a checkpoint has come.

        Args:
            saved: its state, which may lack the tensors.
        """
        state, ended = saved["state"], saved["ended"]
        if ended is not None:
            return cls(state["stage"] - 1, ended["epochs"])
        return cls(state["stage"], state["epoch"] + (1 if state["batch"] else 0))


@dataclass(frozen=True)
class Change:
    """A value that is another than before, and may be.

    Args:
        path: where it stands.
        before: what it was; NONE for nothing.
        after: what it is.
    """

    path: Path
    before: Any
    after: Any

    def __str__(self) -> str:
        return f"{_key(self.path)} {_shown(self.before)} -> {_shown(self.after)}"


def spec_changes(spec: Spec, before: Mapping[str, Any]) -> list[Change]:
    """What has changed of what may.

    Args:
        spec: what is to run.
        before: the values of the run's lock.
    """
    comparison = _Comparison(spec, Progress(), FilePath())
    comparison.whole(before, lock_values(spec))
    return comparison.changes


def check_fixed(spec: Spec, before: Mapping[str, Any], progress: Progress, folder: FilePath) -> None:
    """Refuse what has changed and may not.

    Args:
        spec: what is to run.
        before: the values that the run was trained with.
        progress: how far it has come.
        folder: the run's folder, for messages.

    Raises:
        SpecErrors: what has changed, each at its line.
    """
    comparison = _Comparison(spec, progress, folder)
    comparison.whole(before, lock_values(spec))
    if comparison.errors:
        raise SpecErrors(comparison.errors)


class _Comparison:
    def __init__(self, spec: Spec, progress: Progress, folder: FilePath) -> None:
        self.spec, self.progress, self.folder = spec, progress, folder
        self.changes: list[Change] = []
        self.errors: list[SpecError] = []

    def whole(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Two specs."""
        for key in _union(before, after):
            old, new = before.get(key, NONE), after.get(key, NONE)
            section = self.spec.registry.find("section", key)
            if key in ENTRIES:
                self.entries(key, _mapping(old), _mapping(new))
            elif key == "data":
                self.chosen("data", _named(old), _named(new), (key,))
            elif section is not None:
                self.declared(section, _mapping(old), _mapping(new), (key,))
            else:
                self.value((key,), old, new, free=key in ABOUT)

    def entries(self, section: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        """Nodes, losses or stages, of which stages may be added at the end."""
        for name in before:
            if name in after:
                self.chosen(ENTRIES[section], before[name], after[name], (section, name))
            else:
                self.value((section, name), before[name], NONE)
        added = [name for name in after if name not in before]
        for name in added:
            self.value((section, name), NONE, after[name], free=ENTRIES[section] == "stage")
        if ENTRIES[section] == "stage":
            self.stages([*before], [*after], before, after)

    def stages(self, before: list[str], after: list[str], old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """The order of the stages, and how long they train."""
        if after[: len(before)] != before and {*before} <= {*after}:
            expected = f"the order of the run: {', '.join(before)}, and others after them"
            self.refuse(("train",), "the stages are in another order than in", expected)
        for number, name in enumerate(before):
            if name not in new:
                continue
            epochs = self.epochs(old[name]), self.epochs(new[name])
            done, path = self.progress.epochs, ("train", name, "epochs")
            if number < self.progress.stage and epochs[0] != epochs[1]:
                self.refuse(path, f"the stage `{name}` has ended, and others after it have begun, in", str(epochs[0]))
            elif number == self.progress.stage and epochs[0] != epochs[1] and epochs[1] < done:
                self.refuse(path, f"{done} epochs of the stage `{name}` were begun in", f"{done} or more")

    def epochs(self, stage: Mapping[str, Any]) -> int:
        """How long a stage trains."""
        found = self.spec.registry.find("stage", stage[selector("stage")])
        parameter = found.parameter("epochs") if found else None
        return int(stage.get("epochs", parameter.default if parameter else 0))

    def chosen(self, kind: Kind, before: Any, after: Any, path: Path) -> None:
        """Two mappings that name a class each."""
        key = selector(kind)
        if not isinstance(before, Mapping) or not isinstance(after, Mapping):
            self.value(path, before, after)
        elif before.get(key) != after.get(key):
            self.value((*path, key), before.get(key, NONE), after.get(key, NONE))
        else:
            self.declared(self.spec.registry.find(kind, str(after.get(key))), before, after, path)

    def declared(
        self, declaration: Declaration | None, before: Mapping[str, Any], after: Mapping[str, Any], path: Path
    ) -> None:
        """The parameters of a class, and the keys beside them."""
        for key in _union(before, after):
            parameter = declaration.parameter(key) if declaration else None
            default = _default(declaration, key) if declaration else NONE
            old, new = before.get(key, default), after.get(key, default)
            if parameter and parameter.uses and isinstance(old, Mapping) and isinstance(new, Mapping):
                self.chosen(parameter.uses, old, new, (*path, key))
            else:
                self.value((*path, key), old, new, free=parameter is not None and _is_free(parameter, old, new))

    def value(self, path: Path, before: Any, after: Any, *, free: bool = False) -> None:
        """Two values."""
        if before == after:
            return
        if free:
            self.changes.append(Change(path, before, after))
        elif after is NONE:
            self.refuse(path, f"`{_key(path)}` is missing, which is {_shown(before)} in", "the same, or a new run")
        elif before is NONE:
            self.refuse(path, f"`{_key(path)}` is {_shown(after)}, and is not in", "the same, or a new run")
        else:
            told = f"`{_key(path)}` is {_shown(after)}, and is {_shown(before)} in"
            self.refuse(path, told, f"`{_shown(before)}`, or a new run without --resume")

    def refuse(self, path: Path, told: str, expected: str) -> None:
        """Add a mistake at its line."""
        message = f"{told} the run {self.folder} that is to go on"
        self.errors.append(SpecError("other-run", message, place_of(self.spec.tree, path), expected))


def _default(declaration: Declaration, key: str) -> Any:
    """What a parameter, or a key beside the parameters, is where it is not written."""
    parameter = declaration.parameter(key)
    if parameter is not None:
        return NONE if parameter.required else parameter.default
    return EXTRA_KEYS.get(declaration.kind, {}).get(key, {}).get("default", NONE)


def _is_free(parameter: Parameter, before: Any, after: Any) -> bool:
    if parameter.may_change == "path":
        return all(value is None or isinstance(value, str) for value in (before, after))
    return parameter.may_change == "any"


def _union(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys([*after, *before]))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _named(value: Any) -> Any:
    """What names a class, also where it stands by itself."""
    return {"use": value} if isinstance(value, str) else value


def _key(path: Path) -> str:
    return ".".join(map(str, path))


def _shown(value: Any) -> str:
    text = "nothing" if value is NONE else flow(value)
    return text if len(text) <= SHOWN else f"{text[: 2 * SHOWN // 3]}…{text[-SHOWN // 3 :]}"  # of a path the end tells
