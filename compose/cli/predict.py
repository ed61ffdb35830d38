"""``compose predict RUN IMAGE...``: the labels of pictures."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from compose.cli.options import BlockFiles, Device, Run, Weights

if TYPE_CHECKING:
    from torch import Tensor

    from compose.cli.runs import FoundRun
    from compose.data.label_space import LabelSet
    from compose.prepare import Prepared

BATCH = 32
SUFFIXES = {".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".jfif", ".avif"}
TASKS = {"seen": "seen", "unseen": "zsl", "all": "gzsl"}


def predict(
    run: Run,
    pictures: Annotated[
        list[Path], typer.Argument(metavar="IMAGE...", help="Pictures, or folders of them.", show_default=False)
    ],
    task: Annotated[
        Literal["seen", "unseen", "all"], typer.Option("--task", help="Which labels to choose from.")
    ] = "all",
    top: Annotated[
        int, typer.Option("--top", min=1, metavar="K", help="How many labels to print, the best first.")
    ] = 5,
    weights: Weights = None,
    device: Device = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each picture.")] = False,
    blocks: BlockFiles = None,
) -> None:
    """Print the labels of pictures with their scores, the best first.

    Pictures that cannot be read are reported and the others go on; the exit code is then 1.
    """
    from compose.cli.runs import find_run

    files = list(_files(pictures))
    model = _load(find_run(run), weights=weights, device=device, task=TASKS[task], blocks=blocks)
    good = True
    for batch in _batches(files):
        for prediction in model.predict(batch, top=top):
            good = good and prediction.error is None
            (_print_json if as_json else _print)(prediction)
    raise typer.Exit(0 if good else 1)


@dataclass(frozen=True)
class Prediction:
    """The best labels of a picture, or why it could not be read.

    Args:
        file: the picture.
        labels: name, score and whether the label was trained on; the best first.
        error: what is wrong with the picture.
    """

    file: Path
    labels: tuple[tuple[str, float, bool], ...] = ()
    error: str | None = None


@dataclass(frozen=True)
class Predictor:
    """A trained model and the labels that it chooses from."""

    made: Prepared
    inference: Any
    labels: LabelSet
    sources: dict[str, Tensor]
    device: Any

    def predict(self, files: Sequence[Path], *, top: int) -> Iterator[Prediction]:
        """The labels of a few pictures."""
        import torch

        from compose.training.inference import scorer

        read = [(file, *self._read(file)) for file in files]
        images = [image for _, image, _ in read if image is not None]
        scores: Iterator[Tensor] = iter(())
        if images:
            with torch.no_grad():
                batch = {"image": torch.stack(images).to(self.device), **self.sources}
                scores = iter(scorer(self.inference)(batch)["scores"].cpu())
        for file, image, error in read:
            yield Prediction(file, error=error) if image is None else Prediction(file, self._best(next(scores), top))

    def _read(self, file: Path) -> tuple[Tensor | None, str | None]:
        from compose.data.source import DataError

        try:
            return self.made.source.read_image(file), None
        except (DataError, OSError, ValueError) as error:
            return None, str(error).removeprefix(f"{file}: ")

    def _best(self, scores: Tensor, top: int) -> tuple[tuple[str, float, bool], ...]:
        values, columns = scores.topk(min(top, len(scores)))
        found = zip(values.tolist(), columns.tolist(), strict=True)
        return tuple((self.labels.names[column], value, self.labels.seen[column]) for value, column in found)


def _load(run: FoundRun, *, weights: str | None, device: str, task: str, blocks: list[Path] | None) -> Predictor:
    from compose.cli.console import status
    from compose.cli.specs import read
    from compose.errors import UsageError

    spec = read(str(run.lock), None, None, blocks)
    if "image" not in spec.plan.sources:
        raise UsageError(f"the model of {run.folder} reads {', '.join(spec.plan.sources)}, not pictures")
    with status("loading the model"):
        from compose.prepare import prepare
        from compose.training.device import choose_device

        made = prepare(spec)
        target = choose_device(device)
        built = made.build()
        run.load(built, weights)
        inference = built.inference.to(target).eval()
        labels = made.space.task(task)  # type: ignore[arg-type]
        given = made.space.sources(task)  # type: ignore[arg-type]
    sources = {name: value.to(target) for name, value in given.items()}
    return Predictor(made, inference, labels, sources, target)


def _files(given: Sequence[Path]) -> Iterator[Path]:
    """The pictures named, and those inside the folders named.

    Raises:
        UsageError: there is no such file, or a folder holds no pictures.
    """
    from compose.errors import UsageError

    for path in given:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in SUFFIXES)
            if not inside:
                raise UsageError(f"{path} holds no pictures ({', '.join(sorted(SUFFIXES))})")
            yield from inside
        elif path.exists():
            yield path
        else:
            raise UsageError(f"there is no file {path}")


def _batches(files: list[Path]) -> Iterator[list[Path]]:
    for start in range(0, len(files), BATCH):
        yield files[start : start + BATCH]


def _print_json(prediction: Prediction) -> None:
    if prediction.error is not None:
        line: dict[str, Any] = {"image": str(prediction.file), "error": prediction.error}
    else:
        labels = [{"label": name, "score": score, "seen": seen} for name, score, seen in prediction.labels]
        line = {"image": str(prediction.file), "labels": labels}
    print(json.dumps(line, ensure_ascii=False), flush=True)


def _print(prediction: Prediction) -> None:
    from compose.cli.console import echo, err, table

    if prediction.error is not None:
        err().print(f"{prediction.file}: {prediction.error}", style="red", markup=False)
        return
    echo(str(prediction.file), style="bold")
    table((), [(name, f"{score:.4f}", "" if seen else "unseen") for name, score, seen in prediction.labels], right=(1,))
