"""The page of what a model gets wrong: one HTML file without scripts, which needs no network and no other file.

Every text that may come from a user goes through :func:`_t`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from compose.data.source import DataSource
from compose.evaluation.mistakes.error_style import STYLE
from compose.evaluation.mistakes.task_mistakes import (
    MOST_LABELS,
    ClassResult,
    ConfusedPair,
    ScoredLabel,
    TaskMistakes,
    WrongExample,
)
from compose.evaluation.mistakes.thumbnail import ShownExample, shown_examples
from compose.evaluation.per_label import LabelResult
from compose.evaluation.result import Result, TaskResult
from compose.shown import printable

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
MARKS = {True: ("yes", "✓", "shown"), False: ("no", "✗", "not shown"), None: ("open", "?", "not known")}


def error_page(result: Result, source: DataSource, title: str) -> str:
    """The page; "" where the result tells of no mistakes.

    Args:
        result: of an evaluation that tells what is got wrong.
        source: where the examples come from.
        title: the model's name.
    """
    tasks = {name: task for name, task in result.tasks.items() if task.mistakes is not None}
    if not tasks:
        return ""
    sections = "".join(_section(number, name, task, source) for number, (name, task) in enumerate(tasks.items()))
    links = "".join(f'<li><a href="#task-{number}">{_t(name)}</a></li>' for number, name in enumerate(tasks))
    name = _t(title)
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">
<title>{name}: mistakes</title>
<style>{STYLE}</style>
</head>
<body>
<a class="skip" href="#main">To the mistakes</a>
<header>
<h1>What {name} gets wrong</h1>
<p class="soft">The labels, pairs of labels and examples on which it fails most.</p>
<nav aria-label="Tasks"><ul>{links}</ul></nav>
</header>
<main id="main">
{sections}</main>
</body>
</html>
"""


def _section(number: int, name: str, task: TaskResult, source: DataSource) -> str:
    """One task."""
    assert task.mistakes is not None, "of others there is no section"
    measured = ", ".join(f"{_t(task.titles[key])} {_percent(value)}" for key, value in task.metrics.items())
    labels = _classes(task.mistakes.classes) if task.mistakes.drawn == "tasks" else _labels(task.labels)
    parts = [labels, _pairs(task.mistakes.pairs), _examples(task.mistakes, source)]
    return (
        f'<section aria-labelledby="task-{number}">\n<h2 id="task-{number}" tabindex="-1">{_t(name)}</h2>\n'
        f'<p class="soft">{measured}; {_t(task.protocol.line())}</p>\n{"".join(parts)}</section>\n'
    )


def _labels(labels: Sequence[LabelResult]) -> str:
    found = sorted((one for one in labels if not math.isnan(one.ap)), key=lambda one: (one.ap, -one.positives))
    rows = [
        [
            _head(one.label),
            _number(f"{_percent(one.ap)}{_meter(one.ap)}"),
            _number(_percent(one.chance)),
            _number(f"{one.positives:,}"),
            _number(f"{one.positives + one.negatives:,}"),
            _number(_percent(one.best_f1)),
            _number(f"{one.threshold:.4g}"),
        ]
        for one in found[:MOST_LABELS]
    ]
    heads = ("label", "AP %", "chance %", "shown in", "of", "best F1 %", "threshold")
    told = (
        f"The {len(rows):,} of {len(found):,} labels with the lowest average precision. The best F1 is that of the "
        "threshold which suits these very examples best; the label is predicted above it."
    )
    return _table("Worst labels", told, heads, rows)


def _classes(classes: Sequence[ClassResult]) -> str:
    rows = [
        [
            _head(one.label),
            _number(f"{_percent(one.right / one.asked)}{_meter(one.right / one.asked)}"),
            _number(f"{one.right:,}"),
            _number(f"{one.asked:,}"),
        ]
        for one in classes
    ]
    told = "Those that are least often scored above every class that a query does not show."
    return _table("Worst classes", told, ("class", "right %", "right", "queries"), rows)


