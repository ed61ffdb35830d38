"""What an evaluation writes: into the run's folder beside its report, or all of it into a folder of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from compose.errors import UsageError
from compose.training.storage.find_run import LOCK
from compose.training.storage.label_results import ERRORS, label_files, write_label_results
from compose.training.storage.run_folder import write_text
from compose.training.storage.writing import writing

if TYPE_CHECKING:
    from compose.data.source import DataSource
    from compose.evaluation.result import Result

RESULT = "result"
EVALUATED = "evaluated.yaml"
"""The spec as it was measured, in a folder of a result."""
FORMS = (".json", ".md")


def check_output(out: Path) -> None:
    """Refuse what can take no result.

    Args:
        out: a folder, or a file that ends in ``.json`` or ``.md``.

    Raises:
        UsageError: it is of another form, in no folder, or a run, which has a result of its own.
    """
    if (out / LOCK).exists():
        raise UsageError(f"{out} is a run and has a result of its own; expected another folder")
    if out.is_dir():
        return
    if (out.exists() and not is_file_form(out)) or out.suffix not in (*FORMS, ""):
        raise UsageError(f"{out}: expected a name that ends in .json or .md, or a folder")
    if is_file_form(out) and not out.parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent}")


def is_file_form(out: Path) -> bool:
    """Whether a name is that of a file for a result, and not of a folder."""
    return out.suffix in FORMS and not out.is_dir()


def write_result(result: Result, out: Path, *, source: DataSource, title: str, spec: str = "") -> None:
    """Write a result into a file, or into a folder for tools and for people, with what :func:`write_details` writes.

    Args:
        result: what was measured.
        out: the file, or the folder, which is made where it is not there.
        source: the data.
        title: the model's name.
        spec: the text of the spec as it was measured, which a folder keeps, so that it can be compared.

    Raises:
        StorageError: it cannot be written.
    """
    from compose.evaluation.result_table import markdown

    texts = {".json": result.dumps(), ".md": markdown(result)}
    if is_file_form(out):
        write_text(out, texts[out.suffix])
        return
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    for suffix, text in texts.items():
        write_text(out / f"{RESULT}{suffix}", text)
    write_details(result, out, source=source, title=title)
    if spec:
        write_text(out / EVALUATED, spec)


def told_written(result: Result, out: Path | None) -> list[str]:
    """What is told of where the results of single labels stand; nothing where there are none.

    Args:
        result: what was measured.
        out: the run's folder, or what the user named; None for nowhere.
    """
    folder = out or Path()
    files = label_files(result, folder)
    errors = [task for task in result.tasks.values() if task.mistakes is not None]
    if out is None and files:
        return ["measured otherwise than the run's report: `-o FOLDER` also writes what is reached on each label"]
    if out is None or is_file_form(out):
        return []
    told = [f"what is reached on each label: {', '.join(map(str, files))}"] if files else []
    return [*told, f"what is got wrong, to open in a browser: {folder / ERRORS}"] if errors else told


def write_details(result: Result, folder: Path, *, source: DataSource, title: str) -> None:
    """Write the results of single labels, the page of what is got wrong, and the table and the chart of how often each
    label uses each attention module, where the model has such.

    Args:
        result: what was measured.
        folder: where they are written.
        source: the data, whose examples the page shows.
        title: the model's name.

    Raises:
        StorageError: it cannot be written.
    """
    from compose.drawing.usage.usage_chart import usage_chart
    from compose.drawing.usage.usage_table import usage_table
    from compose.evaluation.mistakes.error_page import error_page

    write_label_results(result, folder)
    if page := error_page(result, source, title):
        write_text(folder / ERRORS, page)
    usage = result.modules
    if usage is not None:
        write_text(folder / "modules.csv", usage_table(usage.counts, usage.names, usage.seen))
        write_text(folder / "modules.svg", usage_chart(usage.counts, usage.names, usage.seen))
