"""``compose predict RUN IMAGE...``: the labels of pictures, and where the model looks for them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from compose.cli.options import BlockFiles, Device, RunPath, Weights

if TYPE_CHECKING:
    from compose import Run
    from compose.data.pictures.grey_range import GreyRange
    from compose.labels.label_set import Labels
    from compose.prediction.predictor import Prediction

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
        Literal["seen", "unseen", "all"], typer.Option("--labels", help="Which labels to choose from.")
    ] = "all",
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="K", help="How many labels to print, the best first.")
    ] = 5,
    weights: Weights = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each picture.")] = False,
    blocks: BlockFiles = None,
) -> None:
    """Print the labels of pictures with their scores, the best first, and draw where the model looks for them.

    Pictures that cannot be read are reported and the others go on; the exit code is then 1. A few-shot model is told
    its classes by pictures of each, all of which must be readable: --support FOLDER IMAGE..., or --episodes N of the
    run's own data, which is also how one of feature vectors is asked.
    """
    from compose.cli.console import note
    from compose.cli.predict_episodes import EpisodesAsked, predict_episodes
    from compose.cli.specs import opened
    from compose.data.folders import PictureWalk
    from compose.errors import UsageError
    from compose.prediction.picture_files import picture_files

    found, walk = opened(run, weights=weights, device=device, blocks=blocks), PictureWalk()
    files = list(picture_files(pictures or (), walk))
    if walk.unread:
        note(walk.note)
    _check_output(attention)
    if found.few_shot:
        if examples is not None:
            raise UsageError("--examples is for models that score labels, and this is a few-shot model: --episodes N")
        asked = EpisodesAsked(files, support, episodes, shots, found.reads_pictures)
        good = predict_episodes(found, asked, attention, top=top, as_json=as_json)
        raise typer.Exit(0 if good else 1)
    _check(files, examples, episodes, support)
    good = _predict_labels(found, files, examples, attention, labels=labels, top=top, as_json=as_json)
    raise typer.Exit(0 if good else 1)


def _predict_labels(
    run: Run,
    files: Sequence[Path],
    examples: int | None,
    attention: Path | None,
    *,
    labels: Labels,
    top: int,
    as_json: bool,
) -> bool:
    """Print the labels of pictures, and draw where the model looks; whether all of them could be read."""
    from compose.cli.console import done, note, status

    with status("loading the model"):
        for line in run.label_notes:
            note(line)
        asked = chain(files, run.examples(examples) if examples else ())
        predictions = run.iter_predict(asked, top=top, labels=labels, attention=attention is not None)
    drawn: list[Prediction] = []
    scaled: list[GreyRange] = []
    good = True
    for prediction in predictions:
        good = good and prediction.picture.error is None
        scaled += [prediction.picture.scaled] if prediction.picture.scaled else []
        _print_prediction(prediction, as_json=as_json)
        if prediction.guesses and len(drawn) < DRAWN:
            drawn.append(prediction)
    if scaled:
        from compose.data.pictures.grey_range import scaling_note

        note(scaling_note(scaled))
    if attention and drawn:
        run.picture(drawn).save(attention)
        done(f"wrote {attention}")
    return good


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


def _print_prediction(prediction: Prediction, *, as_json: bool) -> None:
    from compose.cli.printing.print_unread import print_unread

    if prediction.picture.error is not None:
        print_unread(prediction.picture, as_json=as_json)
    elif as_json:
        _print_json(prediction)
    else:
        _print(prediction)


def _print_json(prediction: Prediction) -> None:
    from compose.cli.console import echo_json

    picture = prediction.picture
    labels = [
        {"label": guess.label, "score": guess.score, "seen": guess.seen}
        | ({} if picture.targets is None else {"correct": guess.correct})
        for guess in prediction.guesses
    ]
    echo_json({"image": picture.name, "labels": labels})


def _print(prediction: Prediction) -> None:
    from compose.cli.console import echo_name, table

    picture = prediction.picture
    echo_name(picture.name)
    marks = {True: "right", False: "wrong", None: ""}
    rows = [(g.label, f"{g.score:.4f}", "" if g.seen else "unseen", marks[g.correct]) for g in prediction.guesses]
    table((), rows if picture.targets is not None else [row[:3] for row in rows], right=(1,))
