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


def one_category_each(categories: pd.DataFrame, listed: int | None = None) -> pd.DataFrame:
    """Take the first words of each category, and leave out those that are in several of them.

    `categories` is a table as of `load_dataset("battig-categories")`, and `listed` how many words of each category are
    taken; None is all of them. A word in several of the categories that are taken belongs to no single cluster:
    `frame.attrs["in several"]` has how many such words there are. Rows keep their order and are numbered from 0. Raises
    `InputError` unless `listed` is at least 1.

    Example:
        >>> words = pd.DataFrame({"category": ["fruit", "fruit", "tree", "tree"]})
        >>> words["word"] = ["apple", "plum", "oak", "apple"]
        >>> kept = one_category_each(words)
        >>> kept["word"].to_list(), kept.attrs["in several"]
        (['plum', 'oak'], 1)
    """
    if listed is not None and listed < 1:
        raise InputError(f"listed is {listed}; allowed: at least 1 word of each category, or None for all")
    taken = categories if listed is None else categories.groupby("category", sort=False).head(listed)
    several = taken.groupby("word")["category"].transform("nunique") > 1
    kept = taken[~several].drop_duplicates().reset_index(drop=True)
    kept.attrs["in several"] = int(taken.loc[several, "word"].nunique())
    return kept
