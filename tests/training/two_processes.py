"""Train the toy as one of several processes; the argument is the run's folder."""

import sys
from pathlib import Path

from toy import ToySource, ToyStage, make_model, run

from compose.cli import end_process
from compose.training.stages.optimizers import SGD


def weights(path: Path):
    """A stage whose result does not depend on how a batch is shared: no batch statistics, no dropout."""
    stage = ToyStage(epochs=2, batch=4, accumulate=2, losses=["rank"], freeze=["backbone"], optimizer=SGD(lr=0.5))
    return run([stage], path, model=make_model(dropout=0.0), source=ToySource(train=20))


if __name__ == "__main__":
    weights(Path(sys.argv[1]))
    end_process(0)
