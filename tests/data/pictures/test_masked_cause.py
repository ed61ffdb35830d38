"""Where lines of a label file cannot be read, that is told, and not what is missing for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import validate
from compose.block import BlockError
from compose.data.pictures.image_parameters import TOLD
from compose.data.pictures.images import Images


def refusal(folder: Path, name: str, text: str, **options: object) -> tuple[str | None, str]:
    (folder / name).write_text(text)
    with pytest.raises(BlockError) as refused:
        Images(folder, labels=folder / name, size=32, unseen=["wolf"], **options)  # type: ignore[arg-type]
    message = str(refused.value)
    assert "no such label" not in message
    assert "among the 0" not in message
    return refused.value.parameter, message.replace(f"{folder}/", "")


def test_every_line_has_its_labels_as_text(folder: Path) -> None:
    rows = "".join(f'{{"image": "{name}.png", "labels": 7}}\n' for name in "abc")
    assert refusal(folder, "l.jsonl", rows) == (
        "labels",
        "3 lines of the label files cannot be used, and there are no others:\n"
        "  l.jsonl:1: expected a list of names under `labels`, got 7\n"
        "  l.jsonl:2: expected a list of names under `labels`, got 7\n"
        "  l.jsonl:3: expected a list of names under `labels`, got 7",
    )


def test_every_line_ends_in_a_comma(folder: Path) -> None:
    rows = '{"image": "a.png", "labels": ["wolf"]},\n' * 30
    _, message = refusal(folder, "l.jsonl", rows)
    assert "l.jsonl:1: not JSON: a comma stands at the end of the line" in message
    assert message.count("l.jsonl:") == TOLD
    assert message.endswith("\n  and 20 more")


def test_every_row_of_a_table_is_wrong(folder: Path) -> None:
    _, message = refusal(folder, "l.csv", "image,cat,dog\na.png,y,n\nb.png,n,y\n")
    assert message.startswith("2 lines of the label files cannot be used, and there are no others:")


def test_one_line_that_cannot_be_read_may_hold_the_label_that_is_missed(folder: Path) -> None:
    good = '{"image": "a.png", "labels": ["cat"]}\n'
    assert refusal(folder, "l.jsonl", good + '{"image": "b.png", "labels": ["wolf"]\n')[1].startswith(
        "one line of the label files cannot be used:\n  l.jsonl:2: not JSON"
    )
    (folder / "l.jsonl").write_text(good)
    with pytest.raises(BlockError, match="no such label among the 1 of the data: `wolf`"):
        Images(folder, labels=folder / "l.jsonl", unseen=["wolf"])


def test_tasks_and_episodes_are_not_missed_where_the_data_is_damaged(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A picture that cannot be read may be the one that a class lacks."""
    monkeypatch.chdir(folder)
    Path("labels.csv").write_text("image,labels,split\na.png,cat,train\nb.png,cat,train\nx.png,dog,test\n")
    Path("spec.yaml").write_text("extends: zoo/starter.yaml\n")
    data = "data={use: images, folder: ., labels: labels.csv, size: 32, unseen: [dog]}"
    report = validate("spec.yaml", overrides=[data, "evaluate.tasks=[zsl]"])
    told = [error.message for error in report.errors if error.code == "data"]
    assert [message.rpartition("/")[2] for message in told] == [
        "labels.csv:4: x.png: there is no such file; there is `c.png`"
    ]
