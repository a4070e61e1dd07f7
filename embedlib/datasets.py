"""Readers of test sets: word relations, analogies, similarity ratings, categories, sentences.

Every reader gives a tidy frame and refuses a malformed line by file and line number.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from embedlib.errors import InputError, UnknownNameError
from embedlib.lines import numbered_lines
from embedlib.paths import data_dir
from embedlib.sentences import read_anchors, read_sts


def load_dataset(name: str, *, path: str | Path | None = None) -> pd.DataFrame:
    """Read a test set as a frame.

    Relations (`bats`; without a path the book's own, in the same layout): columns group, relation,
    source and targets, a tuple of right answers, the first the best. `_` in a word is a space.
    Analogies (`google-analogies`; `msr-analogies`, with a path): columns relation, a, a2, b, b2;
    "a is to a2 as b is to b2". Similarity (`wordsim353`, `simlex999`; with a path `men`,
    `rareword`, `simverb3500`, `semeval2017`): columns word1, word2, score, on the set's own scale.
    `categories`: columns category, word. Words are in lower case; those of gensim's sets too.
    Sentences: `anchors`, anchor words in controlled variations of a sentence, see
    `embedlib.sentences.read_anchors`; `sts` (with a path, also `stsb`), pairs rated from 0 to 5,
    see `embedlib.sentences.read_sts`.

    `path` is the file, or for `bats`, `msr-analogies` and `semeval2017` the folder, as it is
    distributed. Raises `UnknownNameError` for an unknown name and `InputError` for a path that is
    needed or does not exist, and for a malformed line.
    """
    if name not in _READERS:
        raise UnknownNameError.of("data set", name, _READERS)
    read, default = _READERS[name]
    if path is None and default is None:
        raise InputError(f"{name} is not part of this project: give its file or folder as `path`")
    where = Path(path).expanduser() if path is not None else default() if default else Path()
    if not where.exists():
        raise InputError(f"{name}: {str(where)!r} does not exist")
    frame = read(where)
    if frame.empty:
        raise InputError(f"{where} holds no item of {name}")
    return frame


def words_of(frame: pd.DataFrame) -> list[str]:
    """List the distinct words of a test set in their order, right answers among them."""
    found: dict[str, None] = {}
    for column in frame.columns.intersection(["source", "targets", "a", "a2", "b", "b2", "word1", "word2", "word"]):
        for cell in frame[column]:
            found |= dict.fromkeys([cell] if isinstance(cell, str) else cell)
    return list(found)


def _words(text: str) -> str:
    return text.strip().lower().replace("_", " ")


def _relations(folder: Path) -> pd.DataFrame:
    """Read a folder in BATS's layout: a folder a group, a file a relation, `source TAB a/b/c` a line.

    A source that stands twice has the answers of both lines.
    """
    rows = []
    for file in sorted(folder.glob("*/*.txt")):
        answers_of: dict[str, tuple[str, ...]] = {}
        for place, line in numbered_lines(file):
            source, tab, answers = line.partition("\t")
            targets = tuple(_words(target) for target in answers.split("/") if target.strip())
            source = _words(source)
            if not tab or not source or not targets:
                raise InputError(f"{place}: {line!r} is not `word TAB answer/answer/...`")
            answers_of[source] = tuple(dict.fromkeys([*answers_of.get(source, ()), *targets]))
        rows += [(_group(file.parent.name), file.stem, source, targets) for source, targets in answers_of.items()]
    return pd.DataFrame(rows, columns=["group", "relation", "source", "targets"])


def _group(folder: str) -> str:
    """Name a group by its folder: "1_Inflectional_morphology" is inflectional."""
    return folder.lstrip("0123456789_").split("_")[0].lower()


def _questions(file: Path) -> pd.DataFrame:
    """Read word2vec's layout: a line `: name` before each relation, then four words a line."""
    rows, relation = [], file.stem
    for place, line in numbered_lines(file):
        if line.startswith(":"):
            relation = line[1:].strip()
            continue
        words = [_words(word) for word in line.split()]
        if len(words) != 4:
            raise InputError(f"{place}: {line!r} has {len(words)} words; a question has 4")
        rows.append((relation, *words))
    return pd.DataFrame(rows, columns=["relation", "a", "a2", "b", "b2"])


def _msr(path: Path) -> pd.DataFrame:
    """Read the MSR set: a folder of questions (three words) and answers (tag, word), or word2vec's layout."""
    if path.is_file():
        return _questions(path)
    asked = list(numbered_lines(path / "word_relationship.questions"))
    answers = list(numbered_lines(path / "word_relationship.answers"))
    if len(asked) != len(answers):
        raise InputError(f"{path}: {len(asked)} questions and {len(answers)} answers")
    rows = []
    for (place, question), (answer_place, answer) in zip(asked, answers, strict=True):
        words, parts = question.split(), answer.split()
        if len(words) != 3:
            raise InputError(f"{place}: {question!r} has {len(words)} words; a question has 3")
        if len(parts) != 2:
            raise InputError(f"{answer_place}: {answer!r} is not a tag and a word")
        rows.append((parts[0], *(_words(word) for word in [*words, parts[1]])))
    return pd.DataFrame(rows, columns=["relation", "a", "a2", "b", "b2"])


def _rated(
    separator: str | None, column: int, *, header: bool = False, tagged: bool = False
) -> Callable[[Path], pd.DataFrame]:
    """Make a reader of two words and a score in a column; `tagged` words end in -n, -v or -j."""

    def read(file: Path) -> pd.DataFrame:
        rows = []
        for number, (place, line) in enumerate(numbered_lines(file)):
            if header and number == 0:
                continue
            cells = line.split(separator)
            score = _number(cells[column]) if len(cells) > column else None
            if score is None or not cells[0].strip() or not cells[1].strip():
                raise InputError(f"{place}: {line!r} is not two words and a score in column {column + 1}")
            words = [_words(cell) for cell in cells[:2]]
            if tagged:
                words = [word[:-2] if word[-2:] in {"-n", "-v", "-j"} else word for word in words]
            rows.append((*words, score))
        return pd.DataFrame(rows, columns=["word1", "word2", "score"])

    return read


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _semeval(path: Path) -> pd.DataFrame:
    """Read SemEval-2017 task 2: `en.test.data.txt` (or its folder) and the gold scores beside or in `../keys`."""
    data = path / "en.test.data.txt" if path.is_dir() else path
    name = data.name.replace(".data.", ".gold.")
    gold = next((p for p in (data.with_name(name), data.parent.parent / "keys" / name) if p.is_file()), None)
    if gold is None or gold == data:
        raise InputError(f"{data}: its gold scores {name} are neither beside it nor in ../keys")
    pairs, scores = list(numbered_lines(data)), list(numbered_lines(gold))
    if len(pairs) != len(scores):
        raise InputError(f"{data} has {len(pairs)} pairs and {gold} has {len(scores)} scores")
    rows = []
    for (place, line), (gold_place, text) in zip(pairs, scores, strict=True):
        words = [_words(word) for word in line.split("\t")]
        score = _number(text)
        if len(words) != 2 or not all(words):
            raise InputError(f"{place}: {line!r} is not `word TAB word`")
        if score is None:
            raise InputError(f"{gold_place}: {text!r} is not a number")
        rows.append((*words, score))
    return pd.DataFrame(rows, columns=["word1", "word2", "score"])


def _categories(file: Path) -> pd.DataFrame:
    rows = []
    for number, (place, line) in enumerate(numbered_lines(file)):
        cells = line.split("\t")
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise InputError(f"{place}: {line!r} is not `category TAB word`")
        if number:
            rows.append((cells[0].strip(), _words(cells[1])))
    return pd.DataFrame(rows, columns=["category", "word"])


def _of_gensim(name: str) -> Callable[[], Path]:
    def find() -> Path:
        from gensim.test.utils import datapath

        return Path(datapath(name))

    return find


_Reader = tuple[Callable[[Path], pd.DataFrame], Callable[[], Path] | None]
_READERS: dict[str, _Reader] = {
    "bats": (_relations, lambda: data_dir() / "relations"),
    "categories": (_categories, lambda: data_dir() / "categories.tsv"),
    "google-analogies": (_questions, _of_gensim("questions-words.txt")),
    "msr-analogies": (_msr, None),
    "wordsim353": (_rated("\t", 2), _of_gensim("wordsim353.tsv")),
    "simlex999": (_rated("\t", 2), _of_gensim("simlex999.txt")),
    "men": (_rated(None, 2, tagged=True), None),
    "rareword": (_rated("\t", 2), None),
    "simverb3500": (_rated("\t", 3), None),
    "semeval2017": (_semeval, None),
    "anchors": (read_anchors, lambda: data_dir() / "anchors" / "anchors.jsonl"),
    "sts": (read_sts, lambda: data_dir() / "sts" / "pairs.tsv"),
    "stsb": (read_sts, None),
}
