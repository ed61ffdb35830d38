"""The blocks that a user names, as they are tried."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from compose.block import Kind
from compose.block_test.block_checker import outcomes, subject
from compose.block_test.block_finding import BlockFinding
from compose.block_test.block_trial import NOWHERE, BlockTrial
from compose.errors import UsageError, listed, nearest
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry, load_block_file, registry
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, plain

KINDS: tuple[Kind, ...] = ("block", "loss")
"""What can be tried."""


@dataclass(frozen=True)
class Tried:
    """A block that is tried.

    Args:
        subject: the block with its parameters and sizes.
    """

    subject: BlockTrial

    @property
    def name(self) -> str:
        """Its name."""
        return self.subject.declaration.name

    @property
    def kind(self) -> str:
        """A block or a loss."""
        return self.subject.declaration.kind

    @property
    def sizes(self) -> str:
        """The sizes of its dims and what is set of it, in words."""
        sizes = [f"{letter} {size}" for letter, size in self.subject.sizes.letters.items()]
        params = [f"{name}: {value}" for name, value in self.subject.params.items()]
        return ", ".join([*sizes, *params]) or "no dims"

    def outcomes(self) -> Iterator[BlockFinding]:
        """What each check finds."""
        return outcomes(self.subject)


def tried_blocks(what: str, values: Sequence[str], dims: Sequence[str], *, only: str | None = None) -> list[Tried]:
    """The blocks of a file, or the one of a name.

    Args:
        what: a Python file, or the name of a block or loss.
        values: ``key=value`` for its parameters.
        dims: ``letter=size`` for dims of its ports.
        only: the one of several in a file.

    Raises:
        UsageError: there is none, or a value or dim means nothing to it.
        SpecErrors: mistakes in the file, each at its line.
    """
    known = registry().copy()
    found = _of_file(Path(what), known) if what.endswith(".py") else _of_name(what, known)
    chosen = [declaration for declaration in found if only in (None, declaration.name)]
    if not chosen:
        names = [declaration.name for declaration in found]
        raise UsageError(f"--block {only}: {what} has {listed(names)}")
    if len(chosen) > 1 and (values or dims):
        raise UsageError(f"{what} has {listed([one.name for one in chosen])}: --block names the one that is meant")
    tree, sizes = _params(values), _sizes(dims)
    return [Tried(subject(known, declaration, plain(tree), sizes, tree=tree)) for declaration in chosen]


def _of_file(path: Path, known: Registry) -> list[Declaration]:
    found = [declaration for declaration in load_block_file(path, known) if declaration.kind in KINDS]
    if not found:
        raise UsageError(f"{path} has no block and no loss; what else it has is tried by a spec that uses it")
    return found


def _of_name(name: str, known: Registry) -> list[Declaration]:
    found = [declaration for declaration in known.all() if declaration.kind in KINDS and declaration.name == name]
    if not found:
        close = nearest(name, [name for kind in KINDS for name in known.names(kind)])
        hint = f"did you mean `{close}`?" if close else "`compose list blocks` lists them"
        raise UsageError(f"there is no block or loss `{name}` and no such Python file; {hint}")
    return found


def _params(texts: Sequence[str]) -> Mapping:
    """The parameters of ``key=value`` texts, whose values are YAML."""
    found = NOWHERE
    for text in texts:
        key, equals, value = text.partition("=")
        tree = load_text(f"{key}: {value}", f"--set {text}") if key.isidentifier() and equals else None
        if not isinstance(tree, Mapping):
            raise UsageError(f"--set {text}: expected KEY=VALUE, such as hidden=64")
        found = replace(found, items=found.items | tree.items, keys=found.keys | tree.keys)
    return found


def _sizes(texts: Sequence[str]) -> dict[str, int]:
    """The sizes of ``letter=size`` texts."""
    found: dict[str, int] = {}
    for text in texts:
        letter, _, size = text.partition("=")
        if not (letter.isidentifier() and size.isdecimal() and size.isascii() and 0 < int(size) <= MOST):
            raise UsageError(f"--dim {text}: expected LETTER=SIZE, such as d=16, of at most {MOST}")
        found[letter] = int(size)
    return found


MOST = 4096
"""The largest size of a dim that is tried."""
