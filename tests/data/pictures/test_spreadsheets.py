"""Label files as spreadsheets, pandas and the data sets of the field write them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from compose.block import BlockError
from compose.data.pictures.annotations import Annotations
from compose.data.pictures.images import Images
from compose.data.pictures.labels.label_columns import columns_of_text, is_nameless, listed_names

from .test_label_file import problems, read, table

CATS = {"0.jpg": {"cat": 1, "dog": -1}, "1.jpg": {"cat": 1, "dog": 1}, "2.jpg": {"cat": -1, "dog": -1}}


def notes(annotations: Annotations) -> list[str]:
    return [f"{note.line}: {note.message}" for note in annotations.notes]


@pytest.fixture
def source(tmp_path: Path) -> Callable[..., Images]:
    """A source of a label file of this text, beside four pictures."""
    for name in "0123":
        Image.new("RGB", (20, 20)).save(tmp_path / f"{name}.jpg")

    def make(text: str, **options: Any) -> Images:
        (tmp_path / "l.csv").write_text(text, "utf-8")
        return Images(tmp_path, **{"labels": tmp_path / "l.csv", "fractions": (1, 0, 0), "augment": "none", **options})

    return make


def targets(source: Images) -> list[list[int]]:
    examples = source.split("train")
    found: list[list[int]] = examples[range(len(examples))]["targets"].tolist()
    return found


def refusal(make: Callable[..., Images], text: str, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        make(text, **options)
    return error.value.parameter, re.sub(r"/\S+/l\.csv", "l.csv", str(error.value))


@pytest.mark.parametrize(
    "text",
    [
        "image,labels\n0.jpg,['cat']\n1.jpg,\"['cat', 'dog']\"\n2.jpg,[]\n",
        'image,labels\n0.jpg,"[""cat""]"\n1.jpg,"[""cat"", ""dog""]"\n2.jpg,set()\n',
        "image,labels\n0.jpg,\"('cat',)\"\n1.jpg,['cat' 'dog']\n2.jpg,\n",
        "image,labels\n0.jpg,{'cat'}\n1.jpg,\"{'dog', 'cat'}\"\n2.jpg,[ ]\n",
        "image,cat,dog\n0.jpg,True,False\n1.jpg,TRUE,true\n2.jpg,False,FALSE\n",
        ",image,cat,dog\n0,0.jpg,1,0\n1,1.jpg,1,1\n2,2.jpg,0,0\n",
        "Unnamed: 0.1,Unnamed: 0,image,cat,dog\n0,0,0.jpg,1,0\n1,1,1.jpg,1,1\n2,2,2.jpg,0,0\n",
        "image,cat,dog,,\n0.jpg,1,0,,\n1.jpg,1,1,,\n2.jpg,0,0,,\n",
        "\ufeffimage,labels,,\n0.jpg,cat,,\n1.jpg,cat;dog,,\n2.jpg,,,\n",
        "image,label\n0.jpg,cat\n1.jpg,cat\n1.jpg,dog\n2.jpg,\n",
        "image,class\n1.jpg,dog\n0.jpg,cat\n2.jpg,\n1.jpg,cat\n0.jpg,cat\n",
        "Image Index,Finding Labels\n0.jpg,cat\n1.jpg,cat|dog\n2.jpg,\n",
        "image_name,tags\n0.jpg,cat\n1.jpg,cat;dog\n2.jpg,nan\n",
    ],
)
def test_forms_that_people_have(tmp_path: Path, text: str) -> None:
    annotations = read(tmp_path, text)
    assert problems(annotations) == []
    found = table(annotations)
    assert {image: found[image] for image in sorted(found)} == CATS


def test_lists_as_python_writes_them() -> None:
    assert listed_names("cat; dog") is None
    assert listed_names("(cat)") is None
    assert listed_names("""['it\\'s', "a, b", ' polar  bear ']""") == ["it's", "a, b", "polar  bear"]
    for wrong in ("[cat, dog]", "['cat', dog]", "['cat' + 'dog']", "['cat]", "['a']]"):
        with pytest.raises(ValueError, match="expected a list of names in quotes"):
            listed_names(wrong)


def test_a_list_that_is_none_is_named(tmp_path: Path) -> None:
    found = problems(read(tmp_path, "image,labels\na,\"[cat, dog]\"\nb,['cat']\n"))
    assert found == ["2: expected a list of names in quotes, such as ['cat', 'dog'], got `[cat, dog]`"]


def test_commas_that_may_separate_labels_are_asked_about(source: Callable[..., Images]) -> None:
    text = 'image,labels\n0.jpg,cat\n1.jpg,"cat, dog"\n'
    say = 'say `separator: ","` if it separates labels, `separator: ";"` if it is part of their names'
    message = f"l.csv:3: `cat, dog` has a comma, and no cell has `;` or `|`: {say}"
    assert refusal(source, text) == ("labels", message)
    assert source(text, separator=",").labels.names == ("cat", "dog")
    assert source(text, separator=";").labels.names == ("cat", "cat, dog")
    assert source(text + "2.jpg,cat;dog\n").labels.names == ("cat", "cat, dog", "dog")


MARKS = {"/": "`/`", "+": "`+`", " & ": "`&`", ":": "`:`", "\n": "several lines"}


@pytest.mark.parametrize("mark", MARKS)
def test_other_marks_are_asked_about_where_a_part_is_a_label(source: Callable[..., Images], mark: str) -> None:
    text = f'image,labels\n0.jpg,cat\n1.jpg,"cat{mark}dog"\n'
    parameter, message = refusal(source, text)
    assert parameter == "labels"
    assert f"` has {MARKS[mark]}, and no cell has `;` or `|`: say `separator: " in message
    assert source(text, separator=mark.strip() or mark).labels.names == ("cat", "dog")
    for names in ((f"cow{mark}dog", f"cow{mark}cat"), (f"x{mark}{mark}c", "c")):
        rows = "".join(f'{i}.jpg,"{name}"\n' for i, name in enumerate(names))
        assert len(source(f"image,labels\n{rows}").labels.names) == 2


def test_labels_made_of_others_by_blanks_are_noted(source: Callable[..., Images]) -> None:
    said = 'labels such as `cat dog` are made of other labels: say `separator: " "` where blanks separate labels'
    assert said in source("image,labels\n0.jpg,cat\n1.jpg,cat dog\n2.jpg,dog\n").notes()
    assert source("image,labels\n0.jpg,cat\n1.jpg,cat dog\n2.jpg,dog\n", separator=" ").labels.names == ("cat", "dog")
    assert said not in source("image,labels\n0.jpg,bear\n1.jpg,polar bear\n2.jpg,brown bear\n").notes()


def test_marks_in_the_names_of_columns_are_part_of_them(source: Callable[..., Images]) -> None:
    assert source('image,"cat, tom",dog/cat,dog\n0.jpg,1,1,1\n').labels.names == ("cat, tom", "dog", "dog/cat")


def test_columns_of_text_are_left_out_and_named(source: Callable[..., Images]) -> None:
    text = "Path,Sex,Age,cat,dog\n0.jpg,Female,60,1.0,0.0\n1.jpg,,61,,1.0\n2.jpg,Male,,0.0,nan\n"
    made = source(text)
    assert made.labels.names == ("cat", "dog")
    assert targets(made) == [[1, -1], [0, 1], [-1, 0]]
    said = "columns whose cells are no 1, 0, -1 or nothing are no labels and left out: `Sex` (`Female`), `Age` (`60`)"
    assert made.notes()[0].endswith(f"l.csv:1: {said}")


def test_a_column_of_marks_or_with_some_value_is_one_of_a_label(tmp_path: Path) -> None:
    text = "image,cat,dog,bird\na,1,y,\nb,0,n,2\nc,0,n,0\n"
    annotations = read(tmp_path, text)
    assert list(annotations.names) == ["cat", "dog", "bird"]
    assert problems(annotations) == [
        "2: expected 1, 0, -1 or nothing for `dog`, got `y`; if it is no label: `ignore: [dog]`",
        "3: expected 1, 0, -1 or nothing for `dog`, got `n`",
        "4: expected 1, 0, -1 or nothing for `dog`, got `n`",
    ]


def test_which_columns_are_text() -> None:
    rows = [["", "red", "60", "1", "nan"], ["", "blue", "1", "", "nan"]]
    assert columns_of_text(rows, range(5)) == {1: "red"}
    assert columns_of_text([["a", "1"], ["b"]], range(2)) == {0: "a"}
    assert columns_of_text([["a", "b"]], range(2)) == {0: "a", 1: "b"}


def test_columns_of_text_alone(source: Callable[..., Images]) -> None:
    message = "expected a column `labels`, or one for each label with 1, 0, -1 or nothing, got `genre` (`Drama|Action`)"
    assert refusal(source, "image,genre\n0.jpg,Drama|Action\n1.jpg,\n") == ("labels", f"l.csv:1: {message}")


def test_the_better_of_two_columns_of_pictures(tmp_path: Path) -> None:
    assert read(tmp_path, "image_id,label,path,labels\n7,x,a.jpg,cat\n").images == ["a.jpg"]
    assert list(read(tmp_path, "image_id,label,path,labels\n7,x,a.jpg,cat\n").names) == ["cat"]


def test_columns_without_a_name() -> None:
    assert is_nameless("")
    assert is_nameless("Unnamed: 12")
    assert not is_nameless("Unnamed")


def test_columns_are_left_out_by_name_or_by_the_vocabulary(source: Callable[..., Images], tmp_path: Path) -> None:
    text = "image,male,cat,dog\n0.jpg,0,1,0\n1.jpg,1,0,1\n"
    assert source(text).labels.names == ("cat", "dog", "male")
    assert source(text, ignore=["male"]).labels.names == ("cat", "dog")
    parameter, message = refusal(source, text, ignore=["mal"])
    assert (parameter, message) == ("ignore", "no label file has a column for a label `mal` (did you mean `male`?)")
    (tmp_path / "v.txt").write_text("\ufeffdog\ncatt\n", "utf-8")
    made = source(text, vocabulary=tmp_path / "v.txt")
    assert made.labels.names == ("dog", "catt")
    assert targets(made) == [[-1, 0], [1, 0]]
    said = "columns that are not in the vocabulary are left out: `male`, `cat` (did you mean `catt`?)"
    assert made.notes()[0].endswith(f"l.csv:1: {said}")
    (tmp_path / "v.txt").write_text("bird\n")
    _, message = refusal(source, text, vocabulary=tmp_path / "v.txt")
    assert "of the 1 lines of the vocabulary, 0 are columns" in message


def test_what_minus_one_means(source: Callable[..., Images]) -> None:
    text = "image,cat,dog\n0.jpg,1,0\n1.jpg,-1,1\n"
    parameter, message = refusal(source, text)
    assert parameter == "zero"
    assert message == (
        "the files have both 0 and -1, and one of them may mean unknown: say which, `zero: absent` or `zero: unknown`; "
        "or `minus_one: unknown`, where -1 is uncertain"
    )
    assert targets(source(text, zero="absent")) == [[1, -1], [-1, 1]]
    assert targets(source(text, zero="unknown")) == [[1, 0], [-1, 1]]
    assert targets(source(text, minus_one="unknown")) == [[1, -1], [0, 1]]


def test_a_row_for_each_label(tmp_path: Path) -> None:
    text = (
        "ImageID,Source,LabelName,Confidence\n"
        "a,verification,/m/cat,1\na,verification,/m/dog,0\nb,machine,/m/dog,1.0\nsub/b,x,/m/cat,\nsub\\b,x,/m/dog,1\n"
    )
    annotations = read(tmp_path, text)
    assert problems(annotations) == []
    assert table(annotations) == {
        "a": {"/m/cat": 1, "/m/dog": -1},
        "b": {"/m/cat": 0, "/m/dog": 1},
        "sub/b": {"/m/cat": 1, "/m/dog": 1},
    }
    assert notes(annotations) == ["1: 5 rows are of 3 pictures: a picture has the labels of all its rows"]


def test_machine_ids_have_names(source: Callable[..., Images], tmp_path: Path) -> None:
    text = "ImageID,LabelName,Confidence\n0,/m/c,1\n0,/m/d,0\n1,/m/x,1\n"
    (tmp_path / "names.csv").write_text("\ufeffLabelName,DisplayName\n/m/d,Dog\n/m/c,Cat\n/m/y,Cow\n", "utf-8")
    made = source(text, label_names=tmp_path / "names.csv", unseen=["Dog"])
    assert made.labels.names == ("/m/x", "Cat", "Dog")
    assert made.labels.seen == (True, True, False)
    assert targets(made) == [[0, 1, -1], [1, 0, 0]]
    (tmp_path / "names.csv").write_text("/m/d,Dog\n/m/c,Dog\n")
    parameter, message = refusal(source, text, label_names=tmp_path / "names.csv")
    assert (parameter, message) == ("label_names", "two labels of the label files would be called `Dog`")
    (tmp_path / "b.csv").write_text("ImageID,LabelName,XMin,XMax,YMin,YMax\n0,/m/c,0,1,0,1\n")
    (tmp_path / "names.csv").write_text("/m/c,Cat\n")
    boxed = source(text, label_names=tmp_path / "names.csv", boxes=tmp_path / "b.csv")
    assert boxed.check() == []
    assert boxed.split("train")[[0]]["box_labels"].argmax().item() == boxed.labels.names.index("Cat")


def test_what_is_wrong_with_rows_for_each_label(tmp_path: Path) -> None:
    text = "image,label,confidence,split\na,cat,1,train\na,cat,0,train\nb,cat,0.7,test\nc,dog,1,train\nc,cat,1,test\n"
    assert problems(read(tmp_path, text)) == [
        "4: expected a confidence of 1 (present) or 0 (absent), got `0.7`; a column of another name is passed over",
        "6: c is in `test`, and in `train` at line 5",
        "3: both present and absent: cat",
    ]


def test_a_confidence_of_0_is_absence(source: Callable[..., Images]) -> None:
    made = source("image,label,confidence\n0.jpg,wolf,1\n1.jpg,wolf,0\n2.jpg,cat,1\n")
    assert made.labels.names == ("cat", "wolf")
    assert targets(made) == [[0, 1], [0, -1], [1, 0]]


def test_other_labels_of_a_picture_in_a_column_of_lists_are_a_problem(source: Callable[..., Images]) -> None:
    found = source("image,labels\n0.jpg,cat\n0.jpg,dog\n").check()
    assert [line.rpartition("l.csv:3: ")[2].partition(" at ")[0] for line in found] == ["0.jpg has other labels"]


def test_pictures_without_their_extension(source: Callable[..., Images], tmp_path: Path) -> None:
    Image.new("RGB", (20, 20)).save(tmp_path / "two.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "two.jpg")
    Image.new("RGB", (20, 20)).save(tmp_path / "v1.2.png")
    Image.new("RGB", (20, 20)).save(tmp_path / "plain.png")
    (tmp_path / "plain.png").rename(tmp_path / "plain")
    made = source("ImageID,LabelName\n0,cat\n1,dog\nv1.2,cat\nplain,cat\n3.jpg,cat\n")
    assert made.check() == []
    assert len(made.split("train")[range(5)]["image"]) == 5
    (found,) = source("image,label\n0,cat\ntwo,cat\n").check()
    assert found.rpartition("l.csv:")[2] == "3: two: there is no such file; there is `two.jpg`"
    twice = source("image,labels\n0,cat\n0.jpg,cat\n")
    assert "0.jpg is listed already" in twice.notes()[0]
