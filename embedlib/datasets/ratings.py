"""Readers of rated word pairs: any table of two words and a number, as its authors distribute it."""

from __future__ import annotations

import itertools
import logging
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from embedlib.datasets.table_files import SEPARATORS, Row, number_in, say_left_out, split_rows
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

# Names of columns, in lower case and without blanks and signs. Of several columns of scores the one named first here
# counts.
_FIRST = {"word1", "w1", "worda", "wordone", "firstword", "first", "term1", "terma", "verb1", "noun1", "lemma1",
          "target1", "phrase1", "string1", "item1"}  # fmt: skip
_SECOND = {"word2", "w2", "wordb", "wordtwo", "secondword", "second", "term2", "termb", "verb2", "noun2", "lemma2",
           "target2", "phrase2", "string2", "item2"}  # fmt: skip
_SCORES = ("simlex999", "simlex", "simverb3500", "humanmean", "meanhuman", "meanscore", "averagescore", "meanrating",
           "averagerating", "humanscore", "goldscore", "score", "similarity", "similarityscore", "relatedness",
           "relatednessscore", "rating", "mean", "average", "avg", "human", "gold", "sim")  # fmt: skip
_NUMBERED = {"", "index", "id", "no", "nr", "row", "number", "pair", "pairid", "unnamed0"}
_PARTS = {"n", "v", "a", "r", "j", "s", "adj", "adv", "noun", "verb", "adjective", "adverb"}
_NO_NUMBERS = {"nan", "na", "n/a", "inf", "infinity", "-inf", "none", "null", "-", "?"}
_TAG = re.compile(r"(.+)-([nvajr])", re.IGNORECASE)


class _Columns(NamedTuple):
    """The places of the words and of the score, from 0, and their names in messages."""

    word1: int
    word2: int
    score: int
    names: dict[str, str]


def read_ratings(path: Path, encoding: str = "utf-8", *, published: bool = False) -> pd.DataFrame:
    r"""Read a table of rated word pairs: columns word1, word2 and score, on the table's own scale.

    Cells are separated by tabs, semicolons, commas or spaces. The columns are found by the names in a
    header, or by what is in them. Row numbers and relations are not kept, nor are parts of speech in a column of
    their own. Where all words end in one, as in MEN's lemmas ("sun-n"), it is cut off and kept in the columns
    pos1 and pos2 (n, v, j and so on). Where several columns
    of numbers have no names, the mean is the first in a `published` set; in any other table that is an error.
    `frame.attrs["columns"]` says which columns were taken, and `frame.attrs["left_out"]` how many rows without
    words or score were left out, by reason. Both are logged.

    Raises `InputError` with file and line for text where a number should be, a line that is too short, and a
    table whose columns cannot be found.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text("word1,word2,score\ndog,cat,7.5\n")
        ...     read_ratings(path).columns.to_list()
        ['word1', 'word2', 'score']
    """
    lines = list(numbered_lines(path, encoding, blanks=True))
    comments, lines = _comments(lines)
    if not any(line.strip() for _, line in lines):
        raise InputError(f"{path} holds no rated pair")
    separator = _separator([line for _, line in lines if line.strip()])
    rows = split_rows(lines, separator)
    named = split_rows([(place, line.lstrip("#")) for place, line in comments], separator)
    columns, rows = _find_columns(path, named, rows, published)
    frame = _frame(rows, columns)
    frame.attrs["columns"] = columns.names
    logger.info("%s: %s apart; %s", path.name, SEPARATORS[separator],
                ", ".join(f"{name} is {column}" for name, column in columns.names.items()))  # fmt: skip
    if frame.attrs["left_out"]:
        logger.warning("%s: rows left out: %s", path.name, say_left_out(frame.attrs["left_out"]))
    return frame


