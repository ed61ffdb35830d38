"""Where ``compose predict`` shows what a model says: on the terminal, as JSON, as CSV, or in a file of CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.prediction.predictor import Prediction


@contextmanager
def prediction_output(*, as_json: bool, as_csv: bool, output: Path | None) -> Iterator[Callable[[Prediction], None]]:
    """What is called with each prediction. A file is written beside its place, which it takes once all is done.

    Args:
        as_json: print JSON.
        as_csv: print CSV.
        output: write CSV into this file, and print no other form than JSON.

    Raises:
        UsageError: both forms are asked for, or the file cannot be written.
    """
    from compose.cli.printing.print_prediction import print_prediction
    from compose.errors import UsageError

    if as_json and as_csv:
        raise UsageError("--json and --csv are two forms of the same; take one")
    if output is not None:
        with _file(output) as write:
            yield partial(_show, write=write, as_json=as_json)
    elif as_csv:
        yield partial(_show, write=_print_lines(), as_json=False)
    else:
        yield partial(print_prediction, as_json=as_json)


def check_csv_file(path: Path | None) -> None:
    """Refuse a file that is no CSV by its name, or has no folder.

    Raises:
        UsageError: it is one.
    """
    from compose.errors import UsageError

    if path is not None and path.suffix.lower() != ".csv":
        raise UsageError(f"-o {path}: expected a name that ends in .csv")
    if path is not None and not path.parent.is_dir():
        raise UsageError(f"-o {path}: there is no folder {path.parent}")


def _show(prediction: Prediction, *, write: Callable[[str], object], as_json: bool) -> None:
    from compose.cli.printing.print_prediction import print_prediction
    from compose.prediction.prediction_table import prediction_lines

    write(prediction_lines(prediction))
    if as_json or prediction.picture.error is not None:
        print_prediction(prediction, as_json=as_json)


def _print_lines() -> Callable[[str], object]:
    from compose.prediction.prediction_table import HEADER, csv_lines

    show = partial(print, end="", flush=True)
    show(csv_lines([HEADER]))
    return show


@contextmanager
def _file(path: Path) -> Iterator[Callable[[str], object]]:
    from compose.cli.console import done
    from compose.errors import UsageError
    from compose.prediction.prediction_table import HEADER, csv_lines

    partial_file = path.with_name(f"{path.name}.partial")
    try:
        with partial_file.open("w", encoding="utf-8", newline="") as file:
            file.write(csv_lines([HEADER]))
            yield file.write
        partial_file.replace(path)
    except OSError as error:
        raise UsageError(f"-o {path}: {error.strerror}") from error
    finally:
        partial_file.unlink(missing_ok=True)
    done(f"wrote {path}")
