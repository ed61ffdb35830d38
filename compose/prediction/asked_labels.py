"""The labels that a user asks a model of pictures about: those of the run, or any others by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeAlias, get_args

from compose.labels.label_set import Labels

LabelsAsked: TypeAlias = Labels | Iterable[str] | Mapping[str, str | None] | Path
"""The run's seen labels, its unseen ones or all; or names, names with a WordNet synset, or a text file of such."""
NamesAsked: TypeAlias = dict[str, str | None]
"""Names, each with its synset where one is given."""


def asked_labels(given: LabelsAsked) -> Labels | NamesAsked:
    """The labels asked for in one form.

    Args:
        given: ``seen``, ``unseen`` or ``all``; names; names with synsets, as a dict; or a text file with a label on
            each line: ``name``, or ``name``, a tab and a WordNet synset.

    Raises:
        UsageError: it is none of these, a label occurs twice, or there is none.
    """
    from compose.block import BlockError
    from compose.data.label_list import read_label_list
    from compose.errors import UsageError

    if isinstance(given, str):
        return _set_of_run(given)
    try:
        if isinstance(given, Path):
            found = read_label_list(given, parameter="labels")
        elif isinstance(given, Mapping):
            found = read_label_list([f"{name}\t{synset or ''}" for name, synset in given.items()], parameter="labels")
        else:
            names = list(given)
            if strange := [name for name in names if not isinstance(name, str)]:
                raise UsageError(f"labels: expected the names of labels, got {strange[0]!r}")
            found = read_label_list([name.replace("\t", " ") for name in names], parameter="labels")
    except BlockError as error:
        raise UsageError(f"labels: {error}") from None
    except TypeError:
        raise UsageError(f"labels: expected `seen`, `unseen`, `all` or names of labels, got {given!r}") from None
    if not found:
        where = f"{given} names none" if isinstance(given, Path) else "got no name"
        raise UsageError(f"labels: expected labels to choose from; {where}")
    return found


def _set_of_run(given: str) -> Labels:
    from compose.errors import UsageError, nearest

    for which in get_args(Labels):
        if given == which:
            found: Labels = which
            return found
    close = nearest(given, get_args(Labels))
    hint = f"; did you mean `{close}`?" if close else f"; other labels are given as a list: [{given!r}]"
    raise UsageError(f"labels: expected `seen` or `unseen` or `all`, got `{given}`{hint}")
