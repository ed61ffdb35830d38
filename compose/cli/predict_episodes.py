"""``compose predict`` with a few-shot model: the classes of the queries, and a picture of the attention in episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose import Run
    from compose.prediction.answered_episode import AnsweredEpisode

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


def predict_episodes(run: Run, asked: EpisodesAsked, attention: Path | None, *, top: int, as_json: bool) -> bool:
    """Print the classes of queries, and draw where the model looks; whether all of the pictures could be read.

    Args:
        run: the run.
        asked: what is classified.
        attention: the picture to write; None for none.
        top: how many classes to print.
        as_json: print a line of JSON for each query.

    Raises:
        UsageError: the model does not tell where it looks, serves another number of classes, or needs vectors of
            classes that have none.
        DataError: a picture of the support cannot be read, or the data has no such episodes.
    """
    from compose.cli.console import done, status
    from compose.cli.printing.print_episode import print_classes
    from compose.cli.printing.print_labels import print_labels

    look = attention is not None
    with status("loading the model"):
        if asked.support is not None:
            answers = iter([run.episode(asked.files, support=asked.support, attention=look)])
        else:
            answers = run.episodes(asked.count or 0, shots=asked.shots, attention=look)
    drawn: list[AnsweredEpisode] = []
    good = True
    for answered in answers:
        if answered.episode.several:
            print_labels(answered, threshold=run.threshold, top=top, as_json=as_json)
        else:
            print_classes(answered, top=top, as_json=as_json)
        good = good and not answered.episode.unread
        if answered.episode.queries and len(drawn) < DRAWN:
            drawn.append(answered)
    if attention and drawn:
        run.picture(drawn).save(attention)
        done(f"wrote {attention}")
    return good
