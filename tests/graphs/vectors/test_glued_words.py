from __future__ import annotations

from itertools import combinations, pairwise

import pytest

from compose.graphs.vectors.glued_words import COMMON, MOST_FREQUENT, Ranks, cut, known_parts, ranks_of

WORDS = """to on no my web design action script open source folk so book mark marking blog torrent gadgets life hack
sys admin ruby rails net asp delicious entrepreneur entrepreneurs ship hip food pod cast podcast dot map entry entries
how read cookbook cook 0 c"""
RANKS = {word: rank for rank, word in enumerate(WORDS.split())}


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("webdesign", "web design"),
        ("actionscript", "action script"),
        ("lifehacks", "life hack"),
        ("sysadmin", "sys admin"),
        ("rubyonrails", "ruby on rails"),
        ("toread", "to read"),
        ("entrepreneurship", "entrepreneur ship"),  # before `entrepreneurs hip`: of less than four letters
        ("podcasting", "podcast"),  # another form before a cut
        ("podcasts", "podcast"),
        ("bookmarking", "book marking"),
        ("foodblogs", "food blog"),
        ("torrents", "torrent"),
        ("gadget", "gadgets"),
        ("designed", "design"),
        (".net", "net"),
        ("asp.net", "asp net"),
        ("del.icio.us", "delicious"),
        ("c++", "c"),
        ("web2.0", "web"),
        ("webdesign2007", "web design"),
        ("folksonomy", ""),  # not `folk so no my`: one of two letters at most
        ("howtomap", ""),  # nor short words alone
        ("xblog", ""),
        ("vegan", ""),
        ("dise?o", ""),
        ("no?map", ""),
        ("web\ufffdblog", ""),
        ("m\\'usica", ""),
        ("asp.xq", ""),  # all parts or none
        ("j2ee", ""),
        ("2007", ""),
        ("???", ""),
        ("", ""),
    ],
)
def test_parts(word: str, parts: str) -> None:
    assert list(known_parts(word, RANKS)) == parts.split()


def every_cut(word: str) -> list[list[str]]:
    places = range(1, len(word))
    ends = [[0, *some, len(word)] for count in (1, 2, 3) for some in combinations(places, count)]
    return [[word[a:b] for a, b in pairwise(some)] for some in ends]


def slow(word: str, ranks: Ranks) -> list[str]:
    """The best of all ways to cut a word."""

    def allowed(parts: list[str]) -> bool:
        if not all(len(part) > 1 and ranks.get(part, COMMON) < MOST_FREQUENT.get(len(part), COMMON) for part in parts):
            return False
        if sum(len(part) == 2 for part in parts) > 1:
            return False
        return len(parts) == 2 or any(len(part) > 3 for part in parts)

    def order(parts: list[str]) -> tuple[int, int, list[int]]:
        return len(parts), sum(len(part) < 4 for part in parts), sorted((ranks[part] for part in parts), reverse=True)

    return min(filter(allowed, every_cut(word)), key=order, default=[])


@pytest.mark.parametrize("word", ["abcabcabcab", "aabbaabbaabb", "abababababab", "bbbbbbbbb", "cabbacabba"])
def test_the_best_of_all_cuts(word: str) -> None:
    """Against every cut, with every third piece of the word in the vocabulary, in an order of no meaning."""
    pieces = sorted({word[a:b] for a, b in combinations(range(len(word) + 1), 2)} - {word})
    for start in range(3):
        ranks = {piece: (37 * place) % 150 for place, piece in enumerate(pieces[start::3])}
        assert list(cut(word, ranks)) == slow(word, ranks)


@pytest.mark.parametrize(("part", "limit"), [("to", 100), ("web", 12_000), ("read", COMMON)])
def test_rare_words_are_no_parts(part: str, limit: int) -> None:
    assert cut(f"{part}design", {"design": 0, part: limit - 1}) == (part, "design")
    assert cut(f"{part}design", {"design": 0, part: limit}) == ()


def test_a_text_without_end_is_not_cut() -> None:
    assert cut("ab" * 5000, {"ab" * size: size for size in range(1, 5000)}) == ()


def test_ranks() -> None:
    assert ranks_of([b"the", b"caf\xc3\xa9", b"the", b"\xff"]) == {"the": 0, "café": 1, "\ufffd": 3}
