"""What a run was trained on: labels, examples and their content, so that a change of the data is seen."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.data.source import SPLITS, DataError, LabelTable
from compose.errors import listed
from compose.shown import json_text

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.training.prepare import Prepared


@dataclass(frozen=True, kw_only=True)
class DataRecord:
    """The data of a run, as ``data.json`` in its folder.

    Args:
        labels: the names of all labels, in the order of the targets' columns.
        seen: which of them may be trained on.
        synsets: their synsets, None where there is none.
        trained: the labels that the run has trained on.
        examples: split -> its number of examples.
        content: a digest of the files' content; "" where parameters alone decide the examples.
        vectors: a digest of the labels' vectors; "" where there are none.
        external: the external classes, and behind them a digest of their files; empty where there are none.
    """

    labels: tuple[str, ...]
    seen: tuple[bool, ...]
    synsets: tuple[str | None, ...]
    trained: tuple[str, ...]
    examples: Mapping[str, int]
    content: str
    vectors: str = ""
    external: tuple[str, ...] = ()

    @classmethod
    def of(cls, made: Prepared) -> DataRecord:
        """The data of a spec, of which a run trains on all seen labels.

        Args:
            made: the spec with all that it names.
        """
        source, space = made.source, made.space
        vectors = space.vectors
        return cls(
            labels=source.labels.names,
            seen=source.labels.seen,
            synsets=source.labels.synsets,
            trained=space.label_set("seen").names,
            examples=dict(_counts(source)),
            content=source.content(),
            vectors="" if vectors is None else sha256(vectors.numpy().tobytes()).hexdigest(),
            external=_external(made.labels.external),
        )

    @classmethod
    def read(cls, path: Path) -> DataRecord | None:
        """What a run's file says; None where there is none that is whole."""
        try:
            data: dict[str, Any] = json.loads(path.read_text("utf-8"))
            values: dict[str, Any] = {
                key: tuple(value) if isinstance(value, list) else value for key, value in data.items()
            }
            return cls(**values)
        except (OSError, ValueError, AttributeError, TypeError):
            return None

    @property
    def external_classes(self) -> tuple[str, ...]:
        """The names of the external classes, in the order of their targets."""
        return self.external[:-1]

    @property
    def text(self) -> str:
        """The content of the file."""
        return json_text(asdict(self)) + "\n"

    @property
    def digest(self) -> str:
        """What tells it from others, whatever was trained on."""
        return sha256(replace(self, trained=()).text.encode()).hexdigest()

    def after(self, earlier: DataRecord) -> DataRecord:
        """The same, of a run that has trained on others before."""
        return replace(self, trained=tuple(dict.fromkeys([*earlier.trained, *self.trained])))

    def differences(self, earlier: DataRecord) -> list[str]:
        """What is otherwise than before, in words.

        Args:
            earlier: the data that was trained on.
        """
        found = earlier.label_differences(LabelTable(self.labels, self.seen, self.synsets))
        for split in dict.fromkeys([*earlier.examples, *self.examples]):
            now, before = self.examples.get(split, 0), earlier.examples.get(split, 0)
            found += [f"{split} has {now:,} examples, and had {before:,}"] if now != before else []
        if self.external != earlier.external:
            found.append("what the external classes are, or their examples show, is no longer the same")
        if not found and (self.content, self.labels) != (earlier.content, earlier.labels):
            found.append("what the examples show, or their labels, is no longer the same")
        return found

    def label_differences(self, table: LabelTable) -> list[str]:
        """What is otherwise with a table of labels than with the recorded one, in words.

        Args:
            table: the labels now.
        """
        now, before = _seen(table.names, table.seen), _seen(self.labels, self.seen)
        return [
            *_names("new", table.names, self.labels),
            *_names("gone", self.labels, table.names),
            *_names("now seen", now, before, of=self.labels),
            *_names("now unseen", before, now, of=table.names),
        ]


def _external(source: DataSource | None) -> tuple[str, ...]:
    """The classes of an external source, and behind them a digest of its files; nothing where there is none."""
    return () if source is None else (*source.labels.names, source.content())


def _seen(names: Iterable[str], seen: Iterable[bool]) -> list[str]:
    return [name for name, is_seen in zip(names, seen, strict=True) if is_seen]


def _names(what: str, these: Iterable[str], others: Iterable[str], *, of: Iterable[str] | None = None) -> Iterator[str]:
    """The labels that are in one list and not in the other, and in a third."""
    left, within = set(others), None if of is None else set(of)
    names = [name for name in these if name not in left and (within is None or name in within)]
    if names:
        yield f"{len(names):,} label{'s are' if names[1:] else ' is'} {what} ({listed(names)})"


def _counts(source: DataSource) -> Iterator[tuple[str, int]]:
    for split in SPLITS:
        try:
            yield split, len(source.split(split))
        except DataError:
            continue


def told_changes(differences: Iterable[str]) -> list[str]:
    """Differences of the data, as the user is told of them."""
    return [f"the data has changed since the run was trained: {line}" for line in differences]


def lost(path: Path) -> str:
    """What is told where the record of a run's data cannot be read."""
    return f"{path} is gone or damaged: what the run was trained on is not known, and all seen labels count as trained"


def as_json(record: DataRecord | None) -> dict[str, Any]:
    """What a checkpoint keeps of it."""
    if record is None:
        return {}
    return {"digest": record.digest, "vectors": record.vectors, "external": list(record.external)}
