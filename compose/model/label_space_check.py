"""The label-space check: what a model is given changes in number, so that no weight may follow it.

Three things change. The examples in a batch: the last one of an epoch is smaller, and its losses are computed, too. The
labels: a model that scores unseen ones may not have a weight for each; a branch that only a loss reads may. And the
episodes: their number of pictures, and of classes unless a block says that it serves one number alone (``fixes``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

from compose.errors import Note, SpecError
from compose.model.dims import shape_text
from compose.model.episode_batch import EpisodeBatch
from compose.model.facts import Facts
from compose.model.input_sizes import Sizes
from compose.model.scores_check import check_scores
from compose.model.walk import Walk
from compose.spec.wiring.plan import Plan, Step, needed, refs
from compose.spec.wiring.reserved import EPISODE_DIMS, EXAMPLES, LABEL_DIMS, RESERVED, WAYS


@dataclass(frozen=True)
class Changed:
    """One thing that changes from batch to batch or from task to task.

    Args:
        letters: the dims that change -> their new sizes.
        what: what the weights may not depend on.
        why: ends the sentence of that error.
        before: its size in training, in words.
        after: its size in the second walk, in words.
        fits: says that the model fits no other size.
        wanted: what to use instead.
    """

    letters: dict[str, int]
    what: str
    why: str
    before: str
    after: str
    fits: str
    wanted: str


class LabelSpaceCheck:
    """Walk again with other sizes: every shape must still fit, and no weight may have changed.

    Args:
        plan: the wired spec.
        walk: the walk with the sizes of training.
        sizes: the reserved inputs' shapes in that walk.
        again: makes a walk for other shapes, with the modules of another one.
        adapts: whether the model's weights adapt to one episode at a time.
    """

    def __init__(
        self,
        plan: Plan,
        walk: Walk,
        sizes: Sizes,
        again: Callable[[Sizes, Walk | None], Walk],
        *,
        adapts: bool = False,
    ) -> None:
        self._plan, self._walk, self._sizes, self._again, self._adapts = plan, walk, sizes, again, adapts
        self._steps = needed(plan.steps, [plan.scores], owners=True)

    def fits(self, *, zero_shot: bool) -> bool:
        """Whether one more example in a batch, and where asked one more label, change nothing: all at once.

        Where they do, :meth:`labels` and :meth:`examples` tell what. A branch for losses alone may follow the labels.
        """
        letters = {EXAMPLES: self._sizes["targets"][0], **(self._labels if zero_shot else {})}
        more = {letter: size + 1 for letter, size in letters.items()}
        return not self._check(Changed(more, "", "", "", "", "", ""), self._plan.all_steps)

    @property
    def _labels(self) -> dict[str, int]:
        """The dims that follow the labels, and their sizes."""
        return {letter: size for name in self._sizes for letter, size in self._dims(name) if letter in LABEL_DIMS}

    def examples(self) -> list[SpecError]:
        """The examples in a batch: one more, for the losses, too, as the last batch of an epoch has others."""
        count = self._sizes["targets"][0]
        change = Changed(
            letters={EXAMPLES: count + 1},
            what="the number of examples in a batch",
            why="so they serve no other batch",
            before=f"{count} examples",
            after=str(count + 1),
            fits=f"it fits {count} examples in a batch and no other number",
            wanted="weights that each example shares",
        )
        return self._check(change, self._plan.all_steps)

    def labels(self) -> list[SpecError]:
        """The labels in use: one more."""
        known = self._labels
        labels = known["l"]
        change = Changed(
            letters={letter: size + 1 for letter, size in known.items()},
            what="the number of labels",
            why="so they cannot score unseen ones",
            before=f"{labels} labels",
            after=str(labels + 1),
            fits=f"it fits {labels} labels and no other number, but zero-shot learning changes the label set",
            wanted="weights that meet the labels' vectors",
        )
        return self._check(change)

    def episodes(self, batch: EpisodeBatch) -> list[SpecError]:
        """The episodes: more pictures, then another number of classes."""
        shape, more = batch.shape, batch.larger()
        pictures = Changed(
            letters={letter: more.letters[letter] for letter in EPISODE_DIMS},
            what="the number of pictures in an episode",
            why="so they cannot serve another number of shots or queries",
            before=f"{batch.count} episodes of {shape.support} support and {shape.asked} query pictures",
            after=f"{more.count} of {more.shape.support} and {more.shape.asked}",
            fits=f"it fits {batch.count} episodes of {shape.support} support and {shape.asked} query pictures alone",
            wanted="weights that each picture shares",
        )
        ways = Changed(
            letters={WAYS: shape.ways + 1},
            what="the number of classes in an episode",
            why="so they serve no other number",
            before=f"{shape.ways} classes",
            after=str(shape.ways + 1),
            fits=f"it fits {shape.ways} classes in an episode and no other number",
            wanted="weights that each class shares, or a block that says that it fixes their number",
        )
        fixed = fixing_ways(self._plan, adapts=self._adapts)
        steps = self._steps if fixed else evaluated(self._plan, adapts=self._adapts)
        return self._check(pictures, self._plan.all_steps) or self._check(ways, steps)

    def _more(self, change: Changed) -> Sizes:
        return {name: tuple(change.letters.get(d, n) for d, n in self._dims(name)) for name in self._sizes}

    def _check(self, change: Changed, steps: tuple[Step, ...] | None = None) -> list[SpecError]:
        """The errors of walking some steps with other sizes, by default those that the scores depend on."""
        steps = steps or self._steps
        more = self._more(change)
        moved = {name for name, size in self._sizes.items() if more[name] != size}
        if not moved:
            return []
        # A module whose weights follow its task by declaration is another one for other tasks.
        declared = any(fixing(self._steps, letter) for letter in change.letters)
        second, changed = self._again(more, None if declared else self._walk), downstream(steps, moved)
        unfit: list[SpecError] = []
        for step in steps:
            known = len(second.errors)
            if step.name in changed:
                second.run([step])
            else:
                second.take_over(step, self._walk)
            unfit += [_unfit(step, error, change) for error in second.errors[known:]]
        self._keep_mixing(second, change)
        before, after = self._walk.facts, second.facts
        errors = [_follows(step, before[step.name], after[step.name], change) for step in steps]
        return [error for error in errors if error] or unfit or self._scores(second, more, change)

    def _keep_mixing(self, second: Walk, change: Changed) -> None:
        """Tell of each step whether its outputs have a row for each example, and the examples nowhere else."""
        if EXAMPLES in change.letters:
            count = self._sizes["targets"][0], change.letters[EXAMPLES]
            for name in second.finished & self._walk.finished:
                before, after = _shapes(self._walk.facts[name]), _shapes(second.facts[name])
                pairs = zip(before, after, strict=False)  # an output that does not fit has no shape
                rows = len(before) == len(after) and all(_row_each(*pair, count) for pair in pairs)
                self._walk.facts[name].mixes = not rows

    def _scores(self, second: Walk, sizes: Sizes, change: Changed) -> list[SpecError]:
        """Scores that do not follow, although no weight's shape shows it."""
        if WAYS in change.letters and fixing_ways(self._plan, adapts=self._adapts):
            return []
        ref = self._plan.scores
        errors = check_scores(self._plan, second, sizes, adapts=self._adapts)
        before, after = (shape_text(walk.facts[ref.step].outputs[ref.port]) for walk in (self._walk, second))
        message = f"the scores `{ref}` do not follow {change.what}, {change.why}"
        note = Note(f"they are {before} for {change.before}, {after} for {change.after}")
        return [SpecError("label-space", message, error.place, change.wanted, None, (note,)) for error in errors[:1]]

    def _dims(self, name: str) -> list[tuple[str, int]]:
        """The letters of a reserved input's dims and their sizes."""
        return list(zip(RESERVED[name].dims, self._sizes[name], strict=True))


