"""Small changes to the code, one at a time: which of them does a test see?

    python -m benchmarks.mutation [--room losses wire blocks/scoring/prototypes.py] [--sample 40] [--seed 1]
                                  [--save found.json] [--again found.json]

Rooms are names (blocks, losses, metrics, wup, merge, wire, resume), files or folders. Of each, as many mutants are
drawn: the same for the same code and seed. The tree is copied; the copy's file is changed, and the tests nearest to it
are run until one fails, then the room's. Printed: the score by room, and the changes that no test saw. `--again` asks
once more about those that survived, in the rooms of that file. Changes that change nothing are listed with the reason
in `equivalent.toml`. Needs `pip install -e '.[mutation]'`. Asked for: every survivor is killed or explained.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

from benchmarks.mutation.judge import Judge
from benchmarks.mutation.mutants import Mutant, sample, sites
from benchmarks.mutation.mutated_rooms import ROOMS, nearest_tests, room_of, sources, wider_tests

ROOT = Path(__file__).parents[2]
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
FATES = ("killed", "timeout", "survived", "equivalent")
Entry = dict[str, str]
Found = dict[str, list[Entry]]


def main() -> None:
    """Draw, judge and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--room", nargs="+", default=list(ROOMS), metavar="ROOM")
    options.add_argument("--sample", type=int, default=40)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--save", type=Path)
    options.add_argument("--again", type=Path)
    given = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what was started and copied is removed
    before: Found = json.loads(given.again.read_text("utf-8")) if given.again else {}
    found: Found = {}
    with tempfile.TemporaryDirectory() as folder, Judge(ROOT, Path(folder).resolve()) as judge:
        for name in before or given.room:
            kept = [entry for entry in before.get(name, []) if entry["fate"] != "survived"]
            drawn = again(judge.tree, before[name]) if before else draw(judge.tree, name, given.sample, given.seed)
            found[name] = kept
            for mutant in drawn:
                found[name].append(judged(judge, name, mutant))
                if given.save:
                    given.save.write_text(json.dumps(found, indent=1), "utf-8")
            print(score(name, found[name]), *survivors(found[name]), sep="\n\n", flush=True)


def draw(root: Path, name: str, count: int, seed: int) -> list[Mutant]:
    """A sample of a room's mutants."""
    return sample(root, [site for path in sources(root, room_of(name)) for site in sites(root, path)], count, seed)


def again(root: Path, entries: list[Entry]) -> list[Mutant]:
    """The mutants that survived, those of them whose lines are still there."""
    lived = {(entry["path"], entry["before"], entry["after"]) for entry in entries if entry["fate"] == "survived"}
    made = [site.mutant(root) for path in sorted({path for path, *_ in lived}) for site in sites(root, Path(path))]
    return [mutant for mutant in made if mutant and (str(mutant.path), *mutant.changed) in lived]


def judged(judge: Judge, name: str, mutant: Mutant) -> Entry:
    """A mutant's change and fate."""
    before, after = mutant.changed
    told = {"path": str(mutant.path), "before": before, "after": after, "diff": mutant.diff}
    if is_equivalent(mutant):
        return {**told, "fate": "equivalent"}
    near, wide = nearest_tests(judge.tree, mutant.path), wider_tests(judge.tree, room_of(name), mutant.path)
    verdict = judge.verdict(mutant, [tests for tests in (near, wide) if tests])
    print(f"  {verdict.fate:9} {verdict.seconds:5.1f} s  {mutant.path}:{mutant.line} {mutant.operator}", flush=True)
    return {**told, "fate": verdict.fate}


def is_equivalent(mutant: Mutant) -> bool:
    """Whether the list says of a change that it changes nothing."""
    told = (str(mutant.path), *mutant.changed)
    return any((entry["path"], entry["before"], entry["after"]) == told for entry in equivalents())


@cache
def equivalents() -> list[Entry]:
    """The changes that change nothing, each with the reason."""
    listed: list[Entry] = tomllib.loads(EQUIVALENT.read_text("utf-8"))["equivalent"]
    return listed


def survivors(mutants: list[Entry]) -> list[str]:
    """The changes that no test saw."""
    return [mutant["diff"] for mutant in mutants if mutant["fate"] == "survived"]


def score(name: str, mutants: list[Entry]) -> str:
    """A room's line: how many of the mutants that change something were seen."""
    counts = Counter(mutant["fate"] for mutant in mutants)
    telling = len(mutants) - counts["equivalent"]
    share = f"{(counts['killed'] + counts['timeout']) / telling:.0%}" if telling else "nothing to judge"
    return f"{name}: {share} of {telling} seen ({', '.join(f'{counts[fate]} {fate}' for fate in FATES)})"


if __name__ == "__main__":
    main()
