"""Rated pairs of texts: how a model's cosines go with the ratings where a text is in many pairs."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.agreement import bootstrap_correlations
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimates

Measure = Literal["Spearman", "Pearson"]
MEASURES: tuple[Measure, ...] = ("Spearman", "Pearson")


def correlate_pairs(
    column: str, scores: pd.DataFrame, ends: pd.DataFrame, boot: Bootstrap, measure: Measure = "Spearman"
) -> Estimates:
    """Estimate the correlation of one column with each of the others, with the texts of the pairs drawn anew.

    `scores` has a row a pair, and `ends` the same rows and two columns, the texts of each pair, which are units of
    `boot`. In a draw a pair weighs how often its first text was drawn times how often its second one was. So pairs that
    share a text come and go together. A text is never paired with itself. Intervals are on the wide side, see
    `embedlib.metrics.agreement.bootstrap_correlations`. Where pairs share no text, `ends` has one column, the unit of
    each pair.

    "Spearman" correlates the ranks (spearman1904proof), which are those of all pairs and stay fixed in the draws.
    "Pearson" correlates the values. Rows with NaN in any column are left out for all. Raises `UnknownNameError` for
    another measure, and `InputError` for a column that is not there, for `ends` of other rows, for a text that is not a
    unit, and where fewer than three pairs are left.

    Example:
        >>> ends = pd.DataFrame([(0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)], columns=["one", "two"])
        >>> scores = pd.DataFrame({"people": [1.0, 2, 3, 4, 5, 6], "glove": [1.0, 2, 3, 4, 5, 36]}, ends.index)
        >>> boot = Bootstrap(4, 2, np.random.default_rng(8))
        >>> round(correlate_pairs("people", scores, ends, boot)["glove"].value, 6)
        1.0
        >>> round(correlate_pairs("people", scores, ends, boot, "Pearson")["glove"].value, 2)
        0.73
    """
    if measure not in MEASURES:
        raise UnknownNameError.of("measure of correlation", measure, MEASURES)
    if column not in scores.columns:
        raise InputError(f"there is no column {column!r}; there are {list(scores.columns)}")
    if not scores.index.equals(ends.index) or ends.shape[1] not in (1, 2):
        raise InputError(f"{len(scores)} pairs need one end or two, not a table of {ends.shape[0]} x {ends.shape[1]}")
    kept = scores.notna().all(axis=1).to_numpy()
    columns = [column, *(name for name in scores.columns if name != column)]
    rows = scores.loc[kept, columns].rank() if measure == "Spearman" else scores.loc[kept, columns]
    names = ends.to_numpy()[kept]
    # How often each end of each pair was drawn: its columns are the first ends and then the second ones.
    drawn = boot.counts_of(names.T.ravel())
    places = np.arange(names.size).reshape(names.shape[1], -1).T
    found = bootstrap_correlations(rows, drawn, places)
    values = rows.corr()[column]
    return Estimates({name: boot.estimate(float(values[name]), found[column, name]) for name in columns[1:]})
