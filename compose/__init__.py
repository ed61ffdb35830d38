"""compose: declarative YAML specs for composing, training and comparing PyTorch models.

import compose
run = compose.train("zoo/ml2p.yaml", variants=["no-pyramid"], overrides={"seed": 1})
run.results["zsl"].metrics, run.model
compose.compare(run, "zoo/lesa.yaml")                # a table: means over seeds, and what the papers print
compose.sweep("zoo/ml2p.yaml", sweep="table3", seeds=3).comparison
run.predict("photo.jpg", attention=True)
compose.load("zoo/ml2p.yaml").build().training       # the model alone, untrained

Everything is imported when it is first used: ``import compose`` imports no torch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

from compose.api.reading import Files, Names, Overrides, SpecLike
from compose.api.run import Run, ThresholdChoice, WeightChoice, opened_run
from compose.api.searched import Search
from compose.api.stored_run import RunLike, StoredRun
from compose.api.swept import Sweep
from compose.api.validation import Validation
from compose.errors import SpecErrors, UsageError

if TYPE_CHECKING:
    from compose.data.source import DataError
    from compose.difference.spec_difference import SpecDifference
    from compose.evaluation.comparison.comparison import Comparison
    from compose.evaluation.comparison.comparison_cells import PrintedChoice
    from compose.evaluation.per_label import LabelResult
    from compose.evaluation.result import Result
    from compose.prediction.asked_labels import LabelsAsked
    from compose.prediction.given_episode import Support
    from compose.prediction.predictor import Prediction
    from compose.sweeping.sweep_stopped import SweepStopped
    from compose.training.prepare import Prepared
    from compose.training.training_errors import Interrupted, TrainingError

__version__ = "0.2.0"

__all__ = [
    "Comparison",
    "DataError",
    "Interrupted",
    "LabelResult",
    "Prediction",
    "Result",
    "Run",
    "Search",
    "SpecErrors",
    "Sweep",
    "SweepStopped",
    "TrainingError",
    "UsageError",
    "Validation",
    "compare",
    "diff",
    "evaluate",
    "load",
    "predict",
    "search",
    "sweep",
    "train",
    "validate",
]
LATER = {
    "Comparison": "compose.evaluation.comparison.comparison",
    "DataError": "compose.data.source",
    "Interrupted": "compose.training.training_errors",
    "LabelResult": "compose.evaluation.per_label",
    "Prediction": "compose.prediction.predictor",
    "Result": "compose.evaluation.result",
    "SweepStopped": "compose.sweeping.sweep_stopped",
    "TrainingError": "compose.training.training_errors",
}
"""Classes of this module that are imported when they are first used, and where each is defined."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        """A class of ``LATER``."""
        if name not in LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
        return getattr(import_module(LATER[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *LATER})


def load(spec: SpecLike, *, variants: Names = (), overrides: Overrides = (), blocks: Files = ()) -> Prepared:
    """A spec, checked and ready to build.

    What it returns has the model as ``.build()`` (``training``, ``inference``, ``looking``: each a
    ``torch.fx.GraphModule``), the shapes as ``.shaped.facts``, the label space as ``.space``, the examples as
    ``.source``, the stages and the evaluation, and the resolved spec as ``.spec``.

    Args:
        spec: a path, the name of a packaged spec (``zoo/ml2p.yaml``), a run, whose spec counts, a text of YAML, or a
            dict of the same content.
        variants: variants to lay over it, in order.
        overrides: values to lay over those: a dict (``{"train.main.epochs": 3}``), or ``key=value`` texts.
        blocks: Python files with blocks of your own.

    Raises:
        SpecErrors: every mistake of the spec.
        UsageError: an override is not of the form ``key=value``, or a file of blocks cannot be used.
    """
    from compose.api.reading import read
    from compose.training.prepare import prepare

    return prepare(read(spec, variants=variants, overrides=overrides, blocks=blocks))


def validate(
    spec: SpecLike,
    *,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    fast: bool = False,
    all_variants: bool = False,
    sweep: str | None = None,
) -> Validation:
    """Every mistake of a spec, without training: text, names and wiring of all variants, shapes, labels and data.

    Mistakes in the spec are returned and not raised; what is returned is true where there are none.

    Args:
        spec: as for :func:`load`; or a table file, every row of which is checked.
        variants: as for :func:`load`.
        overrides: as for :func:`load`.
        blocks: as for :func:`load`.
        fast: only the text, the names and the wiring; needs no torch.
        all_variants: work out the shapes of every variant, too.
        sweep: the name of one of its sweeps, every member of which is checked instead.

    Raises:
        UsageError: an override is not of the form ``key=value``, or a file of blocks cannot be used.
    """
    from compose.api.validation import validate_spec

    return validate_spec(
        spec,
        variants=variants,
        overrides=overrides,
        blocks=blocks,
        fast=fast,
        all_variants=all_variants,
        sweep=sweep,
    )


def train(
    spec: SpecLike | None = None,
    *,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    out: str | PathLike[str] | None = None,
    device: str = "auto",
    strategy: Literal["ddp", "fsdp"] = "ddp",
    resume: bool | str | PathLike[str] = False,
    log: Names | None = None,
    progress: bool = True,
) -> Run:
    """Train the model of a spec, evaluate it, and write a report.

    Args:
        spec: as for :func:`load`; may be left out where ``resume`` names a run.
        variants: as for :func:`load`.
        overrides: as for :func:`load`.
        blocks: as for :func:`load`; the run keeps copies of them.
        out: the run's folder; ``runs/NAME/TIME`` where not given.
        device: where to compute (``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``).
        strategy: what each of several processes that torchrun started keeps of the weights: all (``ddp``), or a part
            (``fsdp``), for a model that one device does not hold. The numbers are the same.
        resume: go on with a run from its newest checkpoint: its folder, or True for the newest run of the spec.
        log: experiment trackers that the run is logged to beside TensorBoard: ``wandb``, ``mlflow``, or both; where not
            given, a run that goes on is logged as before, and ``none`` ends that. Nothing that is computed
            depends on it.
        progress: show what is trained, a bar in a terminal, and a line for each epoch.

    Raises:
        SpecErrors: every mistake of the spec and its data, before anything is written.
        UsageError: there is no such run to go on with.
        TrainingError: training cannot start or go on.
        Interrupted: it was stopped (Ctrl-C); its state is saved.
    """
    from compose.api.begin_run import progress_console, train_spec

    return train_spec(
        spec,
        variants=variants,
        overrides=overrides,
        blocks=blocks,
        out=out,
        device=device,
        strategy=strategy,
        resume=resume,
        log=log,
        console=progress_console() if progress else None,
    )


def evaluate(
    run: Run | str | PathLike[str],
    *,
    variants: Names = (),
    overrides: Overrides = (),
    weights: WeightChoice | None = None,
    out: str | PathLike[str] | None = None,
    device: str = "auto",
    blocks: Files = (),
) -> Result:
    """Measure a trained model again, by another protocol or on other data.

    Args:
        run: a run, its folder, one of its weights files, or a spec, whose newest run counts.
        variants: where a spec is named: the variants that the run was made with.
        overrides: what to change in the run's spec: ``{"evaluate.images": "with_positives"}``.
        weights: ``last`` or ``best``; where not given, those that the run was opened with, else the last.
        out: a file for the result (``.json``, ``.md``), or a folder for all of it; see :meth:`compose.Run.evaluate`.
        device: where to compute.
        blocks: files in place of those that the run keeps.

    Raises:
        UsageError: there is no such run, or an opened run is given a device, variants or blocks other than its own.
        SpecErrors: the model and what it is to be measured on do not go together.
    """
    opened = opened_run(run, variants=variants, device=device, blocks=blocks)
    return opened.evaluate(overrides=overrides, weights=weights, out=out)


def sweep(
    spec: SpecLike,
    *,
    sweep: str | None = None,
    grid: Mapping[str, Iterable[Any] | str] | None = None,
    seeds: int | Sequence[int] | None = None,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    out: str | PathLike[str] | None = None,
    jobs: int | None = None,
    device: str = "auto",
    ray: str | None = None,
    log: Names = (),
    dry_run: bool = False,
    progress: bool = True,
) -> Sweep:
    """Train every member of a grid from every seed, each in a process of its own, and go on where one fails.

    All members are checked before the first is trained. What has ended in ``out`` and was made from the same spec is
    not trained again, and what was interrupted goes on, so that the same call finishes a sweep that was stopped.

    Args:
        spec: a path, or the name of a packaged spec; or a table file (``zoo/tables/lesa-table2.yaml``), whose rows are
            the members.
        sweep: the name of one of its sweeps.
        grid: further axes, in the form of a spec's sweep: ``{"loss.rank.weight": [0.1, 0.2], "variants": ["a", "b"]}``.
        seeds: how many, from 0 on, or which; the spec's own where not given.
        variants: variants laid over every member; ``"a,b"`` is an axis, ``"a+b"`` lays two, ``"base"`` none.
        overrides: values set in every member, as for :func:`load`; the text ``"key=1,2"`` is an axis.
        blocks: as for :func:`load`.
        out: where the runs lie, each in ``NAME-MEMBER-SEED``; ``runs/NAME-SWEEP`` where not given,
            and of a table ``runs/tables``, where tables share what they have in common.
        jobs: how many runs are trained side by side, one where not given; they share the machine's cores. On a Ray
            cluster, where not given, one for each of its GPUs, or for each core.
        device: where to compute; ``cuda:0,cuda:1`` are taken in turn, and all GPUs are where nothing is named.
        ray: the address of a Ray cluster that trains the runs (``HOST:6379``, ``ray://HOST:10001``, ``auto``), or
            ``local`` to start one here. Its machines have this compose, and share the current folder with this one, and
            the data under the same paths.
        log: as for :func:`train`, of every run.
        dry_run: train nothing: only which runs there are, and how far each has come.
        progress: print what the runs print.

    Raises:
        SpecErrors: every mistake of every member, before anything is trained.
        UsageError: a folder has a run of another spec, or an axis has no values.
        SweepStopped: it was stopped (Ctrl-C); the same call goes on.
    """
    from compose.api.begin_run import progress_console
    from compose.api.begin_sweep import begin_swept, seeds_of, sweep_spec

    made, named_seeds = begin_swept(
        spec, sweep=sweep, grid=grid or {}, variants=variants, overrides=overrides, blocks=blocks
    )
    return sweep_spec(
        made,
        seeds=seeds_of(seeds, named_seeds),
        out=out,
        jobs=jobs,
        device=device,
        ray=ray,
        log=[log] if isinstance(log, str) else list(log),
        dry_run=dry_run,
        say=progress_console().print if progress else lambda line: None,
    )


def search(
    spec: SpecLike,
    *,
    trials: int,
    sweep: str | None = None,
    grid: Mapping[str, Iterable[Any] | str] | None = None,
    objective: str | None = None,
    storage: str | PathLike[str] | None = None,
    search_seed: int = 0,
    seeds: int | Sequence[int] | None = None,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    out: str | PathLike[str] | None = None,
    jobs: int | None = None,
    device: str = "auto",
    ray: str | None = None,
    log: Names = (),
    progress: bool = True,
) -> Search:
    """Search a space for what validates best, with Optuna.

    The test examples take no part: what a trial evaluates at its end, it evaluates on the validation split. The same
    call goes on with a search that was stopped; several machines that name one storage share its trials.

    Args:
        spec: as for :func:`sweep`.
        trials: how many the study is to have, those of other machines among them.
        sweep: one of the spec's sweeps, whose keys are axes of the space.
        grid: further axes, as for :func:`sweep`; ``{"train.main.optimizer.lr": "1e-4..1e-2"}`` is a range. From above 0
            and over a factor of 100 it is drawn from by its logarithm; ``1..8:log`` and ``1..800:linear`` say which.
        objective: what is made great: ``val/map``, as the last stage validates, or ``TASK/METRIC`` of the evaluation,
            on the validation split. Where not given, what the last stage monitors; ``zsl/map`` looks at unseen labels.
        storage: a file, or the URL of a database; ``study.journal`` in ``out`` where not given.
        search_seed: from what the choices are drawn.
        seeds: as for :func:`sweep`; a trial reaches the mean over them.
        variants: as for :func:`sweep`.
        overrides: as for :func:`sweep`.
        blocks: as for :func:`load`.
        out: as for :func:`sweep`; ``runs/NAME-search`` where not given.
        jobs: as for :func:`sweep`; what several find depends on which of them ends first.
        device: as for :func:`sweep`.
        ray: as for :func:`sweep`.
        log: as for :func:`sweep`.
        progress: print what the runs print.

    Raises:
        SpecErrors: a value of an axis is wrong, before anything is trained.
        UsageError: there is nothing to search, no such objective, or Optuna is not installed.
        SweepStopped: it was stopped (Ctrl-C); the same call goes on.
    """
    from compose.api.begin_run import progress_console
    from compose.api.begin_search import search_spec
    from compose.api.begin_sweep import seeds_of
    from compose.api.sweep_grid import begin_grid

    asked = begin_grid(spec, sweep=sweep, grid=grid or {}, variants=variants, overrides=overrides, blocks=blocks)
    return search_spec(
        asked,
        trials=trials,
        objective=objective,
        storage=storage,
        search_seed=search_seed,
        seeds=seeds_of(seeds, asked.seeds),
        out=out,
        jobs=jobs,
        device=device,
        ray=ray,
        log=[log] if isinstance(log, str) else list(log),
        say=progress_console().print if progress else lambda line: None,
    )


def diff(
    a: SpecLike,
    b: SpecLike | None = None,
    *,
    from_variants: Names = (),
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    costs: bool = True,
) -> SpecDifference:
    """How two specs or runs differ: nodes, parameters, wiring, losses, stages, data, protocol, and what they cost.

    What it returns is true where they differ; it prints as text, and has ``.svg``, ``.markdown`` and ``.to_json()``.

    Args:
        a: a spec or run, as for :func:`load`.
        b: another; the first again where not given, as its variants or overrides make it.
        from_variants: variants to lay over the first.
        variants: variants to lay over the second.
        overrides: values to lay over the second, as for :func:`load`.
        blocks: as for :func:`load`, for both.
        costs: work out the shapes, and with them parameters and FLOPs.

    Raises:
        SpecErrors: every mistake of a spec that can be seen without its data.
        UsageError: there is nothing to compare with.
    """
    from compose.api.differing import diff_specs

    return diff_specs(
        a, b, from_variants=from_variants, variants=variants, overrides=overrides, blocks=blocks, costs=costs
    )


def compare(
    *runs: RunLike | StoredRun,
    variants: Names = (),
    overrides: Overrides = (),
    blocks: Files = (),
    metrics: Names = (),
    printed: PrintedChoice = "own",
) -> Comparison:
    """Put trained models beside one another, and beside what their papers print.

    Runs of one spec that differ in their seed are one row: their mean with its 95% interval. Two results share a column
    only where their protocols agree; where they do not, the notes say how they differ. The order of the runs does not
    matter. A run that cannot be compared is named in ``skipped``, with the reason.

    Args:
        runs: runs and their folders, folders of runs (all count), and specs (all their runs in ``runs/`` count). A
            table file (``zoo/tables/lesa-table2.yaml``) brings its rows, in the paper's order and under its names, from
            the runs that are named beside it, or from ``runs/tables``; what the paper prints stands beside them.
        variants: where a spec is named: only runs that were made with one of these variants; where a table is: variants
            that lie over all of its rows.
        overrides: where a table is named: values that are set in all of its rows, as :func:`sweep` was given them.
        blocks: likewise.
        metrics: which columns: metrics (``map``), tasks (``zsl``), or both (``zsl/map``); all where none is named.
        printed: which figures of ``paper.figures`` stand beside them: of rows that bear the name of a compared model
            (``own``), of every row (``all``), or ``none``.

    Raises:
        UsageError: there is no such run, none that can be compared, or no such metric.
        SpecErrors: a spec that is named cannot be read.
    """
    from compose.api.comparing import compare_runs

    chosen, asked = ([given] if isinstance(given, str) else list(given) for given in (variants, metrics))
    return compare_runs(runs, variants=chosen, overrides=overrides, blocks=blocks, metrics=asked, printed=printed)


def predict(
    run: Run | str | PathLike[str],
    images: Any,
    *,
    support: Support | None = None,
    top: int | None = 5,
    labels: LabelsAsked = "all",
    threshold: ThresholdChoice | None = None,
    attention: bool = False,
    variants: Names = (),
    weights: WeightChoice | None = None,
    device: str = "auto",
    blocks: Files = (),
) -> list[Prediction]:
    """What a trained model says to pictures; see :meth:`compose.Run.predict`.

    Args:
        run: a run, its folder, one of its weights files, or a spec, whose newest run counts.
        images: one or several: a file, a folder, a PIL image, an array or tensor of pixels.
        support: for a few-shot model: pictures of each class by its name, or a folder with a folder for each.
        top: how many labels; None for all.
        labels: which labels to choose from: ``seen``, ``unseen``, ``all``, or any labels by their names.
        threshold: a label counts as predicted where its score is greater: a number, or ``validation``.
        attention: whether to tell where the model looks for each label.
        variants: where a spec is named: the variants that the run was made with.
        weights: ``last`` or ``best``; where not given, the file that was named, or the last.
        device: where to compute.
        blocks: files in place of those that the run keeps.

    Raises:
        UsageError: there is no such run or file, the model is not of that kind, or an opened run is given a device,
            variants, weights or blocks other than its own.
        DataError: a picture of the support cannot be read.
    """
    opened = opened_run(run, variants=variants, weights=weights, device=device, blocks=blocks)
    return opened.predict(images, support=support, top=top, labels=labels, threshold=threshold, attention=attention)
