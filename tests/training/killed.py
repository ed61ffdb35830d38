"""Train the toy with a checkpoint after every step; the write of the fifth stops half-way, to be killed there.

Arguments: the run's folder, and a file to touch when the write hangs.
"""

import sys
import time
from pathlib import Path

from toy import ToyStage, run

from compose.training.storage import checkpoint

folder, ready = map(Path, sys.argv[1:])
save, calls = checkpoint.save_file, 0


def half_save(tensors, path, metadata):
    global calls
    calls += 1
    save(tensors, path, metadata=metadata)
    if calls == 5:
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[: len(content) // 2])
        Path(path).with_name(".tmpA1b2C3").touch()
        ready.touch()
        time.sleep(60)


checkpoint.save_file = half_save
run([ToyStage(epochs=2, batch=4, checkpoint_every=0)], folder)
