"""``compose predict`` with a few-shot model: the classes of the queries, and a picture of the attention in episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compose.spec.wiring.plan import EPISODE_ATTENTION

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.drawing.attention.episode_sheet import QueryView, SupportPicture
    from compose.prediction.asked_episode import Episode
    from compose.prediction.episode_predictor import Answer
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared
    from compose.training.storage.find_run import FoundRun

DRAWN = 8
"""How many episodes are drawn at most."""


@dataclass(frozen=True)
class EpisodesAsked:
    """What is to be classified: the user's pictures, or episodes of the run's own data.

    Args:
        files: the user's pictures.
        support: a folder with a folder of pictures for each class that they may show.
        count: how many episodes of the run's data.
        shots: support examples of each class in those.
        of_pictures: whether the model reads pictures.

    Raises:
        UsageError: it is neither, or both.
    """

    files: Sequence[Path]
    support: Path | None
    count: int | None
    shots: int | None
    of_pictures: bool = True

    def __post_init__(self) -> None:
        from compose.errors import UsageError

        if not self.of_pictures and (self.count is None or self.files or self.support is not None):
            raise UsageError(
                "this few-shot model reads feature vectors, not pictures: take --episodes N of the run's own data"
            )
        ways = "take --support FOLDER IMAGE..., with a folder of pictures for each class, or --episodes N"
        if (self.support is None) == (self.count is None):
            raise UsageError(f"a few-shot model learns its classes from pictures of them: {ways}")
        if self.support is not None and not self.support.is_dir():
            raise UsageError(f"--support {self.support}: there is no such folder")
        if (self.support is None) == bool(self.files):
            raise UsageError(f"--support says what the pictures that you name may show: {ways}")
        if self.support is not None and self.shots is not None:
            raise UsageError("--shots is for --episodes; of --support every picture is taken")


def predict_episodes(
    spec: Spec,
    run: FoundRun,
    asked: EpisodesAsked,
    attention: Path | None,
    *,
    weights: str | None,
    device: str,
    top: int,
    as_json: bool,
) -> None:
    """Print the classes of queries, and draw where the model looks.

    Args:
        spec: the run's spec.
        run: the run.
        asked: what is classified.
        attention: the picture to write; None for none.
        weights: which of its weights.
        device: where it runs.
        top: how many classes to print.
        as_json: print a line of JSON for each query.

    Raises:
        UsageError: the model does not tell where it looks, serves another number of classes, or needs vectors of
            classes that have none.
        DataError: a picture cannot be read, or the data has no such episodes.
    """
    from compose.cli.console import status
    from compose.cli.specs import prepared
    from compose.prediction.asked_episode import drawn_episodes
    from compose.prediction.episode_predictor import load_episode_predictor
    from compose.prediction.given_episode import given_episode

    made = prepared(spec)
    if attention:
        _check_attention(made, run)
    with status("loading the model"):
        model = load_episode_predictor(made, run, weights=weights, device=device)
    drawn = drawn_episodes(model.made, asked.count or 0, asked.shots)
    answered: list[tuple[Episode, Answer]] = []
    for episode in [given_episode(model.made, asked.support, asked.files)] if asked.support else drawn:
        answer = model.answer(episode, look=attention is not None)
        _print(episode, answer, made, top=top, as_json=as_json)
        if len(answered) < DRAWN:
            answered.append((episode, answer))
    if attention and answered:
        draw_episodes(answered, model.made.source, attention)


def _check_attention(made: Prepared, run: FoundRun) -> None:
    from compose.errors import UsageError

    if made.adaptation is not None:
        draws = "--attention draws few-shot models that attend to their support"
        raise UsageError(f"{draws}, and the weights of {run.folder} adapt to it instead")
    if not made.spec.plan.episode_attention:
        names = " or ".join(f"`{port}`" for port in EPISODE_ATTENTION)
        raise UsageError(f"the model of {run.folder} does not tell where it looks: none of its blocks has {names}")


def _print(episode: Episode, answer: Answer, made: Prepared, *, top: int, as_json: bool) -> None:
    from compose.cli.printing.print_episode import print_classes
    from compose.cli.printing.print_labels import print_labels, threshold_of

    if episode.several:
        print_labels(episode, answer, threshold=threshold_of(made.evaluation), top=top, as_json=as_json)
    else:
        print_classes(episode, answer, top=top, as_json=as_json)


def draw_episodes(answered: Sequence[tuple[Episode, Answer]], source: DataSource, out: Path) -> None:
    """Draw episodes under each other: every query beside the support, and where each layer looks.

    Args:
        answered: episodes and what the model says to them, with attention.
        source: the data that the pictures are of.
        out: the picture to write.
    """
    from PIL import Image

    from compose.cli.console import err
    from compose.drawing.attention.episode_sheet import episode_sheet

    sheets = [episode_sheet(*_views(episode, answer, source), title=episode.name) for episode, answer in answered]
    joined = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), sheets[0].getpixel((0, 0)))
    y = 0
    for sheet in sheets:
        joined.paste(sheet, (0, y))
        y += sheet.height
    joined.save(out)
    err().print(f"wrote {out}", markup=False)


def _views(episode: Episode, answer: Answer, source: DataSource) -> tuple[list[SupportPicture], list[QueryView]]:
    from compose.drawing.attention.episode_sheet import QueryView, SupportPicture

    images = source.displayed(episode.examples["image"])
    classes = [episode.classes[place] for place in episode.support_targets.argmax(-1).tolist()]
    support = [SupportPicture(image, name) for image, name in zip(images, classes, strict=False)]
    queries = []
    for i, (probabilities, truth) in enumerate(zip(answer.scores.tolist(), episode.truth, strict=True)):
        scores = list(zip(episode.classes, probabilities, strict=True))
        views = {port: maps[:, i] for port, maps in answer.attention.items()}
        name = None if truth is None else episode.classes[truth]
        queries.append(QueryView(images[len(support) + i], name, scores, **views))
    return support, queries
