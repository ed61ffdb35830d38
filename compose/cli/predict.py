"""``compose predict RUN IMAGE...``: the labels of pictures, and where the model looks for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from compose.cli.options import BlockFiles, Device, RunPath, Weights

if TYPE_CHECKING:
    from compose import Run
    from compose.data.pictures.grey_range import GreyRange
    from compose.prediction.predictor import Prediction

TOP = 5
"""How many labels are printed where nobody says."""
DRAWN = 24
"""How many pictures are drawn at most: more make a sheet that nobody reads."""


def predict(
    run: RunPath,
    pictures: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[IMAGE...]", help="Pictures, or folders of them.", show_default=False),
    ] = None,
    examples: Annotated[
        int | None,
        typer.Option(
            "--examples",
            min=1,
            metavar="N",
            help="Take the first pictures that the run is evaluated on, whose labels are known.",
            show_default=False,
        ),
    ] = None,
    episodes: Annotated[
        int | None,
        typer.Option(
            "--episodes",
            min=1,
            metavar="N",
            help="For few-shot models: the first episodes of the run's test.",
            show_default=False,
        ),
    ] = None,
    shots: Annotated[
        int | None,
        typer.Option("--shots", min=1, metavar="K", help="Support examples of each class in them.", show_default=False),
    ] = None,
    support: Annotated[
        Path | None,
        typer.Option(
            "--support",
            metavar="FOLDER",
            help="For few-shot models: a folder of pictures for each class that IMAGEs may show.",
            show_default=False,
        ),
    ] = None,
    attention: Annotated[
        Path | None,
        typer.Option(
            "--attention", metavar="OUT.png", help="Draw where the model looks for each label.", show_default=False
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="NAMES|FILE|seen|unseen|all",
            help="Which labels to choose from: any names, as in zebra,okapi,crane.n.05; a text file with one on each "
            "line (name, or name, a tab and a WordNet synset); or those of the run: seen, unseen, or all (default).",
            show_default=False,
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            "--top",
            min=1,
            metavar="K",
            help="How many labels to print, the best first. Default: 5, and in CSV all.",
            show_default=False,
        ),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            "--threshold",
            metavar="validation|SCORE",
            help="Mark the labels whose score is greater as predicted: greater than a number, or than what is best on "
            "the validation images.",
            show_default=False,
        ),
    ] = None,
    weights: Weights = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each picture.")] = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV: a line for each picture and label, after the picture's name.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="FILE.csv", help="Write that CSV to a file.", show_default=False),
    ] = None,
    blocks: BlockFiles = None,
) -> None:
    """Print the labels of pictures with their scores, the best first, and draw where the model looks for them.

    With --labels the model chooses from any labels: names that it was never trained on are scored by their vectors.

    Pictures that cannot be read are reported and the others go on; the exit code is then 1. A few-shot model is told
    its classes by pictures of each, all of which must be readable: --support FOLDER IMAGE..., or --episodes N of the
    run's own data, which is also how one of feature vectors is asked.
    """
    from compose.cli.arguments.labels_option import named_labels
    from compose.cli.console import note
    from compose.cli.predict_episodes import EpisodesAsked, predict_episodes
    from compose.cli.printing.prediction_output import check_csv_file, prediction_output
    from compose.cli.specs import opened
    from compose.data.folders import PictureWalk
    from compose.prediction.picture_files import picture_files

    found, walk = opened(run, weights=weights, device=device, blocks=blocks), PictureWalk()
    files = list(picture_files(pictures or (), walk))
    if walk.unread:
        note(walk.note)
    _check_output(attention)
    as_table = as_csv or output is not None
    if found.few_shot:
        _check_episodes(examples, labels, threshold, as_csv=as_table)
        asked = EpisodesAsked(files, support, episodes, shots, found.reads_pictures)
        good = predict_episodes(found, asked, attention, top=top or TOP, as_json=as_json)
        raise typer.Exit(0 if good else 1)
    _check(files, examples, episodes, support)
    check_csv_file(output)
    question = {
        "top": top or (None if as_table else TOP),
        "labels": named_labels(labels or "all"),
        "threshold": _threshold(threshold),
    }
    with prediction_output(as_json=as_json, as_csv=as_csv, output=output) as show:
        good = _predict_labels(found, files, examples, attention, question, show)
    raise typer.Exit(0 if good else 1)


def _predict_labels(
    run: Run,
    files: Sequence[Path],
    examples: int | None,
    attention: Path | None,
    question: dict[str, Any],
    show: Callable[[Prediction], None],
) -> bool:
    """Show the labels of pictures, and draw where the model looks; whether all of them could be read."""
    from compose.cli.console import done, note, status

    with status("loading the model"):
        for line in (*run.label_notes, *run.notes_on_labels(question["labels"])):
            note(line)
    if question["threshold"] == "validation":
        with status("choosing the threshold on the validation images"):
            note(f"threshold {run.validation_threshold:.4g}: the best on the validation images, for the seen labels")
    asked = chain(files, run.examples(examples) if examples else ())
    predictions = run.iter_predict(asked, **question, attention=attention is not None)
    drawn: list[Prediction] = []
    scaled: list[GreyRange] = []
    good = True
    for prediction in predictions:
        good = good and prediction.picture.error is None
        scaled += [prediction.picture.scaled] if prediction.picture.scaled else []
        show(prediction)
        if prediction.guesses and len(drawn) < DRAWN:
            drawn.append(prediction)
    if scaled:
        from compose.data.pictures.grey_range import scaling_note

        note(scaling_note(scaled))
    if attention and drawn:
        run.picture(drawn).save(attention)
        done(f"wrote {attention}")
    return good


def _threshold(text: str | None) -> float | Literal["validation"] | None:
    from compose.errors import UsageError

    if text == "validation":
        return "validation"
    try:
        return None if text is None else float(text)
    except ValueError:
        raise UsageError(f"--threshold {text}: expected a number, or `validation`") from None


def _check_episodes(examples: int | None, labels: str | None, threshold: str | None, *, as_csv: bool) -> None:
    from compose.errors import UsageError

    if examples is not None:
        raise UsageError("--examples is for models that score labels, and this is a few-shot model: --episodes N")
    if labels is not None:
        taken = "this is a few-shot model, which learns its classes from pictures of them: --support FOLDER"
        raise UsageError(f"--labels is for models that score labels, and {taken}")
    if threshold is not None or as_csv:
        raise UsageError("--threshold and --csv are for models that score labels, and this is a few-shot model")


def _check(files: Sequence[Path], examples: int | None, episodes: int | None, support: Path | None) -> None:
    from compose.errors import UsageError

    if episodes is not None or support is not None:
        raise UsageError("--episodes and --support are for few-shot models, and this one scores labels")
    if not files and examples is None:
        raise UsageError("name pictures, or take --examples N of the run's own data")


def _check_output(attention: Path | None) -> None:
    from compose.errors import UsageError

    if attention is not None and attention.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise UsageError(f"--attention {attention}: expected a name that ends in .png, .jpg or .webp")
    if attention is not None and not attention.parent.is_dir():
        raise UsageError(f"--attention {attention}: there is no folder {attention.parent}")
