from __future__ import annotations

from math import nan
from pathlib import Path

import numpy as np
import pytest

from compose.data.source import DataError
from compose.data.vectors.arff import read_header, read_rows

HEADER = """% made by hand
@relation 'a table: -C 2'

@attribute width numeric
@ATTRIBUTE 'the height' REAL   % in metres
@attribute "it's {odd}" Integer
@attribute flag {0,1}
@attribute sure{NO,YES}
@attribute TAG_m\\'usica { 0, 1 }

@data
"""
NAMES = ("width", "the height", "it's {odd}", "flag", "sure", "TAG_m\\'usica")


def table(tmp_path: Path, rows: str, header: str = HEADER) -> tuple[list[list[float]], list[str]]:
    (tmp_path / "t.arff").write_text(header + rows, "utf-8")
    found, problems = read_rows(read_header(tmp_path / "t.arff"))
    return found.dense(dtype=np.float64).tolist(), [f"{problem.line}: {problem.message}" for problem in problems]


def refusal(tmp_path: Path, header: str | bytes) -> str:
    path = tmp_path / "t.arff"
    path.write_bytes(header if isinstance(header, bytes) else header.encode())
    with pytest.raises(DataError) as error:
        read_header(path)
    return str(error.value).removeprefix(str(path)).lstrip(": ")


def test_a_header(tmp_path: Path) -> None:
    (tmp_path / "t.arff").write_text(HEADER)
    header = read_header(tmp_path / "t.arff")
    assert header.names == NAMES
    assert [a.values for a in header.attributes] == [(), (), (), ("0", "1"), ("NO", "YES"), ("0", "1")]
    assert header.rows == 11


def test_a_quote_within_quotes(tmp_path: Path) -> None:
    (tmp_path / "t.arff").write_text("@attribute 'it\\'s 100%' {'0',\"1\"}\n@attribute café numeric\n@data\n", "utf-8")
    header = read_header(tmp_path / "t.arff")
    assert header.names == ("it's 100%", "café")
    assert header.attributes[0].values == ("0", "1")


@pytest.mark.parametrize(
    "rows",
    [
        "1,2.5,0,1,YES,0\n0,-1e-1,3,0,NO,1\n",
        " 1 ,\t2.5,0, 1,'YES',0  % the first\n\n% nothing\n0,-.1,3.0,0,\"NO\",1",
        "{0 1, 1 2.5,3 1,4 YES}\n{1 -0.1,2 3,5 1}\n",
        "{4 'YES',3 1,0 1,1 2.5}\r\n{ 5  1 ,2 3, 1\t-0.1, 0 0 }\r\n",
        "{0 1,1 2.5,3 1,4 YES} % sparse\n0,-0.1,3,0,NO,1\n",
    ],
)
def test_the_forms_of_rows(tmp_path: Path, rows: str) -> None:
    found, problems = table(tmp_path, rows)
    assert problems == []
    assert np.allclose(found, [[1, 2.5, 0, 1, 1, 0], [0, -0.1, 3, 0, 0, 1]])


def test_missing_values(tmp_path: Path) -> None:
    found, problems = table(tmp_path, "?,0,0,?,?,1\n{1 ?,5 '?'}\n{}\n{ }\n")
    assert problems == []
    expected = [[nan, 0, 0, nan, nan, 1], [0, nan, 0, 0, 0, nan], [0] * 6, [0] * 6]
    assert np.array_equal(found, expected, equal_nan=True)


def test_every_bad_row_is_named(tmp_path: Path) -> None:
    rows = [
        "1,2,3,1,YES,0",
        "1,2,3,1,YES",
        "1,two,3,1,YES,0",
        "1,2,3,1,MAYBE,0",
        "{0 1,1 2",
        "{0 1,6 1}",
        "{0 1,0 2}",
        "{0 1,flag 1}",
        "{0 1,}",
        "{-1 1}",
        "{1 inf}",
        "1,2,3,7,NO,0",
        "'a'b,1,2,3,NO,0",
        "{3 1}",
    ]
    found, problems = table(tmp_path, "\n".join(rows))
    assert problems == [
        "13: expected 6 values, got 5",
        "14: expected a number for `the height`, got `two`",
        "15: expected NO or YES for `sure`, got `MAYBE`",
        "16: expected a closing brace after `{0 1,1 2`",
        "17: expected attributes from 0 to 5, got 6",
        "18: an attribute is given twice",
        "19: expected the number of an attribute and its value, got `flag 1`",
        "20: expected the number of an attribute and its value, got ``",
        "21: expected the number of an attribute and its value, got `-1 1`",
        "24: expected a number for `width`, got `'a'b`",
        "22: expected a number for `the height`, got `inf`",
        "23: expected 0 or 1 for `flag`, got `7`",
    ]
    assert (found[0], found[-1]) == ([1, 2, 3, 1, 1, 0], [0, 0, 0, 1, 0, 0])


