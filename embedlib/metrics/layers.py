"""Scores by layer or by another setting: the map, and what a setting is worth that is chosen on other items."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.agreement import rank_correlation, rank_correlations
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate

# What names one way to do a thing, such as a pooling and a layer, or a reading.
Setting = Hashable
Weights = NDArray[np.floating]


class ItemScore(Protocol):
    """How the values of items make one score: their mean, or their rank correlation with what is right."""

    def of(self, values: pd.Series) -> float:
        """Give the score of some items, values by item."""

    def estimate(self, values: pd.Series, boot: Bootstrap) -> Estimate:
        """Estimate the score of the items that the bootstrap draws."""

    def weighted(self, values: pd.DataFrame, weights: Weights) -> NDArray[np.float64]:
        """Give the score of each column, (k, columns), of items that weigh (k, items); NaN where there is none."""


@dataclass(frozen=True)
class MeanScore:
    """The mean of the items' values.

    Example:
        >>> MeanScore().of(pd.Series([0.0, 1.0]))
        0.5
    """

    def of(self, values: pd.Series) -> float:
        """Give the mean of some items, values by item."""
        return float(values.mean())

    def estimate(self, values: pd.Series, boot: Bootstrap) -> Estimate:
        """Estimate the mean of the items that the bootstrap draws."""
        return boot.mean(values.reindex(boot.labels))

    def weighted(self, values: pd.DataFrame, weights: Weights) -> NDArray[np.float64]:
        """Give the mean of each column, (k, columns), of items that weigh (k, items); NaN values are left out.

        Example:
            >>> MeanScore().weighted(pd.DataFrame({"a": [0.0, 1.0, np.nan]}), np.array([[1.0, 1, 1], [0, 2, 1]]))
            array([[0.5],
                   [1. ]])
        """
        known = values.notna().to_numpy()
        return _ratio(weights @ values.fillna(0.0).to_numpy(), weights @ known.astype(np.float64))


@dataclass(frozen=True)
class RankScore:
    """Spearman's rank correlation of the items' values with `truth`, by item (spearman1904proof).

    Items without a value are left out.

    Example:
        >>> people = pd.Series({"cup mug": 9.0, "cup tea": 5.0, "cup sky": 1.0})
        >>> RankScore(people).of(pd.Series({"cup mug": 0.8, "cup tea": 0.6, "cup sky": 0.1}))
        1.0
    """

    truth: pd.Series

    def of(self, values: pd.Series) -> float:
        """Give the correlation of some items, values by item; raises `InputError` for fewer than three."""
        both = pd.DataFrame({"truth": self.truth.reindex(values.index), "value": values})
        return float(rank_correlations(both)["spearman"].iloc[0])

    def estimate(self, values: pd.Series, boot: Bootstrap) -> Estimate:
        """Estimate the correlation of the items that the bootstrap draws."""
        return rank_correlation(self.truth.reindex(boot.labels), values.reindex(boot.labels), boot)

    def weighted(self, values: pd.DataFrame, weights: Weights) -> NDArray[np.float64]:
        """Give the correlation of each column, (k, columns), of items that weigh (k, items).

        Ranks are those among all items; only their weights change, as in `bootstrap_rank_correlations`.

        Example:
            >>> people = pd.Series([9.0, 5.0, 1.0])
            >>> RankScore(people).weighted(pd.DataFrame({"a": [0.8, 0.6, 0.1]}), np.array([[1.0, 2, 1]]))
            array([[1.]])
        """
        known = values.notna().to_numpy() & self.truth.reindex(values.index).notna().to_numpy()[:, None]
        truth = pd.DataFrame(dict.fromkeys(range(values.shape[1]), self.truth.reindex(values.index)))
        # Ranks in the middle of which is zero, and zero for what is unknown: (items, columns).
        left, right = (
            ranks.sub(ranks.mean()).fillna(0.0).to_numpy() / len(values)
            for ranks in (values.where(known).rank(), truth.where(known).rank())
        )
        sizes = weights @ known.astype(np.float64)
        means = [_ratio(weights @ side, sizes) for side in (left, right)]
        spreads = [
            np.sqrt(np.maximum(_ratio(weights @ side**2, sizes) - mean**2, 0.0))
            for side, mean in zip((left, right), means, strict=True)
        ]
        return _ratio(_ratio(weights @ (left * right), sizes) - means[0] * means[1], spreads[0] * spreads[1])


def _ratio(over: NDArray[np.floating], under: NDArray[np.floating]) -> NDArray[np.float64]:
    """Divide, NaN where the divisor is zero but for rounding."""
    return np.asarray(over, dtype=np.float64) / np.where(under > 1e-12, under, np.nan)


@dataclass(frozen=True, eq=False)
class CrossFit:
    """What a setting is worth that is chosen on one half of the items and scored on the other, over many halves.

    `chosen` is the share of the choices that each setting had, the largest first. `best` is the score of the
    chosen setting on items that it was not chosen on, `default` that of the default setting on the same items.
    """

    chosen: pd.Series
    best: Estimate
    default: Estimate

    @property
    def gain(self) -> Estimate:
        """What the chosen setting has more than the default."""
        return self.best - self.default


@dataclass(frozen=True)
class SettingSweep:
    """The values of a task's items at every setting of a model.

    `values` has a Series by item for each setting, such as (pooling, layer). The best of many settings is the best by
    luck, too: `cross_fit` says what it is worth on items that it was not chosen on.

    Example:
        >>> low, high = pd.Series([0.2, 0.1, 0.3, 0.2]), pd.Series([0.6, 0.5, 0.7, 0.6])
        >>> sweep = SettingSweep({("mean", 0): low, ("mean", 1): high})
        >>> boot = Bootstrap(sweep.items, 1000, np.random.default_rng(0))
        >>> found = sweep.cross_fit(("mean", 0), boot, np.random.default_rng(1))
        >>> print(sweep.best(), f"{found.gain:.2f}")
        ('mean', 1) 0.40 [0.40, 0.40]
    """

    values: Mapping[Setting, pd.Series]
    score: ItemScore = MeanScore()

    @property
    def items(self) -> pd.Index:
        """The items, as at the first setting."""
        return next(iter(self.values.values())).index

    def scores(self, items: pd.Index | None = None) -> pd.Series:
        """Give the score of each setting on some items or on all: a Series by setting.

        Example:
            >>> sweep = SettingSweep({("mean", 0): pd.Series([0.2, 0.1]), ("mean", 1): pd.Series([0.6, 0.5])})
            >>> sweep.scores(pd.Index([0])).tolist()
            [0.2, 0.6]
        """
        found = [self.score.of(values if items is None else values.loc[items]) for values in self.values.values()]
        return pd.Series(found, pd.Index(list(self.values)), dtype=float)

    def best(self, items: pd.Index | None = None, *, without: Sequence[Setting] = ()) -> Setting:
        """Name the setting of highest score on some items or on all; of equals the first.

        Raises `InputError` where no setting has a score.

        Example:
            >>> SettingSweep({("mean", 0): pd.Series([0.2, 0.1]), ("last", 0): pd.Series([0.6, 0.5])}).best()
            ('last', 0)
        """
        scores = dict(zip(self.values, self.scores(items), strict=True))
        known = [setting for setting, score in scores.items() if setting not in without and not np.isnan(score)]
        if not known:
            raise InputError("no setting has a score to choose by")
        return max(known, key=lambda setting: scores[setting])

    def estimate(self, setting: Setting, boot: Bootstrap) -> Estimate:
        """Estimate a setting's score on the items that a bootstrap draws; raises `InputError` for an unknown one."""
        self._check(setting)
        return self.score.estimate(self.values[setting], boot)

    def cross_fit(
        self, default: Setting, boot: Bootstrap, rng: np.random.Generator, *, repeats: int = 20,
        without: Sequence[Setting] = (), of: pd.Series | None = None,
    ) -> CrossFit:  # fmt: skip
        """Estimate what the best setting gains over a default, on items that it was not chosen on.

        The items are split into two random halves. The setting that is best on one half is scored on the
        other, and the other way round, and the two scores are averaged. This is repeated with `repeats` other
        splits (chernozhukov2018double). For the interval the units of `boot` are drawn anew, and in each draw
        everything is done again: the splits, the choices and the scores. Copies of a unit stay in one half, so
        that no setting is chosen on what it is scored on (efron1997improvements). Where `of` is given, it names the
        unit that each item belongs to, and items of one unit stay in one half and are drawn together.

        A draw has fewer different units than there are, and a choice on fewer units is worse: the draws are
        moved so that their mean is the value. `without` are settings that cannot be chosen. One `boot` for
        several models makes their differences paired. Raises `InputError` for an unknown default, fewer than
        four units or one repeat, and where no setting has a score on a half.

        Example:
            >>> values = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=range(3))
            >>> sweep = SettingSweep({("mean", layer): values[layer] + layer for layer in values})
            >>> boot = Bootstrap(sweep.items, 500, np.random.default_rng(0))
            >>> found = sweep.cross_fit(("mean", 0), boot, np.random.default_rng(0))
            >>> found.chosen.to_dict(), f"{found.gain:.1f}"
            ({('mean', 2): 1.0}, '2.5 [2.1, 2.9]')
        """
        self._check(default)
        settings = list(self.values)
        values = pd.DataFrame(dict(enumerate(self.values.values())))
        unit_of = pd.Series(self.items, self.items) if of is None else of.reindex(self.items)
        if unit_of.isna().any():
            raise InputError(f"no unit is named for {unit_of.index[unit_of.isna()][0]!r}")
        columns, units = pd.factorize(unit_of)
        if len(units) < 4 or repeats < 1:
            raise InputError(
                f"choosing on halves needs four units and one repeat at least, not {len(units)} and {repeats}"
            )
        allowed = np.array([setting not in without for setting in settings])
        at_default = settings.index(default)

        def scored(counts: NDArray[np.uint8]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
            """Split drawn units, (k, units): the scores of choice and default, (k, 2), and the choices (k, 2)."""
            first = _halves_at_random(counts, rng)[:, columns]
            weights = counts[:, columns].astype(np.float64)
            one, other = (self.score.weighted(values, weights * half) for half in (first, ~first))
            found, choices = [], []
            for on, there in ((one, other), (other, one)):
                ranked = np.where(allowed & ~np.isnan(on), on, -np.inf)
                choice = ranked.argmax(axis=1)
                known = np.isfinite(ranked.max(axis=1))
                at_choice = np.where(known, there[np.arange(len(there)), choice], np.nan)
                found.append(np.column_stack([at_choice, there[:, at_default]]))
                choices.append(choice)
            return (found[0] + found[1]) / 2, np.column_stack(choices)

        whole = np.ones((repeats, len(units)), dtype=np.uint8)
        scores, choices = scored(whole)
        if np.isnan(scores).any():
            raise InputError("no setting has a score to choose by, or to report, on a half of the items")
        drawn = boot.counts_of(units)
        draws = np.mean([scored(drawn)[0] for _ in range(repeats)], axis=0)
        best, usual = (
            boot.estimate(value, found - np.nanmean(found) + value)
            for value, found in zip(scores.mean(axis=0), draws.T, strict=True)
        )
        shares = pd.Series(choices.ravel()).value_counts(normalize=True, sort=False).sort_index()
        names = pd.Index([settings[at] for at in shares.index])
        chosen = shares.set_axis(names).sort_values(ascending=False, kind="stable").rename("share")
        return CrossFit(chosen, best, usual)

    def _check(self, setting: Setting) -> None:
        if setting not in self.values:
            raise InputError(f"{setting} was not looked at; there are {', '.join(map(str, self.values))}")


def _halves_at_random(counts: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Say which units are in the first half of those drawn, (k, units); of an odd number either half has one more."""
    keys = np.where(counts > 0, rng.random(counts.shape), np.inf)
    places = keys.argsort(axis=1).argsort(axis=1)
    sizes = ((counts > 0).sum(axis=1) + rng.integers(2, size=len(counts))) // 2
    first: NDArray[np.bool_] = places < sizes[:, None]
    return first


def every_few_layers(depth: int, step: int, also: Sequence[int] = ()) -> list[int]:
    """List layers 0 to depth in steps, the last one and some others, in rising order.

    Raises `InputError` for a negative depth or a step below one.

    Example:
        >>> every_few_layers(12, 5, also=[11])
        [0, 5, 10, 11, 12]
    """
    if depth < 0 or step < 1:
        raise InputError(f"layers need a depth of at least 0 and a step of at least 1, not {depth} and {step}")
    return sorted({*range(0, depth + 1, step), depth, *also})


def score_layers(layers: Sequence[int], depth: int, score: Callable[[int], float]) -> pd.DataFrame:
    """Score some layers of a model of `depth` layers: a row a layer with layer, depth and value.

    Depth is the layer as a share of the model's last: 0 is the input embeddings, 1 the last layer. The
    only layer of a model that has none is the last. Raises `InputError` for a layer beyond the depth.

    Example:
        >>> score_layers([0, 6, 12], 12, score=lambda layer: layer**2.0)
           layer  depth  value
        0      0    0.0    0.0
        1      6    0.5   36.0
        2     12    1.0  144.0
    """
    if bad := [layer for layer in layers if not 0 <= layer <= depth]:
        raise InputError(f"there is no layer {bad[0]}; the model has layers 0 to {depth}")
    shares = [layer / depth if depth else 1.0 for layer in layers]
    return pd.DataFrame({"layer": list(layers), "depth": shares, "value": [float(score(layer)) for layer in layers]})


def peaks(scores: pd.DataFrame, by: str | list[str], value: str = "value") -> pd.DataFrame:
    """Give the row of highest value of each group, the first of equals, groups in the order they come in.

    Example:
        >>> scores = pd.DataFrame({"model": ["a", "a", "b"], "layer": [0, 1, 0], "value": [0.1, 0.4, 0.2]})
        >>> peaks(scores, "model")[["model", "layer"]].to_numpy().tolist()
        [['a', 1], ['b', 0]]
    """
    return scores.loc[scores.groupby(by, sort=False, observed=True)[value].idxmax()]
