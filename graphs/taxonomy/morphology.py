"""From a noun as one writes it to the lemma that a taxonomy lists."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice, product

# morphy(7WN): the endings of English plurals. `men` and `ves` are nltk's, which calls them WordNet's own.
ENDINGS = (
    ("s", ""),
    ("ses", "s"),
    ("ves", "f"),
    ("xes", "x"),
    ("zes", "z"),
    ("ches", "ch"),
    ("shes", "sh"),
    ("men", "man"),
    ("ies", "y"),
)
MOST_READINGS = 64


def morphy(form: str, is_lemma: Callable[[str], bool], exceptions: Mapping[str, Sequence[str]]) -> str | None:
    """The lemma of a form: itself, an irregular plural's singular, or the form without a plural ending.

    Args:
        form: lower case, with underscores between words.
        is_lemma: whether a form is listed.
        exceptions: the singulars of irregular plurals.
    """
    return next((base for base in bases(form, exceptions) if is_lemma(base)), None)


def bases(form: str, exceptions: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What a form may be a form of, the likeliest first."""
    yield form
    if form in exceptions:
        yield from exceptions[form]
    else:
        yield from (form[: -len(old)] + new for old, new in ENDINGS if form.endswith(old))


def phrase_bases(form: str, exceptions: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """The same where any word of several may be the plural, as in ``attorneys_general``."""
    words = [list(bases(word, exceptions)) for word in form.split("_")]
    if len(words) > 1:
        yield from map("_".join, islice(product(*words), MOST_READINGS))


def spellings(label: str) -> Iterator[str]:
    """How WordNet may write a label: in lower case; its words joined by underscores, by hyphens, or not at all."""
    written = "_".join(label.lower().replace("_", " ").split())
    forms = (
        written,
        written.replace("-", "_"),
        written.replace("_", "-"),
        written.replace("-", "").replace("_", ""),
        written.replace(".", ""),
    )
    yield from dict.fromkeys(forms)
