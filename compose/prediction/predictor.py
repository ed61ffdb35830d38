"""A trained model that says what it sees in pictures, and where it looks for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jaxtyping import Float, Int8
    from torch import Tensor

    from compose.labels.label_set import Labels, LabelSet
    from compose.model.build import Built
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared
    from compose.training.storage.find_run import FoundRun


@dataclass(frozen=True)
class Picture:
    """A picture as the model takes it, or why it could not be read.

    Args:
        name: its file, or its place in the data.
        image: what the model is given, ``3 h w``.
        targets: which labels it shows, where that is known: 1, -1, 0 = unknown, over all labels of the data.
        boxes: where they are, where that is known: left, top, right and bottom in pixels, and a label.
        error: what is wrong with it.
    """

    name: str
    image: Float[Tensor, "3 h w"] | None = None
    targets: Int8[Tensor, " l"] | None = None
    boxes: tuple[tuple[float, float, float, float, str], ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Guess:
    """A label that the model names.

    Args:
        label: its name.
        score: its score.
        seen: whether it was trained on.
        correct: whether the picture shows it, where that is known.
        attention: where the model looks for it, if it tells: ``h w``.
    """

    label: str
    score: float
    seen: bool
    correct: bool | None = None
    attention: Float[Tensor, "h w"] | None = None


@dataclass(frozen=True)
class Prediction:
    """What the model says to a picture: its best labels, the best first."""

    picture: Picture
    guesses: tuple[Guess, ...] = ()


@dataclass(frozen=True)
class Predictor:
    """A trained model and the labels that it chooses from.

    Args:
        made: the run's spec with all that it names.
        built: its model, on ``device``.
        labels: the labels to choose from; ``columns`` are theirs among the scores.
        columns: see ``labels``.
        label_inputs: what the label space gives the model.
        device: where it runs.
    """

    made: Prepared
    built: Built
    labels: LabelSet
    columns: Tensor
    label_inputs: dict[str, Tensor]
    device: Any

    def read(self, file: Path) -> Picture:
        """One of the user's pictures."""
        from compose.data.source import DataError

        try:
            return Picture(str(file), self.made.source.read_image(file))
        except (DataError, OSError, ValueError) as error:
            return Picture(str(file), error=str(error).removeprefix(f"{file}: "))

    def examples(self, count: int) -> Iterator[Picture]:
        """The first pictures that the run is evaluated on, with what they show."""
        split = self.made.evaluation.split
        examples = self.made.source.split(split)
        batch = examples[range(min(count, len(examples)))]
        names = self.made.source.labels.names
        for index, (image, targets) in enumerate(zip(batch["image"], batch["targets"], strict=True)):
            given = zip(batch["boxes"][index], batch["box_labels"][index], strict=True) if "boxes" in batch else ()
            boxes = tuple((*box.tolist(), names[int(shown.argmax())]) for box, shown in given if shown.any())
            yield Picture(f"{split} {index}", image, targets, boxes)

    def predict(self, pictures: Sequence[Picture], *, top: int, look: bool = False) -> Iterator[Prediction]:
        """The best labels of a few pictures.

        Args:
            pictures: those that could not be read come out without labels.
            top: how many labels.
            look: whether to tell where the model looks for them.
        """
        import torch

        from compose.training.inference import call

        images = [picture.image for picture in pictures if picture.image is not None]
        answers: Iterator[Any] = iter(())
        if images:
            given = {"image": torch.stack(images).to(self.device), **self.label_inputs}
            with torch.no_grad():
                outputs = call(self.built.looking if look else self.built.inference, given)
                scores = outputs["scores"].float()[:, self.columns]
                best = scores.topk(min(top, scores.shape[1]))
                maps = self.built.attention(outputs, self.columns[best.indices]) if look else None
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


def load_predictor(spec: Spec, run: FoundRun, *, weights: str | None, device: str, task: Labels) -> Predictor:
    """A run's model, and the labels that it may name.

    Args:
        spec: the run's spec.
        run: the run.
        weights: which of its weights.
        device: where it runs.
        task: the labels to choose from.

    Raises:
        UsageError: the model does not read pictures.
    """
    from compose.errors import UsageError

    if "image" not in spec.plan.reserved:
        raise UsageError(f"the model of {run.folder} reads {', '.join(spec.plan.reserved)}, not pictures")
    import torch

    from compose.training.device import choose_device
    from compose.training.prepare import prepare

    made = prepare(spec)
    target = choose_device(device)
    built = made.build()
    run.load(built, weights)
    built.inference.to(target).eval()
    built.looking.to(target).eval()
    labels = made.space.label_set(task)
    in_use: Labels = "all" if made.evaluation.label_context == "all" else task
    at = {column: place for place, column in enumerate(made.space.label_set(in_use).columns)}
    columns = torch.tensor([at[column] for column in labels.columns], device=target)
    label_inputs = {name: value.to(target) for name, value in made.space.inputs(in_use).items()}
    return Predictor(made, built, labels, columns, label_inputs, target)
