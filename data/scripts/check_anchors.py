"""Check anchor sentences: spans, sizes of edits, duplicates, lengths, synonyms and antonyms (`make data-check`).

    python data/scripts/check_anchors.py [FILE] [--wordnet data/anchors/wordnet.tsv] [--any-size]

What is wrong is printed, a line a finding, and the exit status is 1. `--any-size` leaves out how
many anchors and sentences the book's own file has to have.
"""

from __future__ import annotations

import argparse
import itertools
import re
import sys
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from check_relations import read_converses, read_lines
from gensim.parsing.porter import PorterStemmer
from gensim.parsing.preprocessing import STOPWORDS

from embedlib import embed_words
from embedlib.datasets.lexicon import load_lexicon
from embedlib.datasets.sentences import CHANGED, KEPT, read_anchors
from embedlib.metrics.senses import mean_wins

FOLDER = Path(__file__).parents[1] / "anchors"
NEGATORS = {"not", "never", "no", "nobody", "nothing", "none"}
AUXILIARIES = {"do", "does", "did", "any", "anyone", "anything", "ever"}
ARTICLES = {"a", "an", "the", "there"}
OPTIONAL = ("antonym", "inflection")  # not every word has an opposite, or other forms
REPLACED = ("synonym", "antonym", "unrelated")  # one word stands in the anchor's place
OWN_FORM = ("base", "voice", "question", "exclamation", "longer", "negation", "swap", "circumstance", "jumble",
            "inflection", "same sense", "other sense")  # fmt: skip
# Words more or fewer than in the base sentence, least and most.
LONGER = {
    "paraphrase": (-2, 2), "voice": (-2, 2), "question": (0, 1), "exclamation": (-1, 4), "formality": (-2, 2),
    "longer": (4, 9), "negation": (1, 2), "swap": (-1, 1), "circumstance": (4, 8), "inflection": (-2, 2),
}  # fmt: skip
# Words that go and words that come, at most, a form of the same word counting as the same where the
# stemmer knows it for one.
EDITS = {
    "voice": (3, 4), "question": (1, 2), "exclamation": (2, 4), "longer": (0, 9), "swap": (2, 2),
    "circumstance": (6, 12), "jumble": (0, 0), "inflection": (3, 3), "negation": (1, 3),
    "synonym": (1, 2), "antonym": (1, 2), "unrelated": (1, 2),
}  # fmt: skip
LENGTH_AUC = (0.45, 0.55)
SENSE_AUC = (0.4, 0.6)  # how well the other words alone may tell two senses
SHARED = (0.2, 0.6)  # of the base's content words, in a paraphrase
OPPOSITES = ("gradable", "complementary", "reversive")  # what a reason for an antonym that WordNet lacks begins with
# Groups of curated/converses.txt whose pairs are no antonyms of an anchor. The other groups are of opposites.
NOT_OPPOSITE = ("converses", "a woman and a man", "members of one set")
OPENINGS = 0.1  # of the exclamations, that begin with the same word
UNRELATED = 0.41  # cosine: two standard deviations above the mean of random words
FREQUENCY = 0.7  # Zipf, between an anchor and the unrelated word in its place
VECTORS = "glove-6b-50d"
# What comes and goes with the tense of a verb or the number of a noun.
HELPERS = {"am", "is", "are", "was", "were", "be", "been", "being", "has", "have", "had", "will"}
NUMBERS = {
    word: value
    for value, names in enumerate([
        "two second both twice twins", "three third", "four fourth", "five fifth", "six sixth", "seven seventh",
        "eight eighth", "nine ninth", "ten tenth", "eleven eleventh", "twelve twelfth",
    ], start=2)
    for word in names.split()
} | {
    "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "fortnight": 2,
}  # fmt: skip
MULTIPLES = {"dozen": 12, "decades": 10, "hundred": 100, "thousand": 1000, "grand": 1000}
SENSE_KEY = re.compile(r"([a-z-]+)%[1-5]:\d\d:\d\d:(\w*:\d\d)?:?")

