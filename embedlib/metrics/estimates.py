"""A score with what it is in each bootstrap draw, and several of them on the same draws."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError

# A model, or a tuple such as (task, model).
Name = Any


def percentile_interval(draws: NDArray[np.floating], level: float = 0.95) -> tuple[float, float]:
    """Give the percentile bootstrap interval of (draws,) values (efron1993bootstrap).

    Raises `InputError` for fewer than two draws, NaN, or a level outside (0, 1).

    Example:
        >>> percentile_interval(np.arange(101.0), 0.5)
        (25.0, 75.0)
    """
    if draws.ndim != 1 or len(draws) < 2 or np.isnan(draws).any() or not 0 < level < 1:
        raise InputError(f"an interval needs at least two draws without NaN and 0 < level < 1; got {draws.shape}")
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Estimate:
    """A score, and what it is in each bootstrap draw, (draws,) float64 (efron1993bootstrap).

    Scores of the same bootstrap can be added, subtracted and divided, draw by draw: the difference of
    two is paired. So can a score and a number. A draw in which the score is not defined is NaN; the
    interval is that of the other draws. The interval of a score that is NaN itself is NaN, NaN.

    Example:
        >>> first = Estimate(0.5, np.array([0.4, 0.5, 0.6]))
        >>> second = Estimate(0.3, np.array([0.2, 0.3, 0.4]))
        >>> print(first - second)
        0.20 [0.20, 0.20]
        >>> f"{first:.1f}"
        '0.5 [0.4, 0.6]'
    """

    value: float
    draws: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", float(self.value))
        object.__setattr__(self, "draws", np.asarray(self.draws, dtype=np.float64))
        if self.draws.ndim != 1:
            raise InputError(f"an estimate needs one value a draw, not draws of shape {self.draws.shape}")

    def interval(self, level: float = 0.95) -> tuple[float, float]:
        """Give the percentile interval; raises `InputError` for fewer than two draws with a value.

        Example:
            >>> Estimate(50, np.arange(101)).interval(0.5)
            (25.0, 75.0)
        """
        if np.isnan(self.value):
            return np.nan, np.nan
        return percentile_interval(self.draws[~np.isnan(self.draws)], level)

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval."""
        return self.interval()[0]

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval."""
        return self.interval()[1]

    @property
    def row(self) -> tuple[float, float, float]:
        """The value and the two ends of its 95 % interval, as a row of a table has them."""
        return self.value, *self.interval()

    @property
    def standard_error(self) -> float:
        """The bootstrap standard error: the standard deviation of the draws that have a value (efron1993bootstrap).

        It is NaN for fewer than two of them, or for a score that is NaN itself.

        Example:
            >>> Estimate(2, [1, 3, np.nan]).standard_error
            1.4142135623730951
        """
        known = self.draws[~np.isnan(self.draws)]
        return float(known.std(ddof=1)) if len(known) > 1 and not np.isnan(self.value) else np.nan

    @property
    def p(self) -> float:
        """The two-sided bootstrap p of a value of zero: twice the smaller share of draws on a side of it.

        The estimate counts as a draw on either side, so that p is never zero (phipson2010permutation). It is NaN for a
        score that is NaN.

        Example:
            >>> Estimate(0.5, [0.4, 0.6, -0.1]).p, Estimate(0.5, [0.4] * 99).p
            (1.0, 0.02)
        """
        known = self.draws[~np.isnan(self.draws)]
        if np.isnan(self.value) or not len(known):
            return np.nan
        fewer = min(int((known <= 0).sum()), int((known >= 0).sum()))
        return min(1.0, 2 * (fewer + 1) / (len(known) + 1))

    def is_above(self, threshold: float = 0.0) -> bool:
        """Say whether the whole 95 % interval is above a threshold.

        Example:
            >>> Estimate(0.5, np.array([0.4, 0.6])).is_above(0.5)
            False
        """
        return self.low > threshold

    def is_below(self, threshold: float = 0.0) -> bool:
        """Say whether the whole 95 % interval is below a threshold.

        Example:
            >>> Estimate(-0.5, np.array([-0.4, -0.6])).is_below(0)
            True
        """
        return self.high < threshold

    def __add__(self, other: Estimate | float) -> Estimate:
        return self._with(other, lambda one, two: one + two)

    def __sub__(self, other: Estimate | float) -> Estimate:
        return self._with(other, lambda one, two: one - two)

    def __mul__(self, other: Estimate | float) -> Estimate:
        return self._with(other, lambda one, two: one * two)

    def __truediv__(self, other: Estimate | float) -> Estimate:
        return self._with(other, lambda one, two: one / two)

    def __neg__(self) -> Estimate:
        return Estimate(-self.value, -self.draws)

    def __abs__(self) -> Estimate:
        return Estimate(abs(self.value), np.abs(self.draws))

    def __str__(self) -> str:
        return f"{self:.2f}"

    def __format__(self, spec: str) -> str:
        value, low, high = (format(number, spec or ".2f") for number in self.row)
        return f"{value} [{low}, {high}]"

    def _with(self, other: Estimate | float, join: Callable[[Any, Any], Any]) -> Estimate:
        """Join two scores draw by draw, or a score and a number."""
        if isinstance(other, Estimate) and len(other.draws) != len(self.draws):
            raise InputError(f"estimates of {len(self.draws)} and {len(other.draws)} draws are not paired")
        value, draws = (other.value, other.draws) if isinstance(other, Estimate) else (other, other)
        with np.errstate(divide="ignore", invalid="ignore"):
            return Estimate(join(np.float64(self.value), value), join(self.draws, draws))


class Estimates(Mapping[Name, Estimate]):
    """Scores of several models, by name, on the same bootstrap draws.

    Raises `InputError` for estimates of different numbers of draws.

    Example:
        >>> scores = Estimates({"glove": Estimate(0.3, [0.2, 0.4]), "gemma": Estimate(0.5, [0.4, 0.6])})
        >>> scores.best()
        'gemma'
        >>> print(scores.difference("gemma", "glove"))
        0.20 [0.20, 0.20]
        >>> scores.table().round(2)
               value  low  high
        glove    0.3  0.2   0.4
        gemma    0.5  0.4   0.6
    """

    def __init__(self, found: Mapping[Name, Estimate]) -> None:
        self._found = dict(found)
        if len(sizes := {len(estimate.draws) for estimate in self._found.values()}) > 1:
            raise InputError(f"estimates of {' and '.join(map(str, sorted(sizes)))} draws are not paired")

    @classmethod
    def of_draws(cls, values: Mapping[Name, float] | pd.Series, draws: pd.DataFrame) -> Estimates:
        """Join values by name with a frame of their draws, a row a draw and a column a name.

        Raises `InputError` where a column has no value.

        Example:
            >>> print(Estimates.of_draws({"glove": 0.3}, pd.DataFrame({"glove": [0.3, 0.3]}))["glove"])
            0.30 [0.30, 0.30]
        """
        if missing := [name for name in draws.columns if name not in values]:
            raise InputError(f"draws of {missing[0]!r} come without its value")
        return cls({name: Estimate(values[name], draws[name].to_numpy()) for name in draws.columns})

    def __getitem__(self, name: Name) -> Estimate:
        return self._found[name]

    def __iter__(self) -> Iterator[Name]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __sub__(self, other: Estimates) -> Estimates:
        """Subtract the score of the same name from each; raises `InputError` where the names differ."""
        if unpaired := sorted(map(str, set(self) ^ set(other))):
            raise InputError(f"differences need the same names; only one side has {', '.join(unpaired)}")
        return Estimates({name: self[name] - other[name] for name in self})

    @property
    def value(self) -> pd.Series:
        """The scores alone, by name."""
        return self.table()["value"]

    @property
    def draws(self) -> pd.DataFrame:
        """The draws, a row a draw and a column a name."""
        return pd.DataFrame({name: estimate.draws for name, estimate in self.items()})

    def table(self, value: str = "value") -> pd.DataFrame:
        """Give a frame with a row a name: the value, under a name of your choice, low and high (95 %).

        Example:
            >>> Estimates({"glove": Estimate(0.3, [0.3, 0.3])}).table("accuracy")
                   accuracy  low  high
            glove       0.3  0.3   0.3
        """
        names = list(self)
        several = bool(names) and all(isinstance(name, tuple) for name in names)
        index = pd.MultiIndex.from_tuples(names) if several else pd.Index(names)
        return pd.DataFrame([estimate.row for estimate in self.values()], index, [value, "low", "high"], dtype=float)

    def only(self, names: Iterable[Name]) -> Estimates:
        """Give the scores of some names, in their order; raises `InputError` for one that is not there.

        Example:
            >>> list(Estimates({"a": Estimate(1, [1, 1]), "b": Estimate(2, [2, 2])}).only(["b"]))
            ['b']
        """
        return Estimates({name: self[name] for name in self._known(names)})

    def ranked(self, names: Iterable[Name] | None = None) -> list[Name]:
        """List the names from the highest score to the lowest, the first of equals first; NaN is left out.

        Example:
            >>> Estimates({"a": Estimate(1, [1, 1]), "b": Estimate(2, [2, 2])}).ranked()
            ['b', 'a']
        """
        known = [name for name in self._known(names) if not np.isnan(self[name].value)]
        return sorted(known, key=lambda name: -self[name].value)

    def best(self, names: Iterable[Name] | None = None) -> Name:
        """Name the one of highest score, of some or of all; raises `InputError` for none.

        Example:
            >>> Estimates({"a": Estimate(1, [1, 1]), "b": Estimate(2, [2, 2])}).best()
            'b'
        """
        if not (ranked := self.ranked(names)):
            raise InputError("the best of no models was asked for")
        return ranked[0]

    def worst(self, names: Iterable[Name] | None = None) -> Name:
        """Name the one of lowest score, the first of equals; raises `InputError` for none.

        Example:
            >>> Estimates({"a": Estimate(1, [1, 1]), "b": Estimate(2, [2, 2])}).worst()
            'a'
        """
        known = [name for name in self._known(names) if not np.isnan(self[name].value)]
        if not known:
            raise InputError("the worst of no models was asked for")
        return min(known, key=lambda name: self[name].value)

    def best_of(self, names: Iterable[Name] | None = None) -> Estimate:
        """Give the highest score, of some names or of all, where the best is chosen anew in each draw.

        A name whose score is NaN takes no part; a draw in which one of the others is NaN is NaN. Raises `InputError`
        where no name has a score.

        Example:
            >>> scores = Estimates({"a": Estimate(1, [1, 4, 1]), "b": Estimate(2, [2, 2, 2])})
            >>> scores.best_of().value, scores.best_of().draws.tolist()
            (2.0, [2.0, 4.0, 2.0])
        """
        if not (known := self.ranked(names)):
            raise InputError("the best of no models was asked for")
        return Estimate(self[known[0]].value, np.max([self[name].draws for name in known], axis=0))

    def average(self, names: Iterable[Name] | None = None) -> Estimate:
        """Average some scores, or all, draw by draw; raises `InputError` for none.

        Example:
            >>> print(Estimates({"a": Estimate(1, [1, 1]), "b": Estimate(2, [2, 2])}).average())
            1.50 [1.50, 1.50]
        """
        if not (known := self._known(names)):
            raise InputError("the average of no models was asked for")
        draws = np.stack([self[name].draws for name in known], axis=1)
        return Estimate(float(np.mean([self[name].value for name in known])), draws.mean(axis=1))

    def difference(self, over: Name, under: Name) -> Estimate:
        """Give the first score less the second, paired.

        Example:
            >>> print(Estimates({"a": Estimate(1, [1, 2]), "b": Estimate(2, [2, 3])}).difference("b", "a"))
            1.00 [1.00, 1.00]
        """
        first, second = self._known([over, under])
        return self[first] - self[second]

    def over(self, baseline: Name, names: Iterable[Name] | None = None) -> Estimates:
        """Give what each score, of some or of all others, is more than that of a baseline.

        Example:
            >>> Estimates({"a": Estimate(1, [1, 2]), "b": Estimate(2, [2, 3])}).over("a").table()
               value  low  high
            b    1.0  1.0   1.0
        """
        others = [name for name in self._known(names) if name != baseline]
        return Estimates({name: self.difference(name, baseline) for name in others})

    def _known(self, names: Iterable[Name] | None) -> list[Name]:
        chosen = list(self) if names is None else list(names)
        if unknown := [name for name in chosen if name not in self._found]:
            raise InputError(f"there is no estimate of {unknown[0]!r}; there are {', '.join(map(str, self))}")
        return chosen


def mean_over_sets(sets: Iterable[Estimates]) -> Estimates:
    """Average the scores of the same names on several sets of items, draw by draw; every set weighs alike.

    A name that is NaN on one of the sets is NaN. Without a set there are no scores. Raises `InputError` where the
    names or the numbers of draws differ.

    Example:
        >>> sets = [Estimates({"glove": Estimate(0.2, [0.2, 0.2])}), Estimates({"glove": Estimate(0.4, [0.4, 0.4])})]
        >>> print(mean_over_sets(sets)["glove"])
        0.30 [0.30, 0.30]
    """
    found = list(sets)
    if len({frozenset(scores) for scores in found}) > 1:
        raise InputError(f"a mean over sets needs the same names in each; got {[list(scores) for scores in found]}")
    names = list(found[0]) if found else []
    return Estimates({name: Estimates(dict(enumerate(scores[name] for scores in found))).average() for name in names})
