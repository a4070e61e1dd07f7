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
from pathlib import Path

import numpy as np
import pandas as pd
from gensim.parsing.porter import PorterStemmer
from gensim.parsing.preprocessing import STOPWORDS

from embedlib.datasets.lexicon import load_lexicon
from embedlib.datasets.sentences import CHANGED, KEPT, read_anchors
from embedlib.metrics.senses import mean_wins

FOLDER = Path(__file__).parents[1] / "anchors"
NEGATORS = {"not", "never", "no", "nobody", "nothing", "none"}
AUXILIARIES = {"do", "does", "did", "any", "anyone", "anything", "ever"}
ARTICLES = {"a", "an", "the", "there"}
REPLACED = ("synonym", "antonym", "unrelated")  # one word stands in the anchor's place
OWN_FORM = ("base", "voice", "question", "exclamation", "longer", "negation", "swap", "circumstance", "jumble",
            "inflection", "same sense", "other sense")  # fmt: skip
# Words more or fewer than in the base sentence, least and most.
LONGER = {
    "paraphrase": (-2, 2), "voice": (-2, 2), "question": (0, 1), "exclamation": (0, 2), "formality": (-2, 2),
    "longer": (4, 9), "negation": (1, 2), "swap": (-1, 1), "circumstance": (4, 8), "inflection": (-2, 2),
}  # fmt: skip
# Words that go and words that come, at most, a form of the same word counting as the same where the
# stemmer knows it for one.
EDITS = {
    "voice": (3, 4), "question": (1, 2), "exclamation": (0, 2), "longer": (0, 9), "swap": (2, 2),
    "circumstance": (6, 12), "jumble": (0, 0), "inflection": (3, 3), "negation": (1, 3),
    "synonym": (1, 2), "antonym": (1, 2), "unrelated": (1, 2),
}  # fmt: skip
LENGTH_AUC = (0.45, 0.55)
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
    elif tokens(row["sentence"]) == tokens(base["sentence"]) and kind != "exclamation":
        yield "the words are those of the base sentence"
    if kind == "negation":
        if not set(new) & NEGATORS:
            yield "no negator was added"
        extra = set(new) - NEGATORS - {stem(word) for word in AUXILIARIES} - AUXILIARIES
        if len(extra) > len(gone):  # an irregular verb goes and its infinitive comes
            yield f"more than a negator was added: {sorted(extra)}"
    if kind == "paraphrase":
        content = [stem(word) for word in tokens(base["sentence"]) if word not in STOPWORDS]
        if (same := np.mean([word in after for word in content])) > 0.6:
            yield f"{same:.0%} of the content words are the base sentence's"
    ends = {"question": "?", "exclamation": "!"}
    if not row["sentence"].rstrip("\"'\u201d\u2019").endswith(ends.get(kind, (".", "!", "?"))):
        yield f"the end mark is not that of a {kind}"


def check_words(row: pd.Series, facts: set[tuple[str, ...]], zipf: pd.Series) -> Iterator[str]:
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
        if kind == "unrelated" and not abs(zipf.get(word.lower(), np.inf) - zipf.get(row["anchor"], 0)) <= 0.7:
            yield f"{word!r} is not as frequent as the anchor"
    if kind.endswith("sense") or row["sense"]:
        key = SENSE_KEY.fullmatch(row["sense"])
        if not key or key.group(1) != row["anchor"]:
            yield f"{row['sense']!r} is no sense key of the anchor"


def check_file(frame: pd.DataFrame) -> Iterator[str]:
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
    auc = mean_wins(*(more[frame["meaning"] == meaning].to_numpy(dtype=float) for meaning in ("kept", "changed")))
    if not LENGTH_AUC[0] <= auc <= LENGTH_AUC[1]:
        yield f"length tells kept from changed meaning: area {auc:.3f}, allowed {LENGTH_AUC}"


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
        for anchor in counts.index[counts[kind] != 1]:
            yield f"{anchor} has {counts.loc[anchor, kind]} sentences of the kind {kind}; one is wanted"
    for kind in ("same sense", "other sense"):
        for anchor in counts.index[~counts[kind].isin([0, 3])]:
            yield f"{anchor} has {counts.loc[anchor, kind]} sentences of the kind {kind}; none or three are wanted"
    for anchor, senses in frame[frame["sense"] != ""].groupby("anchor"):
        own = senses.loc[senses["kind"] != "other sense", "sense"]
        if own.nunique() != 1 or own.iloc[0] in set(senses.loc[senses["kind"] == "other sense", "sense"]):
            yield f"{anchor!s}: the sense keys are not one for the base's sense and one for the other"


def check(frame: pd.DataFrame, facts: set[tuple[str, ...]], *, any_size: bool = False) -> list[str]:
    """List what is wrong with anchor sentences; `facts` are WordNet's (pos, anchor, kind, word)."""
    zipf = load_lexicon()["zipf"]
    bases = frame[bases_of(frame)].set_index("anchor", drop=False)
    found = []
    for _, row in frame.iterrows():
        base = bases.loc[row["anchor"]]
        edits = check_edit(base, row) if row["kind"] in (*KEPT, *CHANGED, "inflection") else ()
        found += [f"{row['id']}: {what}: {row['sentence']!r}" for what in (*edits, *check_words(row, facts, zipf))]
    return [*found, *check_file(frame), *(() if any_size else check_size(frame))]


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
