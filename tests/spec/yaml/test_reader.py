"""Reading YAML: 1.2's scalars, places, bounds, and what a spec may not contain."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.spec.yaml.reader import MAX_BYTES, load_file, load_text, scalar_value
from compose.spec.yaml.tree import Mapping, Scalar, place_of, plain


def _values(text: str) -> Any:
    return plain(load_text(text, "test"))


def _code(text: str) -> str:
    with pytest.raises(SpecErrors) as caught:
        load_text(text, "test")
    return caught.value.errors[0].code


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("+3", 3),
        ("007", 7),
        ("0o17", 15),
        ("0xff", 255),
        ("5e-5", 5e-5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-1.5E+3", -1500.0),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("y", "y"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("12:30:45", "12:30:45"),
        ("2001-12-14", "2001-12-14"),
        ("1e", "1e"),
        (".", "."),
        ("-", "-"),
        ("tRue", "tRue"),
        ("f1@3", "f1@3"),
    ],
)
def test_plain_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = _values(f"a: [{text}]") if text != "-" else _values('a: ["-"]')
    assert found == {"a": [value]}
    assert type(found["a"][0]) is type(value)


def test_not_a_number() -> None:
    assert math.isnan(_values("a: .nan")["a"])


@pytest.mark.parametrize("text", ["'3'", '"3"', "|-\n  3"])
def test_quoted_and_block_scalars_are_text(text: str) -> None:
    assert _values(f"a: {text}") == {"a": "3"}


def test_a_number_of_absurd_length_is_text() -> None:
    assert _values(f"a: {'9' * 5000}") == {"a": "9" * 5000}
    assert _values(f"a: 0x{'f' * 5000}") == {"a": f"0x{'f' * 5000}"}


def test_styles_say_the_same() -> None:
    block = "a:\n  - 1\n  - {b: x}\nc:\n  d: e\n"
    assert _values(block) == _values("{a: [1, {b: x}], c: {d: e}}") == {"a": [1, {"b": "x"}], "c": {"d": "e"}}


def test_an_empty_value_is_null() -> None:
    assert _values("a:\nb: ''") == {"a": None, "b": ""}


def test_aliases_repeat_a_value() -> None:
    assert _values("a: &x {b: 1}\nc: *x\nd: [*x, *x]") == {"a": {"b": 1}, "c": {"b": 1}, "d": [{"b": 1}, {"b": 1}]}


def test_a_byte_order_mark_and_windows_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes("\ufeffa: 1\r\nb: ×\r\n".encode())
    tree = load_file(path)
    assert plain(tree) == {"a": 1, "b": "×"}
    assert str(place_of(tree, ("b",))) == f"{path}:2:4"


def test_places_of_keys_and_values() -> None:
    tree = load_text("a: 1\nmodel:\n  node: {use: block, in: [x, 'y z']}\n", "test")
    assert str(place_of(tree, ("model",), key=True)) == "test:2:1"
    assert str(place_of(tree, ("model", "node", "use"))) == "test:3:15"
    quoted = place_of(tree, ("model", "node", "in", 1))
    assert (str(quoted), quoted.length) == ("test:3:30", 5)
    flow = place_of(tree, ("model", "node"))
    assert (str(flow), flow.length) == ("test:3:9", 28)
    assert str(place_of(tree, ("model", "node", "nothing"))) == "test:3:9"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("{a: {b: 1, b: 2}}", "duplicate-key"),
        ("a: !!float 3", "tag"),
        ("a: !custom {b: 1}", "tag"),
        ("a: !!python/name:os.system ''", "tag"),
        ("!!map {a: 1}", "tag"),
        ("a: {<<: {b: 1}}", "merge-key"),
        ("1: a", "key"),
        ("true: a", "key"),
        ("null: a", "key"),
        ("? [a, b]\n: c", "key"),
        ("a: *nothing", "unknown-alias"),
        ("a: &a [*a]", "unknown-alias"),
        ("a: 1\n---\nb: 2\n", "documents"),
        ("a: [1, 2", "syntax"),
        ("a: 'b", "unclosed-quote"),
        ('a: "b\nc: d', "unclosed-quote"),
        ("a:\n\t- b", "tab"),
        ("a: b: c", "syntax"),
        ("", "empty"),
        ("---\n", "empty"),
        ("# only a comment", "empty"),
        ("~", "empty"),
        ("a: " + "[" * 51 + "]" * 51, "too-deep"),
        ("a: [" + "1, " * 50_001 + "]", "too-many-values"),
        ("a: \x01", "character"),
        ("a: \ud800".encode("utf-8", "surrogatepass").decode("utf-8", "replace") + "\x00", "character"),
    ],
)
def test_what_a_spec_may_not_contain(text: str, code: str) -> None:
    assert _code(text) == code


def test_all_duplicate_keys_are_told_at_both_places() -> None:
    with pytest.raises(SpecErrors) as caught:
        load_text("a: 1\nb: {c: 1, c: 2}\na: 3\n", "test")
    first, second = caught.value.errors
    assert [str(first.place), str(first.notes[0].place)] == ["test:2:11", "test:2:5"]
    assert [str(second.place), str(second.notes[0].place)] == ["test:3:1", "test:1:1"]


def test_an_alias_bomb_is_refused_before_it_goes_off() -> None:
    rows = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 40)]
    assert _code("\n".join(["a0: &a0 [x]", *rows])) == "too-many-values"


def test_a_bomb_of_mappings_is_refused_too() -> None:
    rows = [f"a{i}: &a{i} {{x: *a{i - 1}, y: *a{i - 1}}}" for i in range(1, 60)]
    assert _code("\n".join(["a0: &a0 {x: 1}", *rows])) in ("too-many-values", "too-deep")


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"\xff\xfea\x00", "not-utf8"), (b"a: " + b"x" * MAX_BYTES, "too-large"), (b"a: caf\xe9", "not-utf8")],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes, code: str) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecErrors) as caught:
        load_file(path)
    assert [error.code for error in caught.value.errors] == [code]


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    for path, code in ((tmp_path, "directory"), (tmp_path / "nothing.yaml", "no-such-file")):
        with pytest.raises(SpecErrors) as caught:
            load_file(path)
        assert [error.code for error in caught.value.errors] == [code]


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("pipe", "no-file"),
        ("/dev/zero", "no-file"),
        ("circle", "unreadable"),
        ("a" * 6000, "unreadable"),
        ("a/" * 3000, "unreadable"),
        ("a\0b", "unreadable"),
        ("file.yaml/other.yaml", "no-such-file"),
    ],
)
def test_nothing_is_awaited_of_what_is_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, code: str
) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.symlink("circle", "circle")
    Path("file.yaml").write_text("a: 1")
    with pytest.raises(SpecErrors) as caught:
        load_file(Path(path), piped=True)
    assert [error.code for error in caught.value.errors] == [code]


def test_a_pipe_of_the_command_line_is_read() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w") as file:
        file.write("a: 1")
    assert plain(load_file(Path(f"/dev/fd/{reading}"), piped=True)) == {"a": 1}
    os.close(reading)


@pytest.mark.parametrize(
    ("text", "value"), [(str(2**53 - 1), 2**53 - 1), (str(2**53), 2.0**53), ("-9007199254740993", -(2.0**53))]
)
def test_an_integer_that_not_every_reader_keeps_is_a_number(text: str, value: float) -> None:
    found = scalar_value(text)
    assert found == value
    assert type(found) is type(value)


def test_a_tree_is_frozen_and_keeps_its_order() -> None:
    tree = load_text("b: 1\na: 2\n", "test")
    assert isinstance(tree, Mapping)
    assert list(tree.items) == ["b", "a"]
    assert isinstance(tree.get("a"), Scalar)
    assert tree.get("c") is None
