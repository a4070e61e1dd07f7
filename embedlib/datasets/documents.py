"""Reader of Lee's documents: short news texts, every two of which people rated for similarity."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd

from embedlib.datasets.table_files import number_in
from embedlib.datasets.text_files import numbered_lines
from embedlib.errors import InputError

_TEXTS, _SCORES = "lee.cor", "similarities0-1.txt"


def read_lee(path: Path, encoding: str = "utf-8") -> pd.DataFrame:
    r"""Read documents and the mean similarity of every two of them, from 0 to 1 (lee2005empirical).

    `path` is the folder of `lee.cor`, one document a line, and `similarities0-1.txt`, a square of numbers; or it is
    one of the two. The columns are sentence1, sentence2 and score, a row for every two documents, and their numbers
    from 0, document1 and document2. Pairs that share a document are not independent of each other. The square may be
    filled above its diagonal alone, with zeros below. Raises `InputError` with file and line for a file that is
    missing, a line that is not numbers, and a square that does not fit the documents or is not the same both ways.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = Path(folder, "lee.cor").write_text("Rain fell.\nIt rained.\n")
        ...     _ = Path(folder, "similarities0-1.txt").write_text("1\t0.9\n0.9\t1\n")
        ...     read_lee(Path(folder))[["sentence2", "score"]].to_numpy().tolist()
        [['It rained.', 0.9]]
    """
    folder = path if path.is_dir() else path.parent
    texts_at, scores_at = folder / _TEXTS, folder / _SCORES
    if not path.is_dir() and path.name not in (_TEXTS, _SCORES):
        texts_at = path
    for file in (texts_at, scores_at):
        if not file.is_file():
            raise InputError(f"{folder} has no {file.name}; wanted are {_TEXTS} and {_SCORES} side by side")
    texts = [line.strip() for _, line in numbered_lines(texts_at, encoding)]
    scores = np.array([_numbers(place, line, len(texts)) for place, line in numbered_lines(scores_at, encoding)])
    if scores.shape != (len(texts), len(texts)):
        raise InputError(f"{texts_at} has {len(texts)} documents and {scores_at} has {len(scores)} rows")
    below = np.tril(scores, -1)
    uneven = np.argwhere(~np.isclose(below, np.tril(scores.T, -1), atol=1e-6))
    if below.any() and len(uneven):
        one, two = uneven[0]
        raise InputError(f"{scores_at}: documents {two} and {one} have two scores, {scores[two, one]:g} and "
                         f"{scores[one, two]:g}")  # fmt: skip
    pairs = itertools.combinations(range(len(texts)), 2)
    rows = [(texts[one], texts[two], float(scores[one, two]), one, two) for one, two in pairs]
    return pd.DataFrame(rows, columns=["sentence1", "sentence2", "score", "document1", "document2"])


def _numbers(place: str, line: str, count: int) -> list[float]:
    cells = [number_in(cell) for cell in line.split()]
    numbers = [cell for cell in cells if cell is not None]
    if len(numbers) < len(cells) or len(cells) != count:
        raise InputError(f"{place}: {line[:80]!r} is not {count} numbers, one a document")
    return numbers
