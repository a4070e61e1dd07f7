"""Check the book's own word relations: sizes, repetitions, parts of speech, opposites, counties, frequencies.

    python data/scripts/check_relations.py [FOLDER]

FOLDER is data/relations or a copy of it. What is wrong is printed, a line a finding, and the exit status is 1. What is
checked against is in curated/: counties.txt has the present counties of the United Kingdom with some of their towns,
and converses.txt has pairs that are no complementary opposites.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from embedlib.datasets.lexicon import load_lexicon

HERE = Path(__file__).parent
FOLDER = HERE.parent / "relations"
CODES = [f"{group}{number:02}" for group in "IDEL" for number in range(1, 11)]
PAIRS = 50
ZIPF = 2.5  # the least frequency of a word of L01-L10
# The part of speech of all words of a file. Where it is "pair", the two words of each pair share one: synonyms and
# binary antonyms are few, and those two files take them from every part of speech.
PARTS = {
    "L01": "noun", "L02": "noun", "L03": "noun", "L04": "noun", "L05": "noun", "L06": "noun",
    "L07": "adj", "L08": "pair", "L09": "adj", "L10": "pair",
}  # fmt: skip
# Words in use as a part of speech that WordNet, and so the lexicon, does not give them: adjectives that it has as forms
# of verbs, and a noun without a singular.
OTHERWISE = {"boiling": "adj", "devastated": "adj", "freezing": "adj", "oats": "noun", "petrified": "adj"}
OPPOSED = ("L07", "L08", "L09", "L10", "D02")  # a pair of words is in one of these, and once
PREFIXES = {"a", "de", "dis", "il", "im", "in", "ir", "mis", "non", "un"}
PREFIXED = 10  # the most pairs of L10 that are a word and the same word with a prefix

Pairs = list[tuple[str, list[str]]]


def read_lines(name: str) -> list[str]:
    """Read a curated file."""
    return (HERE / "curated" / name).read_text(encoding="utf-8").splitlines()


def read_counties() -> dict[str, set[str]]:
    """Read the present counties, each with its towns."""
    lines = [line.partition("\t") for line in read_lines("counties.txt") if not line.startswith("#")]
    return {county: set(towns.split()) for county, _, towns in lines}


@cache
def read_converses() -> dict[frozenset[str], str]:
    """Read the pairs that are not complementary, each with the name of its group."""
    found, group = {}, ""
    for line in read_lines("converses.txt"):
        if line.startswith("#"):
            group = line.removeprefix("# ")
        else:
            found[frozenset(line.split())] = group
    return found


def read_pairs(path: Path) -> Pairs:
    """Read a relation as it stands: two lines of one word are not joined."""
    lines = [line.partition("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    return [(source, answers.split("/")) for source, _, answers in lines]


def check_file(pairs: Pairs) -> Iterator[str]:
    """Find what no relation may have: another size, empty or repeated words, a word that answers itself."""
    if len(pairs) != PAIRS:
        yield f"{len(pairs)} pairs; {PAIRS} are wanted"
    for source, count in Counter(source for source, _ in pairs).items():
        if count > 1:
            yield f"{source}: {count} lines"
    for source, answers in pairs:
        if not source or not all(answers):
            yield f"{source}: an empty word; wanted is `word TAB answer/answer`"
        if source.lower() in [answer.lower() for answer in answers]:
            yield f"{source}: an answer is the word itself"
        for answer, count in Counter(answers).items():
            if count > 1:
                yield f"{source}: {answer!r} is there {count} times"


@cache
def read_words() -> tuple[dict[str, set[str]], dict[str, float]]:
    """Read the parts of speech and the Zipf frequencies of the words of the lexicon."""
    lexicon = load_lexicon()
    parts = {str(word): set(pos.split(",")) for word, pos in lexicon["pos"].items()}
    for word, part in OTHERWISE.items():
        parts.setdefault(word, set()).add(part)
    return parts, {str(word): zipf for word, zipf in lexicon["zipf"].items()}


def check_words(code: str, pairs: Pairs) -> Iterator[str]:
    """Find words of another part of speech than their file has, or than their pair has, and rare words."""
    parts, zipf = read_words()
    for word in dict.fromkeys(word for source, answers in pairs for word in (source, *answers)):
        if word not in parts:
            yield f"{word!r} is not in the lexicon"
        elif PARTS[code] != "pair" and PARTS[code] not in parts[word]:
            yield f"{word!r} is {', '.join(sorted(parts[word]))}; {PARTS[code]} is wanted"
        if zipf.get(word, ZIPF) < ZIPF:
            yield f"{word!r} has a Zipf frequency of {zipf[word]}; at least {ZIPF} is wanted"
    for source, answers in pairs:
        for answer in answers:
            if not parts.get(source, set()) & parts.get(answer, set()):
                yield f"{source}, {answer}: the two words share no part of speech"


def check_binary(pairs: Pairs) -> Iterator[str]:
    """Find antonyms that are not complementary as far as they are listed, and too many that spelling gives away."""
    converses = read_converses()
    for source, answers in pairs:
        for answer in answers:
            if group := converses.get(frozenset((source, answer))):
                yield f"{source}, {answer}: not complementary: {group}"
    prefixed = [(source, answers[0]) for source, answers in pairs if is_prefixed(source, answers[0])]
    if len(prefixed) > PREFIXED:
        yield f"{len(prefixed)} pairs are made by a prefix; at most {PREFIXED} are allowed"


def is_prefixed(one: str, other: str) -> bool:
    """Tell whether one of two words is the other with a prefix."""
    short, long = sorted((one, other), key=len)
    return long.endswith(short) and long.removesuffix(short) in PREFIXES


def check_counties(pairs: Pairs) -> Iterator[str]:
    """Find first answers that are not the present county of their town."""
    counties = read_counties()
    for source, (first, *_) in pairs:
        present = [county for county, towns in counties.items() if source in towns]
        if first not in counties:
            yield f"{source}: {first!r} is no present county; {' or '.join(present) or 'none'} is listed"
        elif not present:
            yield f"{source}: no county of counties.txt lists it"
        elif first not in present:
            yield f"{source}: {first!r} comes first, and today it is in {' or '.join(present)}"
        if "_" in first:
            yield f"{source}: {first!r} is two words, and static models have vectors of single words"


def check_opposed(relations: dict[str, Pairs]) -> Iterator[str]:
    """Find pairs of words that are, in either order, in two relations of synonyms and antonyms, or twice in one."""
    places: dict[frozenset[str], list[str]] = {}
    for code in OPPOSED:
        for source, answers in relations.get(code, []):
            for answer in dict.fromkeys(answers):
                places.setdefault(frozenset((source, answer)), []).append(code)
    for words, codes in places.items():
        if len(codes) > 1:
            yield f"{' and '.join(codes)}: {', '.join(sorted(words))}: the same pair of words"


def check(folder: Path) -> list[str]:
    """List what is wrong with the relations of a folder."""
    paths = {path.name[:3]: path for path in sorted(folder.glob("*/*.txt"))}
    relations = {code: read_pairs(path) for code, path in paths.items()}
    found = [f"{code}: no file" for code in CODES if code not in relations]
    for code, pairs in relations.items():
        findings = [*check_file(pairs)]
        if code in PARTS:
            findings += check_words(code, pairs)
        if code == "L10":
            findings += check_binary(pairs)
        if code == "E03":
            findings += check_counties(pairs)
        found += [f"{code}: {finding}" for finding in findings]
    return [*found, *check_opposed(relations)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    found = check(parser.parse_args().folder)
    print("\n".join(found) or f"{len(CODES)} relations of {PAIRS} pairs, all checks pass")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