stem = PorterStemmer().stem


def tokens(sentence: str) -> list[str]:
    """Split a sentence into words, in lower case."""
    return [word.lower() for word in re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)*", sentence)]


def bag(sentence: str, forms: list[str]) -> Counter[str]:
    """Count the stems of a sentence; all forms of the anchor are one, and so are the articles."""
    own = {form.lower() for form in forms}
    return Counter(
        "(anchor)" if word in own else "(article)" if word in ARTICLES else stem(word) for word in tokens(sentence)
    )


def names(sentence: str) -> set[str]:
    """Find the words with a capital or a digit after the first word: names, days, months, numbers; in lower case."""
    inner = re.findall(r"[^\W_]+(?:['\u2019][^\W_]+)*", sentence)[1:]
    return {re.sub("['\u2019]s$", "", word.lower()) for word in inner if word[0].isupper() or word[0].isdigit()} - {"i"}


def numbers(sentence: str) -> set[int]:
    """Find the numbers from two on that a sentence has in words, such as 30 in "three decades"."""
    found: list[int] = []
    words = [re.split("['\u2019]", word)[0] for word in tokens(sentence)]
    for before, word in itertools.pairwise(["", *words]):
        if word in MULTIPLES and before in NUMBERS:
            found[-1] *= MULTIPLES[word]
        elif word in NUMBERS:
            found.append(NUMBERS[word])
    return set(found)


def check_numbers(base: pd.Series, row: pd.Series) -> Iterator[str]:
    """Find where a variation has other numbers than its base; a longer one may have more."""
    if row["kind"] in ("circumstance", "inflection", "jumble"):
        return
    before, after = numbers(base["sentence"]), numbers(row["sentence"])
    if before - after or (row["kind"] != "longer" and after - before):
        yield f"numbers are {sorted(after)}, in the base sentence {sorted(before)}"


def check_inflection(base: pd.Series, row: pd.Series) -> Iterator[str]:
    """Find an anchor in the form of the base, and other words, or another order, than its form asks for."""
    if row["form"].lower() == base["form"].lower():
        yield f"the anchor is {row['form']!r}, as in the base sentence"
    around = [
        [stem(word) for word in tokens(text) if word not in {*base["forms"], *HELPERS, *ARTICLES}]
        for text in (base["sentence"], row["sentence"])
    ]
    matcher = SequenceMatcher(None, around[0], around[1], autojunk=False)
    edits = [edit for edit in matcher.get_opcodes() if edit[0] != "equal"]
    if len(edits) > 1 or any(max(end - start, to - at) > 1 for _, start, end, at, to in edits):
        yield f"more than the form of the anchor is changed; the words around it were {' '.join(around[0])}"


