"""Read YAML into a tree with places: YAML 1.2 scalars, no tags, no duplicate keys, bounded in size and depth."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Any

import yaml

from compose.errors import Document, Note, Place, SpecError, SpecErrors
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree

MAX_BYTES = 1 << 20
MAX_VALUES = 50_000
MAX_DEPTH = 50
MAX_DIGITS = 300
MAX_INTEGER = 2**53 - 1
"""The largest integer that every reader of YAML and JSON keeps exactly; a larger number is one with a fraction of 0."""
PIPES = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")
"""Where the command line itself may put a spec that is no file: ``-`` of other programs, and ``<(...)``."""

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SPECIAL: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def scalar_value(text: str) -> str | int | float | bool | None:
    """A plain scalar by YAML 1.2's core schema: ``5e-5`` is a number, ``no`` is text."""
    if text in _SPECIAL:
        return _SPECIAL[text]
    if len(text) > MAX_DIGITS:
        return text
    if _INT.fullmatch(text):
        number = int(text, 0) if text[:2] in ("0o", "0x") else int(text)
        return number if abs(number) <= MAX_INTEGER else float(number)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text


def load_file(path: Path, *, name: str | None = None, folder: str = "", piped: bool = False) -> Tree:
    """The tree of a file.

    Args:
        path: the file.
        name: what messages call it; the path where not given.
        folder: where the paths in it start; "" for the current folder.
        piped: whether it may be one of the pipes of the command line.

    Raises:
        SpecErrors: the file cannot be read or is no YAML that a spec may be; all duplicate keys at once.
    """
    shown = name or str(path)
    text = _read(path, shown, piped=piped and str(path).startswith(PIPES))
    return load_text(text, shown, folder=folder)


def load_text(text: str, name: str, *, folder: str = "") -> Tree:
    """The tree of a text; ``name`` stands in the messages, and its paths start in ``folder``."""
    return _Reader(Document(name, tuple(text.splitlines()) or ("",), folder)).read(text)


