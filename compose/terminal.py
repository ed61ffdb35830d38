"""The one console that this project prints to: it obeys nothing that stands in a text.

Control characters are shown as escapes, and neither ``[red]`` nor ``:smile:`` means anything: who wants colour gives a
style, or a :class:`rich.text.Text`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO, Any

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.status import Status
from rich.text import Text

from compose.shown import printable_lines


class Terminal(Console):
    """A console for text of which nobody knows who wrote it.

    Args:
        stderr: print to standard error.
        file: print to this file instead of the terminal.
        width: columns; those of the terminal where None.
    """

    def __init__(self, *, stderr: bool = False, file: IO[str] | None = None, width: int | None = None) -> None:
        super().__init__(
            stderr=stderr,
            file=file,
            width=width,
            soft_wrap=width is None,
            markup=False,
            emoji=False,
            highlight=False,
        )

    def render_str(self, text: str, **options: Any) -> Text:
        """A text as it stands, before its width is measured."""
        return super().render_str(printable_lines(text), **options)

    def status(self, status: RenderableType, **options: Any) -> Status:
        """A context in which a terminal shows that something takes its time."""
        return super().status(plain_text(status) if isinstance(status, str) else status, **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Whatever is rendered, a table or a progress bar too, shows the control characters in its text."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=printable_lines(segment.text))


def plain_text(text: str) -> Text:
    """A text that rich takes literally, wherever it stands."""
    return Text(printable_lines(text))
