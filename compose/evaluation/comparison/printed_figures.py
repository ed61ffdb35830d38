"""The figures that papers print, as specs state them under ``paper.figures``.

The keys on the way to a number say what it is, in any order but that of the table before its rows::

    figures:
      protocol: {nus-wide: 81 unseen labels, table1: nus-wide, table2: {data: open_images, num_images: 125456}}
      table1: {ml2p: {zsl: {map: 29.4}}}            # table, row, task, metric
      lesa: {table1: {nus-wide: {zsl: {map: 19.4}}}} # another paper's table, of the row that is this spec

``protocol`` tells what is known of how they were measured. An entry holds for figures that have its key on their way;
one whose key is on no way holds for all; one that is the name of another entry stands for that. The entry of a table
counts in place of that of its data set. A text is told to the reader; a mapping has fields of a result's protocol.
``tasks`` are the tasks of figures that are lists, ``metric`` is the metric of figures whose last key is a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

ABOUT = ("protocol", "tasks", "metric")
"""The keys of ``figures`` that are no figures."""
TABLE = re.compile(r"(table|figure)[-_ ]?(\d+)")
TASK = re.compile(r"zsl|gzsl|seen|\d+-way \d+-shot")


@dataclass(frozen=True, kw_only=True)
class PrintedFigure:
    """A number of a paper's table, in percent.

    Args:
        paper: the spec whose paper prints it.
        table: which of its tables, ``table 1``.
        data: the data set; "" where it is not stated.
        row: the model's row.
        task: the task; "" for a metric of several.
        metric: the metric's key.
        value: as printed.
        told: what is known of its protocol, in sentences.
        fields: what is known of it as fields of a protocol.
    """

    paper: str
    table: str
    data: str
    row: str
    task: str
    metric: str
    value: float
    told: tuple[str, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class PrintedFigures:
    """All figures of one spec.

    Args:
        name: the spec's.
        figures: its ``paper.figures``.
        others: the same of other specs by their names, for the protocols of their papers.
    """

    name: str
    figures: Mapping[str, Any]
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[PrintedFigure]:
        """The figures in the order of the spec."""
        for key, value in self.figures.items():
            if key not in ABOUT:
                yield from self._below(value, (str(key),))

    def _below(self, value: Any, path: tuple[str, ...]) -> Iterator[PrintedFigure]:
        if isinstance(value, Mapping):
            for key, inner in value.items():
                yield from self._below(inner, (*path, str(key)))
        elif isinstance(value, list):
            tasks = self.figures.get("tasks")
            for task, inner in zip(tasks if isinstance(tasks, list) else (), value, strict=False):
                yield from self._below(inner, (*path[:-1], str(task), path[-1]))
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield self._figure(float(value), path)

    def _figure(self, value: float, path: tuple[str, ...]) -> PrintedFigure:
        metric = self.figures.get("metric")
        keys = list(path if metric else path[:-1]) or [""]
        paper = self.name if TABLE.fullmatch(keys[0]) else keys.pop(0)
        table = next((key for key in keys if TABLE.fullmatch(key)), "")
        task = next((key for key in keys if TASK.fullmatch(key)), "")
        rest = [key for key in keys if key not in (table, task)]
        entries = self._protocol(paper)
        data = _data(entries, table, rest, own=paper == self.name)
        row = " ".join(rest) or self.name if paper == self.name else " ".join([self.name, *rest])
        told, fields = _known(entries, {paper, table, task, metric or path[-1], *data, *rest}, self._ways)
        return PrintedFigure(
            paper=paper, table=spaced(table), data=" ".join(data), row=row, task=task,
            metric=str(metric or path[-1]), value=value, told=told, fields=fields,
        )  # fmt: skip

    def _protocol(self, paper: str) -> Mapping[str, Any]:
        """What is known of a paper's protocols, here and in the spec of that paper."""
        own = _entries(self.figures)
        return own if paper == self.name else {**_entries(self.others.get(paper, {})), **own}

    @cached_property
    def _ways(self) -> set[str]:
        """Every key on the way to a figure, of this spec and of the others."""
        return set().union(*(_keys(figures) for figures in (self.figures, *self.others.values())))


def _entries(figures: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a spec says of protocols; a text alone holds for all."""
    found = figures.get("protocol")
    if isinstance(found, str):
        return {"every": found}
    return found if isinstance(found, Mapping) else {}


def _data(entries: Mapping[str, Any], table: str, rest: list[str], *, own: bool) -> list[str]:
    """The data set of a figure, whose keys are taken from the rest of its way."""
    known = entries.get(table)
    reference = known if isinstance(known, str) and known in entries else None
    found = [] if reference is None else [reference]
    if rest and (rest[0] in entries or len(rest) > 1 or not own):
        found.append(rest.pop(0))
    if known is not None and reference is None:
        return [name for name in found if name not in entries]  # what is known of the table stands for it
    return list(dict.fromkeys(found))


def _known(entries: Mapping[str, Any], keys: set[str], ways: set[str]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """What holds for a figure: sentences, and fields."""
    told: list[str] = []
    fields: dict[str, Any] = {}
    for key, entry in entries.items():
        if key in ways and key not in keys:
            continue
        if isinstance(entry, Mapping):
            fields.update(entry)
        elif isinstance(entry, str) and entry not in entries:
            told.append(" ".join(entry.split()))
    return tuple(told), fields


def _keys(value: Any) -> set[str]:
    """Every key on the way to a number, and the protocols that tables name."""
    if not isinstance(value, Mapping):
        return set()
    named = {name for name in _entries(value).values() if isinstance(name, str)}
    below = (_keys(inner) for key, inner in value.items() if key not in ABOUT)
    return {str(key) for key in value if key not in ABOUT} | named | set().union(*below)


def spaced(table: str) -> str:
    """A table's name as a text has it: ``table 2``."""
    found = TABLE.fullmatch(table)
    return f"{found[1]} {found[2]}" if found else table
