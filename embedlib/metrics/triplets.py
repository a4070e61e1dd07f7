"""Triplets of sentences: a base, one that keeps its meaning, and one that changes it."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import normalize

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate, Estimates
from embedlib.metrics.logistic import logistic_fits

# The chance that the kept variation wins where both are equally near in form.
EQUAL_FORM = "equal form"
_WORD = r"(?u)\w+(?:['\u2019]\w+)*"
# More draws than this share without a fit: the anchors are too few for the model.
_LOST = 0.05


def lay_out_kinds(values: pd.Series, variations: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Lay out a value of each variation: a row an anchor and a column a kind, NaN where an anchor has none of a kind.

    `values` is (n,), and `variations` has its rows, with the columns anchor and kind. Anchors stand in the order in
    which they first come, and rows of other kinds are left out. Raises `InputError` for an anchor with two variations
    of one kind.

    Example:
        >>> variations = pd.DataFrame({"anchor": ["dog", "dog", "cat"], "kind": ["voice", "swap", "voice"]})
        >>> lay_out_kinds(pd.Series([0.9, 0.8, 0.7]), variations, ["voice", "swap"]).loc["cat"].to_dict()
        {'voice': 0.7, 'swap': nan}
    """
    long = variations.loc[values.index, ["anchor", "kind"]].assign(value=values)
    if (again := long.duplicated(["anchor", "kind"])).any():
        anchor, kind, _ = long[again].iloc[0]
        raise InputError(f"the anchor {anchor!r} has two sentences of the kind {kind!r}; allowed: one")
    laid_out: pd.DataFrame = long.pivot(index="anchor", columns="kind", values="value")
    return laid_out.reindex(index=list(dict.fromkeys(long["anchor"])), columns=list(kinds))


def complete_bases(values: Iterable[pd.DataFrame]) -> pd.Index:
    """List the bases that have a value in every frame for each kind that they have in any, such as a frame a model.

    The frames are of `lay_out_kinds`, with the same rows and columns. A kind that a base has in none of them is one
    that was not written. Raises `InputError` for no frame.

    Example:
        >>> first = pd.DataFrame({"voice": [0.9, 0.8], "swap": [0.7, np.nan]}, index=["dog", "cat"])
        >>> complete_bases([first, first.assign(swap=np.nan)]).to_list()
        ['cat']
    """
    known = [frame.notna() for frame in values]
    if not known:
        raise InputError("the complete bases of no frames were asked for")
    written = functools.reduce(operator.or_, known)
    complete = functools.reduce(operator.and_, [frame == written for frame in known])
    return written.index[complete.all(axis=1) & written.any(axis=1)]


def triplet_wins(
    cosines: pd.DataFrame, kept: Sequence[str], changed: Sequence[str], *, tie: float = 1e-6
) -> pd.DataFrame:
    """Ask of each kept and each changed variation which is nearer to the base: 1 the kept one, 0 the other.

    `cosines` has a row a base sentence and a column a kind of variation: its cosine with the base.
    Gives a row a base and a column a pair (kept kind, changed kind); a tie is a half, and NaN stands
    where a cosine is missing. Cosines that differ by at most `tie` are equal: sums of the same vectors
    in another order differ by rounding. Raises `InputError` for a kind that is no column.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.9, 0.6], "swap": [0.8, 0.7]}, index=["dog", "cat"])
        >>> triplet_wins(cosines, ["synonym"], ["swap"])["synonym", "swap"].to_dict()
        {'dog': 1.0, 'cat': 0.0}
    """
    gaps = triplet_gaps(cosines, kept, changed)
    wins: pd.DataFrame = gaps.gt(0).astype(float).where(gaps.abs() > tie, 0.5).where(gaps.notna())
    return wins


