"""Time and memory of tens of millions of label rows: Open Images' largest file, made up, read twice.

    python -m benchmarks.published_rows --rows 20000000

Each start is a process of its own: the first reads the rows in a stream, the second maps the columns that were kept.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

CLASSES = 19_995
TRAINABLE = 7_186
PER_PICTURE = 5
BLOCK = 500_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=20_000_000)
    parser.add_argument("--folder", type=Path, help="where the files are made; a temporary folder if not given")
    parser.add_argument("--start", action="store_true", help="only make the source, and print time and memory")
    given = parser.parse_args()
    if given.start:
        started(given.folder)
        return
    with tempfile.TemporaryDirectory() as made:
        folder = given.folder or Path(made)
        size = make(folder, given.rows)
        print(f"{given.rows:,} rows, {size / 1e6:,.0f} MB", flush=True)
        for which in ("first", "second"):
            print(f"{which} start: ", end="", flush=True)
            environment = {**os.environ, "XDG_CACHE_HOME": str(folder / "cache")}
            command = [sys.executable, "-m", "benchmarks.published_rows", "--start", "--folder", str(folder)]
            subprocess.run(command, env=environment, check=True)


def started(folder: Path) -> None:
    """Make the source and one batch."""
    from compose.data.publishers.open_images import OpenImages

    before = time.perf_counter()
    source = OpenImages(folder, size=16)
    made = time.perf_counter() - before
    rows = source._rows["train"][:: max(1, len(source._rows["train"]) // 32)][:32]
    source._labels_of_pictures.targets(rows, source._number_columns, len(source.labels.names))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{made:.1f} s, {len(source._rows['train']):,} pictures, peak memory {peak:.2f} GB", flush=True)


def make(folder: Path, rows: int) -> int:
    """Files in Open Images' layout; returns the bytes of the largest."""
    at = folder / "2018_04"
    ids = [f"/m/{number:05x}" for number in range(CLASSES)]
    for split in ("train", "validation", "test"):
        (at / split).mkdir(parents=True, exist_ok=True)
    (at / "class-descriptions.csv").write_text("".join(f"{label},Label {n}\n" for n, label in enumerate(ids)))
    (at / "classes-trainable.txt").write_text("".join(f"{label}\n" for label in ids[:TRAINABLE]))
    for split, count in (("train", rows), ("validation", rows // 100), ("test", rows // 20)):
        write(at / split / f"{split}-annotations-human-imagelabels.csv", ids, count, seed=len(split))
    return (at / "train/train-annotations-human-imagelabels.csv").stat().st_size


def write(path: Path, ids: list[str], rows: int, *, seed: int) -> None:
    """A file of labels, with a few rows a picture."""
    dice = np.random.default_rng(seed)
    labels = np.array(ids)
    with path.open("w") as file:
        file.write("ImageID,Source,LabelName,Confidence\n")
        for start in range(0, rows, BLOCK):
            count = min(BLOCK, rows - start)
            pictures = (start + np.arange(count)) // PER_PICTURE
            images = pictures.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)  # spread over all ids
            named = labels[dice.integers(CLASSES, size=count)].tolist()
            values = dice.integers(2, size=count).tolist()
            lines = [
                f"{image:016x},verification,{label},{value}\n"
                for image, label, value in zip(images.tolist(), named, values, strict=True)
            ]
            file.write("".join(lines))


if __name__ == "__main__":
    main()
