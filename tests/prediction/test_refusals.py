"""What a model of a run cannot be asked."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from compose.errors import UsageError
from compose.prediction.refusals import check_episode_attention, check_episodes, check_labels

RUN = Path("runs/a")


def plan(*reserved: str, attention: Any = None, episode_attention: Any = ()) -> Any:
    return SimpleNamespace(reserved=reserved, attention=attention, episode_attention=episode_attention)


@pytest.mark.parametrize(
    ("reserved", "attention", "message"),
    [
        (("image", "support.targets"), False, "runs/a learns its classes from pictures of them: give `support`"),
        (("image", "novel.targets"), False, "learns its classes"),
        (("features",), False, "runs/a reads feature vectors, not pictures; `compose evaluate runs/a` measures it"),
        (("image",), True, "runs/a does not tell where it looks: none of its blocks has an output `attention`"),
    ],
)
def test_labels(reserved: tuple[str, ...], attention: bool, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_labels(plan(*reserved), RUN, attention=attention)
    check_labels(plan("image", attention="x"), RUN, attention=True)


def test_episodes() -> None:
    with pytest.raises(UsageError, match="runs/a scores labels, and takes neither support nor episodes"):
        check_episodes(plan("image"), RUN, pictures=False)
    with pytest.raises(UsageError, match="runs/a reads feature vectors, not pictures: take episodes of the run's own"):
        check_episodes(plan("features", "novel.targets"), RUN, pictures=True)
    check_episodes(plan("features", "novel.targets"), RUN, pictures=False)


def test_attention_of_episodes() -> None:
    with pytest.raises(UsageError, match="and the weights of runs/a adapt to it instead"):
        check_episode_attention(plan("image"), RUN, adapts=True)
    with pytest.raises(UsageError, match="none of its blocks has `query_attention` or"):
        check_episode_attention(plan("image"), RUN, adapts=False)
