"""Time and peak memory of evaluating 40,000 × 1,006 scores: every metric, chance and the class prior.

    python -m benchmarks.evaluation [--images 40000] [--labels 1006]

Asked for: under 20 s and 4 GB on two cores.
"""

from __future__ import annotations

import argparse
import time

import torch
from rich.console import Console

from benchmarks.measure import peak
from compose.data.source import LabelTable
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.f1_at_k import F1AtK
from compose.evaluation.metrics.image_average_precision import ImageAveragePrecision
from compose.evaluation.metrics.macro_f1 import MacroF1
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.micro_auc import MicroAuc
from compose.evaluation.metrics.micro_f1 import MicroF1
from compose.evaluation.metrics.precision_at_k import PrecisionAtK
from compose.evaluation.metrics.recall_at_k import RecallAtK
from compose.evaluation.result_table import table
from compose.evaluation.task_labels import task_labels

METRICS = (
    MeanAveragePrecision(),
    ImageAveragePrecision(),
    PrecisionAtK(k=3),
    RecallAtK(k=3),
    F1AtK(k=3),
    F1AtK(k=5),
    MicroF1(),
    MacroF1(),
    MicroAuc(),
    Accuracy(),
)


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--images", type=int, default=40_000)
    options.add_argument("--labels", type=int, default=1_006)
    given = options.parse_args()
    measure(given.images, given.labels)


def measure(images: int, labels: int) -> None:
    """Draw scores, evaluate them, and print."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.rand(images, labels, generator=generator)
    frequency = torch.rand(labels, generator=generator).pow(4) * 0.1
    targets = torch.full((images, labels), -1, dtype=torch.int8)
    targets[torch.rand(images, labels, generator=generator) < frequency] = 1
    targets[torch.rand(images, labels, generator=generator) < 0.05] = 0
    scores[targets > 0] += 0.2
    names = tuple(f"label {i}" for i in range(labels))
    task = task_labels(LabelTable(names, tuple(i >= 81 for i in range(labels)), (None,) * labels), ["gzsl"])
    before, wall, cpu = peak(), time.perf_counter(), time.process_time()
    result = evaluate({"gzsl": scores}, Truth(targets, "random", "test"), task, METRICS)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    Console().print(table(result))
    print(f"{images:,} x {labels:,}: {wall:.1f} s, peak {peak():.2f} GB ({before:.2f} GB before)")
    print(f"{cpu:.1f} s of CPU time on {torch.get_num_threads()} threads, torch {torch.__version__}")


if __name__ == "__main__":
    main()
