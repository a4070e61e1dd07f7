"""How well cosines tell related pairs from unrelated ones."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimates

_BINS = 50
_DRAWS_AT_ONCE = 100


@dataclass(frozen=True)
class Separation:
    """Area under the ROC curve, Cohen's d and the overlap of the two distributions."""

    auc: float
    d: float
    overlap: float


def related_pairs(relations: pd.DataFrame) -> pd.DataFrame:
    """List the pairs of word relations, each source with its best answer.

    Takes a frame as of `bats`; gives columns group, relation, kind, first and second. The kind is
    morphological for inflectional and derivational relations, and semantic for all others.

    Example:
        >>> relations = pd.DataFrame({"group": ["derivational"], "relation": ["un-"], "source": ["able"]})
        >>> relations["targets"] = [["unable"]]
        >>> related_pairs(relations).iloc[0].tolist()
        ['derivational', 'un-', 'morphological', 'able', 'unable']
    """
    kind = relations["group"].isin(["inflectional", "derivational"]).map({True: "morphological", False: "semantic"})
    return pd.DataFrame({
        "group": relations["group"], "relation": relations["relation"], "kind": kind,
        "first": relations["source"], "second": relations["targets"].str[0],
    })  # fmt: skip


def re_pair(pairs: pd.DataFrame, rng: np.random.Generator, *, within: bool = False) -> pd.DataFrame:
    """Give every first word the second word of another pair, so that no word's frequency changes.

    The other pair is one of another relation of the same kind, or with `within` one of the same
    relation: words of the right sort that are not each other's. Each second word is used as often
    as before. Pairs that are related after all are drawn again, and are dropped where that does not
    help. Raises `InputError` where there is nothing to draw from: one relation of a kind, or one
    pair of a relation.

    Example:
        >>> pairs = pd.DataFrame({"relation": ["plural", "past"], "kind": "morphological"})
        >>> pairs = pairs.assign(first=["cat", "go"], second=["cats", "went"])
        >>> re_pair(pairs, np.random.default_rng(0))[["first", "second"]].to_numpy().tolist()
        [['cat', 'went'], ['go', 'cats']]
    """
    related = set(zip(pairs["first"], pairs["second"], strict=True))
    parts = []
    for name, part in pairs.groupby("relation" if within else "kind", sort=False):
        if len(part) < 2 or (not within and part["relation"].nunique() < 2):
            raise InputError(f"{name}: there is no other {'pair' if within else 'relation'} to take words from")
        order = rng.permutation(len(part))
        first, relation = part["first"].to_numpy(), part["relation"].to_numpy()
        second, origin = part["second"].to_numpy(), relation
        for _ in range(200):
            drawn = second[order]
            same = np.zeros(len(part), dtype=bool) if within else origin[order] == relation
            bad = same | (drawn == first) | np.array([pair in related for pair in zip(first, drawn, strict=True)])
            if not bad.any():
                break
            for place in np.flatnonzero(bad):
                other = rng.integers(len(part))
                order[[place, other]] = order[[other, place]]
        parts.append(part.assign(second=second[order])[~bad])
    together: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return together


