"""Reader of the SAT questions: an analogy with several pairs to choose the second one from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from embedlib.datasets.named_tables import read_question_table
from embedlib.datasets.ratings import clean_words
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

_LEAST = 4  # lines of a question: where it is from, its pair, and two choices or more before the letter


def read_sat(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read multiple-choice analogies in the layout of the SAT package (turney2004combining).

    A question is a block of lines between blank ones: where it is from, its own pair, the pairs to choose from, and
    the letter of the right one, "a" for the first. A pair is two words, and what stands behind them is not read. Lines
    that begin with `#` are comments. The columns are relation (where a question is from), a, a2, b and b2 (its own pair
    and the right one), and choices, a tuple of pairs. A table of right answers is read as by `read_question_table`, and
    has no column choices.

    Raises `InputError` with file and line for a pair without two words, a letter that names no pair, and a question
    with another number of choices than the first one.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "sat.txt")
        ...     _ = path.write_text("# two choices\n\nmine\nbird nest n:n\nbee hive n:n\ncat milk n:n\na\n")
        ...     read_sat(path)[["a", "b", "b2", "choices"]].iloc[0].to_list()
        ['bird', 'bee', 'hive', (('bee', 'hive'), ('cat', 'milk'))]
    """
    lines = list(numbered_lines(path, encoding, blanks=True))
    first = next((line for _, line in lines if line.strip() and not line.startswith("#")), "")
    if first.count(",") >= _LEAST:
        return read_question_table(path, encoding)
    rows = [_question(block) for block in _blocks(lines)]
    if not rows:
        raise InputError(f"{path} holds no question")
    for place, row in rows:
        if len(row[-1]) != len(rows[0][1][-1]):
            raise InputError(f"{place}: {len(row[-1])} choices where the first question has {len(rows[0][1][-1])}")
    return pd.DataFrame([row for _, row in rows], columns=["relation", "a", "a2", "b", "b2", "choices"])


_Line = tuple[str, str]


def _blocks(lines: list[_Line]) -> list[list[_Line]]:
    """Split lines at the blank ones, without comments."""
    blocks: list[list[_Line]] = [[]]
    for place, line in lines:
        if not line.strip():
            blocks.append([])
        elif not line.startswith("#"):
            blocks[-1].append((place, line.strip()))
    return [block for block in blocks if block]


def _question(block: list[_Line]) -> tuple[str, tuple[str, str, str, str, str, tuple[tuple[str, str], ...]]]:
    """Read one question, with the place of its first line."""
    (place, source), *pair_lines, (letter_place, letter) = block if len(block) > 1 else [*block, block[0]]
    if len(pair_lines) < _LEAST - 1:
        raise InputError(f"{place}: {len(block)} lines; a question has its source, its pair, two choices or more, "
                         "and a letter")  # fmt: skip
    (a, a2), *choices = [_pair(*line) for line in pair_lines]
    right = ord(letter.lower()) - ord("a") if len(letter) == 1 else -1
    if not 0 <= right < len(choices):
        raise InputError(f"{letter_place}: {letter!r} is not the letter of one of {len(choices)} choices")
    return place, (source, a, a2, *choices[right], tuple(choices))


def _pair(place: str, line: str) -> tuple[str, str]:
    words = [clean_words(word) for word in line.split()[:2]]
    if len(words) != 2 or not all(words):
        raise InputError(f"{place}: {line[:80]!r} is not two words")
    return words[0], words[1]
