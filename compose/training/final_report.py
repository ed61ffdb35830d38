"""The end of a run: its evaluation and its report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compose.processes.launched import world_size
from compose.processes.shares import ALONE, Shares
from compose.shown import markdown_text
from compose.training.storage.label_results import ERRORS, forget_label_results
from compose.training.storage.run_folder import RunFolder, finite, write_text
from compose.training.storage.written_result import write_details

if TYPE_CHECKING:
    import torch
    from jaxtyping import Float64
    from torch import Tensor

    from compose.data.source import DataSource
    from compose.evaluation.episodes.episode_test import ModelParts
    from compose.evaluation.evaluation import Evaluation
    from compose.evaluation.result import Result
    from compose.evaluation.task_scores import ScoringModel as Scorer
    from compose.training.prepare import Prepared
    from compose.training.run_plan import RunPlan
    from compose.training.storage.find_run import FoundRun

IN_EVALUATION = "fails in the evaluation"
"""What a block does, see :func:`~compose.model.failures.run_failure.told_at_block`."""
COUNTED = 2048
"""Training examples that are read to count how frequent the labels are."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a run came to.

    Args:
        folder: its folder.
        result: the final evaluation; None where the spec asks for none.
        seconds: how long it took, all its parts together.
        steps: optimizer steps.
        device: where it ran.
        parameters: of the model that scores; None where its report does not tell.
    """

    folder: Path
    result: Result | None
    seconds: float
    steps: int
    device: str
    parameters: int | None = None


def final_evaluation(plan: RunPlan, device: torch.device, shares: Shares = ALONE) -> Result | None:
    """Evaluate the model as the spec says, and count its modules where it has such.

    Args:
        plan: what the run does.
        device: where the model is.
        shares: the processes that evaluate together.
    """
    if plan.evaluation is None:
        return None
    model, parts = _asked(plan, plan.evaluation, device)
    return plan.evaluation.run(
        model,
        plan.source,
        plan.space,
        data=plan.source.name,
        device=device,
        train_frequency=train_frequency(plan.source) if plan.evaluation.tasks and shares.first else None,
        parts=parts,
        shares=shares,
        each_label=True,
    )


def evaluate_run(
    made: Prepared, run: FoundRun, *, weights: str | None, device: str, details: Path | None = None
) -> Result:
    """Measure the model of a run.

    Processes that torchrun started score their share each; every one of them calls this, and gets the result.

    Args:
        made: the run's spec, which may have been changed, as far as the scores need it.
        run: the run.
        weights: which of its weights.
        device: where it runs.
        details: the folder that gets the results of single labels and the use of modules; None for none.

    Raises:
        TrainingError: the run has no such weights, or this machine no such device.
        EvaluationError: the model cannot be measured so.
        BlockFailure: a block fails.
    """
    from compose.model.failures.run_failure import told_at_block
    from compose.training.device import choose_device, leave_processes, make_fabric
    from compose.training.run_plan import RunPlan

    target, plan = choose_device(device), RunPlan.of(made)
    run.load(plan.model, weights)
    if world_size() > 1:
        target = make_fabric(target, 32).device
    for graph in (plan.model.training, plan.model.inference, plan.model.looking):
        graph.to(target).eval()
    shares = Shares.of_run()
    with told_at_block(plan.model.training, plan.model.plan, IN_EVALUATION):
        result = final_evaluation(plan, target, shares)
    assert result is not None, "a prepared spec has an evaluation"
    if shares.first and details is not None:
        write_details(result, details, source=plan.source, title=plan.title)
    leave_processes()
    return result


def _asked(plan: RunPlan, evaluation: Evaluation, device: torch.device) -> tuple[Scorer, ModelParts | None]:
    """The model as the evaluation calls it, and its parts."""
    from compose.training.adaptation.task_scorer import task_scorer
    from compose.training.inference import asked, episode_parts, outputs_of

    if plan.adaptation is not None:
        scorer = task_scorer(plan.model, plan.adaptation, plan.space, device)
        return scorer, scorer.parts
    looks = evaluation.looks or "winner" in outputs_of(plan.model.looking)
    return asked(plan.model, looks=looks), episode_parts(plan.model, device) if evaluation.episodes else None


def train_frequency(source: DataSource) -> Float64[Tensor, " l"] | None:
    """The share of training examples that carry each label; None where the data has no such examples.

    It is that of the first examples: reading all would take too long.
    """
    from compose.data.source import DataError
    from compose.evaluation.prior import label_frequency

    try:
        examples = source.split("train")
    except DataError:
        return None
    return label_frequency(examples[range(min(COUNTED, len(examples)))]["targets"])


def write_report(plan: RunPlan, outcome: Outcome, folder: RunFolder) -> None:
    """Write the report for people and the one for tools."""
    data = {
        "name": plan.title,
        "seed": plan.seed,
        "device": outcome.device,
        "seconds": round(outcome.seconds, 1),
        "steps": outcome.steps,
        "parameters": outcome.parameters,
        "result": outcome.result.to_json() if outcome.result else None,
    }
    write_text(folder.report_data, json.dumps(finite(data), indent=2) + "\n")
    write_text(folder.report, _markdown(plan, outcome))
    forget_label_results(folder.path)
    if outcome.result:
        write_details(outcome.result, folder.path, source=plan.source, title=plan.title)


def read_outcome(folder: RunFolder) -> Outcome | None:
    """What the report of a run says; None where it has none that is whole."""
    from compose.evaluation.result import Result

    try:
        data = json.loads(folder.report_data.read_text("utf-8"))
        result = None if data["result"] is None else Result.from_json(data["result"])
        return Outcome(
            folder=folder.path,
            result=result,
            seconds=data["seconds"],
            steps=data["steps"],
            device=data["device"],
            parameters=data.get("parameters"),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _markdown(plan: RunPlan, outcome: Outcome) -> str:
    from compose.evaluation.result_table import markdown

    minutes, seconds = divmod(round(outcome.seconds), 60)
    facts = f"{outcome.steps:,} steps in {minutes} min {seconds} s on {outcome.device}, seed {plan.seed}."
    result = markdown(outcome.result) if outcome.result else "The spec asks for no evaluation.\n"
    lock = "The spec with all values and versions is in `spec.lock.yaml`."
    known = outcome.result.tasks.values() if outcome.result else ()
    errors = any(task.mistakes is not None for task in known)
    page = f"\n[What it gets wrong]({ERRORS}): labels, pairs of labels and examples.\n" if errors else ""
    return f"# {markdown_text(plan.title)}\n\n{facts} {lock}\n\n{result}{page}"