def triplet_gaps(values: pd.DataFrame, kept: Sequence[str], changed: Sequence[str]) -> pd.DataFrame:
    """Give by how much each kept variation is nearer to the base than each changed one.

    `values` has a row a base sentence and a column a kind of variation: its cosine with the base, or how
    near it is in words or in length. Gives a row a base and a column a pair (kept kind, changed kind), NaN
    where a value is missing. Raises `InputError` for a kind that is no column.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.75, 0.5], "swap": [0.5, 0.75]}, index=["dog", "cat"])
        >>> triplet_gaps(cosines, ["synonym"], ["swap"])["synonym", "swap"].to_dict()
        {'dog': 0.25, 'cat': -0.25}
    """
    if unknown := [kind for kind in (*kept, *changed) if kind not in values.columns]:
        raise InputError(f"no cosines of the kind {unknown[0]!r}; there are {', '.join(map(str, values.columns))}")
    columns = {(one, other): values[one] - values[other] for one, other in itertools.product(kept, changed)}
    return pd.DataFrame(columns, index=values.index).rename_axis(columns=["kept", "changed"])


def bag_of_words_cosine(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give the cosine of the word counts of each two texts, in lower case: what needs no meaning at all; (n,).

    Example:
        >>> bag_of_words_cosine(["The dog saw the cat."], ["The cat saw the dog!"]).round(6)
        array([1.])
    """
    counts = CountVectorizer(token_pattern=_WORD).fit_transform([*first, *second])
    rows = normalize(counts.astype(np.float64))
    left, right = rows[: len(first)], rows[len(first) :]
    return np.asarray(left.multiply(right).sum(axis=1)).ravel()


def length_similarity(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Give minus the difference of the numbers of words of each two texts; (n,).

    Example:
        >>> length_similarity(["one two", "one"], ["one two three", "one two three"])
        array([-1., -2.])
    """
    count = CountVectorizer(token_pattern=_WORD).build_tokenizer()
    sizes = [np.array([len(count(text)) for text in texts], dtype=np.float64) for texts in (first, second)]
    gaps: NDArray[np.float64] = -np.abs(sizes[0] - sizes[1])
    return gaps


def same_end_mark(first: Sequence[str], second: Sequence[str]) -> NDArray[np.float64]:
    """Say of each two texts whether they end with the same sign, 1 or 0: a question and a statement do not; (n,).

    Blanks and quotation marks behind it are left out. Two texts without any sign are alike.

    Example:
        >>> same_end_mark(["She left.", 'He said "yes."'], ["Did she leave?", "He said no."])
        array([0., 1.])
    """
    marks = [[text.rstrip("\"'\u2019\u201d \t\n")[-1:] for text in texts] for texts in (first, second)]
    return np.array([one == other for one, other in zip(*marks, strict=True)], dtype=np.float64)


def triplet_accuracy(
    wins: pd.DataFrame, *, kept: Sequence[str] | None = None, changed: Sequence[str] | None = None
) -> pd.Series:
    """Give each base's share of triplets that are right, over some kinds of variation or over all.

    `wins` is of `triplet_wins`. A triplet with a missing cosine is left out; a base without any other
    is NaN. Raises `InputError` for a kind that `wins` does not have.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.9], "swap": [0.8], "negation": [0.95]}, index=["dog"])
        >>> wins = triplet_wins(cosines, ["synonym"], ["swap", "negation"])
        >>> triplet_accuracy(wins).to_dict(), triplet_accuracy(wins, changed=["swap"]).to_dict()
        ({'dog': 0.5}, {'dog': 1.0})
    """
    chosen = []
    for level, kinds in (("kept", kept), ("changed", changed)):
        there = wins.columns.unique(level)
        if unknown := [kind for kind in kinds or () if kind not in there]:
            raise InputError(f"no triplets of the kind {unknown[0]!r}; there are {', '.join(map(str, there))}")
        chosen.append(there if kinds is None else list(kinds))
    return wins.loc[:, (list(chosen[0]), list(chosen[1]))].mean(axis=1)


def estimate_accuracy(
    wins: pd.DataFrame, boot: Bootstrap, *, kept: Sequence[str] | None = None, changed: Sequence[str] | None = None
) -> Estimate:
    """Estimate the mean over bases of the share of triplets that are right (efron1993bootstrap).

    Arguments and errors are those of `triplet_accuracy`; the units of `boot` are the bases. A base without any such
    triplet takes no part: of edits such as synonym and antonym only bases that have both are compared. Without any
    base the estimate is NaN.

    Example:
        >>> cosines = pd.DataFrame({"synonym": [0.9, 0.6], "antonym": [0.8, np.nan]}, index=["dog", "cat"])
        >>> wins = triplet_wins(cosines, ["synonym"], ["antonym"])
        >>> print(estimate_accuracy(wins, Bootstrap(wins.index, 100, np.random.default_rng(0))))
        1.00 [1.00, 1.00]
    """
    by_base = triplet_accuracy(wins, kept=kept, changed=changed)
    if by_base.isna().all():
        return boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
    return boot.mean(by_base, among=by_base.notna())


def hardest_triplets(cosines: Mapping[str, pd.DataFrame], wins: Mapping[str, pd.DataFrame], most: int) -> pd.DataFrame:
    """List the triplets that most models get wrong, no two of one base and no two of the same two kinds.

    `cosines` and `wins` have a frame a model, as `triplet_wins` takes and gives them. Of triplets that equally many
    models get wrong, the first is that with the largest gap: the changed variation's cosine less the kept one's, in
    standard deviations of the model's cosines, averaged over models. Gives at most `most` rows with base, kept,
    changed and wrong, the number of models. Raises `InputError` for no model.

    Example:
        >>> cosines = pd.DataFrame({"voice": [0.5, 0.9], "swap": [0.9, 0.8]}, index=["dog", "cat"])
        >>> wins = triplet_wins(cosines, ["voice"], ["swap"])
        >>> hardest_triplets({"glove": cosines}, {"glove": wins}, 1).to_dict("records")
        [{'base': 'dog', 'kept': 'voice', 'changed': 'swap', 'wrong': 1}]
    """
    if not wins:
        raise InputError("the hardest triplets of no models were asked for")
    missed = functools.reduce(operator.add, [won.lt(0.5).astype(int) for won in wins.values()])
    misses = pd.Series(missed.stack(["kept", "changed"]))
    misses = misses[misses > 0]
    scaled = sum(values / np.nanstd(values.to_numpy()) for values in cosines.values()) / len(cosines)
    gaps = [scaled.at[base, changed] - scaled.at[base, kept] for base, kept, changed in misses.index]
    rows: list[tuple[str, str, str, int]] = []
    used: set[object] = set()
    for at in np.lexsort([-np.array(gaps), -misses.to_numpy()]):
        base, kept, changed = misses.index[at]
        if len(rows) < most and not {base, (kept, changed)} & used:
            used |= {base, (kept, changed)}
            rows.append((base, kept, changed, int(misses.iloc[at])))
    return pd.DataFrame(rows, columns=["base", "kept", "changed", "wrong"])


def is_chance(estimate: Estimate, chance: float = 0.5) -> bool:
    """Say whether a score may be a guess: its 95 % interval holds what a guess would get.

    A score that is NaN is not known to be anything, and not a guess either.

    Example:
        >>> is_chance(Estimate(0.55, [0.45, 0.65])), is_chance(Estimate(0.75, [0.65, 0.85]))
        (True, False)
    """
    return estimate.low <= chance <= estimate.high


def alike_in_form(wins: pd.DataFrame, gaps: Mapping[str, pd.DataFrame], within: Mapping[str, float]) -> pd.DataFrame:
    """Keep the wins of triplets whose two variations are about equally near to the base in form.

    `wins` is of `triplet_wins`, `gaps` has a frame a measure of form, of `triplet_gaps`, and `within` the
    largest gap of each that is let through, a caliper (rosenbaum1985constructing). Gives the wins, NaN where
    a gap is larger or missing: whether an edit is matched is asked of each triplet, and not of its kind. The
    accuracy is then `triplet_accuracy`; a base without a triplet is NaN in it. Raises `InputError` for gaps
    of other rows or columns, and for a caliper without a gap or the other way round.

    Example:
        >>> words = pd.DataFrame({"voice": [0.7, 1.0], "swap": [1.0, 1.0]}, index=["dog", "cat"])
        >>> cosines = pd.DataFrame({"voice": [0.9, 0.9], "swap": [0.8, 0.8]}, index=["dog", "cat"])
        >>> wins = triplet_wins(cosines, ["voice"], ["swap"])
        >>> gap = triplet_gaps(words, ["voice"], ["swap"])
        >>> triplet_accuracy(alike_in_form(wins, {"words": gap}, {"words": 0.05})).to_dict()
        {'dog': nan, 'cat': 1.0}
    """
    if odd := sorted(set(gaps) ^ set(within)):
        raise InputError(f"a gap and a caliper are needed of each measure; one is missing of {', '.join(odd)}")
    _check_gaps(wins, gaps)
    kept = wins
    for name, gap in gaps.items():
        kept = kept.where(gap[wins.columns].abs() <= within[name])
    return kept


def _check_gaps(wins: pd.DataFrame, gaps: Mapping[str, pd.DataFrame]) -> None:
    for name, gap in gaps.items():
        if not gap.index.equals(wins.index) or not set(wins.columns) <= set(gap.columns):
            raise InputError(f"the gaps {name!r} have other rows or columns than the wins")


def win_model(wins: pd.DataFrame, gaps: Mapping[str, pd.DataFrame], boot: Bootstrap) -> Estimates:
    """Model the wins of triplets by how much nearer in form the kept variation is (cox1958regression).

    `wins` is of `triplet_wins`, or some of its columns, and `gaps` has a frame a measure of form, of
    `triplet_gaps`, with the same rows and columns. The model is a logistic regression without a penalty;
    a tie is half a win. Each gap is divided by its standard deviation over the triplets, and its mean is
    *not* taken away: so the intercept is where the two variations are equally near in form.

    Gives `EQUAL_FORM`, the chance to win there, and for each measure the change of the log-odds with one
    standard deviation. An interval comes from drawing the bases anew, each with all its triplets
    (field2007bootstrapping); the units of `boot` are the bases. All are NaN where no finite fit exists, as
    where a gap tells wins from losses without error (albert1984existence), or does not vary; and where
    that is so in more than a twentieth of the draws. Raises `InputError` for gaps of other rows or
    columns, a missing gap, or no triplet.

    Example:
        >>> bases, rng = [f"base {number}" for number in range(200)], np.random.default_rng(0)
        >>> gap = pd.DataFrame({("voice", "swap"): rng.normal(size=200)}, index=bases)
        >>> wins = (gap + rng.logistic(size=(200, 1)) > 0).astype(float)
        >>> found = win_model(wins, {"words": gap}, Bootstrap(bases, 200, np.random.default_rng(1)))
        >>> is_chance(found[EQUAL_FORM]), found["words"].is_above(0)
        (True, True)
    """
    _check_gaps(wins, gaps)
    won = wins.to_numpy(dtype=np.float64).ravel()
    known = ~np.isnan(won)
    form = np.stack([gap[wins.columns].to_numpy(dtype=np.float64).ravel() for gap in gaps.values()], axis=1)
    if not known.any() or np.isnan(form[known]).any():
        raise InputError("a model of wins needs a triplet, and each gap of every triplet that has a win or a loss")
    won, form = won[known], form[known]
    bases = wins.index.repeat(wins.shape[1])[known]

    spread = form.std(axis=0)
    columns = np.column_stack([np.ones(len(form)), form / np.where(spread > 0, spread, 1)])
    fit = logistic_fits(columns, won, np.ones((1, len(won))))[0]
    drawn = logistic_fits(columns, won, boot.counts_of(bases), start=fit)
    if np.isnan(drawn[:, 0]).mean() > _LOST:
        fit, drawn = np.full_like(fit, np.nan), np.full_like(drawn, np.nan)
    names = [EQUAL_FORM, *gaps]
    fit[0], drawn[:, 0] = special.expit(fit[0]), special.expit(drawn[:, 0])
    return Estimates({name: boot.estimate(fit[at], drawn[:, at]) for at, name in enumerate(names)})
