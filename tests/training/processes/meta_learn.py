"""Meta-learn as one of several processes; the arguments are the spec and the run's folder."""

import sys
from pathlib import Path

from compose import load
from compose.cli import end_process
from compose.training.run_plan import RunPlan
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train


def weights(spec: Path, folder: Path):
    """Train the spec's model and return its weights."""
    made = load(str(spec))
    plan = RunPlan.of(made)
    train(plan, RunFolder(folder), device="cpu")
    return plan.model.training.state_dict()


if __name__ == "__main__":
    weights(Path(sys.argv[1]), Path(sys.argv[2]))
    end_process(0)
