"""Scores by layer and pooling: the whole map, and a setting chosen on one half of the items."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from embedlib.errors import InputError
from embedlib.metrics.agreement import rank_correlation, rank_correlations
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate

# A pooling and a layer.
Setting = tuple[str, int]


class ItemScore(Protocol):
    """How the values of items make one score: their mean, or their rank correlation with what is right."""

    def of(self, values: pd.Series) -> float:
        """Give the score of some items, values by item."""

    def estimate(self, values: pd.Series, boot: Bootstrap) -> Estimate:
        """Estimate the score of the items that the bootstrap draws."""


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


@dataclass(frozen=True)
class LayerSweep:
    """The values of a task's items at every setting of a model.

    `values` has a Series by item for each (pooling, layer). Choose a setting on one half of the items
    and report it on the other: the best of many is the best by luck, too.

    Example:
        >>> low, high = pd.Series([0.2, 0.1, 0.3, 0.2]), pd.Series([0.6, 0.5, 0.7, 0.5])
        >>> sweep = LayerSweep({("mean", 0): low, ("mean", 1): high})
        >>> choose, report = halves(sweep.items)
        >>> best = sweep.best(choose)
        >>> boot = Bootstrap(report, 1000, np.random.default_rng(0))
        >>> gain = sweep.estimate(best, boot) - sweep.estimate(("mean", 0), boot)
        >>> print(best, f"{gain:.1f}")
        ('mean', 1) 0.3 [0.3, 0.4]
    """

    values: Mapping[Setting, pd.Series]
    score: ItemScore = MeanScore()

    @property
    def items(self) -> pd.Index:
        """The items, as at the first setting."""
        return next(iter(self.values.values())).index

    def scores(self, items: pd.Index | None = None) -> pd.Series:
        """Give the score of each setting on some items or on all: a Series by pooling and layer.

        Example:
            >>> sweep = LayerSweep({("mean", 0): pd.Series([0.2, 0.1]), ("mean", 1): pd.Series([0.6, 0.5])})
            >>> sweep.scores(pd.Index([0])).tolist()
            [0.2, 0.6]
        """
        found = [self.score.of(values if items is None else values.loc[items]) for values in self.values.values()]
        return pd.Series(found, pd.MultiIndex.from_tuples(list(self.values), names=["pooling", "layer"]), dtype=float)

    def best(self, items: pd.Index | None = None, *, without: Sequence[Setting] = ()) -> Setting:
        """Name the setting of highest score on some items or on all; of equals the first.

        Raises `InputError` where no setting has a score.

        Example:
            >>> LayerSweep({("mean", 0): pd.Series([0.2, 0.1]), ("last", 0): pd.Series([0.6, 0.5])}).best()
            ('last', 0)
        """
        scores = dict(zip(self.values, self.scores(items), strict=True))
        known = [setting for setting, score in scores.items() if setting not in without and not np.isnan(score)]
        if not known:
            raise InputError("no setting has a score to choose by")
        return max(known, key=lambda setting: scores[setting])

    def estimate(self, setting: Setting, boot: Bootstrap) -> Estimate:
        """Estimate a setting's score on the items that a bootstrap draws; raises `InputError` for an unknown one."""
        if setting not in self.values:
            raise InputError(f"{setting} was not looked at; there are {', '.join(map(str, self.values))}")
        return self.score.estimate(self.values[setting], boot)


def halves(items: pd.Index) -> tuple[pd.Index, pd.Index]:
    """Split items into every first and every second one: to choose on, and to report on.

    Raises `InputError` for fewer than two items.

    Example:
        >>> choose, report = halves(pd.Index(["a", "b", "c"]))
        >>> list(choose), list(report)
        (['a', 'c'], ['b'])
    """
    if len(items) < 2:
        raise InputError(f"to choose on one half and report on the other needs two items or more, not {len(items)}")
    return items[0::2], items[1::2]


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
