"""How far two models agree on which pairs are alike, and how far one model could stand in for another."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.verdicts import Part

_DRAWS_AT_ONCE = 50
_LEAST_ITEMS = 10  # of which a correlation is given


def rank_correlations(scores: pd.DataFrame) -> pd.DataFrame:
    """Correlate the ranks of every two columns over the same rows, rows with NaN left out.

    Gives a row for each two columns, in their order: first, second, pairs, spearman (spearman1904proof). Raises
    `InputError` where two columns share fewer than three rows.

    Example:
        >>> scores = pd.DataFrame({"people": [1.0, 2, 3, 4], "glove": [0.1, 0.2, 0.4, 0.3]})
        >>> rank_correlations(scores).round(2)
            first second  pairs  spearman
        0  people  glove      4       0.8
    """
    rows = []
    for first, second in itertools.combinations(scores.columns, 2):
        both = scores[[first, second]].dropna()
        if len(both) < 3:
            raise InputError(f"{first} and {second} share {len(both)} scores; a rank correlation needs at least 3")
        spearman = stats.spearmanr(both[first].to_numpy(), both[second].to_numpy()).statistic
        rows.append((first, second, len(both), float(spearman)))
    return pd.DataFrame(rows, columns=["first", "second", "pairs", "spearman"])


def rank_correlation(
    first: pd.Series | ArrayLike, second: pd.Series | ArrayLike, boot: Bootstrap, *, among: ArrayLike | None = None
) -> Estimate:
    """Estimate Spearman's rank correlation of two values of each unit (spearman1904proof).

    `first` and `second` are (n,), by unit of the bootstrap, and `among` labels or a mask of the units
    that are meant; units with NaN are left out. Ranks stay fixed in the draws, as in
    `bootstrap_rank_correlations`. Raises `InputError` where fewer than three units are left.

    Example:
        >>> boot = Bootstrap(4, 3, np.random.default_rng(5))
        >>> found = rank_correlation([1.0, 2.0, 3.0, 4.0], [0.1, 0.2, 0.4, 0.3], boot)
        >>> round(found.value, 6), len(found.draws)
        (0.8, 3)
    """
    both = pd.DataFrame({"first": boot.align(first).to_numpy(), "second": boot.align(second).to_numpy()})
    kept = boot.mask(among) & both.notna().all(axis=1).to_numpy()
    both, counts = both[kept], boot.counts[:, kept]
    value = rank_correlations(both)["spearman"].iloc[0]
    draws = bootstrap_rank_correlations(both, counts, np.arange(len(both))[:, None])
    return boot.estimate(float(value), draws.iloc[:, 0].to_numpy())


def correlate_with(column: str, scores: pd.DataFrame, boot: Bootstrap, *, among: ArrayLike | None = None) -> Estimates:
    """Estimate Spearman's rank correlation of one column with each of the others, on the same units and draws.

    `scores` has a row a unit of the bootstrap (spearman1904proof). Units outside `among` (labels or a mask), and those
    with NaN in any column, are left out for all. On fewer than ten units a correlation is NaN. Ranks stay fixed in the
    draws, as in `bootstrap_rank_correlations`. Raises `InputError` for a column that is not there.

    Example:
        >>> people = np.arange(12.0)
        >>> scores = pd.DataFrame({"people": people, "glove": people**2, "gemma": -people})
        >>> found = correlate_with("people", scores, Bootstrap(12, 3, np.random.default_rng(5)))
        >>> found.value.round(6).to_dict()
        {'glove': 1.0, 'gemma': -1.0}
    """
    if column not in scores.columns:
        raise InputError(f"there is no column {column!r}; there are {list(scores.columns)}")
    others = [name for name in scores.columns if name != column]
    kept = boot.mask(among) & scores.notna().all(axis=1).to_numpy()
    if kept.sum() < _LEAST_ITEMS:
        return Estimates({name: boot.estimate(np.nan, np.full(len(boot.counts), np.nan)) for name in others})
    rows = scores.loc[kept, [column, *others]]
    places = np.arange(len(rows))[:, None]
    found = boot.apply_columns(lambda counts: bootstrap_rank_correlations(rows, counts, places), of=kept)
    return Estimates({name: found[column, name] for name in others})


def average_correlations(correlations: Iterable[Estimate]) -> Estimate:
    """Average correlations of several sets by Fisher's z, draw by draw (fisher1921, corey1998averaging).

    Each set counts alike. Draws of different sets are joined by their number, so that sets which are drawn
    independently stay so. Correlations that are NaN are left out; the average of none is NaN. Raises `InputError` for
    no correlations.

    Example:
        >>> found = average_correlations([Estimate(0.8, [0.8, 0.9]), Estimate(0.2, [0.2, 0.1])])
        >>> round(found.value, 4), found.draws.round(4).tolist()
        (0.5721, [0.5721, 0.6563])
    """
    if not (given := list(correlations)):
        raise InputError("the average of no correlations was asked for")
    known = [found for found in given if not np.isnan(found.value)] or given[:1]
    # A correlation of one has no z; the nearest number below one stands for it.
    most = np.nextafter(1.0, 0.0)
    scores = Estimates({
        at: Estimate(np.arctanh(np.clip(found.value, -most, most)), np.arctanh(np.clip(found.draws, -most, most)))
        for at, found in enumerate(known)
    })  # fmt: skip
    mean = scores.average()
    return Estimate(float(np.tanh(mean.value)), np.tanh(mean.draws))


def bootstrap_rank_correlations(
    scores: pd.DataFrame, counts: NDArray[np.uint8], places: NDArray[np.intp]
) -> pd.DataFrame:
    """Give Spearman's correlation of every two columns in each bootstrap sample: a row a draw.

    It is `bootstrap_correlations` of the ranks of all rows, which stay fixed; only their weights change. The spread of
    the draws is within a tenth of that of samples ranked anew (tested). Raises as `bootstrap_correlations` does.

    Example:
        >>> scores = pd.DataFrame({"people": [1.0, 2, 3, 4], "glove": [0.1, 0.2, 0.4, 0.3]})
        >>> counts = np.array([[1, 1, 1, 1], [2, 1, 1, 0]], dtype=np.uint8)
        >>> bootstrap_rank_correlations(scores, counts, np.arange(4)[:, None])["people", "glove"].round(3).tolist()
        [0.8, 0.985]
    """
    return bootstrap_correlations(scores.rank(), counts, places)


def bootstrap_correlations(scores: pd.DataFrame, counts: NDArray[np.uint8], places: NDArray[np.intp]) -> pd.DataFrame:
    """Give the linear correlation of every two columns in each bootstrap sample: a row a draw, columns (first, second).

    `counts` is (draws, items), how often each item was drawn; `places` is (rows, m), the items of each row of `scores`.
    A row weighs the product of its items' counts: for scores of pairs of words, with the words drawn and m = 2, pairs
    that share a word come and go together; with the rows themselves drawn, `places` is np.arange(rows)[:, None]. With
    m = 2 the chance of a sample of pairs counts about three times, so that intervals are on the wide side. One matrix
    of counts for all columns makes their differences paired (efron1993bootstrap). Raises `InputError` for NaN, fewer
    than three rows, shapes that do not fit, or a sample in which a column is constant.

    Example:
        >>> scores = pd.DataFrame({"people": [1.0, 2, 3, 6], "glove": [0.1, 0.2, 0.3, 0.6]})
        >>> counts = np.array([[1, 1, 1, 1], [2, 1, 1, 0]], dtype=np.uint8)
        >>> bootstrap_correlations(scores, counts, np.arange(4)[:, None])["people", "glove"].round(3).tolist()
        [1.0, 1.0]
    """
    n, pairs = len(scores), list(itertools.combinations(range(scores.shape[1]), 2))
    if n < 3 or scores.isna().to_numpy().any():
        raise InputError(f"a correlation needs at least 3 rows without NaN, not these {n}")
    if (
        places.ndim != 2
        or len(places) != n
        or counts.ndim != 2
        or not 0 <= places.min() <= places.max() < counts.shape[1]
    ):
        raise InputError(f"counts {counts.shape} and places {places.shape} do not fit {n} rows")
    values = scores.to_numpy(dtype=np.float64)
    values = (values - values.mean(axis=0)) / n
    left, right = (np.array([pair[side] for pair in pairs], dtype=np.intp) for side in (0, 1))
    squares, products = values**2, values[:, left] * values[:, right]
    draws = np.empty((len(counts), len(pairs)))
    for start in range(0, len(counts), _DRAWS_AT_ONCE):
        some = counts[start : start + _DRAWS_AT_ONCE]
        weights = some[:, places[:, 0]].astype(np.float64)  # (some, rows)
        for column in places.T[1:]:
            weights *= some[:, column]
        sizes = np.maximum(weights.sum(axis=1, keepdims=True), 1)  # (some, 1)
        means = weights @ values / sizes  # (some, columns)
        spreads = np.sqrt(np.maximum(weights @ squares / sizes - means**2, 0))  # (some, columns)
        if not spreads.all():
            raise InputError("a bootstrap sample has a column of equal values: too few rows to resample")
        covariances = weights @ products / sizes - means[:, left] * means[:, right]  # (some, pairs)
        draws[start : start + len(some)] = covariances / (spreads[:, left] * spreads[:, right])
    names = [(scores.columns[i], scores.columns[j]) for i, j in pairs]
    return pd.DataFrame(draws, columns=pd.MultiIndex.from_tuples(names, names=["first", "second"]))


def correlate_columns(scores: pd.DataFrame, boot: Bootstrap, places: NDArray[np.intp] | None = None) -> Estimates:
    """Estimate Spearman's correlation of every two columns: an estimate for each (first, second).

    `scores` has a row a pair of words and a column a model (spearman1904proof). `places`, (rows, m), are the units of
    each row, see `bootstrap_rank_correlations`: its two words, or with None the row itself. Raises `InputError` as
    `bootstrap_rank_correlations` does.

    Example:
        >>> scores = pd.DataFrame({"glove": [1.0, 2, 3, 4], "gemma": [1.0, 2, 4, 3]})
        >>> found = correlate_columns(scores, Bootstrap(4, 2, np.random.default_rng(5)))
        >>> round(found["glove", "gemma"].value, 6)
        0.8
    """
    at = np.arange(len(scores))[:, None] if places is None else places
    values = rank_correlations(scores).set_index(["first", "second"])["spearman"]
    return Estimates.of_draws(values, bootstrap_rank_correlations(scores, boot.counts, at))


def own_agreement(
    scores: pd.DataFrame, other: pd.DataFrame, boot: Bootstrap, places: NDArray[np.intp] | None = None
) -> Estimates:
    """Estimate how far each model agrees with itself when it is read in another way: Spearman's correlation.

    `scores` has a row a pair and a column a model, and `other` the same rows and models under another reading:
    another layer, template or transform. `places` are as in `correlate_columns`. A model that `other` lacks, or whose
    two columns have the same ranks, has no second reading, and its estimate is NaN. Raises `InputError` for indices
    that differ, and as `bootstrap_rank_correlations` does.

    Example:
        >>> scores = pd.DataFrame({"glove": [1.0, 2, 3, 4], "gemma": [1.0, 2, 4, 3]})
        >>> other = pd.DataFrame({"glove": [1.0, 3, 2, 4], "gemma": [1.0, 2, 4, 3]})
        >>> own_agreement(scores, other, Bootstrap(4, 2, np.random.default_rng(5))).value.round(6).to_dict()
        {'glove': 0.8, 'gemma': nan}
    """
    if not scores.index.equals(other.index):
        raise InputError(f"two readings of the same pairs are needed, not of {len(scores)} and {len(other)} others")
    unknown = boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
    own = dict.fromkeys(scores.columns, unknown)
    for model in scores.columns.intersection(other.columns):
        if not np.array_equal(scores[model].rank(), other[model].rank()):
            both = pd.DataFrame({"one": scores[model], "two": other[model]})
            own[model] = correlate_columns(both, boot, places)["one", "two"]
    return Estimates(own)


def agreement_shares(between: Estimates, own: Estimates) -> Estimates:
    """Give the agreement of every two models as a share of how far each agrees with itself.

    `between` has an estimate for each (first, second), as `correlate_columns` gives them, and `own` one for each
    model, as `own_agreement` does. 1 is a model that is as near to another one as both are to themselves. It is the
    idea of a correction for attenuation, with the arithmetic mean (spearman1904proof); more than 1 is possible. The
    share is NaN where a model's own agreement is, or where the mean of the two is zero or less.

    Example:
        >>> between = Estimates({("glove", "gemma"): Estimate(0.3, [0.3, 0.3])})
        >>> own = Estimates({"glove": Estimate(0.8, [0.8, 0.8]), "gemma": Estimate(0.4, [0.4, 0.4])})
        >>> round(agreement_shares(between, own)["glove", "gemma"].value, 6)
        0.5
    """
    return Estimates({two: share_of_own(between[two], own[two[0]], own[two[1]]) for two in between})


def average_between(found: Estimates, first: Iterable[str], second: Iterable[str]) -> Estimate | None:
    """Average the estimates of all pairs of two different models, one of each group; None where there is no such pair.

    `found` has an estimate for each (first, second). A pair counts once, in either order. Estimates that are NaN are
    left out.

    Example:
        >>> pairs = {("glove", "gemma"): 0.2, ("glove", "qwen"): 0.4, ("gemma", "qwen"): 0.9}
        >>> found = Estimates({two: Estimate(value, [value, value]) for two, value in pairs.items()})
        >>> print(average_between(found, ["gemma", "qwen"], ["glove"]))
        0.30 [0.30, 0.30]
        >>> average_between(found, ["glove"], ["glove"]) is None
        True
    """
    one, two = set(first), set(second)
    across = [(a, b) for a, b in found if (a in one and b in two) or (b in one and a in two)]
    known = [pair for pair in across if not np.isnan(found[pair].value)]
    return found.average(known) if known else None


def judge_pairs(name: str, effect_of: Callable[[list[str]], Estimate | None], models: Sequence[str]) -> Part:
    """Judge a statement on pairs of models, and give the range of its effect when one of the models is left out.

    `effect_of` takes the models that are kept and gives the effect, signed so that above zero supports the statement,
    or None where it cannot be had. Labels belong to single models, so there is no permutation p.

    Example:
        >>> pairs = {("glove", "gemma"): 0.2, ("glove", "qwen"): 0.4, ("gemma", "qwen"): 0.9}
        >>> found = Estimates({two: Estimate(value, [value, value]) for two, value in pairs.items()})
        >>> part = judge_pairs("all agree", lambda kept: average_between(found, kept, kept), ["glove", "gemma", "qwen"])
        >>> part.verdict, round(part.effect, 6), part.left_out_low, part.left_out_high
        ('supported', 0.5, 0.2, 0.9)
    """
    without_one = []
    for left_out in models:
        effect = effect_of([model for model in models if model != left_out])
        if effect is not None:
            without_one.append(effect.value)
    low, high = (min(without_one), max(without_one)) if without_one else (np.nan, np.nan)
    return replace(Part.of(name, effect_of(list(models))), left_out_low=low, left_out_high=high)


def share_of_own(between: Estimate, first: Estimate, second: Estimate) -> Estimate:
    """Divide the agreement of two models by the mean of their agreements with themselves, draw by draw.

    NaN where that mean is zero or less, or NaN. Raises `InputError` for estimates of different draws.

    Example:
        >>> own = Estimate(0.8, [0.8, 0.8]), Estimate(0.4, [0.4, 0.6])
        >>> share_of_own(Estimate(0.3, [0.3, 0.35]), *own).draws
        array([0.5, 0.5])
    """
    own = (first + second) / 2
    value = own.value if own.value > 0 else np.nan
    return between / Estimate(value, np.where(own.draws > 0, own.draws, np.nan))


def stand_in_margin(share: Estimate, least: float = 0.7) -> Estimate:
    """Give how much more a share of own agreement is than a stand-in needs: above zero it can stand in.

    `least` is the share that is asked for. Raises `InputError` for one outside (0, 1].

    Example:
        >>> print(stand_in_margin(Estimate(0.8, [0.75, 0.85]), 0.7))
        0.10 [0.05, 0.15]
    """
    if not 0 < least <= 1:
        raise InputError(f"least is {least}; allowed: a share of own agreement, above 0 and at most 1")
    return share - least


def symmetric(values: pd.Series, names: list[str]) -> pd.DataFrame:
    """Lay values of pairs, with an index of first and second, out as a symmetric frame; its diagonal is NaN.

    Pairs that `values` lacks are NaN; pairs of other names are left out.

    Example:
        >>> index = pd.MultiIndex.from_tuples([("glove", "gemma")])
        >>> symmetric(pd.Series([0.4], index), ["gemma", "glove"]).to_numpy()
        array([[nan, 0.4],
               [0.4, nan]])
    """
    frame = pd.DataFrame(np.nan, index=pd.Index(names, name="model"), columns=names)
    for (first, second), value in zip(values.index, values, strict=True):
        if first in names and second in names:
            frame.loc[first, second] = frame.loc[second, first] = value
    return frame


def cluster_order(similarities: pd.DataFrame) -> list[str]:
    """Order the names of a symmetric frame so that similar ones stand together.

    Average linkage of one minus the similarity, leaves in optimal order, the first name in the
    first half. The diagonal is not read. Raises `InputError` for NaN off the diagonal.

    Example:
        >>> names = ["a", "b", "c"]
        >>> alike = pd.DataFrame([[1, 0.1, 0.9], [0.1, 1, 0.2], [0.9, 0.2, 1]], names, names)
        >>> cluster_order(alike)
        ['a', 'c', 'b']
    """
    names = [str(name) for name in similarities.columns]
    if len(names) < 3:
        return names
    distance = 1 - similarities.to_numpy(dtype=np.float64)
    np.fill_diagonal(distance, 0)
    if np.isnan(distance).any():
        raise InputError("similarities hold NaN: models without a similarity cannot be ordered")
    tree = hierarchy.linkage(squareform(distance, checks=False), "average", optimal_ordering=True)
    leaves = hierarchy.leaves_list(tree).tolist()
    if leaves.index(0) > (len(names) - 1) / 2:
        leaves.reverse()
    return [names[leaf] for leaf in leaves]


def neighbour_overlap(first: NDArray[np.int32], second: NDArray[np.int32]) -> NDArray[np.float64]:
    """Give the share of each row's k neighbours that both models name: two (n, k) to (n,).

    Raises `InputError` where the shapes differ.

    Example:
        >>> first = np.array([[1, 2], [0, 2]], dtype=np.int32)
        >>> second = np.array([[1, 3], [3, 4]], dtype=np.int32)
        >>> neighbour_overlap(first, second)
        array([0.5, 0. ])
    """
    if first.shape != second.shape or first.ndim != 2:
        raise InputError(
            f"neighbours of the same words and the same k are needed, not {first.shape} and {second.shape}"
        )
    shared = sum((second == column[:, None]).any(axis=1) for column in first.T)
    share: NDArray[np.float64] = np.asarray(shared, dtype=np.float64) / first.shape[1]
    return share
