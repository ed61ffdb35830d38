"""A trained model that says what it sees in pictures, and where it looks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float
    from torch import Tensor

    from compose.labels.label_set import Labels, LabelSet
    from compose.prediction.asked_labels import NamesAsked
    from compose.prediction.given_pictures import Picture
    from compose.prediction.trained_model import TrainedModel

BATCH = 32
"""How many pictures the model is given at a time."""


@dataclass(frozen=True)
class Guess:
    """A label that the model names.

    Args:
        label: its name.
        score: its score.
        seen: whether it was trained on; None for the classes of an episode.
        correct: whether the picture shows it, where that is known.
        predicted: whether its score is above the threshold; None without one.
        attention: where the model looks for it, if it tells: ``h w``.
    """

    label: str
    score: float
    seen: bool | None = None
    correct: bool | None = None
    predicted: bool | None = field(default=None, kw_only=True)
    attention: Float[Tensor, "h w"] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Prediction:
    """What the model says to a picture.

    Args:
        picture: the picture; where it could not be read, it says why.
        guesses: the best labels, the best first.
        missed: the labels that it is known to show and that are not predicted, the best first: they are not above the
            threshold; without one, not among the best.
    """

    picture: Picture
    guesses: tuple[Guess, ...] = ()
    missed: tuple[Guess, ...] = ()


@dataclass(frozen=True)
class Predictor:
    """A trained model and the labels that it chooses from.

    Args:
        trained: the model.
        labels: the labels to choose from; ``columns`` are theirs among the scores.
        columns: see ``labels``.
        label_inputs: what the label space gives the model.
    """

    trained: TrainedModel
    labels: LabelSet
    columns: Tensor
    label_inputs: dict[str, Tensor]

    @classmethod
    def of_names(cls, trained: TrainedModel, asked: NamesAsked) -> tuple[Predictor, tuple[str, ...]]:
        """A trained model that chooses from labels of the user's, and what the user should know of those.

        Args:
            trained: the model.
            asked: their names, each with its synset where one is given.

        Raises:
            UsageError: the model cannot score them, or a label has no vector.
        """
        import torch

        from compose.prediction.free_labels import FreeLabels

        found = FreeLabels(trained.made, asked).in_use()
        inputs = {name: value.to(trained.device) for name, value in found.inputs.items()}
        columns = torch.tensor(found.columns, device=trained.device)
        return cls(trained, found.chosen, columns, inputs), found.notes

    @classmethod
    def of(cls, trained: TrainedModel, labels: Labels) -> Predictor:
        """A trained model that chooses from some labels.

        Args:
            trained: the model.
            labels: which labels.
        """
        import torch

        made, device = trained.made, trained.device
        chosen = made.space.label_set(labels)
        in_use: Labels = "all" if made.evaluation.label_context == "all" else labels
        at = {column: place for place, column in enumerate(made.space.label_set(in_use).columns)}
        columns = torch.tensor([at[column] for column in chosen.columns], device=device)
        inputs = {name: value.to(device) for name, value in made.space.inputs(in_use).items()}
        return cls(trained, chosen, columns, inputs)

    def predict(
        self, pictures: Iterable[Picture], *, top: int | None, look: bool = False, threshold: float | None = None
    ) -> Iterator[Prediction]:
        """The best labels of pictures, a few of which are in memory at a time.

        Args:
            pictures: those that could not be read come out without labels.
            top: how many labels; None for all.
            look: whether to tell where the model looks for them.
            threshold: a label is predicted where its score is greater; None where none is known.
        """
        left, most = iter(pictures), len(self.columns) if top is None else top
        while batch := list(islice(left, BATCH)):
            yield from self._of_batch(batch, top=most, look=look, threshold=threshold)

    def _of_batch(
        self, pictures: Sequence[Picture], *, top: int, look: bool, threshold: float | None
    ) -> Iterator[Prediction]:
        import torch

        from compose.training.inference import call

        built = self.trained.built
        images = [picture.image for picture in pictures if picture.image is not None]
        answers: Iterator[Any] = iter(())
        if images:
            given = {"image": torch.stack(images).to(self.trained.device), **self.label_inputs}
            with self.trained.asked():
                outputs = call(built.looking if look else built.inference, given)
                scores = outputs["scores"].float()[:, self.columns]
                best = scores.topk(min(top, scores.shape[1]))
                maps = built.attention(outputs, self.columns[best.indices]) if look else None
            places = [None] * len(images) if maps is None else maps.cpu()
            answers = zip(scores.cpu(), best.indices.tolist(), places, strict=True)
        for picture in pictures:
            if picture.image is None:
                yield Prediction(picture)
            else:
                own, rows, looks = next(answers)
                yield self._answer(picture, own, rows, looks, threshold)

    def _answer(
        self,
        picture: Picture,
        scores: Float[Tensor, " l"],
        best: list[int],
        maps: Tensor | None,
        threshold: float | None,
    ) -> Prediction:
        truth = {1: True, -1: False, 0: None}
        shown = self._shown(picture)

        def guess(row: int, attention: Tensor | None = None) -> Guess:
            score = float(scores[row])
            return Guess(
                self.labels.names[row],
                score,
                self.labels.seen[row],
                None if shown is None else truth[int(shown[row])],
                predicted=None if threshold is None else score > threshold,
                attention=attention,
            )

        guesses = tuple(guess(row, None if maps is None else maps[place]) for place, row in enumerate(best))
        carried = [] if shown is None else (shown > 0).nonzero()[:, 0].tolist()
        lacking = [row for row in carried if (row not in best if threshold is None else scores[row] <= threshold)]
        missed = sorted(map(guess, lacking), key=lambda one: one.score, reverse=True)
        return Prediction(picture, guesses, tuple(missed))

    def _shown(self, picture: Picture) -> Tensor | None:
        """The truth of each label; unknown of those that the data does not have."""
        from torch.nn.functional import pad

        if picture.targets is None:
            return None
        others = max(0, max(self.labels.columns, default=0) + 1 - len(picture.targets))
        return pad(picture.targets, (0, others))[self.labels.index]
