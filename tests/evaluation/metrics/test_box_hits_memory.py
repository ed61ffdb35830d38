"""Places at the size of Open Images' boxes, 558 labels and 100 boxes; every label everywhere is the worst task."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource")

MEASURE = """
import resource, sys
import torch
from compose.evaluation.metrics.box_hits import ShownBoxes, Locator

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**10 if sys.platform != "darwin" else 2**20)

def run(images, labels, boxes):
    shown = torch.zeros(images, boxes, labels, dtype=torch.int8)
    shown[:, torch.arange(labels) % boxes, torch.arange(labels)] = 1
    truth = ShownBoxes(torch.ones(images, labels, dtype=torch.int8), torch.rand(images, boxes, 4), shown, (224, 224))
    places, before, locator = torch.rand(images, labels, 2), peak(), Locator(range(labels))
    locator.add(places, truth)
    assert len(locator.box_hits.images) == images * labels
    return peak() - before

torch.set_num_threads(1)
run(2, 10, 2)  # what PyTorch allocates once
print(run(256, 558, 100))
"""


def test_peak() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, timeout=120)
    assert float(done.stdout) < 60  # MB; each label with each box at once would take 230
