"""One run of a sweep: a member, a seed, and the folder that it is trained into."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from compose.spec.layers.plain_name import joined_name
from compose.spec.layers.sweep import Member


@dataclass(frozen=True)
class PlannedRun:
    """A run as a sweep plans it.

    Args:
        member: what is laid over the spec, besides what all members have.
        seed: its seed.
        folder: where it lies.
        spec: the file that is trained.
        variants: all variants laid over it.
        overrides: all overrides laid over those, without the seed.
    """

    member: Member
    seed: int
    folder: Path
    spec: str
    variants: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.folder.name

    @property
    def made_with(self) -> list[str]:
        """The words after ``compose train`` that say what it computes."""
        values = [*self.overrides, f"seed={self.seed}"]
        return [
            self.spec,
            *(word for name in self.variants for word in ("-v", name)),
            *(word for text in values for word in ("-s", text)),
        ]

    def words(self, *, resume: bool, device: str, blocks: Sequence[Path] = ()) -> list[str]:
        """The arguments of the ``compose`` that trains it.

        Args:
            resume: whether it goes on from what is in its folder.
            device: where to compute.
            blocks: the user's files; a run that goes on has its own copies.
        """
        if resume:
            return ["train", "--resume", str(self.folder), "--device", device]
        files = [word for path in blocks for word in ("--blocks", str(path))]
        return ["train", *self.made_with, *files, "--out", str(self.folder), "--device", device]


def folder_names(spec: str, members: Sequence[Member]) -> list[str]:
    """What the folders of members are called, without the seed; no two alike.

    Args:
        spec: the name of the spec.
        members: the members, no two alike.
    """
    names = [joined_name([spec, *([member.name] if member.name else [])]) for member in members]
    count = Counter(names)
    return [
        name if count[name] == 1 else f"{name}-{_digest(member)}" for name, member in zip(names, members, strict=True)
    ]


def _digest(member: Member) -> str:
    return sha256(repr((member.name, member.variants, member.overrides)).encode()).hexdigest()[:8]
