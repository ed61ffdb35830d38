"""What goes wrong in an evaluation."""

from __future__ import annotations

from compose.errors import RunError


class EvaluationError(RunError):
    """Scores or targets that cannot be evaluated.

    Args:
        message: what was expected and what was given.
        task: the task at fault, where one is.
    """

    def __init__(self, message: str, *, task: str | None = None) -> None:
        super().__init__(f"{task}: {message}" if task else message)
        self.task = task
