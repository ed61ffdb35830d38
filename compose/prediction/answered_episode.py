"""An episode with what a few-shot model says to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compose.prediction.given_pictures import Picture
from compose.prediction.predictor import Guess, Prediction

if TYPE_CHECKING:
    from compose.prediction.asked_episode import Episode
    from compose.prediction.episode_predictor import Answer


@dataclass(frozen=True)
class AnsweredEpisode:
    """What a model says to the queries of an episode.

    Args:
        episode: the support and the queries.
        answer: the scores, and where the model looks.
    """

    episode: Episode
    answer: Answer

    def predictions(self, top: int = 5) -> list[Prediction]:
        """The best classes of each query, the best first; a picture that could not be read has none, and says why.

        Args:
            top: how many classes.

        Raises:
            UsageError: that is fewer than one.
        """
        from compose.prediction.refusals import check_top

        check_top(top)
        unread, answers = self.episode.unread, iter(self._answers(top))
        asked = range(len(self.episode.queries) + len(unread))
        return [Prediction(unread[place]) if place in unread else next(answers) for place in asked]

    def _answers(self, top: int) -> list[Prediction]:
        images = self.episode.examples.get("image")
        first = len(self.episode.support_targets)
        return [
            Prediction(Picture(name, None if images is None else images[first + i]), self._guesses(i, top))
            for i, name in enumerate(self.episode.queries)
        ]

    def _guesses(self, query: int, top: int) -> tuple[Guess, ...]:
        scores, known = self.answer.scores[query], self.episode.query_targets
        best = scores.argsort(descending=True, stable=True)[:top]
        truth = {1: True, -1: False, 0: None}
        return tuple(
            Guess(self.episode.classes[i], score, correct=None if known is None else truth[int(known[query, i])])
            for i, score in zip(best.tolist(), scores[best].tolist(), strict=True)
        )
