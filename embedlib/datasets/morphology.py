"""Readers of foils, words spelled like a word and unrelated to it, and of suppletive and irregular forms."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from embedlib._util.paths import data_dir
from embedlib.datasets.ratings import clean_words
from embedlib.datasets.table_files import number_in
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError, UnknownNameError

_MEASURED = ["overlap", "edits", "zipf"]
FOIL_WORDS = ["relation", "first", "second", "foil"]
FOIL_NUMBERS = [f"{word}_{name}" for word in ("second", "foil") for name in _MEASURED]
FORM_KINDS = ("suppletive", "irregular", "regular")


def load_foils(path: str | Path | None = None, *, encoding: str = "utf-8") -> pd.DataFrame:
    """Load foils: unrelated words that are spelled about as close to a word as a form of it is.

    Gives a row a foil, the nearest of a pair first. `relation`, `first` and `second` are a pair as
    `embedlib.metrics.relatedness.related_pairs` gives them, and `foil` is to `first` as corner is to corn. The other
    columns say how the second word and the foil compare with the first: `second_overlap` and `foil_overlap` are the
    Dice overlap of letters, from 0 to 1, as `embedlib.metrics.morphology.letter_overlap` gives it, `second_edits` and
    `foil_edits` are Levenshtein distances, and `second_zipf` and `foil_zipf` are Zipf frequencies of their own.

    `path` is a file of the same columns; without it the book's own is read. Raises `InputError` with file and line
    for other columns, an empty cell, what is no number, a foil that is one of its pair, and a row that stands twice.

    Example:
        >>> foils = load_foils()
        >>> foils.loc[foils["second"] == "ships", "foil"].to_list()[:2]
        ['hip', 'chip']
    """
    where = data_dir() / "foils.tsv" if path is None else Path(path)
    rows = []
    for place, cells in _rows(where, encoding, FOIL_WORDS + FOIL_NUMBERS, FOIL_WORDS):
        relation, *words = cells[0], *map(clean_words, cells[1 : len(FOIL_WORDS)])
        if words[2] in words[:2]:
            raise InputError(f"{place}: the foil {words[2]!r} is one of its own pair")
        numbers = [number_in(cell) for cell in cells[len(FOIL_WORDS) :]]
        if None in numbers:
            bad = numbers.index(None)
            raise InputError(f"{place}: {FOIL_NUMBERS[bad]} is {cells[len(FOIL_WORDS) + bad]!r}; it needs a number")
        rows.append((relation, *words, *numbers))
    frame = pd.DataFrame(rows, columns=FOIL_WORDS + FOIL_NUMBERS)
    return frame.astype({name: int for name in FOIL_NUMBERS if name.endswith("edits")})


def load_suppletive(path: str | Path | None = None, *, encoding: str = "utf-8") -> pd.DataFrame:
    """Load words with forms that are suppletive or irregular, and regular ones of the same relations beside them.

    Gives the columns relation (past, plural, comparative, superlative, ordinal or adjective), kind, first and second,
    as `embedlib.metrics.relatedness.re_pair` takes them. The kind is suppletive for a form of another stem (go and
    went, moon and lunar), irregular for one that changes the stem (buy and bought), and else regular.

    `path` is a file of the same columns; without it the book's own is read. Raises `InputError` with file and line
    for other columns, an empty cell and a row that stands twice, and `UnknownNameError` for an unknown kind.

    Example:
        >>> forms = load_suppletive()
        >>> forms[forms["first"] == "go"].to_numpy().tolist()
        [['past', 'suppletive', 'go', 'went']]
    """
    where = data_dir() / "suppletive.tsv" if path is None else Path(path)
    columns = ["relation", "kind", "first", "second"]
    rows = []
    for place, cells in _rows(where, encoding, columns, columns):
        relation, kind, *words = cells
        if kind not in FORM_KINDS:
            raise UnknownNameError(f"{place}: {UnknownNameError.of('kind', kind, FORM_KINDS)}")
        rows.append((relation, kind, *map(clean_words, words)))
    return pd.DataFrame(rows, columns=columns)


def _rows(path: Path, encoding: str, columns: list[str], key: list[str]) -> list[tuple[str, list[str]]]:
    """Read a table with tabs and a line of column names: the place and the cells of each row."""
    found: list[tuple[str, list[str]]] = []
    seen: set[tuple[str, ...]] = set()
    lines = numbered_lines(path, encoding)
    _, head = next(lines, ("", ""))
    if head.split("\t") != columns:
        raise InputError(f"{path}: its first line is {head[:200]!r}; it needs the columns {', '.join(columns)}")
    for place, line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(columns) or not all(cells):
            raise InputError(f"{place}: {line[:200]!r} does not have {len(columns)} cells that are filled")
        if (own := tuple(cells[: len(key)])) in seen:
            raise InputError(f"{place}: {' '.join(own)!r} stands twice")
        seen.add(own)
        found.append((place, cells))
    if not found:
        raise InputError(f"{path} holds no row")
    return found
