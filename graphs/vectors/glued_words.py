"""Words that a vocabulary does not have, by words that it has: ``webdesign`` is ``web`` and ``design``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

# A part of few letters is a word only if it is among the most frequent, such as `to`: most others are abbreviations,
# out of which any word can be made. Letters of a part -> the first words of the vocabulary that it is looked for in.
MOST_FREQUENT = {2: 100, 3: 12_000}
COMMON = 100_000
LONG = 4
MOST_PARTS = 4
MOST_LETTERS = 60
ENDINGS = (("s", ""), ("ies", "y"), ("es", ""), ("ing", ""), ("ing", "e"), ("ed", ""), ("ed", "e"))
LOST_LETTER = re.compile(r"[^\W_][?\ufffd]+[^\W_]")

Ranks = Mapping[str, int]


def known_parts(word: str, ranks: Ranks) -> tuple[str, ...]:
    """Words of the vocabulary that a word is made of; none where it cannot be told.

    In this order: the word without punctuation (``.net``); the parts between punctuation (``asp.net``), each of which
    must be known; another form of the word (``torrents``); several words written as one (``webdesign``); the same
    without its digits (``web2.0``).

    Args:
        word: a word in lower case that the vocabulary does not have.
        ranks: each word of the vocabulary and its place in it, the most frequent at 0.
    """
    if LOST_LETTER.search(word):  # `dise?o`: without the letter it would be another word
        return ()
    pieces = re.findall(r"[^\W_]+", word)
    plain = "".join(pieces)
    if len(pieces) < 2 or plain in ranks:
        return _piece(plain, ranks)
    found = [_piece(piece, ranks) for piece in pieces if not piece.isdigit()]
    return tuple(part for parts in found for part in parts) if all(found) else ()


def _piece(piece: str, ranks: Ranks) -> tuple[str, ...]:
    """The words of letters and digits in a row."""
    shorter = [piece, *stems(piece)]
    longer = [f"{piece}s"] if len(piece) >= LONG else []
    whole = next(((form,) for form in [*shorter, *longer] if form in ranks), ())
    return whole or next(filter(None, (cut(form, ranks) for form in shorter)), ()) or _without_digits(piece, ranks)


def _without_digits(piece: str, ranks: Ranks) -> tuple[str, ...]:
    runs = re.findall(r"[^\W\d_]{3,}", piece)
    return tuple(part for run in runs if run != piece for part in _piece(run, ranks))


def stems(word: str) -> Iterator[str]:
    """What a word may be an English form of: three letters at least before the ending."""
    yield from (word[: -len(old)] + new for old, new in ENDINGS if word.endswith(old) and len(word) - len(old) > 2)


def cut(word: str, ranks: Ranks) -> tuple[str, ...]:
    """The words that were written as one, in their order; none where no cut gives words alone.

    The fewest parts, of these the fewest of less than four letters, of these those whose rarest is the most frequent.
    """
    if len(word) > MOST_LETTERS:
        return ()
    for count in range(2, MOST_PARTS + 1):
        cuts = [parts for parts in _cuts(word, count, ranks) if _likely(parts)]
        if cuts:
            return min(cuts, key=lambda parts: _rarity(parts, ranks))
    return ()


def _likely(parts: tuple[str, ...]) -> bool:
    """Whether parts are no mere sequence of short words, which any letters can be read as."""
    sizes = [len(part) for part in parts]
    return sizes.count(2) < 2 and (len(parts) == 2 or max(sizes) >= LONG)


def _rarity(parts: tuple[str, ...], ranks: Ranks) -> tuple[int, list[int]]:
    return sum(len(part) < LONG for part in parts), sorted((ranks[part] for part in parts), reverse=True)


def _cuts(word: str, count: int, ranks: Ranks) -> Iterator[tuple[str, ...]]:
    """Every way to cut a word into this many parts that are words."""
    if count == 1:
        yield from [(word,)] if _is_part(word, ranks) else []
        return
    for end in range(2, len(word) - 1):
        if _is_part(word[:end], ranks):
            yield from ((word[:end], *rest) for rest in _cuts(word[end:], count - 1, ranks))


def _is_part(text: str, ranks: Ranks) -> bool:
    rank = ranks.get(text)
    return rank is not None and len(text) > 1 and rank < MOST_FREQUENT.get(len(text), COMMON)


def ranks_of(vocabulary: list[bytes]) -> dict[str, int]:
    """The place of each word in a vocabulary, the first where it is there twice."""
    words = (word.decode("utf-8", errors="replace") for word in vocabulary)
    ranks: dict[str, int] = {}
    for rank, word in enumerate(words):
        ranks.setdefault(word, rank)
    return ranks