def read_published_ratings(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read a table of rated word pairs as its authors distribute it: the mean is the first of several numbers.

    Otherwise as `read_ratings`.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "rw.txt")
        ...     _ = path.write_text("squishing\tsquirt\t5.88\t7\t5\n")
        ...     read_published_ratings(path)["score"].to_list()
        [5.88]
    """
    return read_ratings(path, encoding, published=True)


def read_semeval(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    """Read SemEval-2017 task 2: columns word1, word2 and score, from 0 to 4 (camacho2017semeval).

    `path` is a table, or `en.test.data.txt` or its folder; the gold scores are then beside it or in `../keys`.
    Raises `InputError` with file and line for a malformed line, and for scores that are missing.
    """
    data = path / "en.test.data.txt" if path.is_dir() else path
    name = data.name.replace(".data.", ".gold.")
    if name == data.name:
        return read_published_ratings(data, encoding)
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


def clean_words(text: str) -> str:
    """Give a word of a test set as a model is asked for it: `_` is a space, and capitals are kept.

    Example:
        >>> clean_words("New_York")
        'New York'
    """
    return " ".join(text.replace("_", " ").split())


def _comments(lines: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Split the lines into the comments at the top, as gensim's and WordSim's files have them, and the others.

    A `#` in front of a pair belongs to a word: such a line has a number, and no blank after the `#`.
    """
    for at, (_, line) in enumerate(lines):
        cells = re.split(r"[\t;,]|\s+", line)
        pair = len(cells) > 2 and not line.startswith("# ") and any(number_in(cell) is not None for cell in cells)
        if line.strip() and (not line.startswith("#") or pair):
            return lines[:at], lines[at:]
    return lines, []


def _separator(lines: list[str]) -> str:
    """Find what separates cells: what splits most lines into three or more. Of equals tabs come first, spaces last."""
    cuts = {separator: re.escape(separator) if separator != " " else "[ \t]+" for separator in SEPARATORS}
    parted = {sep: sum(len(re.split(cut, line.strip(" "))) > 2 for line in lines) for sep, cut in cuts.items()}
    return max(SEPARATORS, key=lambda separator: parted[separator])


def _find_columns(path: Path, named: list[Row], rows: list[Row], published: bool) -> tuple[_Columns, list[Row]]:
    """Find the columns by a header, in the comments or the first row, or by what is in them; give the rows of pairs."""
    for names, pairs in [*((row, rows) for row in reversed(named)), (rows[0], rows[1:])]:
        if columns := _by_names(names):
            return columns, pairs
    header = _is_header(rows)
    if header:
        logger.warning("%s: taken for the names of columns: %s", rows[0].place, _shown(rows[0].cells))
    return _by_cells(path, rows[0].cells if header else [], rows[header:], published), rows[header:]


def _is_header(rows: list[Row]) -> bool:
    """Whether the first row has names that are not known, rather than a score that is none."""
    names = [cell for cell in rows[0].cells if cell]
    if len(names) < 3 or any(cell.lower() in _NO_NUMBERS or number_in(cell) is not None for cell in names):
        return False
    numbers = [at for at, cell in enumerate(rows[0].cells) if cell and _all_numbers(rows[1:], at)]
    return bool(numbers) and not any(rows[0].cells[at][0].isdigit() for at in numbers)


def _all_numbers(rows: list[Row], at: int) -> bool:
    cells = [row.cells[at] for row in rows if len(row.cells) > at and row.cells[at]]
    return bool(cells) and all(number_in(cell) is not None for cell in cells)