def _shapes(facts: Facts) -> list[tuple[int, ...]]:
    """The shapes of all tensors that a step gives."""
    found = [shape if isinstance(shape, list) else [shape] for shape in facts.outputs.values()]
    return [shape for shapes in found for shape in shapes]


def _row_each(before: tuple[int, ...], after: tuple[int, ...], count: tuple[int, int]) -> bool:
    return (before[:1], after[:1]) == (count[:1], count[1:]) and before[1:] == after[1:]


def fixing(steps: Collection[Step], letter: str) -> Step | None:
    """The first step whose block says that its weights follow a dim, although it changes from task to task."""
    return next((step for step in steps if step.declaration and letter in step.declaration.fixes), None)


def fixing_ways(plan: Plan, *, adapts: bool) -> Step | None:
    """The step whose weights serve one number of classes in an episode, if there is one.

    Args:
        plan: the wired spec.
        adapts: whether the model's weights adapt to episodes. Such a one may score classes by their places alone, where
            nothing that the scores depend on has the classes as a dim.
    """
    scoring = needed(plan.steps, [plan.scores])
    meets_classes = any(WAYS in RESERVED[name].dims for name in plan.scoring().reserved)
    return fixing(scoring, WAYS) or (scoring[-1] if adapts and not meets_classes else None)


def evaluated(plan: Plan, *, adapts: bool) -> tuple[Step, ...]:
    """The steps that evaluation needs: those of the scores, of where the model looks, and of what weights adapt by.

    Args:
        plan: the wired spec.
        adapts: whether the model's weights adapt to one episode at a time, by the losses on its targets.
    """
    terms = [term for term in plan.terms if "novel.targets" in plan.reserved_of(term)] if adapts else []
    ends = [plan.scores, *([plan.attention] if plan.attention else []), *(term.value for term in terms)]
    return needed(plan.all_steps, ends, owners=True)


def downstream(steps: tuple[Step, ...], reserved: Collection[str]) -> set[str]:
    """The steps whose values depend on some reserved inputs."""
    changed: set[str] = set()
    for step in steps:
        inputs = [ref for value in step.inputs.values() for ref in refs(value)]
        if any(ref.step in changed or (not ref.step and ref.port in reserved) for ref in inputs):
            changed.add(step.name)
    return changed | {step.name for step in steps if step.share in changed}


def _unfit(step: Step, error: SpecError, change: Changed) -> SpecError:
    """What does not fit the other sizes, at the spec's line: the block is sound at those of training."""
    place, notes = error.place, tuple(error.notes)
    if error.code in ("block-failed", "output-shape") and place != step.place:
        place, notes = step.place, (Note("the block's line", error.place), *notes[1:])
    return replace(error, code="label-space", place=place, notes=(*notes, Note(change.fits)))


def _follows(step: Step, before: Facts, after: Facts, change: Changed) -> SpecError | None:
    fixed = step.declaration is not None and set(change.letters) <= set(step.declaration.fixes)
    if step.share is not None or fixed:
        return None
    for name, shape in before.weights.items():
        other = after.weights.get(name)
        if other is not None and other != shape:
            message = f"the weights of `{step.name}` depend on {change.what}, {change.why}"
            note = Note(f"`{name}`: {shape_text(shape)} for {change.before}, {shape_text(other)} for {change.after}")
            return SpecError("label-space", message, step.place, change.wanted, None, (note, *step.uses))
    return None