def check_edit(base: pd.Series, row: pd.Series) -> Iterator[str]:
    """Find what is wrong with a variation of a base sentence."""
    kind = row["kind"]
    more = len(tokens(row["sentence"])) - len(tokens(base["sentence"]))
    low, high = LONGER.get(kind, (-1, 1))
    if kind != "jumble" and not low <= more <= high:
        yield f"{more:+d} words; {kind} allows {low:+d} to {high:+d}"
    before, after = bag(base["sentence"], base["forms"]), bag(row["sentence"], base["forms"])
    gone, new = before - after, after - before
    if kind in EDITS and (gone.total() > EDITS[kind][0] or new.total() > EDITS[kind][1]):
        yield f"too much is changed: {sorted(gone)} went, {sorted(new)} came"
    if kind == "jumble":
        if Counter(tokens(row["sentence"])) != Counter(tokens(base["sentence"])):
            yield "no permutation of the base sentence's words"
        if tokens(row["sentence"]) == tokens(base["sentence"]):
            yield "the words stand in the order of the base sentence"
    elif tokens(row["sentence"]) == tokens(base["sentence"]):
        yield "the words are those of the base sentence"
    if kind == "inflection":
        yield from check_inflection(base, row)
    yield from check_numbers(base, row)
    if kind == "exclamation" and (opening := re.match(r"(How|What)( \w+){1,2},", row["sentence"])):
        yield f"a statement follows after {opening.group()!r}"
    if kind == "negation":
        if not set(new) & NEGATORS:
            yield "no negator was added"
        extra = set(new) - NEGATORS - {stem(word) for word in AUXILIARIES} - AUXILIARIES
        if len(extra) > len(gone):  # an irregular verb goes and its infinitive comes
            yield f"more than a negator was added: {sorted(extra)}"
    if kind == "paraphrase":
        content = [stem(word) for word in tokens(base["sentence"]) if word not in STOPWORDS]
        least, most = SHARED
        if not least <= (same := np.mean([word in after for word in content])) <= most:
            yield f"{same:.0%} of the base sentence's content words are there; allowed: {least:.0%} to {most:.0%}"
        if names(base["sentence"]) - set(tokens(row["sentence"])) or names(row["sentence"]) - set(
            tokens(base["sentence"])
        ):
            yield f"names are {sorted(names(row['sentence']))}, in the base sentence {sorted(names(base['sentence']))}"
    ends = {"question": "?", "exclamation": "!"}
    if not row["sentence"].rstrip("\"'\u201d\u2019").endswith(ends.get(kind, (".", "!", "?"))):
        yield f"the end mark is not that of a {kind}"


def check_unrelated(row: pd.Series, lexicon: pd.DataFrame, vectors: dict[str, np.ndarray]) -> Iterator[str]:
    """Find where the word in an anchor's place is rarer or more frequent than it, or near it in meaning."""
    word, anchor = row["word"].lower(), row["anchor"]
    if word not in lexicon.index or word not in vectors:
        yield f"{word!r} is not in the lexicon, or {VECTORS} does not have it"
        return
    if abs(gap := lexicon["zipf"][word] - lexicon["zipf"][anchor]) > FREQUENCY:
        yield f"{word!r} is not as frequent as the anchor: {gap:+.2f} Zipf"
    if (near := cosine(vectors[word], vectors[anchor])) > UNRELATED:
        yield f"{word!r} is near the anchor in {VECTORS}: cosine {near:.2f}, at most {UNRELATED} is allowed"


def check_words(
    row: pd.Series, facts: set[tuple[str, ...]], lexicon: pd.DataFrame, vectors: dict[str, np.ndarray]
) -> Iterator[str]:
    """Find what is wrong with the word that stands in an anchor's place, or with a sense key."""
    kind, word = row["kind"], row["word"]
    if kind in OWN_FORM and row["form"].lower() not in row["forms"]:
        yield f"{row['form']!r} is none of the anchor's forms {row['forms']}"
    if kind in REPLACED:
        shared = 1 if row["pos"] == "verb" else min(3, len(word))  # letters in front; verbs may be irregular
        if not word or row["form"][:shared].lower() != word[:shared].lower():
            yield f"the form {row['form']!r} is not the stated word {word!r}"
        listed = (row["pos"], row["anchor"], kind, word) in facts
        if kind != "unrelated" and not listed and not row["reason"]:
            yield f"{word!r} is not WordNet's {kind}, and there is no reason"
        if (kind, row["anchor"], word) in read_rejected():
            yield f"{word!r} was rejected as {kind}: see curated/anchors/rejected.tsv"
        group = read_converses().get(frozenset((row["anchor"], word)), "")
        if kind == "antonym" and group.startswith(NOT_OPPOSITE):
            yield f"{word!r} is no opposite: {group}"
        if kind == "antonym" and not listed and row["reason"].partition(":")[0] not in OPPOSITES:
            yield f"the reason does not begin with a kind of opposites: {', '.join(OPPOSITES)}"
        if kind == "unrelated":
            yield from check_unrelated(row, lexicon, vectors)
    if kind.endswith("sense") or row["sense"]:
        key = SENSE_KEY.fullmatch(row["sense"])
        if not key or key.group(1) != row["anchor"]:
            yield f"{row['sense']!r} is no sense key of the anchor"