def _key(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _by_names(header: Row) -> _Columns | None:
    keys = [_key(cell) for cell in header.cells]
    words = [[at for at, key in enumerate(keys) if key in known] for known in (_FIRST, _SECOND)]
    scores = [keys.index(score) for score in _SCORES if score in keys]
    if not all(len(found) == 1 for found in words) or not scores:
        return None
    same = [at for at in scores if keys[at] not in ("simlex999", "humanmean", "score")]
    if len(scores) > 1 and len(same) == len(scores):
        names = " and ".join(repr(header.cells[at]) for at in scores)
        raise InputError(f"{header.place}: {names} may both be the score; {_ADVICE}")
    return _columns(words[0][0], words[1][0], scores[0], header.cells)


def _columns(word1: int, word2: int, score: int, header: Sequence[str]) -> _Columns:
    places = {"word1": word1, "word2": word2, "score": score}
    names = {name: repr(header[at]) if len(header) > at else f"column {at + 1}" for name, at in places.items()}
    return _Columns(word1, word2, score, names)


_ADVICE = "leave the columns of the words and of one score only, or name them word1, word2 and score in a first line"


def _by_cells(path: Path, header: Sequence[str], rows: list[Row], published: bool) -> _Columns:
    """Find the columns by what is in them; `InputError`, which shows a row, where that is not safe."""
    width = Counter(len(row.cells) for row in rows if not row.blank).most_common(1)
    full = [row for row in rows if width and len(row.cells) == width[0][0]]
    shares: dict[int, float] = {}
    for at in range(len(full[0].cells) if full else 0):
        cells = [row.cells[at] for row in full if row.cells[at]]
        known = [number for cell in cells if (number := number_in(cell)) is not None]
        numbered = len(known) == len(cells) and at == 0 and bool(header) and _key(header[0]) in _NUMBERED
        if cells and not numbered and not (at == 0 and _counts_rows(known, full)):
            shares[at] = len(known) / len(cells)
    least = min(0.5, max(shares.values(), default=0) - 1e-9)
    texts = [at for at, share in shares.items() if share <= max(0, least)]
    numbers_at = [at for at in shares if at not in texts]
    if len(texts) > 2:
        texts = [at for at in texts if not _is_tag([row.cells[at] for row in full])]
    after = [at for at in numbers_at if texts and at > texts[-1]] or numbers_at
    if len(texts) == 2 and (len(numbers_at) == 1 or (numbers_at and published)):
        return _columns(texts[0], texts[1], after[0], header)
    shown = full[0] if full else rows[0] if rows else Row(str(path), [])
    if len(texts) == 2 and len(numbers_at) > 1:
        columns = ", ".join(str(at + 1) for at in numbers_at)
        raise InputError(f"{shown.place}: columns {columns} are all numbers, and no header says which is the score: "
                         f"{shown.cells}; {_ADVICE}")  # fmt: skip
    raise InputError(
        f"{shown.place}: {_shown(shown.cells)} is not two words and a score, nor is there a header that names them "
        f"(such as word1, word2, score); {_ADVICE}"
    )


def _counts_rows(numbers: list[float], rows: list[Row]) -> bool:
    """Whether the first column is the number of the row; of two rows or one a score may be meant in three columns."""
    rising = all(after - before == 1 for before, after in itertools.pairwise(numbers))
    return len(numbers) == len(rows) and rising and (len(rows) > 2 or (len(rows[0].cells) > 3 and numbers[0] in (0, 1)))


def _is_tag(cells: Iterable[str]) -> bool:
    """Whether a column holds parts of speech, or kinds of relation, which repeat or are in capitals."""
    found = [cell for cell in cells if cell]
    kinds = set(found)
    if all(cell.isupper() for cell in kinds) or {cell.lower() for cell in kinds} <= _PARTS:
        return True
    return len(kinds) <= 8 and len(found) >= 20


def _shown(cells: Sequence[str]) -> str:
    text = repr(list(cells))
    return text if len(text) < 200 else f"{text[:200]}..."


def _frame(rows: list[Row], columns: _Columns) -> pd.DataFrame:
    found: list[tuple[str, str, float]] = []
    left_out: Counter[str] = Counter()
    commas, points = (any(sign in row.cells[columns.score] for row in rows if len(row.cells) > columns.score)
                      for sign in ",.")  # fmt: skip
    for place, cells in rows:
        if not any(cells):
            left_out["an empty row"] += 1
            continue
        if len(cells) <= max(columns[:3]):
            raise InputError(f"{place}: {_shown(cells)} is not two words and a score in column {columns.score + 1}")
        first, second, text = (cells[at] for at in columns[:3])
        if not text or not clean_words(first) or not clean_words(second):
            left_out["no score" if not text else "no word"] += 1
            continue
        score = None if commas and points and "," in text else number_in(text)
        if score is None:
            raise InputError(
                f"{place}: {_shown(cells)} is not two words and a score in column {columns.score + 1}: {text!r} is no "
                + ("number with a decimal point as others have it" if commas and points else "finite number")
            )
        found.append((first, second, score))
    tagged = [match for pair in found for word in pair[:2] if (match := _TAG.fullmatch(word))]
    whole = bool(found) and len(tagged) == 2 * len(found)
    if whole:
        found = [(first[:-2], second[:-2], score) for first, second, score in found]
    frame = pd.DataFrame([(clean_words(a), clean_words(b), score) for a, b, score in found],
                         columns=["word1", "word2", "score"])  # fmt: skip
    if whole:
        pos = [match[2].lower() for match in tagged]
        frame["pos1"], frame["pos2"] = pos[::2], pos[1::2]
    frame.attrs["left_out"] = dict(left_out)
    return frame
