"""Readers of tables whose first line names the columns: labelled pairs, words in categories, analogy questions."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pandas as pd

from embedlib.datasets.categories import read_categories
from embedlib.datasets.ratings import clean_words
from embedlib.datasets.relations import read_msr
from embedlib.datasets.table_files import say_left_out, split_rows
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

_PAIR = {"word1": ("word1", "concept", "source"), "word2": ("word2", "relatum", "target"), "relation": ("relation",)}
_CATEGORY = {"category": ("category", "class", "label"), "word": ("word",)}
_QUESTION = {"relation": ("type", "relation", "category"), "a": ("word1", "a"), "a2": ("word2", "a2"),
             "b": ("word3", "b"), "b2": ("target", "word4", "b2")}  # fmt: skip
_UNKNOWN = {"", "?"}  # relations that are none


def read_labelled_pairs(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read pairs of words with a relation each: columns word1, word2 and relation (baroni2011we).

    Cells are separated by tabs, semicolons or commas, and the first line names the columns. Rows without a word,
    without a relation (empty or `?`) and repeated ones are left out: `frame.attrs["left_out"]` has how many, by reason.
    A pair may have several relations. Raises `InputError` with file and line for a column that is missing and for a
    line that is too short.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text("word1,word2,relation\ndog,animal,hyper\ndog,re-join,?\n")
        ...     read_labelled_pairs(path).to_numpy().tolist()
        [['dog', 'animal', 'hyper']]
    """
    found = []
    for _, (first, second, relation) in _named_rows(path, encoding, _PAIR):
        row = (clean_words(first), clean_words(second), relation)
        reason = "no word" if not row[0] or not row[1] else "no relation" if relation in _UNKNOWN else ""
        found.append((row, reason))
    return _distinct(path, _PAIR, found)


def read_category_table(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read words in categories from a table that names its columns, or as `read_categories` does: category and word.

    Rows without a word and repeated ones are left out and counted. A word may be in several categories. Raises
    `InputError` with file and line for a column that is missing and for a line that is too short.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text(",category,word\n0,pets,guinea_pig\n1,pets,\n")
        ...     read_category_table(path).to_numpy().tolist()
        [['pets', 'guinea pig']]
    """
    first = next(numbered_lines(path, encoding), ("", ""))[1]
    if first.count("\t") == 1:
        return read_categories(path, encoding)
    found = []
    for _, (category, word) in _named_rows(path, encoding, _CATEGORY):
        row = (clean_words(category), clean_words(word))
        found.append((row, "no category" if not row[0] else "no word" if not row[1] else ""))
    return _distinct(path, _CATEGORY, found)


def read_question_table(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read analogy questions from a table that names its columns, or as `read_msr` does.

    Gives the columns of `embedlib.datasets.relations.read_questions`. Quotes and blanks around words are taken off.
    Raises `InputError` with file and line for a column that is missing and for a question without four words.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text(",type,word1,word2,word3,target\n0,JJ_JJR,good,better,rough,rougher\n")
        ...     read_question_table(path).iloc[0].to_list()
        ['JJ_JJR', 'good', 'better', 'rough', 'rougher']
    """
    if path.is_dir() or "," not in next(numbered_lines(path, encoding), ("", ""))[1]:
        return read_msr(path, encoding)
    rows = []
    for place, cells in _named_rows(path, encoding, _QUESTION):
        words = [clean_words(cell) for cell in cells[1:]]
        if not cells[0] or not all(words):
            raise InputError(f"{place}: {cells} is not a relation and four words")
        rows.append((cells[0], *words))
    return pd.DataFrame(rows, columns=list(_QUESTION))


def _named_rows(
    path: Path, encoding: str, wanted: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Give the cells of the wanted columns of each row, with its place; blank rows are passed over."""
    lines = list(numbered_lines(path, encoding))
    if not lines:
        raise InputError(f"{path} is empty")
    separator = max("\t;,", key=lines[0][1].count)
    header, *rows = split_rows(lines, separator)
    names = [cell.lower() for cell in header.cells]
    places = []
    for column, known in wanted.items():
        found = [names.index(name) for name in known if name in names]
        if not found:
            raise InputError(f"{header.place}: no column {' or '.join(map(repr, known))} for the {column}; "
                             f"the first line names {', '.join(map(repr, header.cells))}")  # fmt: skip
        places.append(found[0])
    for row in rows:
        if row.blank:
            continue
        if len(row.cells) <= max(places):
            raise InputError(f"{row.place}: {row.cells} has {len(row.cells)} cells; the first line names {len(names)}")
        yield row.place, tuple(row.cells[at] for at in places)


def _distinct(path: Path, columns: Iterable[str], found: Iterable[tuple[tuple[str, ...], str]]) -> pd.DataFrame:
    """Make a table of rows, each once, without those that have a reason to be left out; count and log these."""
    rows: dict[tuple[str, ...], None] = {}
    left_out: Counter[str] = Counter()
    for row, reason in found:
        if reason or row in rows:
            left_out[reason or "listed before"] += 1
        else:
            rows[row] = None
    frame = pd.DataFrame(list(rows), columns=list(columns))
    frame.attrs["left_out"] = dict(left_out)
    if left_out:
        logger.warning("%s: rows left out: %s", path.name, say_left_out(frame.attrs["left_out"]))
    return frame