def check_file(frame: pd.DataFrame, vectors: dict[str, np.ndarray]) -> Iterator[str]:
    """Find what is wrong with the file as a whole: duplicates, alike bases, lengths."""
    for sentence, ids in frame.groupby(frame["sentence"].str.lower().str.strip())["id"]:
        if len(ids) > 1:
            yield f"{', '.join(ids)}: the same sentence: {sentence!r}"
    bases = frame[frame["kind"] == "base"].set_index("anchor")
    content = {anchor: {stem(w) for w in tokens(s) if w not in STOPWORDS} for anchor, s in bases["sentence"].items()}
    for one, other in itertools.combinations(content, 2):
        if len(content[one] & content[other]) > 0.3 * len(content[one] | content[other]):
            yield f"the base sentences of {one!s} and {other!s} are alike"
    words = frame["sentence"].map(lambda sentence: len(tokens(sentence)))
    more = words - frame["anchor"].map(words[bases_of(frame)].set_axis(bases.index))
    openings = frame.loc[frame["kind"] == "exclamation", "sentence"].str.split(n=1).str[0].value_counts()
    for opening in openings.index[openings > max(3, OPENINGS * openings.sum())]:
        yield f"{openings[opening]} exclamations begin with {opening!r}"
    yield from check_senses(frame, vectors)
    auc = mean_wins(*(more[frame["meaning"] == meaning].to_numpy(dtype=float) for meaning in ("kept", "changed")))
    if not LENGTH_AUC[0] <= auc <= LENGTH_AUC[1]:
        yield f"length tells kept from changed meaning: area {auc:.3f}, allowed {LENGTH_AUC}"


def check_senses(frame: pd.DataFrame, vectors: dict[str, np.ndarray]) -> Iterator[str]:
    """Find anchors whose senses the other words of the sentences give away: by topic, or by the contrary."""
    frame = frame[frame["kind"].isin(["base", "same sense", "other sense"])]
    frame = frame[frame["anchor"].isin(frame.loc[frame["kind"] == "other sense", "anchor"])]
    others = {
        row: [word for word in tokens(sentence) if word not in STOPWORDS and word not in forms]
        for row, sentence, forms in zip(frame.index, frame["sentence"], frame["forms"], strict=True)
    }
    means = {row: np.mean([vectors[w] for w in words if w in vectors], axis=0) for row, words in others.items()}
    wins = {}
    for anchor, own in frame.groupby("anchor"):
        nearness = {
            kind: [cosine(means[row], means[own.index[own["kind"] == "base"][0]]) for row in rows.index]
            for kind, rows in own.groupby("kind")
        }
        wins[anchor] = mean_wins(np.array(nearness["same sense"]), np.array(nearness["other sense"]))
        if wins[anchor] in (0, 1):
            where = "nearer to" if wins[anchor] else "further from"
            yield f"{anchor}: by topic, every sentence of its sense is {where} the base than any of the other sense"
    if wins and not SENSE_AUC[0] <= (mean := float(np.mean(list(wins.values())))) <= SENSE_AUC[1]:
        yield f"topic tells the senses apart: mean area {mean:.3f}, allowed {SENSE_AUC}"


def unit_vectors(frame: pd.DataFrame) -> dict[str, np.ndarray]:
    """Give the vectors of all words of the sentences, of length one."""
    words = {word for sentence in frame["sentence"] for word in tokens(sentence)}
    table = embed_words(VECTORS, sorted({*words, *frame["anchor"], *frame["word"].str.lower()} - {""}))
    unit = table.vectors / np.linalg.norm(table.vectors, axis=1, keepdims=True)
    return dict(zip(table.keys, unit, strict=True))


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    """Give the cosine of two vectors (d,)."""
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def bases_of(frame: pd.DataFrame) -> pd.Series:
    """Mark the base sentences."""
    return frame["kind"] == "base"


