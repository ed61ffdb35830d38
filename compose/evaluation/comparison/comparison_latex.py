"""A comparison in LaTeX: ``booktabs`` tables that are pasted as they are."""

from __future__ import annotations

from compose.evaluation.comparison.comparison import Comparison
from compose.evaluation.comparison.shown_block import Line, ShownBlock, ShownCell, legend, remarks, shown_blocks
from compose.shown import printable

ESCAPED = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "±": r"$\pm$",
    "–": "--",
    "×": r"$\times$",
}


def latex(comparison: Comparison) -> str:
    """A ``tabular`` for each block; protocols and notes are comments below."""
    below = [f"% {printable(line)}" for line in (*remarks(comparison), legend(comparison))]
    return (
        "\n\n".join([r"% needs \usepackage{booktabs}", *map(_table, shown_blocks(comparison)), "\n".join(below)]) + "\n"
    )


def latex_text(text: str) -> str:
    """A text on one line within LaTeX."""
    return "".join(ESCAPED.get(char, char) for char in printable(text))


def _table(block: ShownBlock) -> str:
    models, others = [line for line in block.lines if line.model], [line for line in block.lines if not line.model]
    rules = [r"\midrule", *map(_row, others)] if others else []
    title = [f"% {printable(block.title)}"] if block.title else []
    heads = [[latex_text(head[line]) for head in block.heads] for line in (0, 1)]
    return "\n".join([
        *title,
        rf"\begin{{tabular}}{{l{'r' * len(block.heads)}}}",
        r"\toprule",
        rf" & {' & '.join(heads[0])} \\",
        rf"model & {' & '.join(heads[1])} \\",
        r"\midrule",
        *map(_row, models),
        *rules,
        r"\bottomrule",
        r"\end{tabular}",
    ])  # fmt: skip


def _row(line: Line) -> str:
    return rf"{' & '.join([latex_text(line.label), *map(_cell, line.cells)])} \\"


def _cell(cell: ShownCell) -> str:
    text = latex_text(cell.text)
    return rf"\textbf{{{text}}}" if cell.best else text
