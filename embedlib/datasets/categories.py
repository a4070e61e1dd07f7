"""Reader of words in categories."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from embedlib.datasets.ratings import clean_words
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError


def read_categories(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read words in categories: `category TAB word` a line, below a line with the names of the columns.

    Gives the columns category and word. Raises `InputError` with file and line for a malformed line.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "pets.tsv")
        ...     _ = path.write_text("category\tword\npets\tdog\npets\tguinea_pig\n")
        ...     read_categories(path)["word"].to_list()
        ['dog', 'guinea pig']
    """
    rows = []
    for number, (place, line) in enumerate(numbered_lines(path, encoding)):
        cells = line.split("\t")
        if len(cells) != 2 or not all(cell.strip() for cell in cells):
            raise InputError(f"{place}: {line[:200]!r} is not `category TAB word`")
        if number:
            rows.append((cells[0].strip(), clean_words(cells[1])))
    return pd.DataFrame(rows, columns=["category", "word"])