def check_size(frame: pd.DataFrame) -> Iterator[str]:
    """Find what the book's own file lacks: anchors of each part of speech, senses, sentences, variations."""
    bases = frame[bases_of(frame)]
    for pos, least in {"verb": 60, "noun": 60, "adjective": 60}.items():
        if (found := int((bases["pos"] == pos).sum())) < least:
            yield f"{found} anchors are {pos}s; at least {least} are wanted"
    if (found := int(frame.loc[frame["kind"] == "other sense", "anchor"].nunique())) < 60:
        yield f"{found} anchors have two senses; at least 60 are wanted"
    if len(frame) < 2500:
        yield f"{len(frame)} sentences; at least 2,500 are wanted"
    counts = pd.crosstab(frame["anchor"], frame["kind"])
    for kind in ("base", *KEPT, *CHANGED, "inflection"):
        allowed = (0, 1) if kind in OPTIONAL else (1,)
        for anchor in counts.index[~counts[kind].isin(allowed)]:
            yield f"{anchor} has {counts.loc[anchor, kind]} sentences of the kind {kind}; one is wanted"
        if (found := int(counts[kind].sum())) < 100:
            yield f"{found} anchors have a sentence of the kind {kind}; at least 100 are wanted"
    for kind in ("same sense", "other sense"):
        for anchor in counts.index[~counts[kind].isin([0, 3])]:
            yield f"{anchor} has {counts.loc[anchor, kind]} sentences of the kind {kind}; none or three are wanted"
    for anchor, senses in frame[frame["sense"] != ""].groupby("anchor"):
        own = senses.loc[senses["kind"] != "other sense", "sense"]
        if own.nunique() != 1 or own.iloc[0] in set(senses.loc[senses["kind"] == "other sense", "sense"]):
            yield f"{anchor!s}: the sense keys are not one for the base's sense and one for the other"


def check(frame: pd.DataFrame, facts: set[tuple[str, ...]], *, any_size: bool = False) -> list[str]:
    """List what is wrong with anchor sentences; `facts` are WordNet's (pos, anchor, kind, word)."""
    lexicon, vectors = load_lexicon(), unit_vectors(frame)
    bases = frame[bases_of(frame)].set_index("anchor", drop=False)
    found = []
    for _, row in frame.iterrows():
        base = bases.loc[row["anchor"]]
        edits = check_edit(base, row) if row["kind"] in (*KEPT, *CHANGED, "inflection") else ()
        found += [
            f"{row['id']}: {what}: {row['sentence']!r}" for what in (*edits, *check_words(row, facts, lexicon, vectors))
        ]
    return [*found, *check_file(frame, vectors), *(() if any_size else check_size(frame))]


@cache
def read_rejected() -> set[tuple[str, ...]]:
    """Read (kind, anchor, word) of the words that readers found not to be what they were listed as."""
    return {tuple(line.split("\t")) for line in read_lines("anchors/rejected.tsv")[1:]}


def read_facts(path: Path) -> set[tuple[str, ...]]:
    """Read the synonyms and antonyms that WordNet lists."""
    return {tuple(line.split("\t")) for line in path.read_text(encoding="utf-8").splitlines()[1:]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", nargs="?", type=Path, default=FOLDER / "anchors.jsonl")
    parser.add_argument("--wordnet", type=Path, default=FOLDER / "wordnet.tsv")
    parser.add_argument("--any-size", action="store_true")
    given = parser.parse_args()
    frame = read_anchors(given.file)
    found = check(frame, read_facts(given.wordnet), any_size=given.any_size)
    print("\n".join(found) or f"{given.file.name}: {len(frame):,} sentences, all checks pass")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
