"""What a spec may hold that its reader did not think of: values, names, and bits of text."""

from __future__ import annotations

import keyword
import math
from typing import Any

from compose.spec.wiring.module_names import MODULE_NAMES

NUMBERS: tuple[Any, ...] = (
    0, -1, 1, 2, 7, 255, 65_537, 10**9, 10**12, 10**18, 10**30, 10**299, -(10**30), 2**31, 2**63, 2**64,
    0.0, -0.0, 0.5, 1.0, 3.0, 1e3, 2.5, -3.0, 1e-320, 1e18, 1e300, -1e300, math.inf, -math.inf, math.nan,
)  # fmt: skip
NAMES = (
    *keyword.kwlist, *keyword.softkwlist, *sorted(MODULE_NAMES), "self", "input", "image", "targets", "loss", "scores",
    "output", "root", "_modules", "__init__", "a-b", "a_b", "print", "torch", "isinstance", "main", "in.0",
)  # fmt: skip
TEXTS = (
    "", " ", "\n", "\t", "\0", "\x1b[31m", "\x1b]0;title\x07", "\u202e", "\ufeff", "\U0001f600", "\u00b2", "\u0661",
    "a" * 6000, "../" * 2000, "/dev/zero", "/dev/stdin", "/etc/passwd", "/", ".", "..", "~",
    "$HOME", "${HOME}", "%TMP%", "*", "&a",
    "!!python/object", "<<", "---", "...", "- ", "? ", "{", "}", "[", "]", ",", "#", "|", ">", "@a", "`a`", "=1+1",
    "[red]x[/red]", ":smile:", "$x", "$", "1 - rank", "1 - ", "a.b", "a.0", ".", "a..b", "b c h w -> b c", "b ... -> b",
    "-> ", "(b c -> b", "map", "f1@3", "f1@0", "f1@\u00b2", "map@1", "loss", "loss.rank", "null", "true", "no", "1e3",
    "0x10", "0o17", "1_000", ".nan", "NaN", "Infinity", "seen", "all", "cat.n.01", "%s", "{0}", "\\", "\\N{DIGIT ONE}",
)  # fmt: skip
CHARACTERS = (
    *"{}[]:,#&*!|>%@`'\"-?~$.\\ \n\t<=0123456789eE+ab_", "\0", "\x07", "\x1b", "\x7f", "\x85", "\u2028", "\ufeff",
    "\u00b2", "\u0301", "\U0001f600", "\r", "\r\n", "\n\n", "\n  ", "\n    ", ": ", "- ",
    " #", "---\n", "...\n", "&a ", "*a",
    "!!str ", "!x ", "<<: ", "? ", "{}", "[]", "''", "null", "{a: 1}", "[[[[", "}}}}", "|\n  x", ">-\n  x",
)  # fmt: skip
