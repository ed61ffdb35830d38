"""The loss at the size of Open Images: 7,186 labels. A tensor of all labels against all labels would take 6.6 GB."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("resource")

MEASURE = """
import resource, sys
import torch
from compose.blocks.losses.ranknet import RankNet

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform != "darwin" else 2**30)

def run(images, labels, most):
    scores = torch.randn(images, labels, requires_grad=True)
    targets = -torch.ones(images, labels, dtype=torch.int8)
    for row in targets:
        row[torch.randperm(labels)[:torch.randint(1, most + 1, ())]] = 1
    before = peak()
    RankNet()(scores, targets, torch.randn(labels, 300)).backward()
    return peak() - before

torch.set_num_threads(1)
run(2, 10, 3)  # what PyTorch allocates once
print(run(32, 7186, 30), run(32, 7186, 500))
"""


def test_peak():
    done = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True, timeout=120)
    usual, many = map(float, done.stdout.split())
    assert usual < 0.2
    assert many < 0.2  # a single image with hundreds of labels would make padding to the largest count expensive
