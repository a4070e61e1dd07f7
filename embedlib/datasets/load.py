"""Load test sets by name, and list their words.

A test set is a tidy table of one of five shapes, see `embedlib.datasets.schemas`. The sets themselves are listed in
catalogue.toml.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from embedlib.datasets.catalogue import find_dataset
from embedlib.datasets.table_files import say_left_out
from embedlib.datasets.word_forms import WORD_COLUMNS, as_asked
from embedlib.errors import InputError

__all__ = ["as_asked", "load_dataset", "load_ratings", "words_of"]


def load_dataset(name: str, *, path: str | Path | None = None, encoding: str = "utf-8") -> pd.DataFrame:
    """Load a test set as a table.

    `name` is one of catalogue.toml, or one that an installed package registers. The columns depend on the shape:

    - relations (`bats`; without a path the book's own, in the same layout): group, relation, source and targets,
      a tuple of right answers, the best first.
    - questions (`google-analogies`; with a path `msr-analogies`): relation, a, a2, b and b2; "a is to a2 as b is
      to b2".
    - pairs of words (`wordsim353` and `simlex999`; with a path among others `men` and `simverb3500`, and `similarity`
      for any other table of two words and a number): word1, word2 and score, on the set's own scale, see
      `embedlib.datasets.ratings.read_ratings`.
    - pairs of sentences (`sts`; with a path also `stsb`): sentence1, sentence2 and score, from 0 to 5, see
      `embedlib.datasets.sentence_pairs.read_sts`.
    - categories (`categories`): category and word.
    - sentences (`anchors`): anchor words in controlled variations of a sentence, see
      `embedlib.datasets.sentences.read_anchors`.

    `_` in a word is a space. Words keep their capitals; `embedlib.datasets.word_forms.as_asked` puts them in the
    form in which a model is asked.

    `path` is the file, or for `bats`, `msr-analogies`, `semeval2017` and `sts` the folder, as it is
    distributed; `encoding` is that of its text, where it is not UTF-8. Raises `UnknownNameError` for an
    unknown name or encoding and `InputError` for a path that is needed or does not exist, and for a malformed line.

    Example:
        >>> rated = load_dataset("wordsim353")
        >>> rated.shape
        (353, 3)
        >>> rated.columns.to_list()
        ['word1', 'word2', 'score']
    """
    dataset = find_dataset(name)
    where = Path(path).expanduser() if path is not None else dataset.location()
    if where is None:
        raise InputError(f"{name} is not part of this project: give its file or folder as `path`")
    if not _exists(where):
        raise InputError(f"{name}: {str(where)!r} does not exist")
    frame = dataset.read(where, encoding)
    if frame.empty:
        left_out = frame.attrs.get("left_out")
        raise InputError(
            f"{where} holds no item of {name}{f'; left out: {say_left_out(left_out)}' if left_out else ''}"
        )
    return frame


def load_ratings(paths: Sequence[str | Path], taken: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    r"""Load rated word pairs from files of one's own; each table is named by its file without the ending.

    `paths` are files as `load_dataset("similarity", path=...)` takes them. `taken` are names that are in use.
    Raises `InputError` where two files have one name, where a name is taken, and as `load_dataset` does.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text("dog,cat,7\ndog,car,1.5\n")
        ...     load_ratings([path])["mine"]["score"].to_list()
        [7.0, 1.5]
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