def _read(path: Path, name: str, *, piped: bool) -> str:
    try:
        raw = _content(path, name, piped=piped)
    except (FileNotFoundError, NotADirectoryError):
        raise SpecErrors([SpecError("no-such-file", f"there is no file {name}", expected="a YAML file")]) from None
    except (OSError, ValueError) as error:  # a path that no file can have, such as one of 6,000 characters
        why = (isinstance(error, OSError) and error.strerror) or str(error)
        raise SpecErrors([SpecError("unreadable", f"{name} cannot be read: {why}")]) from None
    if _is_other(path):
        expected = "a file whose name ends in .yaml or .yml"
        raise SpecErrors([SpecError("not-yaml", f"{name} is no YAML file", expected=expected)])
    if len(raw) > MAX_BYTES:
        raise SpecErrors([SpecError("too-large", f"{name} is larger than 1 MiB", expected="a spec of a few pages")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise SpecErrors([_not_utf8(raw, error, name)]) from None


def _is_other(path: Path) -> bool:
    """Whether a file, or that which a link leads to, is by its name no YAML, so that nothing of it may be quoted."""
    return path.is_file() and path.resolve().suffix.lower() not in (".yaml", ".yml")


def _content(path: Path, name: str, *, piped: bool) -> bytes:
    """What a file begins with; of a pipe or a device nothing is awaited."""
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise SpecErrors([SpecError("directory", f"{name} is a directory", expected="a YAML file")])
    if not (stat.S_ISREG(kind) or piped):
        raise SpecErrors([SpecError("no-file", f"{name} is a pipe or a device", expected="a YAML file")])
    with open(path, "rb", opener=None if piped else _without_waiting) as file:
        return file.read(MAX_BYTES + 1) or b""


def _without_waiting(path: str, flags: int) -> int:
    """Open what says that it is a file; some of those that the system makes up have to be waited for."""
    return os.open(path, flags | os.O_NONBLOCK)


def _not_utf8(raw: bytes, error: UnicodeDecodeError, name: str) -> SpecError:
    before = raw[: error.start].decode("utf-8", "replace")
    lines = tuple(raw.decode("utf-8", "replace").splitlines())
    place = Place(Document(name, lines), before.count("\n") + 1, len(before) - before.rfind("\n"))
    return SpecError("not-utf8", f"byte 0x{raw[error.start]:02x} is not UTF-8", place, expected="a file saved as UTF-8")


class _Reader:
    """Builds the tree from the parser's events, without recursion and within the bounds."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.errors: list[SpecError] = []
        self.anchors: dict[str, tuple[Tree, int]] = {}
        self.values = 0

    def read(self, text: str) -> Tree:
        try:
            tree = self._document(yaml.parse(text, Loader=_Loader))
        except yaml.YAMLError as error:
            raise SpecErrors([self._syntax_error(error)]) from None
        if self.errors:
            raise SpecErrors(self.errors)
        if tree is None:
            start = Place(self.document, 1, 1)
            raise SpecErrors([SpecError("empty", "the file is empty", start, "a spec: `compose new` writes one")])
        return tree

    def _document(self, events: Any) -> Tree | None:
        tree: Tree | None = None
        stack: list[_Open] = []
        for event in events:
            done: Tree | None = None
            size = 1
            match event:
                case yaml.DocumentStartEvent() if tree is not None:
                    raise self._fatal("documents", "a spec is one YAML document", event, "no second `---`")
                case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                    self._check_tag(event)
                    if len(stack) >= MAX_DEPTH:
                        raise self._fatal("too-deep", f"more than {MAX_DEPTH} levels of nesting", event)
                    stack.append(_Open(self, event, self.values))
                    continue
                case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                    closed = stack.pop()
                    done, size = closed.close(event), self.values - closed.count + 1
                    if closed.anchor:
                        self.anchors[closed.anchor] = (done, size)
                case yaml.ScalarEvent():
                    self._check_tag(event)
                    done = self._scalar(event)
                    if event.anchor:
                        self.anchors[event.anchor] = (done, 1)
                case yaml.AliasEvent():
                    done, size = self._alias(event)
                case _:
                    continue
            self._count(size if isinstance(event, yaml.AliasEvent) else 1, event)
            if stack:
                stack[-1].add(done, event)
            elif not (isinstance(done, Scalar) and done.value is None):
                tree = done
        return tree

    def _scalar(self, event: Any) -> Scalar:
        place = self.place(event)
        if "\0" in event.value:  # no file has it in its name, and no program in an argument
            self.errors.append(SpecError("character", "a NUL character stands in this text", place, "plain text"))
        return Scalar(place, scalar_value(event.value) if event.implicit[0] else event.value)

    def _count(self, size: int, event: Any) -> None:
        self.values += size
        if self.values > MAX_VALUES:
            what = "aliases expand" if isinstance(event, yaml.AliasEvent) else "the spec holds"
            raise self._fatal("too-many-values", f"{what} to more than {MAX_VALUES:,} values", event)

    def _alias(self, event: Any) -> tuple[Tree, int]:
        if event.anchor not in self.anchors:
            raise self._fatal("unknown-alias", f"no finished anchor `&{event.anchor}` stands before this alias", event)
        return self.anchors[event.anchor]

    def _check_tag(self, event: Any) -> None:
        if event.tag and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            self.errors.append(
                SpecError("tag", f"YAML tags such as `{tag}` are not allowed", self.place(event), "a plain value")
            )

    def place(self, event: Any) -> Place:
        """The span of an event, cut to its first line."""
        start, end = event.start_mark, event.end_mark
        line = self.document.lines[start.line] if start.line < len(self.document.lines) else ""
        stop = end.column if end.line == start.line else len(line)
        return Place(self.document, start.line + 1, start.column + 1, max(1, stop - start.column))

    def _fatal(self, code: str, message: str, event: Any, expected: str | None = None) -> SpecErrors:
        return SpecErrors([*self.errors, SpecError(code, message, self.place(event), expected)])

    def _syntax_error(self, error: yaml.YAMLError) -> SpecError:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        if mark is None:
            found = ((row, _CONTROL.search(text)) for row, text in enumerate(self.document.lines, 1))
            row, column = next(((row, match.start() + 1) for row, match in found if match), (1, 1))
            return SpecError(
                "character", "a control character stands here", Place(self.document, row, column), "plain text"
            )
        return self._explain(problem, mark, getattr(error, "context", None) or "", getattr(error, "context_mark", None))

    def _explain(self, problem: str, mark: Any, context: str, start: Any) -> SpecError:
        lines = self.document.lines
        row = min(mark.line, len(lines) - 1)
        indent = re.match(r" *\t", lines[row])
        if indent or "'\\t'" in problem:
            column = indent.end() if indent else mark.column + 1
            return SpecError("tab", "a tab cannot indent YAML", Place(self.document, row + 1, column), "spaces")
        if "quoted" in context and "unexpected" not in problem:
            column = lines[row].rfind("\\", 0, mark.column + 1) + 1
            wanted = r"`\\` for a backslash, or single quotes, in which one stands for itself"
            place = Place(self.document, row + 1, max(1, column))
            return SpecError("bad-escape", r"this `\` begins nothing that YAML knows", place, wanted)
        if "quoted" in context and start is not None:
            return SpecError(
                "unclosed-quote", "this quote is not closed", Place(self.document, start.line + 1, start.column + 1)
            )
        notes = (
            [Note(f"{context}", Place(self.document, start.line + 1, start.column + 1))] if context and start else []
        )
        return SpecError(
            "syntax", f"this is not YAML: {problem}", Place(self.document, row + 1, mark.column + 1), notes=notes
        )


class _Open:
    """A mapping or sequence whose end has not come yet."""

    def __init__(self, reader: _Reader, event: Any, count: int) -> None:
        self.reader, self.start, self.count = reader, event, count
        self.anchor: str | None = event.anchor
        self.is_mapping = isinstance(event, yaml.MappingStartEvent)
        self.items: list[Tree] = []
        self.entries: dict[str, Tree] = {}
        self.keys: dict[str, Place] = {}
        self.key: tuple[str, Place] | None = None

    def add(self, tree: Tree, event: Any) -> None:
        if not self.is_mapping:
            self.items.append(tree)
        elif self.key is None:
            self.key = self._as_key(tree, self.reader.place(event))
        else:
            (key, place), self.key = self.key, None
            if key in self.keys:
                self._duplicate(key, place)
            else:
                self.entries[key], self.keys[key] = tree, place

    def _as_key(self, tree: Tree, place: Place) -> tuple[str, Place]:
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            if tree.value == "<<":
                self._error("merge-key", "`<<` is not part of YAML 1.2", place, "`extends:` or a composite block")
            return tree.value, place
        shown = f"`{tree.value}`" if isinstance(tree, Scalar) else "a list or mapping"
        self._error("key", f"{shown} cannot be a key", place, "text: put it in quotes")
        return f"\0{len(self.keys)}", place

    def _duplicate(self, key: str, place: Place) -> None:
        note = Note("the first one stands here", self.keys[key])
        self.reader.errors.append(SpecError("duplicate-key", f"`{key}` is set twice", place, notes=[note]))

    def _error(self, code: str, message: str, place: Place, expected: str) -> None:
        self.reader.errors.append(SpecError(code, message, place, expected))

    def close(self, event: Any) -> Tree:
        place = self.reader.place(self.start)
        if self.start.flow_style:
            end = event.end_mark
            if end.line == self.start.start_mark.line:
                place = Place(place.document, place.line, place.column, max(1, end.column - place.column + 1))
        if self.is_mapping:
            return Mapping(place, self.entries, self.keys)
        return Sequence(place, tuple(self.items))
