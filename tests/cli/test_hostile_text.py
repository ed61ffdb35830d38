"""Hostile names go through every command and into every file that a run leaves; nothing of them is obeyed anywhere."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.text import Text
from PIL import Image, ImageDraw

from compose.evaluation.result_table import table  # noqa: F401 - imported before colours are forced
from tests.cli.conftest import SPEC

ESCAPES = "\x1b]0;title\x07\x1b[35;45m\x9b2J\x7f"
HIDDEN = "\u202egod\u200b\u2066\ufeff"
LABELS = [
    "[red]cat[/red] [link=http://x]y[/link] :smile:",
    '=HYPERLINK("http://x","dog")',
    f"wolf {ESCAPES}",
    f"bird {HIDDEN}",
    "| fish | ![x](http://y) <b>\n\rnext\u2028line",
    "</text><script>&\x01 horse",
]
"""The last two are unseen."""
SPEC_FILE = f"h[red]:smile:{ESCAPES}{HIDDEN}.yaml"
BLOCKS = f'''
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class Odd(nn.Module):
    """Pass on [red]x[/red] :smile: {ESCAPES}{HIDDEN}.

    Reference: [bold]{ESCAPES}[/bold] (XYZ 2020).

    Args:
        mode: [red]how[/red] {ESCAPES} :smile:
    """

    def __init__(self, *, mode: str = "a\\x1b]0;b") -> None:
        super().__init__()

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Pass it on.

        Args:
            maps: [red]maps[/red] {ESCAPES} :smile:
        """
        return maps
