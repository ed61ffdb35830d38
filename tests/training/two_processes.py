"""Train the toy as one of several processes; the argument is the run's folder."""

import sys
from pathlib import Path

from toy import ToySource, ToyStage, make_model, run

from compose.cli import end_process
from compose.training.stages.optimizers import SGD


def weights(path: Path):
    """A stage with batch norms, and a loss that is no mean over examples; its last batch is a smaller one."""
    stage = ToyStage(epochs=2, batch=4, accumulate=2, optimizer=SGD(lr=0.5), log_every=1)
    return run([stage], path, model=make_model(dropout=0.0), source=ToySource(train=22))


if __name__ == "__main__":
    weights(Path(sys.argv[1]))
    end_process(0)
