"""``compose.diff``: how two specs or runs differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import Files, Names, Overrides, SpecLike, named_spec, override_texts, read
from compose.errors import SpecErrors, UsageError
from compose.training.storage.find_run import LOCK, find_run, lock_of
from compose.training.storage.kept_blocks import kept_files, kept_hashes

if TYPE_CHECKING:
    from compose.difference.compared_spec import ComparedSpec
    from compose.difference.spec_difference import SpecDifference
    from compose.training.prepare import Prepared

ALONE = "expected a second spec or run, or a variant or override of the first"


@dataclass(frozen=True)
class _Asked:
    """A spec as the user names it."""

    spec: SpecLike
    variants: Sequence[str]
    overrides: Sequence[str]
    blocks: Files

    @property
    def folder(self) -> Path | None:
        """The folder of the run, where it is one as it stands."""
        if self.variants or self.overrides or not isinstance(self.spec, str | PathLike):
            return None
        lock = lock_of(Path(fspath(self.spec))) if "\n" not in fspath(self.spec) else None
        return None if lock is None else find_run(lock).folder

    @property
    def title(self) -> str:
        """What it is called."""
        named = fspath(self.spec) if isinstance(self.spec, str | PathLike) else ""
        name = named if named and "\n" not in named else _name(self.spec)
        words = [*(f"-v {variant}" for variant in self.variants), *(f"-s {text}" for text in self.overrides)]
        return " ".join([name, *words])

    def side(self, *, costs: bool) -> tuple[ComparedSpec, list[str]]:
        """The spec with what it costs, and why that is not known where it is not."""
        from compose.difference.compared_spec import ComparedSpec

        found = read(self.spec, variants=self.variants, overrides=self.overrides, blocks=self.blocks)
        if not costs:
            return ComparedSpec(self.title, found), []
        try:
            made = self._made(found)
            return ComparedSpec(self.title, found, made.batch, made.shaped), []
        except SpecErrors as error:
            why = str(error.errors[0].message).splitlines()[0]
            return ComparedSpec(self.title, found), [f"what {self.title} costs is not known: {why}"]

    def code(self, side: ComparedSpec) -> dict[str, str]:
        """The user's files of blocks -> their hashes: those that a run keeps, or that a spec is read with."""
        if self.folder is not None:
            return kept_hashes(self.folder / LOCK)
        return {file.name: sha256(file.content).hexdigest() for file in kept_files(side.spec.blocks)}

    def _made(self, found: Any) -> Prepared:
        from compose.api.stored_run import StoredRun
        from compose.training.prepare import prepare

        return prepare(found) if self.folder is None else StoredRun(self.folder, blocks=self.blocks).asked


def diff_specs(
    before: SpecLike,
    after: SpecLike | None,
    *,
    from_variants: Names,
    variants: Names,
    overrides: Overrides,
    blocks: Files,
    costs: bool,
) -> SpecDifference:
    """See :func:`compose.diff`."""
    from compose.difference.compare_specs import compare_specs
    from compose.difference.run_records import code_records, run_records

    chosen, texts = _listed(variants), override_texts(overrides)
    if after is None and not (chosen or texts or _listed(from_variants)):
        raise UsageError(f"{ALONE}: `compose diff A B`, `compose diff A -v NAME`, `compose diff A -s KEY=VALUE`")
    first = _Asked(before, _listed(from_variants), [], blocks)
    second = _Asked(before if after is None else after, chosen, texts, blocks)
    (old, unknown), (new, also_unknown) = first.side(costs=costs), second.side(costs=costs)
    folders = first.folder, second.folder
    records = run_records(folders[0], folders[1]) if folders[0] and folders[1] else []
    code = code_records(first.code(old), second.code(new))
    return compare_specs(old, new, records=[*code, *records], notes=[*unknown, *also_unknown])


def _listed(names: Names) -> list[str]:
    return [names] if isinstance(names, str) else [*names]


def _name(spec: SpecLike) -> str:
    """What a spec in memory is called."""
    named = named_spec(spec)
    return named if isinstance(named, str) else named.name
