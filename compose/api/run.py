"""A trained run: its model with the trained weights, measured again and asked about pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from compose.api.reading import Files, Names, Overrides, check_choice, override_texts
from compose.api.stored_run import RunLike, StoredRun
from compose.errors import UsageError
from compose.processes.launched import is_first_process

if TYPE_CHECKING:
    from PIL import Image
    from torch import Tensor, nn

    from compose.evaluation.result import Result
    from compose.labels.label_set import Labels
    from compose.prediction.answered_episode import AnsweredEpisode
    from compose.prediction.asked_episode import Episode
    from compose.prediction.asked_labels import LabelsAsked
    from compose.prediction.episode_predictor import EpisodePredictor
    from compose.prediction.given_episode import Support
    from compose.prediction.given_pictures import Picture
    from compose.prediction.predictor import Prediction, Predictor
    from compose.prediction.trained_model import TrainedModel
    from compose.training.prepare import Prepared

WeightChoice = Literal["last", "best"]
ThresholdChoice: TypeAlias = float | Literal["validation"]
"""A score, or that which is best on the validation images."""


class Run(StoredRun):
    """A run that was trained.

    What it gives is read when it is asked for; the model is built once.

    Args:
        path: the run's folder, a folder of runs (the newest counts), a weights file, or a spec (its newest run).
        variants: where a spec is named: the variants that the run was made with.
        weights: ``last``: those that training ended with; ``best``: those of the best validation. Where not given, the
            file that was named, or the last.
        device: where the model runs (``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``).
        blocks: Python files with blocks of the user's own, in place of those that the run keeps.

    Raises:
        UsageError: there is no such run, or there are no such weights.

    Attributes:
        device: where the model runs.
        weights: which weights it has.
    """

    def __init__(
        self,
        path: RunLike,
        *,
        variants: Names = (),
        weights: WeightChoice | None = None,
        device: str = "auto",
        blocks: Files = (),
    ) -> None:
        check_choice("weights", weights, get_args(WeightChoice))
        super().__init__(path, variants=variants, blocks=blocks)
        self.weights, self.device = weights, device
        self._predictors: dict[object, tuple[Predictor, tuple[str, ...]]] = {}

    @property
    def model(self) -> nn.Module:
        """The model with the trained weights, in evaluation mode.

        It is called by the names of its inputs, and returns a dict with ``scores``. :meth:`label_inputs` gives those
        inputs that come of the labels: ``run.model(image=images, **run.label_inputs("all"))``.

        Raises:
            TrainingError: there are no such weights, or this machine has no such device.
        """
        return self._trained.built.inference

    def label_inputs(self, labels: Labels = "all") -> dict[str, Tensor]:
        """What :attr:`model` takes of the labels, on its device; nothing that it does not take.

        Args:
            labels: which labels it scores.

        Raises:
            UsageError: there are no such labels.
        """
        from compose.training.inference import inputs_of

        check_choice("labels", labels, ("seen", "unseen", "all"))
        wanted = inputs_of(self._trained.built.inference)
        given = self.labels.inputs(labels)
        return {name: given[name].to(self._trained.device) for name in given if name in wanted}

    @property
    def few_shot(self) -> bool:
        """Whether its model learns its classes from an episode's support."""
        from compose.prediction.refusals import is_few_shot

        return is_few_shot(self.spec.plan)

    @property
    def reads_pictures(self) -> bool:
        """Whether its model reads pictures, and not feature vectors."""
        from compose.prediction.refusals import reads_pictures

        return reads_pictures(self.spec.plan)

    def evaluate(
        self,
        *,
        overrides: Overrides = (),
        weights: WeightChoice | None = None,
        out: str | PathLike[str] | None = None,
        tell: Callable[[str], object] | None = None,
    ) -> Result:
        """Measure the model again.

        As the run itself is measured, it writes the results of single labels (``results/TASK.csv``), what is got wrong
        (``errors.html``) and the use of attention modules into the run's folder. Measured otherwise, or where the data
        has changed, it leaves that as it is.

        Args:
            overrides: values of the spec to change: the protocol (``{"evaluate.images": "with_positives"}``), or the
                data (``{"data": {"use": "images", "folder": "photos"}}``).
            weights: which weights; the run's own where not given.
            out: a file for the result, ``.json`` or ``.md``; or a folder for all of it, that of single labels and the
                use of modules, too. The run's own folder is then left as it is.
            tell: is called with each note on the data and labels, and on what is written, such as ``print``.

        Raises:
            SpecErrors: the model and what it is to be measured on do not go together.
            UsageError: there are no such weights, or ``out`` can take no result.
        """
        from compose.checks.problems import notes
        from compose.checks.ready import ready
        from compose.training.final_report import evaluate_run
        from compose.training.storage.written_result import check_output, told_written, write_result

        check_choice("weights", weights, get_args(WeightChoice))
        chosen, target = weights or self.weights, None if out is None else Path(fspath(out))
        if target is not None:
            check_output(target)
        made = self._as_trained(ready(self._read(overrides), scoring=True))
        say, changed = tell or (lambda note: None), self._data_notes(made)
        for note in [*notes(made), *changed]:
            say(note)
        otherwise = override_texts(overrides) or changed or self._blocks or self._found.weights or chosen == "best"
        own = None if otherwise or target else self.folder
        result = evaluate_run(made, self._found, weights=chosen, device=self.device, details=own)
        if target is not None and is_first_process():
            spec = self._evaluated_spec(made, chosen, override_texts(overrides))
            write_result(result, target, source=made.source, title=made.spec.resolved.name, spec=spec)
        for note in told_written(result, own or target):
            say(note)
        return result

    def _evaluated_spec(self, made: Prepared, weights: WeightChoice | None, changes: list[str]) -> str:
        """The spec as it was measured, for a folder of its result."""
        from compose.api.evaluated_record import evaluated_text
        from compose.api.run_record import RunRecord
        from compose.training.storage.lock import lock_text

        named = self._found.weights
        which = weights or (str(named.relative_to(self.folder)) if named else "")
        told = "" if which == "last" else which
        return evaluated_text(RunRecord(self.folder), lock_text(made.spec), weights=told, changes=changes)

    def predict(
        self,
        images: Any,
        *,
        support: Support | None = None,
        top: int | None = 5,
        labels: LabelsAsked = "all",
        threshold: ThresholdChoice | None = None,
        attention: bool = False,
    ) -> list[Prediction]:
        """What the model says to pictures, the best labels first.

        A picture that cannot be read comes out without labels, and says why in ``picture.error``; but of a support
        every picture counts.

        Args:
            images: one or several: a file, a folder, a PIL image, an array or tensor of pixels (bytes, or from 0 to 1),
                or :meth:`examples` of the run's data.
            support: for a few-shot model: pictures of each class by its name, or a folder with a folder for each.
            top: how many labels; None for all.
            labels: which labels to choose from: the run's ``seen``, ``unseen`` or ``all``; or any labels by their
                names, ``["zebra", "okapi"]``, with WordNet synsets where a name says too little,
                ``{"crane": "crane.n.05", "zebra": None}``, or a text file of such (a :class:`~pathlib.Path`). A label
                that the run does not know is an unseen one; :meth:`notes_on_labels` says what it is taken for.
            threshold: a label counts as predicted where its score is greater: a number, or ``validation`` for
                :attr:`validation_threshold`.
            attention: whether to tell where the model looks for each label.

        Raises:
            UsageError: there is no such file, the model is not of that kind, a label has no vector, or its weights
                know the labels of training and no others.
            DataError: a picture of the support cannot be read, or the data has no validation images.
        """
        from compose.prediction.refusals import check_support, check_top

        check_top(top)
        if support is not None:
            check_support(labels, threshold)
            answered = self.episode(images, support=support, attention=attention)
            return answered.predictions(len(answered.episode.classes) if top is None else top)
        asked = self.iter_predict(images, top=top, labels=labels, threshold=threshold, attention=attention)
        return list(asked)

    def iter_predict(
        self,
        images: Any,
        *,
        top: int | None = 5,
        labels: LabelsAsked = "all",
        threshold: ThresholdChoice | None = None,
        attention: bool = False,
    ) -> Iterator[Prediction]:
        """The same one by one, for many pictures: a few are in memory at a time. See :meth:`predict`."""
        from compose.prediction.given_pictures import given_pictures
        from compose.prediction.refusals import check_labels, check_threshold, check_top

        check_top(top)
        check_threshold(threshold)
        check_labels(self.spec.plan, self.folder, attention=attention)
        predictor, _ = self._predictor(labels)
        cut = self.validation_threshold if threshold == "validation" else threshold
        pictures = given_pictures(images, self.asked.source)
        return predictor.predict(pictures, top=top, look=attention, threshold=cut)

    def notes_on_labels(self, labels: LabelsAsked) -> tuple[str, ...]:
        """What the user should know of labels that are asked for by their names: which of several senses is taken.

        Args:
            labels: see :meth:`predict`.

        Raises:
            UsageError: as :meth:`predict` does.
        """
        from compose.prediction.refusals import check_labels

        check_labels(self.spec.plan, self.folder, attention=False)
        return self._predictor(labels)[1]

    @cached_property
    def validation_threshold(self) -> float:
        """The threshold for all labels at which the F1 over all validation images and seen labels is greatest.

        Raises:
            UsageError: the model scores no labels of pictures, or no validation image shows a seen label.
            SpecErrors: the data is gone.
            DataError: it has no validation images.
        """
        from compose.prediction.refusals import check_labels
        from compose.prediction.validation_threshold import validation_threshold

        check_labels(self.spec.plan, self.folder, attention=False)
        return validation_threshold(self._trained, self.prepared)

    def examples(self, count: int) -> Iterator[Picture]:
        """The first pictures that the run is evaluated on, with what they show.

        Args:
            count: how many.
        """
        from compose.prediction.given_pictures import example_pictures

        return example_pictures(self.prepared, count)

    def episode(self, images: Any, *, support: Support, attention: bool = False) -> AnsweredEpisode:
        """What a few-shot model says to pictures of the user's own classes.

        Args:
            images: see :meth:`predict`.
            support: see :meth:`predict`.
            attention: whether to tell where the model looks.

        Raises:
            UsageError: the model serves another number of classes, or needs vectors of classes that have none.
            DataError: a picture of the support cannot be read.
        """
        from compose.prediction.given_episode import given_episode

        self._check_episodes(attention=attention, pictures=True)
        return self._answer(given_episode(self._trained.made, support, images), attention=attention)

    def episodes(self, count: int, *, shots: int | None = None, attention: bool = False) -> Iterator[AnsweredEpisode]:
        """What a few-shot model says to the first episodes of its test, with one query of each class.

        Args:
            count: how many.
            shots: support examples of each class; those of the spec where not given.
            attention: whether to tell where the model looks.

        Raises:
            UsageError: the model is none of few shots.
            DataError: the data has no such episodes.
        """
        from compose.prediction.asked_episode import drawn_episodes

        self._check_episodes(attention=attention, pictures=False)
        drawn = drawn_episodes(self.prepared, count, shots)
        return (self._answer(episode, attention=attention) for episode in drawn)

    @property
    def threshold(self) -> float:
        """Above which score a few-shot model predicts a label, where an example carries several."""
        from compose.prediction.predicted_labels import threshold_of

        return threshold_of(self.asked.evaluation)

    def picture(self, answers: Sequence[Prediction] | Sequence[AnsweredEpisode]) -> Image.Image:
        """A picture of where the model looks.

        Args:
            answers: predictions or episodes that were asked with ``attention``.
        """
        from compose.prediction.answered_episode import AnsweredEpisode
        from compose.prediction.attention_picture import attention_picture
        from compose.prediction.episode_picture import episode_picture

        source = self.asked.source
        episodes = [answer for answer in answers if isinstance(answer, AnsweredEpisode)]
        if episodes := [answered for answered in episodes if answered.episode.queries]:
            return episode_picture(episodes, source)
        read = [answer for answer in answers if not isinstance(answer, AnsweredEpisode) and answer.guesses]
        return attention_picture(read, source)

    @cached_property
    def _trained(self) -> TrainedModel:
        from compose.prediction.trained_model import load_trained

        return load_trained(self.asked, self._found, weights=self.weights, device=self.device)

    def _data_notes(self, made: Prepared) -> list[str]:
        """What is otherwise with the run's own data than when it was trained."""
        from compose.training.storage.data_record import DataRecord, told_changes

        own = made.spec.values["data"] == self.spec.values["data"]
        if not own:
            return []
        known = self._trained_on
        return told_changes(DataRecord.of(made).differences(known)) if known else [self._unknown_data]

    def _predictor(self, labels: LabelsAsked) -> tuple[Predictor, tuple[str, ...]]:
        from compose.prediction.asked_labels import asked_labels
        from compose.prediction.predictor import Predictor

        asked = asked_labels(labels)
        key = asked if isinstance(asked, str) else tuple(asked.items())
        if key not in self._predictors:
            if isinstance(asked, str):
                self._predictors[key] = Predictor.of(self._trained, asked), ()
            else:
                self._predictors[key] = Predictor.of_names(self._trained, asked)
        return self._predictors[key]

    @cached_property
    def _episode_predictor(self) -> EpisodePredictor:
        from compose.prediction.episode_predictor import EpisodePredictor

        return EpisodePredictor.of(self._trained)

    def _answer(self, episode: Episode, *, attention: bool) -> AnsweredEpisode:
        from compose.prediction.answered_episode import AnsweredEpisode

        return AnsweredEpisode(episode, self._episode_predictor.answer(episode, look=attention))

    def _check_episodes(self, *, attention: bool, pictures: bool) -> None:
        from compose.prediction.refusals import check_episode_attention, check_episodes

        check_episodes(self.spec.plan, self.folder, pictures=pictures)
        if attention:
            check_episode_attention(self.spec.plan, self.folder, adapts=self.asked.adaptation is not None)


def opened_run(
    run: Run | str | PathLike[str],
    *,
    variants: Names = (),
    weights: WeightChoice | None = None,
    device: str = "auto",
    blocks: Files = (),
) -> Run:
    """A run by what names it, see :class:`Run`; an opened one as it is.

    Raises:
        UsageError: there is no such run, or an opened run is given what it cannot take any more.
    """
    if not isinstance(run, Run):
        return Run(run, variants=variants, weights=weights, device=device, blocks=blocks)
    others = {
        "variants": bool(variants),
        "weights": weights not in (None, run.weights),
        "device": device not in ("auto", run.device),
        "blocks": bool(blocks),
    }
    for name, is_other in others.items():
        if is_other:
            another = f"compose.Run({str(run.folder)!r}, {name}=...) opens another"
            raise UsageError(f"{run} is open and has its {name}: {another}")
    return run