'''


def hidden(text: str) -> list[str]:
    """The characters of a text that no terminal should get."""
    return sorted({char for char in text if not (char.isprintable() or char == "\n")})


def quoted(text: str) -> str:
    """A text as YAML."""
    return json.dumps(text)


@pytest.fixture
def hostile(run: Any, fresh_registry: Any) -> Any:
    """A spec, its data and a file of blocks, in the working folder, all of hostile names."""
    for index in range(12):
        pixels = np.random.default_rng(index).integers(0, 255, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(f"p{index} {ESCAPES}{HIDDEN}\n.png")
    rows = [
        {
            "image": f"p{index} {ESCAPES}{HIDDEN}\n.png",
            "labels": [LABELS[index % 6], LABELS[(index + 1) % 6]],
            "split": ("train", "train", "test")[index % 3],
        }
        for index in range(12)
    ]
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    vectors = {label: np.random.default_rng(place).normal(size=12).tolist() for place, label in enumerate(LABELS)}
    Path("vectors.json").write_text(json.dumps(vectors))
    unseen = ", ".join(map(quoted, LABELS[4:]))
    text = SPEC.replace(
        "data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}",
        f"data: {{use: images, folder: ., labels: labels.jsonl, size: 32, augment: none, unseen: [{unseen}]}}\n"
        f"description: {quoted(LABELS[4] + ESCAPES + HIDDEN)}\n"
        f"paper: {{title: {quoted('[red]T ```' + ESCAPES)}, venue: {quoted(HIDDEN)}}}",
    ).replace("{use: wordnet, dim: 12}", "{use: file, path: vectors.json}")
    Path(SPEC_FILE).write_text(f"{text}\n# ```\n")
    Path("odd.py").write_text(BLOCKS)
    return run


def checked(result: Any, *, code: int = 0) -> str:
    """What a command printed, all of it checked."""
    assert result.exit_code == code, result.stderr + repr(result.exception)
    for text in (result.stdout, result.stderr):
        assert hidden(text) == []
    return str(result.stdout + result.stderr)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["validate", SPEC_FILE], 0),
        (["validate", SPEC_FILE, "--format", "json"], 0),
        (["validate", SPEC_FILE, "--fast"], 0),
        (["validate", "small.yaml", SPEC_FILE], 0),
        (["validate", SPEC_FILE, "-v", ESCAPES], 2),
        (["validate", SPEC_FILE, "-s", f"model.{ESCAPES}=1"], 2),
        (["validate", SPEC_FILE, "-s", f"{HIDDEN}"], 2),
        (["validate", SPEC_FILE, "-s", f"data.unseen=[{quoted(LABELS[4] + HIDDEN)}]"], 2),
        (["validate", SPEC_FILE, "-s", f"data.labels={quoted(ESCAPES)}"], 2),
        (["validate", SPEC_FILE, "-s", f"labels.vectors.path={quoted(ESCAPES + '.json')}"], 2),
        (["validate", f"no{ESCAPES}.yaml"], 2),
        (["validate", SPEC_FILE, "--sweep", ESCAPES], 2),
        (["show", SPEC_FILE], 0),
        (["show", SPEC_FILE, "--origin", "--spec"], 0),
        (["show", SPEC_FILE, "--defaults", "--spec"], 0),
        (["graph", SPEC_FILE], 0),
        (["graph", SPEC_FILE, "--labels"], 2),
        (["graph", SPEC_FILE, "-o", f"{ESCAPES}.pdf"], 2),
        (["code", SPEC_FILE], 0),
        (["new", "-", "--from", SPEC_FILE], 0),
        (["new", f"{ESCAPES}{HIDDEN}", "--from", SPEC_FILE], 0),
        (["describe", "odd", "--blocks", "odd.py"], 0),
        (["describe", "odd", "--blocks", "odd.py", "--json"], 0),
        (["describe", SPEC_FILE], 0),
        (["describe", ESCAPES], 2),
        (["list", "blocks", "--blocks", "odd.py"], 0),
        (["list", "blocks", "--blocks", "odd.py", "--json"], 0),
        (["list", "--blocks", f"{ESCAPES}.py"], 2),
        (["list", ESCAPES], 2),
        (["schema", "-o", f"{ESCAPES}{HIDDEN}", "--blocks", "odd.py"], 0),
        (["evaluate", ESCAPES], 2),
        (["predict", ESCAPES, "x.png"], 2),
        (["train", "--resume", ESCAPES], 2),
        (["train", SPEC_FILE, "--device", ESCAPES], 1),
        (["wordnet", "build", ESCAPES, "out.npz"], 2),
        ([ESCAPES], 2),
        (["show", f"--{ESCAPES}"], 2),
    ],
)
def test_every_command_shows_hostile_text(hostile: Any, words: list[str], code: int) -> None:
    printed = checked(hostile(*words), code=code)
    assert "\\x1b" in printed or "\\u" in printed or code == 0


def test_markup_and_emoji_codes_are_literal(hostile: Any) -> None:
    for words in (["describe", "odd"], ["list", "blocks"]):
        printed = checked(hostile(*words, "--blocks", "odd.py"))
        assert "[red]x[/red] :smile: \\x1b]0;title\\x07\\x1b[35;45m\\x9b2J\\x7f\\u202egod" in printed
    assert "[red]how[/red]" in checked(hostile("describe", "odd", "--blocks", "odd.py"))


def test_a_terminal_in_colour_gets_no_other_sequences_than_our_own(
    hostile: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    for words in (
        ["describe", "odd", "--blocks", "odd.py"],
        ["show", SPEC_FILE],
        ["validate", SPEC_FILE],
        ["validate", SPEC_FILE, "-s", f"model.{ESCAPES}=1"],
        ["code", SPEC_FILE],
        ["train", SPEC_FILE, "--out", f"run{ESCAPES}"],
    ):
        result = hostile(*words)
        printed = result.stdout + result.stderr
        assert "\x1b[" in printed, "it is in colour"
        assert "\x1b[35;45m" not in printed
        assert hidden(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]|\r", "", printed)) == []


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every text that is drawn into a picture."""
    texts: list[str] = []
    draw, write = ImageDraw.ImageDraw.text, Text.set_text

    def record_draw(self: Any, place: Any, text: str, *rest: Any, **options: Any) -> Any:
        texts.append(text)
        return draw(self, place, text, *rest, **options)

    def record_write(self: Any, text: Any) -> None:
        texts.append(str(text))
        write(self, text)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", record_draw)
    monkeypatch.setattr(Text, "set_text", record_write)
    return texts


@pytest.fixture
def trained(hostile: Any, drawn: list[str]) -> tuple[Any, Path]:
    """A run of the hostile spec."""
    checked(hostile("train", SPEC_FILE))
    (folder,) = Path("runs").glob("*/*")
    return hostile, folder


def test_what_a_run_leaves(trained: tuple[Any, Path], drawn: list[str]) -> None:
    run, folder = trained
    assert re.fullmatch(r"runs/small/\d{8}-\d{6}", str(folder))
    commands: list[list[object]] = [
        ["evaluate", folder, "-o", "result.md"],
        ["evaluate", folder, "--json", "-o", "result.json"],
        ["predict", folder, *Path().glob("*.png"), "--attention", "attention.jpg"],
        ["predict", folder, "--examples", 3, "--json"],
        ["predict", folder, *Path().glob("*.png"), "--json"],
        ["predict", folder, SPEC_FILE],
        ["predict", folder, SPEC_FILE, "--json"],
        ["graph", SPEC_FILE, "-o", "model.svg"],
        ["graph", SPEC_FILE, "-o", "model.md"],
    ]
    for words in commands:
        checked(run(*words), code=1 if SPEC_FILE in words and words[0] == "predict" else 0)
    suffixes = (".yaml", ".md", ".json", ".jsonl", ".csv", ".svg")
    texts = [path for path in folder.rglob("*") if path.suffix in suffixes]
    assert {path.suffix for path in texts} == {*suffixes}
    for path in [*texts, Path("result.md"), Path("result.json"), Path("model.svg"), Path("model.md")]:
        assert hidden(path.read_text("utf-8")) == [], path
        if path.suffix == ".svg":
            ElementTree.parse(path)
    assert [text for text in drawn if hidden(text)] == []
    assert any("[red]cat" in text for text in drawn)
    _check_table(folder / "modules.csv")
    _check_table(folder / "results" / "gzsl.csv")
    _check_events(folder / "events")
    assert "![x]" not in (folder / "report.md").read_text("utf-8").replace("\\!\\[", "")


def _check_table(path: Path) -> None:
    with path.open(newline="") as file:
        names = [row[0] for row in csv.reader(file)][1:]
    assert len(names) == len(LABELS)
    assert all(name[0] not in "=+-@\t\r" for name in names)
    assert '\'=HYPERLINK("http://x","dog")' in names


def _check_events(folder: Path) -> None:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder))
    events.Reload()
    (text,) = [events.Tensors(tag)[0].tensor_proto.string_val[0].decode() for tag in events.Tags()["tensors"]]
    assert hidden(text) == []
    fence = text.splitlines()[0].removesuffix("yaml")
    assert [line for line in text.splitlines()[1:] if line.startswith(fence)] == [fence], "nothing closes the code"


def test_a_label_graph_of_hostile_names(run: Any) -> None:
    names = [f"[red]cat[/red] :smile: {ESCAPES}{HIDDEN}", "=dog|![x](y)", f"</text>&{HIDDEN}"]
    synsets = ("cat.n.01", "dog.n.01", "wolf.n.01")
    Path("all.txt").write_text("".join(f"{name}\t{synset}\n" for name, synset in zip(names, synsets, strict=True)))
    rows = [{"image": f"{place}.png", "labels": [name]} for place, name in enumerate(names)]
    Path("l.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    data = "data={use: images, labels: l.jsonl, folder: ., vocabulary: all.txt}"
    for output in ("all.graphml", "one.svg"):
        node = ["--node", names[0]] if output.endswith("svg") else []
        printed = checked(run("graph", "--labels", "small.yaml", "-s", data, "-o", output, *node))
        assert hidden(Path(output).read_text("utf-8")) == []
        ElementTree.parse(output)
    assert "[red]cat[/red] :smile: \\x1b]0;title" in printed
    checked(run("graph", "--labels", "small.yaml", "-s", data, "--node", ESCAPES), code=2)
