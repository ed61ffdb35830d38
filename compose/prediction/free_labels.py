"""Labels that a user names freely, beside those of a run: what the label space gives a trained model of them.

A label that the run knows keeps its own vector. Any other is an unseen one: its vector comes from where the run's came
from, and takes the form that was fitted to the run's seen labels, as in an evaluation whose data has it as unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from compose.data.source import LabelTable
from compose.errors import SpecErrors, UsageError, listed
from compose.labels.kept_labels import KeptGraphs, KeptVectors, meanings
from compose.labels.label_set import LabelSet, label_set, training_labels
from compose.labels.plural import plain_noun
from compose.prediction.label_meanings import explicit_synset, meaning, sense_notes, words_of

if TYPE_CHECKING:
    from torch import Tensor

    from compose.graphs.vectors.label_vectors import LabelVectors
    from compose.labels.label_space import LabelSpace
    from compose.prediction.asked_labels import NamesAsked
    from compose.training.prepare import Prepared


@dataclass(frozen=True)
class LabelsInUse:
    """The labels that a model is asked about.

    Args:
        chosen: those asked for, in their order; columns of labels that the data does not have lie behind its own.
        columns: theirs among the scores.
        inputs: what the label space gives the model.
        notes: what the user should know of them.
    """

    chosen: LabelSet
    columns: tuple[int, ...]
    inputs: Mapping[str, Tensor]
    notes: tuple[str, ...] = ()


class FreeLabels:
    """Labels that a user names.

    Args:
        made: the run's spec with all that it names, as far as the scores need it.
        asked: the names, each with its synset where one is given.

    Raises:
        UsageError: the model's weights know the run's labels, and others are asked for.
    """

    def __init__(self, made: Prepared, asked: NamesAsked) -> None:
        self._made, self._table, self._asked = made, made.space.table, asked
        self._known = {plain_noun(name): column for column, name in reversed(list(enumerate(self._table.names)))}
        places = [self._place(name, synset) for name, synset in asked.items()]
        self._new = [name for name, place in zip(asked, places, strict=True) if place is None]
        added = {name: len(self._table.names) + number for number, name in enumerate(self._new)}
        self._columns = tuple(
            added[name] if place is None else place for name, place in zip(asked, places, strict=True)
        )
        self._fixed = why_fixed(made)
        if self._fixed and self._new:
            raise UsageError(f"labels: {self._unknown}; {self._fixed}")

    def in_use(self) -> LabelsInUse:
        """What the model is given of them.

        In use are the labels asked for alone, or beside all of the run's: as the run's evaluation has it. Labels of
        which no two are joined in the label graph are scored beside the run's.

        Raises:
            UsageError: a label has no vector, or there is no graph over the labels.
            SpecErrors: where the vectors come from is not there any more.
        """
        space, notes = self._space, self._notes
        together = self._beside(space)
        try:
            if self._fixed or self._made.evaluation.label_context == "all":
                in_use = together
                inputs = space.inputs_of(in_use)
            else:
                in_use = self._set(space, sorted(set(self._columns), key=self._columns.index))
                inputs, in_use, told = self._inputs(space, in_use, together)
                notes += told
        except (ValueError, OSError) as error:
            raise UsageError(f"labels: {error}") from error
        at = {column: place for place, column in enumerate(in_use.columns)}
        if strange := [name for name, column in zip(self._asked, self._columns, strict=True) if column not in at]:
            names = listed(strange, show="`{}`".format)
            raise UsageError(f"labels: the model has no score for {names}; {self._fixed}")
        chosen = replace(self._set(space, self._columns), names=tuple(self._asked))
        return LabelsInUse(chosen, tuple(at[column] for column in self._columns), inputs, tuple(notes))

    def _inputs(
        self, space: LabelSpace, alone: LabelSet, together: LabelSet
    ) -> tuple[Mapping[str, Tensor], LabelSet, list[str]]:
        from compose.graphs.graph_errors import GraphsError, MissingLabels

        try:
            return space.inputs_of(alone), alone, []
        except MissingLabels:
            raise
        except GraphsError:
            if self._made.labels.graph is None:
                raise
        count = len(together.names)
        told = f"no two of the labels are joined in the label graph; they are scored beside the run's, {count:,} in all"
        return space.inputs_of(together), together, [told]

    def _place(self, name: str, synset: str | None) -> int | None:
        """The column of the run's label that is meant; None where it is none of them."""
        explicit = explicit_synset(name, synset)
        same = self._known.get(plain_noun(name))
        if explicit is None:
            return same
        wanted = meaning(name, explicit)
        if wanted is None:
            return same if same is not None and self._table.synsets[same] == explicit else None
        if same is not None and self._meanings[same] == wanted:
            return same
        return self._meanings.index(wanted) if wanted in self._meanings else None

    @cached_property
    def _meanings(self) -> list[int | None]:
        return [meaning(*label) for label in meanings(self._table)]

    @cached_property
    def _space(self) -> LabelSpace:
        """The run's label space with the others behind its labels; seen are those that were trained on."""
        made, table, new = self._made, self._table, self._new
        if not new and not isinstance(made.labels.graph, KeptGraphs):
            return made.space
        dropped, taken = set(made.space.dropped), set(table.names)
        seen = (is_seen and name not in dropped for name, is_seen in zip(table.names, table.seen, strict=True))
        synsets = {name: explicit_synset(name, self._asked[name]) for name in new}
        more = LabelTable(
            (*table.names, *(f"{name} ({synset})" if name in taken else name for name, synset in synsets.items())),
            (*seen, *(False for _ in new)),
            (*table.synsets, *synsets.values()),
        )
        options = replace(made.labels, strict=False)  # what `strict` drops is none of the seen ones
        if new and (kept := made.space.kept_vectors) is not None:
            known = [*kept.meanings, *meanings(more)[len(table.names) :]]
            options = replace(options, vectors=KeptVectors(known, self._behind(kept.vectors, synsets)))
        if isinstance(made.labels.graph, KeptGraphs):
            from compose.training.prepare import label_part

            options = replace(options, graph=label_part(made.spec, "graph"))
        return replace(made, labels=options).space_over(more)

    def _behind(self, known: Tensor, labels: NamesAsked) -> Tensor:
        """The run's vectors, and behind them those of other labels, from where the run's came from."""
        import torch

        try:
            found = self._vectors([words_of(name) for name in labels], list(labels.values())).float()
        except (ValueError, OSError) as error:
            raise UsageError(f"labels: {error}") from error
        if found.shape[1] != known.shape[1]:
            sizes = f"expected vectors of size {known.shape[1]}, as the run has them, got {found.shape[1]}"
            raise UsageError(f"labels: {sizes}")
        return torch.cat([known, found])

    @cached_property
    def _vectors(self) -> LabelVectors:
        from compose.training.prepare import label_part

        vectors = self._made.vectors
        if vectors is None or isinstance(vectors, KeptVectors):
            vectors = label_part(self._made.spec, "vectors")
        return vectors

    @property
    def _notes(self) -> list[str]:
        plain = [name for name in self._new if explicit_synset(name, self._asked[name]) is None]
        by_meaning = self._made.labels.graph is not None or (
            self._made.vectors is not None and bool(self._new) and self._vectors.reads_meanings
        )
        return sense_notes(plain) if by_meaning else []

    def _beside(self, space: LabelSpace) -> LabelSet:
        """The run's labels, and behind them the others; where weights know the labels, those of training."""
        which = training_labels(self._table) if self._fixed else "all"
        own = label_set(self._table, which, dropped=self._made.space.dropped).columns
        others = [] if self._fixed else [column for column in dict.fromkeys(self._columns) if column not in set(own)]
        return self._set(space, [*own, *others])

    def _set(self, space: LabelSpace, columns: Sequence[int]) -> LabelSet:
        table = space.table
        trained = {*label_set(space.table, "seen", dropped=space.dropped).columns}
        return LabelSet(
            "all",
            tuple(columns),
            tuple(table.names[column] for column in columns),
            tuple(column in trained for column in columns),
            tuple(table.synsets[column] for column in columns),
        )

    @property
    def _unknown(self) -> str:
        from compose.errors import nearest

        told = listed(self._new, show="`{}`".format)
        close = nearest(self._new[0], self._table.names)
        hint = f" (did you mean `{close}`?)" if close else ""
        return f"{told} {'is' if len(self._new) == 1 else 'are'} none of the run's {len(self._table.names):,}{hint}"


def why_fixed(made: Prepared) -> str:
    """Why a model can score no other labels than those that it was trained on; "" where it can.

    Args:
        made: the run's spec with all that it names, as far as the scores need it.
    """
    from compose.evaluation.evaluation import Evaluation

    if made.zero_shot:
        return ""  # it was refused otherwise, before it was trained
    try:
        _ = replace(made, evaluation=Evaluation(tasks=("gzsl",))).shaped
    except SpecErrors as errors:
        return f"the model can score no others: {errors.errors[0].message}"
    return ""
