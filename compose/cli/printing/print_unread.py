"""Print what is wrong with a picture that could not be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.given_pictures import Picture


def print_unread(picture: Picture, *, as_json: bool) -> None:
    """Print a picture's name, and why it could not be read.

    Args:
        picture: the picture.
        as_json: print it as a line of JSON with the results, and not as an error beside them.
    """
    from compose.cli.console import echo_json, err
    from compose.shown import message_text

    if as_json:
        echo_json({"image": picture.name, "error": picture.error})
    else:
        err().print(message_text(f"{picture.name}: {picture.error}"), style="red")
