"""Print what is wrong with a picture that could not be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.given_pictures import Picture


def print_unread(picture: Picture, *, as_json: bool) -> None:
    """Print a picture's name, and why it could not be read.

    Args:
        picture: the picture.
        as_json: print it as a line of JSON with the results, and not as an error beside them.
    """
    from compose.cli.console import err

    if as_json:
        print(json.dumps({"image": picture.name, "error": picture.error}, ensure_ascii=False), flush=True)
    else:
        err().print(f"{picture.name}: {picture.error}", style="red", markup=False)
