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
        attention: where the model looks for it, if it tells: ``h w``.
    """

    label: str
    score: float
    seen: bool | None = None
    correct: bool | None = None
    attention: Float[Tensor, "h w"] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Prediction:
    """What the model says to a picture.

    Args:
        picture: the picture; where it could not be read, it says why.
        guesses: the best labels, the best first.
    """

    picture: Picture
    guesses: tuple[Guess, ...] = ()


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

    def predict(self, pictures: Iterable[Picture], *, top: int, look: bool = False) -> Iterator[Prediction]:
        """The best labels of pictures, a few of which are in memory at a time.

        Args:
            pictures: those that could not be read come out without labels.
            top: how many labels.
            look: whether to tell where the model looks for them.
        """
        left = iter(pictures)
        while batch := list(islice(left, BATCH)):
            yield from self._of_batch(batch, top=top, look=look)

    def _of_batch(self, pictures: Sequence[Picture], *, top: int, look: bool) -> Iterator[Prediction]:
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
            answers = zip(best.values.tolist(), best.indices.tolist(), places, strict=True)
        for picture in pictures:
            yield Prediction(picture, () if picture.image is None else self._guesses(picture, *next(answers)))

    def _guesses(
        self, picture: Picture, scores: list[float], rows: list[int], maps: Tensor | None
    ) -> tuple[Guess, ...]:
        truth = {1: True, -1: False, 0: None}
        shown = None if picture.targets is None else picture.targets[self.labels.index]
        return tuple(
            Guess(
                self.labels.names[row],
                score,
                self.labels.seen[row],
                None if shown is None else truth[int(shown[row])],
                None if maps is None else maps[place],
            )
            for place, (score, row) in enumerate(zip(scores, rows, strict=True))
        )
