"""Word lists."""

from __future__ import annotations

import csv
from pathlib import Path

from embedlib.errors import InputError
from embedlib.paths import data_dir


def load_words(words: int | str = "all") -> list[str]:
    """Read a word list.

    `words` is how many of the book's words to take (`data/words.tsv`: plain a-z words of WordNet
    3.1, most frequent first), "all" of them, or the path of a text file with one word a line
    (blank lines are skipped, a repeated word counts once).

    Raises `InputError` for a number outside the list and for a file that is missing or empty.
    """
    if isinstance(words, str) and words != "all":
        return _own_words(Path(words).expanduser())
    with (data_dir() / "words.tsv").open(encoding="utf-8", newline="") as file:
        listed = [row["word"] for row in csv.DictReader(file, delimiter="\t")]
    if words == "all":
        return listed
    if isinstance(words, bool) or not isinstance(words, int) or not 1 <= words <= len(listed):
        raise InputError(f"words is {words!r}; allowed: 1 to {len(listed)}, 'all', or a file of words")
    return listed[:words]


def _own_words(path: Path) -> list[str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"cannot read words from {str(path)!r} ({error}); allowed: a number, 'all', or a text file "
            "with one word a line"
        ) from error
    found = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not found:
        raise InputError(f"{path} has no words: it needs one word a line")
    return found
