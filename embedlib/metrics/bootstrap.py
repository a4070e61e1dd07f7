"""The bootstrap: units drawn anew, and what a score is worth when they are (efron1993bootstrap)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from embedlib.errors import InputError
from embedlib.metrics.estimates import Estimate, Estimates

Counts = NDArray[np.uint8]


class Bootstrap:
    """Draw units anew, with replacement, once for all models (efron1993bootstrap).

    `units` are the labels of what is drawn (relations, anchors, pairs, words), each once, or their number.
    Units with labels are matched by label, so the order of a Series does not matter. Numbered units are
    matched by position. Every score that one bootstrap gives is on the same draws, so that differences
    of two of them are paired. Raises `InputError` for no unit, no draw, or a label that comes twice.

    Example:
        >>> boot = Bootstrap(["capitals", "plurals", "genders"], 1000, np.random.default_rng(0))
        >>> right = pd.Series({"capitals": 0.2, "plurals": 0.6, "genders": 0.7})
        >>> print(boot.mean(right))
        0.50 [0.20, 0.70]
    """

    labels: pd.Index
    counts: Counts

    def __init__(self, units: Sequence[Hashable] | pd.Index | int, draws: int, rng: np.random.Generator) -> None:
        self._numbered = isinstance(units, (int, np.integer))
        self.labels = pd.RangeIndex(int(units)) if isinstance(units, (int, np.integer)) else pd.Index(units)
        if not self.labels.is_unique:
            raise InputError(f"the unit {self.labels[self.labels.duplicated()][0]!r} is listed more than once")
        self.counts = resample_counts(len(self.labels), draws, rng)

    def counts_of(self, units: ArrayLike | None = None) -> Counts:
        """Give how often some units were drawn: (draws, m), a column for each, in their order.

        `units` are labels, in which one may come more than once, or a mask over all units: (n,) bool.
        None is all units. Raises `InputError` for a label that is not drawn, or a mask of another length.

        Example:
            >>> boot = Bootstrap(["a", "b", "c"], 2, np.random.default_rng(0))
            >>> boot.counts
            array([[0, 2, 1],
                   [3, 0, 0]], dtype=uint8)
            >>> boot.counts_of(["c", "a", "c"])
            array([[1, 0, 1],
                   [0, 3, 0]], dtype=uint8)
        """
        if units is None:
            return self.counts
        return self.counts[:, self._places(units)]

    def align(self, values: pd.Series | ArrayLike) -> pd.Series:
        """Put one value of each unit in the order of the units: (n,).

        A Series is matched by label if the units have labels; all else is in their order already.
        Raises `InputError` for values that do not fit the units.

        Example:
            >>> boot = Bootstrap(["b", "a"], 2, np.random.default_rng(0))
            >>> boot.align(pd.Series({"a": 1, "b": 2})).to_dict()
            {'b': 2, 'a': 1}
        """
        column = values if isinstance(values, pd.Series) else np.asarray(values)
        if column.shape != (len(self.labels),):
            raise InputError(f"values of shape {column.shape} do not fit {len(self.labels)} units")
        if isinstance(column, pd.Series):
            return self._rows(column.to_frame()).iloc[:, 0]
        return pd.Series(column, self.labels)

    def mask(self, among: ArrayLike | None = None) -> NDArray[np.bool_]:
        """Say of each unit whether it is among some, (n,): labels or a mask; None is all of them.

        Example:
            >>> Bootstrap(["a", "b", "c"], 2, np.random.default_rng(0)).mask(["c", "a"])
            array([ True, False,  True])
        """
        chosen = np.full(len(self.labels), among is None)
        if among is not None:
            chosen[self._places(among)] = True
        return chosen

    def mean(
        self, values: pd.Series | ArrayLike, *, among: ArrayLike | None = None, of: ArrayLike | None = None
    ) -> Estimate:
        """Estimate the mean of a value of each unit.

        `values` is (n,), by unit. With `among`, labels or a mask (n,), it is the mean over these units
        alone. With `of`, (m,) labels, `values` are (m,) instead, and `of` says which unit each belongs
        to: values of one unit come and go together. A draw in which none of the values is drawn is NaN.
        Raises `InputError` for values that do not fit the units, or for NaN among them.

        Example:
            >>> boot = Bootstrap(["crane", "bank"], 1000, np.random.default_rng(0))
            >>> print(boot.mean([1.0, 0.0, 0.5], of=["crane", "crane", "bank"]))
            0.50 [0.50, 0.50]
        """
        column = np.asarray(values) if of is not None else self.align(values).to_numpy()
        frame = pd.DataFrame({"value": column}, self.labels if of is None else None)
        return self._means(frame, among, of)["value"]

    def means(self, values: pd.DataFrame, *, among: ArrayLike | None = None, of: ArrayLike | None = None) -> Estimates:
        """Estimate the mean of every column of a frame, on the same draws; as `mean`, a column a model.

        Example:
            >>> boot = Bootstrap(["a", "b"], 1000, np.random.default_rng(0))
            >>> scores = pd.DataFrame({"glove": [0.1, 0.2], "gemma": [0.2, 0.3]}, index=["a", "b"])
            >>> print(boot.means(scores).difference("gemma", "glove"))
            0.10 [0.10, 0.10]
        """
        return self._means(values, among, of)

    def estimate(self, value: float, draws: ArrayLike) -> Estimate:
        """Join a value with what it is in each draw, (draws,); raises `InputError` for another number of draws."""
        found = np.asarray(draws, dtype=np.float64)
        if found.shape != (len(self.counts),):
            raise InputError(f"draws of shape {found.shape} do not fit a bootstrap of {len(self.counts)} draws")
        return Estimate(value, found)

    def apply(
        self, statistic: Callable[[Counts], ArrayLike], *, value: float | None = None, of: ArrayLike | None = None
    ) -> Estimate:
        """Estimate a statistic that takes counts, (draws, n), and gives a number a draw, (draws,).

        The value is the statistic with every unit once, unless `value` is given. With `of`, labels or a
        mask, the statistic takes the counts of these units.

        Example:
            >>> from embedlib.metrics.similarity import bootstrap_mean_cosine
            >>> vectors = np.array([[1, 0], [0, 1], [1, 1], [1, 2]], dtype=np.float32)
            >>> boot = Bootstrap(4, 3, np.random.default_rng(1))
            >>> round(boot.apply(lambda counts: bootstrap_mean_cosine(vectors, counts)).value, 3)
            0.617
        """
        counts = self.counts_of(of)
        if value is None:
            value = float(np.asarray(statistic(np.ones((1, counts.shape[1]), dtype=np.uint8)))[0])
        return self.estimate(value, statistic(counts))

    def apply_columns(
        self, statistic: Callable[[Counts], pd.DataFrame], *, values: Mapping[Any, float] | None = None,
        of: ArrayLike | None = None,
    ) -> Estimates:  # fmt: skip
        """Estimate a statistic that gives a frame, a row a draw and a column a name; as `apply`.

        Example:
            >>> from embedlib.metrics.agreement import bootstrap_rank_correlations
            >>> scores = pd.DataFrame({"people": [1.0, 2, 3, 4], "glove": [1.0, 2, 4, 3], "gemma": [1.0, 2, 3, 4]})
            >>> boot = Bootstrap(4, 3, np.random.default_rng(5))
            >>> places = np.arange(4)[:, None]
            >>> found = boot.apply_columns(lambda counts: bootstrap_rank_correlations(scores, counts, places))
            >>> round(found["people", "glove"].value, 3)
            0.8
        """
        counts = self.counts_of(of)
        if values is None:
            values = statistic(np.ones((1, counts.shape[1]), dtype=np.uint8)).iloc[0].to_dict()
        drawn = statistic(counts)
        return Estimates({name: self.estimate(values[name], drawn[name].to_numpy()) for name in drawn.columns})

    def _means(self, values: pd.DataFrame, among: ArrayLike | None, of: ArrayLike | None) -> Estimates:
        if of is not None and among is not None:
            raise InputError("give `among` or `of`, not both: leave rows out of the values and of `of` instead")
        if of is None:
            rows, counts = self._rows(values), self.counts
            if among is not None:
                places = self._places(among)
                rows, counts = rows.iloc[places], counts[:, places]
        else:
            rows, counts = values, self.counts_of(of)
        if len(rows) != counts.shape[1] or not len(rows):
            raise InputError(f"{len(rows)} values do not fit {counts.shape[1]} units")
        if rows.isna().to_numpy().any():
            raise InputError("values hold NaN; `among` leaves units without a value out")
        sizes = counts.sum(axis=1, dtype=np.float64)
        sums = counts @ rows.to_numpy(dtype=np.float64)
        drawn = sums / np.where(sizes > 0, sizes, np.nan)[:, None]
        means = rows.mean()
        return Estimates({
            name: Estimate(float(means[name]), drawn[:, at]) for at, name in enumerate(values.columns)
        })  # fmt: skip

    def _rows(self, values: pd.DataFrame) -> pd.DataFrame:
        """Put the rows of a frame in the order of the units."""
        if len(values) != len(self.labels):
            raise InputError(f"{len(values)} values do not fit {len(self.labels)} units")
        if self._numbered:
            return values
        if (missing := self.labels.difference(values.index)).size or not values.index.is_unique:
            raise InputError(f"values are not those of the units; missing: {list(missing[:3])}")
        return values.loc[self.labels]

    def _places(self, units: ArrayLike) -> NDArray[np.intp]:
        """Find the columns of some units, given by their labels or by a mask."""
        chosen = units if isinstance(units, (pd.Series, pd.Index)) else np.asarray(units)
        if chosen.dtype == bool:
            if len(chosen) != len(self.labels):
                raise InputError(f"a mask of {len(chosen)} does not fit {len(self.labels)} units")
            if isinstance(chosen, pd.Series) and not self._numbered:
                chosen = self.align(chosen)
            return np.flatnonzero(chosen)
        wanted = pd.Index(chosen)
        places = self.labels.get_indexer(wanted)
        if (places < 0).any():
            raise InputError(f"{wanted[int(np.argmin(places))]!r} is not one of the units that are drawn")
        return places.astype(np.intp)


def resample_counts(items: int, draws: int, rng: np.random.Generator) -> Counts:
    """Draw bootstrap samples of items as counts: (draws, items), each row sums to `items`.

    Using one matrix for several models makes their differences paired (efron1993bootstrap).
    Raises `InputError` unless both numbers are positive.

    Example:
        >>> resample_counts(3, 2, np.random.default_rng(0))
        array([[0, 2, 1],
               [3, 0, 0]], dtype=uint8)
    """
    if items < 1 or draws < 1:
        raise InputError(f"a bootstrap needs items and draws of at least 1, not {items} and {draws}")
    counts = np.empty((draws, items), dtype=np.uint8)
    for row in counts:
        row[:] = np.bincount(rng.integers(items, size=items), minlength=items)
    return counts
