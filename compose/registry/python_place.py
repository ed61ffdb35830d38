"""Where a class, an argument or a failing line stands in a Python file, as a place that errors can point at."""

from __future__ import annotations

import ast
import inspect
import linecache
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from compose.errors import Document, Place


def document(path: str) -> Document:
    """The text of a Python file, named as it is seen from the current folder."""
    linecache.checkcache(path)
    return Document(shown_name(path), tuple(line.rstrip("\n") for line in linecache.getlines(path)))


def shown_name(path: str | Path) -> str:
    """A file as it is called from the current folder."""
    return min(os.path.relpath(path), os.path.abspath(path), key=len)


def file_of(thing: Any) -> str | None:
    """The file that defines a class or function; None where it has none."""
    try:
        return inspect.getsourcefile(inspect.unwrap(thing))
    except TypeError:
        return None


def place_of_class(cls: type) -> Place | None:
    """The name of a class, where it is defined."""
    found = _definition(cls)
    return _name_place(*found) if found else _start_of_module(cls)


def place_of_class_node(text: Document, node: ast.ClassDef) -> Place:
    """The name of a class, by its syntax."""
    return _name_place(text, node)


def place_of_argument(function: Callable[..., Any], name: str) -> Place | None:
    """An argument of a function with its annotation; ``return`` is what the function returns."""
    found = _definition(function)
    if found is None:
        return _start_of_module(function)
    text, node = found
    if name == "return":
        return _node_place(text, node.returns) if node.returns else _name_place(text, node)
    taken = node.args
    arguments = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg]
    found_place = (_node_place(text, argument) for argument in arguments if argument and argument.arg == name)
    return next(found_place, _name_place(text, node))


def place_of_field(cls: type, name: str) -> Place | None:
    """A field of a NamedTuple with its annotation."""
    found = _definition(cls)
    if found is None:
        return _start_of_module(cls)
    text, node = found
    fields = [part for part in node.body if isinstance(part, ast.AnnAssign) and ast.unparse(part.target) == name]
    return _node_place(text, fields[0]) if fields else _name_place(text, node)


def place_in_traceback(found: TracebackType | None, path: str) -> Place | None:
    """The innermost call of a failure that stands in a file."""
    frames = [frame for frame in traceback.extract_tb(found) if _same_file(frame.filename, path)]
    text = document(path)
    if not frames or frames[-1].lineno is None or frames[-1].lineno > len(text.lines):
        return None
    frame, line = frames[-1], frames[-1].lineno
    shown = text.lines[line - 1]
    if frame.colno is None or frame.end_colno is None or frame.end_lineno != line:
        return Place(text, line, len(shown) - len(shown.lstrip()) + 1, max(1, len(shown.strip())))
    return _bytes_place(text, line, frame.colno, frame.end_colno)


def place_of_syntax_error(error: SyntaxError, path: str) -> Place:
    """Where Python could not go on."""
    line, column = error.lineno or 1, error.offset or 1
    end = error.end_offset if error.end_offset and error.end_lineno == line else column + 1
    return Place(document(path), line, column, max(1, end - column))


def repeated_classes(path: str) -> list[tuple[Place, Place]]:
    """Classes of a file that another one of the same name takes the place of: the later and the earlier."""
    text = document(path)
    seen: dict[str, Place] = {}
    found = []
    for node in ast.parse("\n".join(text.lines)).body:
        if isinstance(node, ast.ClassDef) and node.decorator_list:
            place = _name_place(text, node)
            if node.name in seen:
                found.append((place, seen[node.name]))
            seen[node.name] = place
    return found


def _definition(thing: Any) -> tuple[Document, Any] | None:
    """The text of the file that defines a class or function, and its syntax there."""
    path = file_of(thing)
    text = document(path) if path else None
    if text is None or not text.lines:
        return None
    kind = (ast.ClassDef,) if isinstance(thing, type) else (ast.FunctionDef, ast.AsyncFunctionDef)
    plain = inspect.unwrap(thing)
    starts = plain.__code__.co_firstlineno if inspect.isfunction(plain) else None
    for node in ast.walk(ast.parse("\n".join(text.lines))):
        if isinstance(node, kind) and node.name == thing.__name__:
            lines = [node.lineno, *(decorator.lineno for decorator in node.decorator_list)]
            if starts is None or starts in lines:
                return text, node
    return None


def _start_of_module(thing: Any) -> Place | None:
    """The first line of the file of a class or function that stands nowhere in it, as one that a call makes."""
    module = sys.modules.get(str(inspect.unwrap(thing).__module__))
    text = document(module.__file__) if module and module.__file__ else None
    if text is None or not text.lines:
        return None
    line = 1
    if inspect.isfunction(thing) and Path(thing.__code__.co_filename).absolute() == Path(text.name).absolute():
        line = min(thing.__code__.co_firstlineno, len(text.lines))
    return Place(text, line, 1, max(1, len(text.lines[line - 1])))


def _name_place(text: Document, node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> Place:
    words = {ast.ClassDef: "class", ast.FunctionDef: "def", ast.AsyncFunctionDef: "async def"}
    return Place(text, node.lineno, node.col_offset + len(words[type(node)]) + 2, len(node.name))


def _node_place(text: Document, node: Any) -> Place:
    end = node.end_col_offset if node.end_lineno == node.lineno else len(text.lines[node.lineno - 1].encode())
    return _bytes_place(text, node.lineno, node.col_offset, end)


def _bytes_place(text: Document, line: int, start: int, end: int) -> Place:
    """Python counts the bytes of a line, and places its characters."""
    shown = text.lines[line - 1].encode()
    first, last = (len(shown[:offset].decode(errors="replace")) for offset in (start, end))
    return Place(text, line, first + 1, max(1, last - first))


def _same_file(first: str, second: str) -> bool:
    return first == second or Path(first).absolute() == Path(second).absolute()
