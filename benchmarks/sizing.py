"""What training costs against labels, images, batch, nodes and processes, and what Open Images would need.

    python -m benchmarks.sizing
    torchrun --standalone --nproc-per-node 2 -m benchmarks.sizing --processes

Times are of this machine's processors, a thread each; memory is what `compose show` tells, and follows the shapes.
What is said of Open Images is computed from both.
"""

from __future__ import annotations

import argparse
import io
import statistics
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import torch
from PIL import Image

import compose
from benchmarks.measure import seconds
from compose.blocks.losses.bce import Bce
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.rules import Rules
from compose.model.costs.memory import gib, training_bytes
from compose.processes.launched import is_first_process, world_size
from compose.registry.registry import registry
from compose.spec.wiring.reserved import RESERVED
from compose.training.device import leave_processes, make_fabric
from compose.training.inference import inputs_of
from compose.training.prepare import Prepared
from compose.training.processes.whole_batch import whole_batch

SEEN, UNSEEN, IMAGES, TESTED = 7_186, 400, 9_000_000, 125_436
"""Open Images v4: labels with enough training images, those held back, training and test images."""
SPEC, SMALL = "zoo/ml2p.yaml", "zoo/starter.yaml"
NODES = (1_000, 2_000, 4_000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", action="store_true", help="measure what several processes exchange")
    options = parser.parse_args()
    torch.set_num_threads(1)
    if options.processes:
        processes()
        return
    memory()
    steps()
    losses()
    nodes()
    images()
    metrics()


def memory() -> None:
    """A training step's bytes by `compose show`, for other numbers of labels and other batches."""
    print(f"memory of a training step, {SPEC}")
    for labels, batch in ((925, 32), (SEEN, 32), (925, 256), (SEEN, 256)):
        facts = sized(labels, batch).shaped.facts.values()
        weights = 16 * sum(fact.trainable for fact in facts)
        print(f"  {labels:,} labels, batch {batch}: {gib(training_bytes(facts))}, of which {gib(weights)} for weights")


def sized(labels: int, batch: int) -> Prepared:
    """The spec at another number of labels and another batch."""
    made, other = compose.load(SPEC), {"b": batch, "l": labels}
    vars(made)["sizes"] = {
        name: tuple(other.get(letter, count) for letter, count in zip(RESERVED[name].dims, size, strict=True))
        for name, size in made.sizes.items()
    }
    return made


def losses() -> None:
    """Forward and backward of the losses on scores, by labels."""
    print("losses, forward and backward, batch 32")
    for name in ("bce", "ranknet"):
        loss = registry().construct("loss", name, {})
        for labels in (925, SEEN):
            print(f"  {name}, {labels:,} labels: {1e3 * typical(partial(descend, loss, 32, labels)):.1f} ms")


def descend(loss: torch.nn.Module, batch: int, labels: int) -> None:
    """One gradient of a loss."""
    scores = torch.randn(batch, labels, requires_grad=True)
    targets = (torch.rand(batch, labels) < 0.01).to(torch.int8) * 2 - 1
    given = {} if isinstance(loss, Bce) else {"labels_vectors": torch.randn(labels, 300)}
    loss(scores, targets, **given).backward()


def steps() -> None:
    """Forward and backward of a whole model, by the batch."""
    print(f"a step of {SMALL}, forward and backward, 64 x 64 pictures")
    made = compose.load(SMALL)
    model = made.build().training
    given = made.space.inputs("seen")
    for batch in (16, 64):
        inputs = {
            "image": torch.rand(batch, 3, 64, 64),
            "targets": torch.randint(0, 2, (batch, made.sizes["targets"][1]), dtype=torch.int8) * 2 - 1,
            **{name: value for name, value in given.items() if name in inputs_of(model)},
        }
        taken = typical(partial(step, model, inputs), rounds=3)
        print(f"  batch {batch}: {1e3 * taken:.0f} ms, {batch / taken:.0f} pictures a second")


def step(model: torch.nn.Module, inputs: dict[str, torch.Tensor]) -> None:
    """One gradient of a model."""
    outputs = model(**inputs)
    sum(value for name, value in outputs.items() if name.startswith("loss.")).backward()


def nodes() -> None:
    """A graph layer, by nodes with 16 edges each."""
    print("a graph layer of width 256, forward and backward, 16 edges a node")
    for count in NODES:
        print(f"  {count:,} nodes: {1e3 * typical(partial(propagate, count)):.0f} ms")


def propagate(count: int) -> None:
    """Sum the neighbours' states, and transform them."""
    states, weight = torch.randn(count, 256, requires_grad=True), torch.randn(256, 256, requires_grad=True)
    ends = torch.randint(count, (2, 16 * count))
    summed = torch.zeros(count, 256).index_add(0, ends[1], (states @ weight)[ends[0]])
    summed.square().mean().backward()


def images() -> None:
    """What reading a photograph takes."""
    photograph = Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    stored = io.BytesIO()
    photograph.resize((1024, 768), Image.Resampling.BICUBIC).save(stored, "JPEG", quality=90)
    taken = typical(partial(decode, stored.getvalue()))
    print(f"a JPEG of 1024 x 768, decoded and resized to 224: {1e3 * taken:.1f} ms")
    print(f"  {IMAGES:,} of them: {IMAGES * taken / 3600:,.0f} hours of one core an epoch (computed)")


def decode(stored: bytes) -> None:
    """Read a picture."""
    picture = Image.open(io.BytesIO(stored))
    picture.draft("RGB", (448, 336))
    picture.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)


def metrics() -> None:
    """Mean average precision, by images and labels."""
    taken = {count: typical(partial(measure, count, 200), rounds=3) for count in (2_000, 8_000)}
    for count, time in taken.items():
        print(f"mAP of {count:,} images x 200 labels: {time:.2f} s")
    each = taken[8_000] / (8_000 * 200)
    labels = SEEN + UNSEEN
    print(f"  of {TESTED:,} x {labels:,}: {each * TESTED * labels / 60:.0f} minutes (computed)")
    print(f"  its scores: {gib(4 * TESTED * labels)}, in the memory of the first process (computed)")


def measure(count: int, labels: int) -> None:
    """Measure random scores."""
    scores = torch.rand(count, labels)
    targets = (torch.rand(count, labels) < 0.01).to(torch.int8) * 2 - 1
    MeanAveragePrecision().value(scores, targets, Rules())


def processes() -> None:
    """What a step exchanges, by gloo on this machine."""
    make_fabric(torch.device("cpu"), 32)
    for name, call in (
        ("10 M gradients, averaged", partial(average, torch.zeros(10_000_000))),
        (f"scores of 32 examples x {SEEN:,} labels a process, gathered", partial(whole_batch, torch.zeros(32, SEEN))),
    ):
        taken = typical(call)
        if is_first_process():
            print(f"{world_size()} processes, {name}: {1e3 * taken:.0f} ms")
    leave_processes()


def average(values: torch.Tensor) -> None:
    """The sum over the processes."""
    torch.distributed.all_reduce(values)


def typical(call: Callable[[], object], *, rounds: int = 7) -> float:
    """The median time of a call in seconds."""
    call()
    times: Sequence[float] = [seconds(call) for _ in range(rounds)]
    return statistics.median(times)


if __name__ == "__main__":
    main()
