"""``compose predict`` with a few-shot model: the classes of the queries, and a picture of the attention in episodes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.spec.plan import EPISODE_ATTENTION

if TYPE_CHECKING:
    from compose.cli.episode_predictor import Answer, Episode
    from compose.cli.runs import FoundRun
    from compose.data.normalisation import Normalisation
    from compose.drawing.episode import QueryView, SupportPicture
    from compose.spec.read import Spec

DRAWN = 8
"""How many episodes are drawn at most."""
MARKS = {True: "right", False: "wrong", None: ""}


@dataclass(frozen=True)
class EpisodesAsked:
    """What is to be classified: the user's pictures, or episodes of the run's own data.

    Args:
        files: the user's pictures.
        support: a folder with a folder of pictures for each class that they may show.
        count: how many episodes of the run's data.
        shots: support pictures of each class in those.

    Raises:
        UsageError: it is neither, or both.
    """

    files: Sequence[Path]
    support: Path | None
    count: int | None
    shots: int | None

    def __post_init__(self) -> None:
        from compose.errors import UsageError

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
        UsageError: the model does not tell where it looks, or serves another number of classes.
        DataError: a picture cannot be read, or the data has no such episodes.
    """
    from compose.cli.episode_predictor import load_episode_predictor
    from compose.cli.specs import prepared
    from compose.errors import UsageError

    if attention and not spec.plan.episode_attention:
        names = " or ".join(f"`{port}`" for port in EPISODE_ATTENTION)
        raise UsageError(f"the model of {run.folder} does not tell where it looks: none of its blocks has {names}")
    model = load_episode_predictor(prepared(spec), run, weights=weights, device=device)
    episodes = model.drawn(asked.count or 0, asked.shots)
    answered: list[tuple[Episode, Answer]] = []
    for episode in [model.given(asked.support, asked.files)] if asked.support else episodes:
        answer = model.answer(episode, look=attention is not None)
        print_episode(episode, answer, top=top, as_json=as_json)
        if len(answered) < DRAWN:
            answered.append((episode, answer))
    if attention and answered:
        draw_episodes(answered, getattr(model.made.source, "normalisation", None), attention)


def print_episode(episode: Episode, answer: Answer, *, top: int, as_json: bool) -> None:
    """Print the best classes of each query with their probabilities."""
    from compose.cli.console import echo, table

    for query, probabilities, truth in zip(episode.queries, answer.probabilities, episode.truth, strict=True):
        best = probabilities.topk(min(top, len(probabilities)))
        found = list(zip(best.values.tolist(), best.indices.tolist(), strict=True))
        if as_json:
            classes = [
                {"class": episode.classes[i], "probability": p} | ({} if truth is None else {"correct": i == truth})
                for p, i in found
            ]
            print(json.dumps({"image": query, "classes": classes}, ensure_ascii=False), flush=True)
        else:
            echo(query, style="bold")
            rows = [(episode.classes[i], f"{p:.4f}", MARKS[None if truth is None else i == truth]) for p, i in found]
            table((), rows if truth is not None else [row[:2] for row in rows], right=(1,))


def draw_episodes(answered: Sequence[tuple[Episode, Answer]], normalisation: Normalisation | None, out: Path) -> None:
    """Draw episodes under each other: every query beside the support, and where each layer looks.

    Args:
        answered: episodes and what the model says to them, with attention.
        normalisation: what the data has done to the pixels.
        out: the picture to write.
    """
    from PIL import Image

    from compose.cli.console import err
    from compose.drawing.episode import episode_sheet

    sheets = [
        episode_sheet(*_views(episode, answer, normalisation), title=episode.name) for episode, answer in answered
    ]
    joined = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), sheets[0].getpixel((0, 0)))
    y = 0
    for sheet in sheets:
        joined.paste(sheet, (0, y))
        y += sheet.height
    joined.save(out)
    err().print(f"wrote {out}", markup=False)


def _views(episode: Episode, answer: Answer, normalisation: Any) -> tuple[list[SupportPicture], list[QueryView]]:
    from compose.drawing.episode import QueryView, SupportPicture

    images = normalisation.undo(episode.images) if normalisation else episode.images
    classes = [episode.classes[place] for place in episode.support_targets.argmax(-1).tolist()]
    support = [SupportPicture(image, name) for image, name in zip(images, classes, strict=False)]
    queries = []
    for i, (probabilities, truth) in enumerate(zip(answer.probabilities.tolist(), episode.truth, strict=True)):
        scores = list(zip(episode.classes, probabilities, strict=True))
        views = {port: maps[:, i] for port, maps in answer.attention.items()}
        name = None if truth is None else episode.classes[truth]
        queries.append(QueryView(images[len(support) + i], name, scores, **views))
    return support, queries
