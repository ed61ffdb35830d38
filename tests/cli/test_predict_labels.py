"""``compose predict``: labels by their names, thresholds, CSV."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from compose.cli.app import app
from tests.cli.conftest import SPEC


def called(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labels")
    (folder / "small.yaml").write_text(SPEC)
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    Image.fromarray(pixels).save(folder / "photo.png")
    (folder / "broken.png").write_text("no picture")
    result = called("train", folder / "small.yaml", "--out", folder / "run", "--device", "cpu")
    assert result.exit_code == 0, result.stderr
    return folder


def test_labels_by_name(trained: Path) -> None:
    words = ("predict", trained / "run", trained / "photo.png", "--labels", "zebra, crane,south korean won,saw.n.02")
    printed = called(*words)
    assert printed.exit_code == 0, printed.stderr
    assert printed.stdout.startswith(f"{trained / 'photo.png'}\n")
    lines = {" ".join(line.split()[:-1]) for line in printed.stdout.splitlines()[1:]}
    assert any(line.startswith("zebra ") for line in lines)
    assert "note: `crane` is taken as crane.n.01 (writer), its first noun sense" in printed.stderr
    answer = json.loads(called(*words, "--json").stdout)
    assert {entry["label"] for entry in answer["labels"]} == {"zebra", "crane", "south korean won", "saw.n.02"}
    assert [entry["seen"] for entry in answer["labels"] if entry["label"] == "south korean won"] == [True]


def test_csv(trained: Path) -> None:
    names = trained / "names.txt"
    names.write_text("zebra\nokapi\tokapi.n.01\n", "utf-8")
    words = ("predict", trained / "run", trained / "photo.png", trained / "broken.png", "--labels", names)
    printed = called(*words, "--csv", "--threshold", "-1e9")
    assert printed.exit_code == 1
    rows = list(csv.DictReader(printed.stdout.splitlines()))
    assert [row["image"] for row in rows] == [str(trained / "photo.png")] * 2 + [str(trained / "broken.png")]
    assert {row["label"] for row in rows[:2]} == {"zebra", "okapi"}
    assert {row["predicted"] for row in rows[:2]} == {"true"}
    assert rows[2]["error"] == "not a picture that can be read"
    assert "broken.png" in printed.stderr
    written = called(*words, "-o", trained / "out.csv")
    assert written.stdout == ""
    assert "wrote" in written.stderr
    assert len((trained / "out.csv").read_text("utf-8").splitlines()) == 4
    wrong = called(*words[:-1], "zebra,okapy", "-o", trained / "out.csv")
    assert wrong.exit_code == 2
    assert len((trained / "out.csv").read_text("utf-8").splitlines()) == 4  # as it was
    assert not list(trained.glob("*.partial"))


def test_a_hundred_labels_in_csv(trained: Path) -> None:
    from compose.graphs.taxonomy.taxonomy import load_taxonomy

    names = [name for name in load_taxonomy().lemmas() if name.isalpha()][:100]
    printed = called("predict", trained / "run", trained / "photo.png", "--labels", ",".join(names), "--csv")
    assert printed.exit_code == 0, printed.stderr
    assert {row["label"] for row in csv.DictReader(printed.stdout.splitlines())} == set(names)


def test_the_threshold_of_validation_and_what_is_missed(trained: Path) -> None:
    printed = called("predict", trained / "run", "--examples", 3, "--threshold", "validation", "--json")
    assert printed.exit_code == 0, printed.stderr
    assert "the best on the validation images, for the seen labels" in printed.stderr
    first = json.loads(printed.stdout.splitlines()[0])
    assert all(set(entry) == {"label", "score", "seen", "predicted", "correct"} for entry in first["labels"])
    nothing = called("predict", trained / "run", "--examples", 3, "--threshold", "1e9")
    assert "missed" in nothing.stdout
    assert "right" not in nothing.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--labels", "zebra,,okapi"), "expected a name on each side of a comma"),
        (("--labels", "none.txt"), "--labels none.txt: there is no such file"),
        (("--labels", "zebra,zebra"), "labels: `zebra` occurs twice"),
        (("--threshold", "much"), "--threshold much: expected a number, or `validation`"),
        (("--threshold", "nan"), "threshold: expected a number, or `validation`, got nan"),
        (("--json", "--csv"), "--json and --csv are two forms of the same"),
        (("-o", "x.txt"), "-o x.txt: expected a name that ends in .csv"),
        (("-o", "none/x.csv"), "-o none/x.csv: there is no folder none"),
    ],
)
def test_what_cannot_be_asked(trained: Path, words: tuple[str, ...], message: str) -> None:
    result = called("predict", trained / "run", trained / "photo.png", *words)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
