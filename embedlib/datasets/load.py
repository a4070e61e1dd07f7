"""Readers of test sets: word relations, analogies, similarity ratings, categories, sentences.

Every reader gives a tidy frame and refuses a malformed line by file and line number.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from embedlib._util.paths import data_dir
from embedlib.datasets.ratings import clean_words, read_ratings
from embedlib.datasets.relations import read_msr, read_questions, read_relations
from embedlib.datasets.sentence_pairs import read_sts
from embedlib.datasets.sentences import read_anchors
from embedlib.datasets.table_files import number_in, say_left_out
from embedlib.datasets.text_files import numbered_lines
from embedlib.datasets.word_forms import WORD_COLUMNS, as_asked
from embedlib.errors import InputError, UnknownNameError

__all__ = ["as_asked", "load_dataset", "load_ratings", "words_of"]


def load_dataset(name: str, *, path: str | Path | None = None, encoding: str = "utf-8") -> pd.DataFrame:
    """Read a test set as a frame.

    Relations (`bats`; without a path the book's own, in the same layout): columns group, relation,
    source and targets, a tuple of right answers, the first the best. `_` in a word is a space.
    Analogies (`google-analogies`; `msr-analogies`, with a path): columns relation, a, a2, b, b2;
    "a is to a2 as b is to b2". Similarity (`wordsim353`, `simlex999`; with a path also `men`,
    `rareword`, `simverb3500`, `semeval2017`, `wordsim353-similarity`, `wordsim353-relatedness`, `rg65`,
    `mc30`, `mturk287`, `mturk771`, `yp130`, `verb143`, `card660`, and `similarity` for any other table
    of two words and a number): columns word1, word2, score, on the set's own scale, see
    `embedlib.datasets.ratings.read_ratings`. `categories`: columns category, word. Words keep their capitals;
    `embedlib.datasets.word_forms.as_asked` puts them in the form in which a model is asked.
    Sentences: `anchors`, anchor words in controlled variations of a sentence, see
    `embedlib.datasets.sentences.read_anchors`; `sts` (with a path, also `stsb`), pairs rated from 0 to 5,
    see `embedlib.datasets.sentence_pairs.read_sts`.

    `path` is the file, or for `bats`, `msr-analogies`, `semeval2017` and `sts` the folder, as it is
    distributed; `encoding` is that of its text, where it is not UTF-8. Raises `UnknownNameError` for an
    unknown name or encoding and `InputError` for a path that is needed or does not exist, and for a malformed line.
    """
    if name not in _READERS:
        raise UnknownNameError.of("data set", name, _READERS)
    read, default = _READERS[name]
    if path is None and default is None:
        raise InputError(f"{name} is not part of this project: give its file or folder as `path`")
    where = Path(path).expanduser() if path is not None else default() if default else Path()
    if not _exists(where):
        raise InputError(f"{name}: {str(where)!r} does not exist")
    frame = read(where, encoding)
    if frame.empty:
        left_out = frame.attrs.get("left_out")
        raise InputError(
            f"{where} holds no item of {name}{f'; left out: {say_left_out(left_out)}' if left_out else ''}"
        )
    return frame


def load_ratings(paths: Sequence[str | Path], taken: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    """Read files of rated word pairs of one's own, each named by its file without the ending; see `load_dataset`.

    Raises `InputError` also where two files have one name, or one that is `taken`.
    """
    found: dict[str, pd.DataFrame] = {}
    for path in paths:
        name = Path(path).stem
        if name in found or name in taken:
            raise InputError(f"{path}: there is another set named {name!r}; give the file another name")
        found[name] = load_dataset("similarity", path=path)
    return found


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or no name
        return False


def words_of(frame: pd.DataFrame) -> list[str]:
    """List the distinct words of a test set in their order, right answers among them."""
    found: dict[str, None] = {}
    for column in frame.columns.intersection(WORD_COLUMNS):
        for cell in frame[column]:
            found |= dict.fromkeys([cell] if isinstance(cell, str) else cell)
    return list(found)


def _semeval(path: Path, encoding: str) -> pd.DataFrame:
    """Read SemEval-2017 task 2: a table, or `en.test.data.txt` (its folder) and gold scores beside or in `../keys`."""
    data = path / "en.test.data.txt" if path.is_dir() else path
    name = data.name.replace(".data.", ".gold.")
    if name == data.name:
        return read_ratings(data, encoding, published=True)
    gold = next((p for p in (data.with_name(name), data.parent.parent / "keys" / name) if p.is_file()), None)
    if gold is None:
        raise InputError(f"{data}: its gold scores {name} are neither beside it nor in ../keys")
    pairs, scores = list(numbered_lines(data, encoding)), list(numbered_lines(gold, encoding))
    if len(pairs) != len(scores):
        raise InputError(f"{data} has {len(pairs)} pairs and {gold} has {len(scores)} scores")
    rows = []
    for (place, line), (gold_place, text) in zip(pairs, scores, strict=True):
        words = [clean_words(word) for word in line.split("\t")]
        score = number_in(text.strip())
        if len(words) != 2 or not all(words):
            raise InputError(f"{place}: {line[:200]!r} is not `word TAB word`")
        if score is None:
            raise InputError(f"{gold_place}: {text[:80]!r} is not a number")
        rows.append((*words, score))
    return pd.DataFrame(rows, columns=["word1", "word2", "score"])


def _categories(file: Path, encoding: str) -> pd.DataFrame:
    rows = []
    for number, (place, line) in enumerate(numbered_lines(file, encoding)):
        cells = line.split("\t")
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise InputError(f"{place}: {line[:200]!r} is not `category TAB word`")
        if number:
            rows.append((cells[0].strip(), clean_words(cells[1])))
    return pd.DataFrame(rows, columns=["category", "word"])


def _of_gensim(name: str) -> Callable[[], Path]:
    def find() -> Path:
        from gensim.test.utils import datapath

        return Path(datapath(name))

    return find


_Reader = tuple[Callable[[Path, str], pd.DataFrame], Callable[[], Path] | None]
_PUBLISHED = partial(read_ratings, published=True)
_READERS: dict[str, _Reader] = {
    "bats": (read_relations, lambda: data_dir() / "relations"),
    "categories": (_categories, lambda: data_dir() / "categories.tsv"),
    "google-analogies": (read_questions, _of_gensim("questions-words.txt")),
    "msr-analogies": (read_msr, None),
    "wordsim353": (_PUBLISHED, _of_gensim("wordsim353.tsv")),
    "simlex999": (_PUBLISHED, _of_gensim("simlex999.txt")),
    "semeval2017": (_semeval, None),
    **dict.fromkeys(
        ["wordsim353-similarity", "wordsim353-relatedness", "men", "rareword", "simverb3500", "rg65", "mc30",
         "mturk287", "mturk771", "yp130", "verb143", "card660"], (_PUBLISHED, None),
    ),
    "similarity": (read_ratings, None),
    "anchors": (read_anchors, lambda: data_dir() / "anchors" / "anchors.jsonl"),
    "sts": (read_sts, lambda: data_dir() / "sts" / "pairs.tsv"),
    "stsb": (read_sts, None),
}  # fmt: skip
