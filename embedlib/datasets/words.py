"""Reader of word lists: one word a line, or the first column of a table."""

from __future__ import annotations

import logging
import re
from pathlib import Path

from embedlib.datasets.table_files import Row, number_in, split_rows
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

# Names of the first column of a table, in lower case. A first row without such a name is a word.
_HEADERS = {"word", "words", "token", "tokens", "lemma", "lemmas", "form", "term", "terms", "type", "types", "ngram",
            "item", "key", "text"}  # fmt: skip
# Tags of the Penn Treebank, of Universal Dependencies, and short ones, which blanks set apart from a word.
_TAGS = {"NN", "NNS", "NNP", "NNPS", "JJ", "JJR", "JJS", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "RB", "RBR", "RBS",
         "PRP", "PRP$", "IN", "DT", "CC", "CD", "MD", "UH", "FW", "TO", "NOUN", "PROPN", "VERB", "ADJ", "ADV", "PRON",
         "DET",
         "ADP", "NUM", "INTJ", "AUX", "CCONJ", "SCONJ", "PART", "n", "v", "r", "j", "adj", "adv", "noun",
         "verb"}  # fmt: skip
_GAP = re.compile(r"([ \t]*[,;][ \t]*|[ \t]+)")


def read_words(path: Path, encoding: str = "utf-8") -> list[str]:
    r"""Read a list of words: one word or phrase a line; a repeated word counts once.

    Of a table the first column is taken, which is logged: between tabs, of a `.csv`, or where a number
    or a part of speech follows the word in nearly every line. A header such as `word TAB count` is
    left out. Raises `InputError` where the first column is numbers beside others, where it is
    not clear whether the lines are a table, and for a file that is missing or has no words.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "words.txt")
        ...     _ = path.write_text("dog\nguinea pig\ndog\n")
        ...     read_words(path)
        ['dog', 'guinea pig']
    """
    try:
        lines = list(numbered_lines(path, encoding, blanks=path.suffix.lower() == ".csv"))
    except InputError as error:
        raise InputError(
            f"cannot read words from {str(path)!r} ({error}); allowed: a number, 'all', or a text file with one "
            "word a line"
        ) from error
    words = _of_lines(path, lines)
    found = list(dict.fromkeys(word for word in words if word))
    if not found:
        raise InputError(f"{path} has no words: it needs one word a line")
    return found


def _of_lines(path: Path, lines: list[tuple[str, str]]) -> list[str]:
    if path.suffix.lower() == ".csv":
        separator = max(";,", key=lambda sign: sum(sign in line for _, line in lines))
        return _first_column(path, split_rows(lines, separator))
    stripped = [(place, line.strip()) for place, line in lines]
    tabs = [(place, line) for place, line in lines if "\t" in line.rstrip()]
    if len(tabs) > len(lines) / 2:
        return _first_column(path, split_rows(lines, "\t"))
    if tabs:
        raise InputError(f"{tabs[0][0]}: {tabs[0][1]!r} has a tab, and most other lines have none: a table or a list?")
    numbers = sum(number_in(line.split()[0].rstrip(".,:;")) is not None for _, line in stripped)
    if len(stripped) > 1 and numbers == len(stripped) and any(len(line.split()) > 1 for _, line in stripped):
        raise InputError(
            f"{stripped[0][0]}: {stripped[0][1][:80]!r}: every line begins with a number, as lists of ranks do; "
            "put the words first"
        )
    if found := _before_numbers(path, stripped):
        return found
    for separator, name in ((",", "comma"), (";", "semicolon")):
        if all(separator in line for _, line in stripped) and stripped:
            raise InputError(
                f"{stripped[0][0]}: {stripped[0][1][:80]!r}: there is a {name} in every line: a table is read by its "
                "first column where its name ends in .csv; a list has one word a line"
            )
    quoted = all(re.fullmatch(r'"[^"]+"', line) for _, line in stripped)
    return [line.strip('"') if quoted else line for _, line in stripped]


def _before_numbers(path: Path, lines: list[tuple[str, str]]) -> list[str]:
    """Take the text before numbers or tags if these follow in nearly every line; empty where they do not."""
    header = len(lines) > 1 and _is_header(_GAP.split(lines[0][1])[::2])
    lines = lines[header:]
    words = [_before(line) for _, line in lines]
    parted = [word for word in words if word is not None]
    if len(parted) < 0.5 * len(lines) or (len(parted) < 2 and len(lines) > 1):
        return []
    twice = len({word.lower() for word in parted}) < 0.5 * len(parted)
    if len(parted) < 0.9 * len(lines) or len(lines) == 1 or twice:
        other = lines[words.index(None)] if None in words else lines[0]
        raise InputError(
            f"{path}: a number or a tag follows the word in {len(parted)} of {len(lines)} lines: a table, or a list of "
            f"phrases? See {other[0]}: {other[1][:80]!r}. Keep the words only, or set them apart from the rest by tabs"
        )
    if None in words:
        place, line = lines[words.index(None)]
        raise InputError(f"{place}: {line[:80]!r}: a number follows the word in nearly every line, but not in this one")
    _say(path, "numbers or tags follow the word in every line: the words alone are taken")
    return parted


def _before(line: str) -> str | None:
    """Give the text before the numbers and tags at the end of a line; None where there are none."""
    pieces = _GAP.split(line)
    end = len(pieces)
    while end > 2 and (pieces[end - 1] in _TAGS or number_in(pieces[end - 1].rstrip("%")) is not None):
        end -= 2
    return "".join(pieces[:end]).strip('" ') if end < len(pieces) else None


def _first_column(path: Path, rows: list[Row]) -> list[str]:
    rows = [row for row in rows if not row.blank]
    wide = [row for row in rows if len([cell for cell in row.cells if cell]) > 1]
    header = bool(rows) and len(rows) > 1 and _is_header(rows[0].cells) and (not wide or rows[0] in wide)
    if header and wide:
        _say(path, f"the names of columns are left out: {', '.join(rows[0].cells)}")
        rows = rows[1:]
    if wide:
        if all(number_in(row.cells[0].rstrip(".")) is not None for row in rows) and any(
            number_in(row.cells[1]) is None for row in rows if len(row.cells) > 1
        ):
            raise InputError(
                f"{rows[0].place}: the first column is numbers ({', '.join(rows[0].cells[:3])}); put the words first"
            )
        _say(path, "a table: the first column is taken")
    if blank := next((row for row in rows if not row.cells[0]), None):
        raise InputError(
            f"{blank.place}: the first column, which holds the words, is blank: {', '.join(blank.cells)!r}"
        )
    return [row.cells[0] for row in rows]


def _is_header(cells: list[str]) -> bool:
    """Whether a row names columns: the first is one that words go by, and there are others."""
    return len(cells) > 1 and cells[0].lower() in _HEADERS and not any(number_in(cell) is not None for cell in cells)


def _say(path: Path, text: str) -> None:
    logger.warning("%s: %s", path.name, text)