def with_controls(related: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Put two sets of unrelated pairs under the related ones: a column `set` says which a pair is of.

    Takes a frame as of `related_pairs`. Its own pairs are "related". Those that are "unrelated" have the second word of
    another relation, and those of the "same relation" that of another pair of it: the right sort of word, and not the
    right one. All three sets hold the same words equally often, but for pairs that `re_pair` drops, which raises
    where it cannot draw.

    Example:
        >>> related = pd.DataFrame({"relation": ["plural"] * 2 + ["past"] * 2, "kind": "morphological"})
        >>> related = related.assign(first=["cat", "dog", "go", "see"], second=["cats", "dogs", "went", "saw"])
        >>> pairs = with_controls(related, np.random.default_rng(0))
        >>> pairs.loc[pairs["set"] == "same relation", "second"].to_list()
        ['dogs', 'cats', 'saw', 'went']
    """
    sets = {
        "related": related, "unrelated": re_pair(related, rng), "same relation": re_pair(related, rng, within=True),
    }  # fmt: skip
    together = [pairs.assign(set=name) for name, pairs in sets.items()]
    return pd.concat(together, ignore_index=True)


def units_of(labels: ArrayLike, joined: Mapping[Hashable, Hashable] | None = None) -> pd.Series:
    """Give the unit of each pair, (n,): its relation, or what a mapping joins this into.

    `embedlib.datasets.relations.relation_units` makes such a mapping. A relation that the mapping does not name is a
    unit of its own. Raises `InputError` for a missing label, and where a relation would become a unit of the same
    name as another relation that the mapping does not name.

    Example:
        >>> units_of(["I05", "I06", "I01"], {"I05": "verbs", "I06": "verbs"}).to_list()
        ['verbs', 'verbs', 'I01']
    """
    relations = pd.Series(np.asarray(labels, dtype=object))
    if relations.isna().any():
        raise InputError(f"row {int(relations.isna().to_numpy().argmax())} has no label: which unit is it of?")
    known = dict(joined or {})
    own = set(relations) - set(known)
    if clash := next((name for name, unit in known.items() if unit in own), None):
        raise InputError(f"{clash!r} is joined into {known[clash]!r}, which is a relation of its own: name it, too")
    return relations.map(lambda label: known.get(label, label))


def separate_units(scores: ArrayLike, related: ArrayLike, units: ArrayLike, boot: Bootstrap) -> Estimates:
    """Estimate how far related and unrelated pairs lie apart, whole units being drawn: `auc`, `d` and `overlap`.

    `scores` are those of all pairs, (n,), `related` says of each whether it is a related one, (n,) bool, and `units`
    which unit it belongs to, (n,), see `units_of`: its relation, or that of its first word for an unrelated pair.
    With a unit come its related and its unrelated pairs (efron1993bootstrap). The measures are those of `separate`.

    Pairs with NaN are left out. With fewer than two related or unrelated pairs left, the estimates are NaN; so is a
    draw without pairs of one sort. Raises `InputError` for lengths that differ, a unit that is not drawn, scores that
    are infinite, and where all scores agree.

    Example:
        >>> boot = Bootstrap(["capitals", "plurals"], 3, np.random.default_rng(1))
        >>> units = ["capitals", "plurals", "capitals", "plurals"]
        >>> found = separate_units([0.9, 0.7, 0.1, 0.8], [True, True, False, False], units, boot)
        >>> found["auc"].value, found["auc"].draws
        (0.75, array([0.75, 0.  , 1.  ]))
    """
    value, truth = np.asarray(scores, dtype=np.float64), np.asarray(related)
    labels = np.asarray(units, dtype=object)
    if value.ndim != 1 or not value.shape == truth.shape == labels.shape:
        raise InputError(f"scores {value.shape}, related {truth.shape} and units {labels.shape} do not fit each other")
    if truth.dtype != bool:
        raise InputError(f"related has the dtype {truth.dtype}; allowed: bool, a mask over the pairs")
    counts = boot.counts_of(pd.Index(labels))
    kept = ~np.isnan(value)
    sides = [kept & truth, kept & ~truth]
    if min(side.sum() for side in sides) < 2:
        unknown = boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
        return Estimates({field.name: unknown for field in fields(Separation)})
    samples = [value[side] for side in sides]
    point = separate(*samples)
    drawn = bootstrap_separation(*samples, *(counts[:, side] for side in sides))
    return Estimates.of_draws(asdict(point), drawn)


def auc_within(
    scores: pd.DataFrame, related: ArrayLike, first: ArrayLike, boot: Bootstrap, *, of: ArrayLike | None = None
) -> Estimates:
    """Estimate the AUC of related against unrelated pairs within a first word, averaged over first words, by model.

    `scores` is (n, models), a row a pair, `related` says of each pair whether it is a related one, (n,) bool, and
    `first` is its first word, (n,). The chance that a related pair scores above an unrelated one of the same first
    word is that word's AUC, ties counting half (hanley1982meaning); every first word weighs alike. So a word that is
    near to everything is compared with itself only. `boot` draws first words, with all their pairs, or with `of`,
    (n,), the group that each pair's first word belongs to, such as its category: words of a group come together.

    Scores that are NaN are left out, and so is a word of which one sort of pairs is missing. A model is NaN where no
    word is left. Raises `InputError` for what does not fit, infinite scores, a first word of two groups, and a word or
    group that is not drawn.

    Example:
        >>> boot = Bootstrap(["dog", "fork"], 1000, np.random.default_rng(0))
        >>> scores = pd.DataFrame({"glove": [0.9, 0.1, 0.2, 0.5, 0.4, 0.3]})
        >>> related = [True, False, False, True, False, True]
        >>> print(auc_within(scores, related, ["dog", "dog", "dog", "fork", "fork", "fork"], boot)["glove"])
        0.75 [0.50, 1.00]
    """
    truth, words = np.asarray(related), np.asarray(first, dtype=object)
    units = words if of is None else np.asarray(of, dtype=object)
    if not truth.shape == words.shape == units.shape == (len(scores),):
        raise InputError(f"scores {scores.shape}, related {truth.shape} and first {words.shape} do not fit each other")
    if truth.dtype != bool:
        raise InputError(f"related has the dtype {truth.dtype}; allowed: bool, a mask over the pairs")
    values = scores.astype(np.float64).reset_index(drop=True)
    if np.isinf(values.to_numpy()).any():
        raise InputError("scores are infinite; allowed: finite numbers, and NaN for a pair without one")
    unit_of = pd.DataFrame({"word": words, "unit": units}).drop_duplicates().set_index("word")["unit"]
    if not unit_of.index.is_unique:
        raise InputError(f"the first word {unit_of.index[unit_of.index.duplicated()][0]!r} is of more than one group")
    boot.mask(unit_of.unique())  # an unknown unit is an error, also where its scores are NaN
    # The ranks of the related pairs say how many unrelated ones lie below them (Mann and Whitney).
    ranks, known = values.groupby(words).rank(), values.notna()
    many = known[truth].groupby(words[truth]).sum()
    few = known[~truth].groupby(words[~truth]).sum().reindex(many.index, fill_value=0)
    above = ranks[truth].groupby(words[truth]).sum() - many * (many + 1) / 2
    areas = above / (many * few).replace(0, np.nan)
    found = {}
    for model in values:
        known_areas = areas[model].dropna()
        if known_areas.empty:
            found[model] = boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
        else:
            found[model] = boot.mean(known_areas.to_numpy(), of=unit_of[known_areas.index].to_numpy())
    return Estimates(found)


def separate(related: NDArray[np.floating], unrelated: NDArray[np.floating]) -> Separation:
    """Measure how far two samples of scores, (n,) and (m,), lie apart.

    `auc` is the chance that a related pair scores higher than an unrelated one, ties counting half
    (hanley1982meaning); `d` the difference of means in pooled standard deviations (cohen1988power);
    `overlap` the shared area of the two histograms with 50 bins over their common range, 1 where
    they coincide (inman1989overlapping).

    Raises `InputError` for a sample of fewer than two scores or with NaN, or where all scores agree.

    Example:
        >>> found = separate(np.array([0.9, 0.7]), np.array([0.1, 0.8]))
        >>> found.auc, round(found.d, 3), found.overlap
        (0.75, 0.962, 0.0)
    """
    one = [np.ones((1, len(sample)), dtype=np.uint8) for sample in (related, unrelated)]
    row = bootstrap_separation(related, unrelated, *one).iloc[0]
    return Separation(float(row["auc"]), float(row["d"]), float(row["overlap"]))


def bootstrap_separation(
    related: NDArray[np.floating], unrelated: NDArray[np.floating], related_counts: NDArray[np.uint8],
    unrelated_counts: NDArray[np.uint8],
) -> pd.DataFrame:  # fmt: skip
    """Measure `separate` in each bootstrap sample of pairs: a row a draw, columns auc, d, overlap.

    Counts are (draws, n) and (draws, m): how often each pair was drawn. Using the same counts for
    several models makes their differences paired. A draw without pairs of one sort is NaN. Raises
    `InputError` as `separate` does and where the shapes do not match.

    Example:
        >>> counts = np.array([[1, 1], [2, 0]], dtype=np.uint8)
        >>> bootstrap_separation(np.array([0.9, 0.7]), np.array([0.1, 0.8]), counts, counts)["auc"].tolist()
        [0.75, 1.0]
    """
    for sample, counts in ((related, related_counts), (unrelated, unrelated_counts)):
        if sample.ndim != 1 or len(sample) < 2 or not np.isfinite(sample).all():
            raise InputError(f"a separation needs two samples of at least 2 finite scores, got {sample.shape}")
        if counts.ndim != 2 or counts.shape[1] != len(sample) or len(counts) != len(related_counts):
            raise InputError(f"counts {counts.shape} do not fit {len(sample)} scores and {len(related_counts)} draws")
    scores = np.concatenate([related, unrelated]).astype(np.float64)
    if np.ptp(scores) == 0:
        raise InputError("all scores are equal: nothing can be told apart")
    values, rank = np.unique(scores, return_inverse=True)
    bins = np.minimum((scores - scores.min()) / np.ptp(scores) * _BINS, _BINS - 1).astype(int)
    n = len(related)
    draws = []
    for start in range(0, len(related_counts), _DRAWS_AT_ONCE):
        left = related_counts[start : start + _DRAWS_AT_ONCE].astype(np.float64)
        right = unrelated_counts[start : start + _DRAWS_AT_ONCE].astype(np.float64)
        shared = np.minimum(_shares(left, bins[:n], _BINS), _shares(right, bins[n:], _BINS))
        draws.append(
            pd.DataFrame(
                {
                    "auc": _auc(left, right, rank[:n], rank[n:], len(values)),
                    "d": _cohens_d(left, right, scores[:n], scores[n:]),
                    "overlap": shared.sum(axis=1),
                }
            )
        )
    return pd.concat(draws, ignore_index=True)


def _shares(weights: NDArray[np.float64], places: NDArray[np.intp], size: int) -> NDArray[np.float64]:
    """Give the weight of each place in each draw, rows summing to one: (draws, size)."""
    cells = np.arange(len(weights))[:, None] * size + places
    sums = np.bincount(cells.ravel(), weights.ravel(), minlength=len(weights) * size).reshape(len(weights), size)
    totals = sums.sum(axis=1, keepdims=True)
    shares: NDArray[np.float64] = sums / np.where(totals > 0, totals, np.nan)
    return shares


def _auc(
    left: NDArray[np.float64], right: NDArray[np.float64], left_rank: NDArray[np.intp], right_rank: NDArray[np.intp],
    size: int,
) -> NDArray[np.float64]:  # fmt: skip
    below = _shares(right, right_rank, size)
    area: NDArray[np.float64] = (_shares(left, left_rank, size) * (below.cumsum(axis=1) - below / 2)).sum(axis=1)
    return area


def _cohens_d(
    left: NDArray[np.float64], right: NDArray[np.float64], related: NDArray[np.float64], unrelated: NDArray[np.float64]
) -> NDArray[np.float64]:
    n, m = (np.where(side > 0, side, np.nan) for side in (left.sum(axis=1), right.sum(axis=1)))
    free = np.where(n + m > 2, n + m - 2, np.nan)
    mean_n, mean_m = left @ related / n, right @ unrelated / m
    squares = left @ related**2 - n * mean_n**2 + right @ unrelated**2 - m * mean_m**2
    d: NDArray[np.float64] = (mean_n - mean_m) / np.sqrt(np.maximum(squares, 1e-30) / free)
    return d