def test_what_a_sparse_row_leaves_out_is_the_first_value_declared(tmp_path: Path) -> None:
    header = "@attribute a {1,0}\n@attribute b numeric\n@attribute c {no,yes}\n@attribute d {3,0,5}\n@data\n"
    found, problems = table(tmp_path, "{1 5}\n{0 0,3 0}\n{}\n{0 ?,3 5}\n0,6,no,0\n", header)
    assert problems == []
    expected = [[1, 5, 0, 3], [0, 0, 0, 0], [1, 0, 0, 3], [nan, 0, 0, 5], [0, 6, 0, 0]]
    assert np.array_equal(found, expected, equal_nan=True)


def test_ranges(tmp_path: Path) -> None:
    header = "@attribute a numeric [0,1]\n@attribute 'b c' REAL[-1.5, 2)\n@attribute d integer (0, 9]\n@data\n"
    assert table(tmp_path, "1,2,3\n", header) == ([[1, 2, 3]], [])
    assert read_header(tmp_path / "t.arff").names == ("a", "b c", "d")


def test_attributes_of_words_read_as_0(tmp_path: Path) -> None:
    header = (
        "@attribute name string\n@attribute born date 'yyyy-MM-dd HH:mm'\n@attribute day date\n"
        "@attribute meal {lunch,'dinner, late',happy_hour}\n@attribute kind {only}\n@attribute b numeric\n@data\n"
    )
    rows = (
        "'a, b','2020-01-02 10:00',2020-01-02,'dinner, late',only,4\n"
        "{0 'it\\'s, 1 2',3 \"dinner, late\",5 7}\n"
        "?,?,?,?,?,?\n"
    )
    found, problems = table(tmp_path, rows, header)
    assert problems == []
    assert np.array_equal(found, [[0] * 5 + [4], [0] * 5 + [7], [0] * 5 + [nan]], equal_nan=True)
    assert [each.of_words for each in read_header(tmp_path / "t.arff").attributes] == [True] * 5 + [False]


def test_commas_within_quotes_of_sparse_rows(tmp_path: Path) -> None:
    header = "@attribute a {'no, never',\"yes, it's so\"}\n@attribute b numeric\n@data\n"
    assert table(tmp_path, "{0 \"yes, it's so\", 1 2}\n{ 0 'no, never' }\n", header) == ([[1, 2], [0, 0]], [])
    _, problems = table(tmp_path, "{1 2,0 'no, never}\n{0 'x'y,}\n", header)
    assert problems == [
        "4: expected a quote to be closed after `0 'no, never`",
        "5: expected the number of an attribute and its value, got ``",
    ]


def test_blanks_and_tabs_for_commas(tmp_path: Path) -> None:
    header = "@attribute a numeric\n@attribute b numeric\n@data\n"
    assert table(tmp_path, "1 2\n3\t4\n 5   6 \n", header) == ([[1, 2], [3, 4], [5, 6]], [])


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "expected an ARFF file with a line `@data`, but there is none"),
        ("@attribute a numeric\n", "expected an ARFF file with a line `@data`, but there is none"),
        ("@data\n1\n", "expected attributes, but there are none"),
        ("a,b\n1,2\n", "1: expected `@attribute NAME numeric` or `@attribute NAME {0,1}`, got another line"),
        (
            "@relation x\n@attribute a\n@data",
            "2: expected `@attribute NAME numeric` or `@attribute NAME {0,1}`, got `@at",
        ),
        ("@attribute a text\n@data", "1: expected `numeric`, `string`, or values such as {0,1} for `a`, got `text`"),
        ("@attribute a real\n@attribute 'a' real\n@data", "the attribute `a` is declared twice"),
        (
            b"@attribute dise\xf1o real\n@data",
            "1: expected UTF-8, got the byte 0xf1 in column 16; save the file",
        ),
    ],
)
def test_refused_headers(tmp_path: Path, header: str | bytes, message: str) -> None:
    assert refusal(tmp_path, header).startswith(message)


def test_no_rows(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="expected rows after `@data`, but there are none"):
        table(tmp_path, "% nothing\n\n")


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.arff: cannot be read \(No such file"):
        read_header(tmp_path / "none.arff")
