"""Text of users as it is shown: nothing of it is obeyed, by a terminal, a spreadsheet, a browser or a reader's eye."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from xml.etree import ElementTree

import pytest

from compose.shown import (
    LONGEST,
    LONGEST_QUOTE,
    MOST_LINES,
    csv_cell,
    cut,
    json_text,
    markdown_code,
    markdown_text,
    message_text,
    printable,
    printable_lines,
    xml_text,
)

HIDDEN = [chr(code) for code in range(0x30000) if unicodedata.category(chr(code)) in ("Cc", "Cf", "Cs", "Zl", "Zp")]


def test_no_control_character_and_nothing_without_a_width_is_sent() -> None:
    assert len(HIDDEN) > 2_000  # C0, DEL, C1, bidi, zero-width, separators, surrogates
    for char in HIDDEN:
        shown = printable(f"a{char}b")
        assert shown.isascii(), hex(ord(char))
        assert shown.isprintable(), hex(ord(char))
        assert shown[1] == "\\", hex(ord(char))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]8;;http://x\x07link", "\\x1b]8;;http://x\\x07link"),
        ("\x9b31mred", "\\x9b31mred"),
        ("cat\u202egod", "cat\\u202egod"),
        ("one\ntwo\r\n", "one\\ntwo\\r\\n"),
        ("größe 猫\u3000犬 عربى é 👍", "größe 猫\u3000犬 عربى é 👍"),
        ("[red]x[/red] :smile:", "[red]x[/red] :smile:"),
    ],
)
def test_what_is_shown_of_a_text(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown, "shown twice, it stays"


def test_lines_keep_their_breaks_and_tabs_alone() -> None:
    assert printable_lines("a\n\tb\rc\x0bd\u2028e") == "a\n\tb\\rc\\x0bd\\u2028e"


def test_a_message_quotes_on_one_line_and_no_text_begins_one() -> None:
    assert message_text("no block `a\nb`") == "no block `a\\nb`"
    assert message_text("a.yaml\nerror: forged") == "a.yaml\n  error: forged"
    assert message_text("2 labels:\n  `cat`\n  `dog`") == "2 labels:\n  `cat`\n  `dog`"
    long = message_text("\n".join(["x" * 10_000] * 1_000))
    assert long.count("\n") == MOST_LINES
    assert long.endswith(f"… {1_000 - MOST_LINES} more lines")
    assert len(long) < (MOST_LINES + 1) * (LONGEST + 60)


def test_a_long_text_loses_its_middle() -> None:
    assert cut("a" * LONGEST) == "a" * LONGEST
    told = cut(f"there is no block `{'x' * 1_000_000}`")
    assert told.startswith("there is no block `xxx")
    assert told.endswith("xxx`")
    assert len(told) < LONGEST + 60
    assert " characters … " in told


@pytest.mark.parametrize(
    "char", ["\x1b", "\x7f", "\x9b", "\u202e", "\u200b", "\u2028", "\ue000", "\U000e0001", "\ud800"]
)
def test_json_reads_back_the_same(char: str) -> None:
    value = {"label": f"a{char}b", "nested": [f"{char}\n"], "plain": "größe"}
    text = json_text(value, indent=2)
    assert json.loads(text) == value
    assert char not in text
    assert "größe" in text


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ('=HYPERLINK("http://x","cat")', '\'=HYPERLINK("http://x","cat")'),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("＝1+1", "'＝1+1"),
        ("\t=1+1", "\\t=1+1"),
        ("\r=1+1", "\\r=1+1"),
        ("-1.5e-3", "-1.5e-3"),
        ("+4", "+4"),
        ("cat", "cat"),
        ("a=b", "a=b"),
    ],
)
def test_no_cell_of_a_csv_is_a_formula(text: str, cell: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow([csv_cell(text)])
    assert next(csv.reader(io.StringIO(file.getvalue()))) == [cell]


def test_xml_and_markdown_take_text_literally() -> None:
    hostile = "</text><script>\x1b&\x00"
    read = ElementTree.fromstring(f"<text>{xml_text(hostile)}</text>")
    assert read.text == "</text><script>\\x1b&\\x00"
    assert markdown_text("![x](http://y) | <img>") == "!\\[x\\](http://y) \\| &lt;img>"
    assert markdown_code("a\n````\n# title\x1b", "yaml") == "`````yaml\na\n````\n# title\\x1b\n`````"


def test_what_a_message_quotes_is_cut() -> None:
    told = message_text(f"`{'9' * 6000}` is no name of " + ", ".join([f"`{'a' * 500}`"] * 3))
    assert told.startswith(f"`{'9' * 150} … 5,800 characters … {'9' * 50}` is no name of `aaa")
    assert len(told) < 5 * (LONGEST_QUOTE + 40)