def _pairs(pairs: Sequence[ConfusedPair]) -> str:
    rows = [
        [
            _head(pair.shown),
            f"<td>{_t(pair.above)}</td>",
            _number(f"{pair.count:,}"),
            _number(f"{pair.of:,}"),
            _number(f"{_percent(pair.count / pair.of)}{_meter(pair.count / pair.of)}"),
        ]
        for pair in pairs
    ]
    told = "The first label is shown and the second is not, and yet scored above it."
    return _table("Most confused pairs", told, ("shown", "scored above it", "times", "of", "share %"), rows)


def _examples(mistakes: TaskMistakes, source: DataSource) -> str:
    shown = shown_examples(mistakes, source)
    heading = "Worst pictures" if any(example.picture for example in shown) else "Worst examples"
    if not shown:
        return f"<h3>{heading}</h3>\n<p>None: every label that is shown is scored above those that are not.</p>\n"
    cards = "".join(_card(one, example) for one, example in zip(shown, mistakes.examples, strict=True))
    told = "The ranking loss is the share of pairs of a label that is shown and one that is not, in the wrong order."
    return f'<h3>{heading}</h3>\n<p class="soft">{told}</p>\n<ol class="cards">\n{cards}</ol>\n'


def _card(shown: ShownExample, example: WrongExample) -> str:
    truth = ", ".join(one.label for one in example.shows)
    image = ""
    if shown.picture:
        size = f'width="{shown.width}" height="{shown.height}"'
        image = f'<img src="{shown.picture}" alt="{_t(f"{shown.name}, shows {truth}")}" {size} loading="lazy">'
    more = f'<p class="soft">and {example.others:,} more</p>' if example.others else ""
    return (
        f'<li>{image}<h4>{_t(shown.name)}</h4><p class="soft">ranking loss {_percent(example.loss)} %</p>'
        f"<h5>shows</h5><ul>{''.join(map(_missed, example.shows))}</ul>{more}"
        f"<h5>scored highest</h5><ul>{''.join(map(_scored, example.best))}</ul></li>\n"
    )


def _missed(one: ScoredLabel) -> str:
    """A label that is shown: how many that are not shown are scored above it."""
    return f"<li><span>{_t(one.label)}</span><span>{one.score:.3g}, {one.above:,} above</span></li>"


def _scored(one: ScoredLabel) -> str:
    """A label that is scored high, and whether it is shown; not by its colour alone."""
    kind, mark, spoken = MARKS[one.present]
    sign = f'<span class="{kind}" role="img" aria-label="{spoken}">{mark}</span>'
    return f"<li><span>{sign} {_t(one.label)}</span><span>{one.score:.3g}</span></li>"


def _table(heading: str, told: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that scrolls by itself where the window is narrow, by the keyboard, too."""
    if not rows:
        return f"<h3>{heading}</h3>\n<p>None.</p>\n"
    aligned = ("" if row.startswith(("<th", "<td>")) else ' class="n"' for row in rows[0])
    head = "".join(f'<th scope="col"{kind}>{text}</th>' for text, kind in zip(heads, aligned, strict=True))
    body = "".join(f"<tr>{''.join(row)}</tr>\n" for row in rows)
    return (
        f'<h3>{heading}</h3>\n<div class="wide" role="region" aria-label="{heading}" tabindex="0"><table>\n'
        f"<caption>{told}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table></div>\n"
    )


def _head(text: str) -> str:
    return f'<th scope="row">{_t(text)}</th>'


def _number(text: str) -> str:
    return f'<td class="n">{text}</td>'


def _meter(value: float) -> str:
    return f'<meter value="{value:.4f}" aria-hidden="true"></meter>'


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f}"


def _t(text: str) -> str:
    """A text of a user, as HTML."""
    return escape(printable(text))
