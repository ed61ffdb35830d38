"""An outer step of MAML on DESIRE-Net's inference, all tasks at once, beside a loop over the tasks.

    python -m benchmarks.maml [--rounds 15] [--tasks 32] [--ways 5] [--shots 1] [--queries 15] [--steps 1] [--dim 50]

Both hold the same weights and see the same features of N-way K-shot tasks of `glosses`. The loop takes one task after
the other, with ``torch.autograd.grad`` and the graph kept for second derivatives. First both are run in double
precision, and their losses and gradients must agree. The rounds alternate between the two, and which comes first
alternates too. Printed: the median times of a step (forward and backward) and how many times longer the loop takes.
Asked for: at least 5.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor
from torch.func import functional_call

from benchmarks.measure import medians
from compose import load
from compose.training.adaptation.task_model import Outer, TaskModel
from compose.training.allocator import keep_freed_memory
from compose.training.stages.work import Setting

SPEC = """
name: maml
data: {{use: glosses}}
labels: {{vectors: {{use: wordnet, dim: {dim}}}}}
model:
  extractor: {{use: mlp, in: features, sizes: [{dim}]}}
  feature: {{use: feature_inference, in: extractor}}
  correlation: {{use: correlation_inference, in: extractor}}
  attention: {{use: attention_inference, in: extractor}}
  scores: {{use: add, in: [feature, correlation, attention], learned: true}}
loss:
  task: {{use: bce, in: [scores, novel.targets]}}
train:
  main: {{stage: maml, freeze: [extractor], adapt: [feature, correlation, attention], ways: {ways}, shots: {shots},
     queries: {queries}, batch: {tasks}, episodes: {tasks}, inner_steps: {steps}, inner_lr: {lr}}}
evaluate: {{tasks: [episodes], ways: {ways}, metrics: [micro_auc]}}
"""
LR = 0.1
LOSS = "loss.task"


def at_once(model: TaskModel, batch: dict[str, Tensor]) -> Tensor:
    """All tasks in one vmap."""
    return model.terms(batch, Outer())[LOSS]


def in_a_loop(model: TaskModel, batch: dict[str, Tensor], steps: int) -> Tensor:
    """One task after the other."""
    support = batch["support_targets"].shape[1]
    tasks = len(batch["support_targets"])
    weights = {name: value for name, value in model.losses.named_parameters() if not name.startswith("scores")}
    losses = []
    for task in range(tasks):
        features = batch["extractor"].unflatten(0, (tasks, -1))[task]
        labels = {name: batch[name][task] for name in ("labels_novel", "labels_base_mask")}
        labels["labels_base"] = model._fixed["labels_base"]
        asked = {"extractor": features[:support], "novel_targets": batch["support_targets"][task], **labels}
        adapted = weights
        for _ in range(steps):
            loss = functional_call(model.losses, adapted, (), asked)[LOSS]
            gradients = torch.autograd.grad(loss, list(adapted.values()), create_graph=True)
            adapted = {name: value - LR * g for (name, value), g in zip(adapted.items(), gradients, strict=True)}
        queries = {"extractor": features[support:], "novel_targets": batch["query_targets"][task], **labels}
        losses.append(functional_call(model.losses, adapted, (), queries)[LOSS])
    return torch.stack(losses).mean()


def step(model: TaskModel, forward: Callable[[], Tensor]) -> list[Tensor]:
    """One forward and backward: the loss and the gradients."""
    loss = forward()
    return [loss, *torch.autograd.grad(loss, list(model.losses.parameters()))]


def example(given: argparse.Namespace) -> tuple[TaskModel, dict[str, Tensor]]:
    """The model and a batch of tasks."""
    sizes = {name: getattr(given, name) for name in ("tasks", "ways", "shots", "queries", "steps", "dim")}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "maml.yaml"
        path.write_text(SPEC.format(**sizes, lr=LR))
        made = load(str(path))
        built = made.build()
    (stage,) = made.stages.values()
    built.training.extractor.requires_grad_(False)
    setting = Setting(
        model=built,
        source=made.source,
        space=made.space,
        evaluation=made.evaluation,
        seed=0,
        device=torch.device("cpu"),
    )
    work = stage.open(setting)
    return work.module, next(iter(work.epoch(0, 0)))


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    defaults = {"rounds": 15, "tasks": 32, "ways": 5, "shots": 1, "queries": 15, "steps": 1, "dim": 50}
    for name, default in defaults.items():
        options.add_argument(f"--{name}", type=int, default=default)
    given = options.parse_args()
    keep_freed_memory()  # as training does
    torch.manual_seed(0)
    model, batch = example(given)
    calls = {
        "at once": lambda: step(model, lambda: at_once(model, batch)),
        "in a loop": lambda: step(model, lambda: in_a_loop(model, batch, given.steps)),
    }
    model.double()
    single, batch = batch, {name: v.double() if v.is_floating_point() else v for name, v in batch.items()}
    fixed, model._fixed = model._fixed, {name: v.double() for name, v in model._fixed.items() if v.is_floating_point()}
    torch.testing.assert_close(calls["at once"](), calls["in a loop"](), rtol=1e-7, atol=1e-12)
    model.float()
    batch, model._fixed = single, fixed
    times = medians(calls, given.rounds)
    sizes = ", ".join(f"{getattr(given, name)} {name}" for name in list(defaults)[1:])
    print(f"{torch.get_num_threads()} threads, {sizes}; the same loss and gradients in double precision")
    for name, median in times.items():
        print(f"  {name:10s} {1000 * median:8.1f} ms, {median / times['at once']:6.1f} times all at once")


if __name__ == "__main__":
    main()
