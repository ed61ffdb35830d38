"""A picture of episodes: every query beside the support, and where each layer looks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image

    from compose.data.source import DataSource
    from compose.drawing.attention.episode_sheet import QueryView, SupportPicture
    from compose.prediction.answered_episode import AnsweredEpisode


def episode_picture(answered: Sequence[AnsweredEpisode], source: DataSource) -> Image.Image:
    """Episodes under each other.

    Args:
        answered: episodes and what the model says to them, with attention.
        source: what read their pictures.
    """
    from PIL import Image

    from compose.drawing.attention.episode_sheet import episode_sheet

    sheets = [episode_sheet(*_views(one, source), title=one.episode.name) for one in answered]
    joined = Image.new("RGB", (max(s.width for s in sheets), sum(s.height for s in sheets)), sheets[0].getpixel((0, 0)))
    y = 0
    for sheet in sheets:
        joined.paste(sheet, (0, y))
        y += sheet.height
    return joined


def _views(answered: AnsweredEpisode, source: DataSource) -> tuple[list[SupportPicture], list[QueryView]]:
    from compose.drawing.attention.episode_sheet import QueryView, SupportPicture

    episode, answer = answered.episode, answered.answer
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
