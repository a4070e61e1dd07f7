"""Forms of a word against words that are spelled like it, and what letters alone can do."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate, Estimates

SIZES = (2, 3)
PREFIXES = ("un", "re", "over")
ENDINGS = (
    "s", "es", "ed", "d", "ing", "er", "r", "est", "st", "ly", "ness", "less", "able", "ment", "tion", "ation", "ion",
)  # fmt: skip
_PAIR = ["relation", "first", "second"]
_VOWELS = frozenset("aeiou")


def letter_overlap(first: Iterable[str], second: Iterable[str], *, sizes: Sequence[int] = SIZES) -> NDArray[np.float64]:
    """Give the Dice overlap of the letter n-grams of two words, pair by pair: (n,), from 0 to 1 (dice1945measures).

    The n-grams are those of each word with its ends marked, each counted once. This is a null model: it knows no
    word, so what it can tell, spelling tells. Raises `InputError` for lists of different lengths, an empty word,
    or sizes that are not positive numbers.

    Example:
        >>> letter_overlap(["corn", "corn"], ["corner", "wheat"]).round(2)
        array([0.64, 0.  ])
    """
    if not sizes or min(sizes) < 1:
        raise InputError(f"sizes are {list(sizes)}; allowed: one or more lengths of at least 1")
    grams = [(_ngrams(one, tuple(sizes)), _ngrams(two, tuple(sizes))) for one, two in _pairs(first, second)]
    return np.array([2 * len(one & two) / max(1, len(one) + len(two)) for one, two in grams], dtype=np.float64)


def prefix_overlap(first: Iterable[str], second: Iterable[str]) -> NDArray[np.float64]:
    """Give the share of the longer word that two words begin with together, pair by pair: (n,), from 0 to 1.

    A second null model, which sees what `letter_overlap` sees less well: a long common beginning. Raises
    `InputError` for lists of different lengths and for an empty word.

    Example:
        >>> prefix_overlap(["corn", "corn"], ["corner", "wheat"]).round(2)
        array([0.67, 0.  ])
    """
    pairs = _pairs(first, second)
    shares = [_shared_start(one, two) / max(len(one), len(two)) for one, two in pairs]
    return np.array(shares, dtype=np.float64)


def affix_overlap(first: Iterable[str], second: Iterable[str]) -> NDArray[np.float64]:
    """Score whether the second word is the first with an English affix, pair by pair: (n,), from 0 to 2.

    A third null model: it knows no word, and a few affixes (`PREFIXES` and `ENDINGS`). A pair scores 1 if the second
    word is the first with one of them, and `prefix_overlap` on top, which decides between equals. Before an ending,
    a final e may be dropped, y become i and a final consonant be doubled, as English spells; "d", "r" and "st" are
    endings after e alone. Raises `InputError` as `prefix_overlap` does.

    Example:
        >>> affix_overlap(["corn", "corn", "happy"], ["corns", "cornet", "unhappy"]).round(2)
        array([1.8 , 0.67, 1.  ])
    """
    pairs = _pairs(first, second)
    is_affixed = np.array([two in _with_affixes(one) for one, two in pairs], dtype=np.float64)
    return is_affixed + prefix_overlap(*zip(*pairs, strict=True)) if pairs else is_affixed


def foil_auc(
    form: ArrayLike, foil: ArrayLike, pair: ArrayLike, boot: Bootstrap, *, of: ArrayLike | None = None
) -> Estimate:
    """Estimate the chance that a word is nearer to its own form than to a foil of it; chance is one half.

    A row is a foil: `form` and `foil`, (n,), are the scores of the word with its form and with this foil, say
    cosines, and `pair` the label of the word and its form. Equal scores count half, and each pair counts once,
    however many foils it has: this is the AUC within each pair (hanley1982meaning), averaged. `of` names the unit
    of each row, (n,), such as its relation; None is the pair itself. Rows with NaN are left out, and a unit of which
    none is left counts for nothing. The estimate is NaN where no row is left.

    Raises `InputError` where lengths differ, a pair belongs to two units, or a unit is not one that is drawn.

    Example:
        >>> boot = Bootstrap(["plural", "past"], 4, np.random.default_rng(0))
        >>> of = ["plural", "plural", "past"]
        >>> foil_auc([0.8, 0.8, 0.3], [0.2, 0.9, 0.3], ["car-cars", "car-cars", "go-went"], boot, of=of).value
        0.5
    """
    columns = {
        "form": np.asarray(form, dtype=np.float64), "foil": np.asarray(foil, dtype=np.float64),
        "pair": np.asarray(pair), "unit": np.asarray(pair if of is None else of),
    }  # fmt: skip
    if len({values.shape for values in columns.values()}) > 1:
        said = ", ".join(f"{name} {values.shape}" for name, values in columns.items())
        raise InputError(f"these do not fit each other: {said}")
    rows = pd.DataFrame(columns)
    if (several := rows.groupby("pair")["unit"].nunique() > 1).any():
        raise InputError(f"the pair {several.idxmax()!r} is of more than one unit")
    boot.mask(rows["unit"])  # an unknown unit is an error, also where its scores are NaN
    rows = rows.dropna(subset=["form", "foil"])
    if rows.empty:
        return boot.estimate(np.nan, np.full(len(boot.counts), np.nan))
    won = (rows["form"] > rows["foil"]) + (rows["form"] == rows["foil"]) / 2
    pairs = won.groupby([rows["unit"], rows["pair"]], sort=False).mean()
    return boot.mean(pairs.to_numpy(), of=pairs.index.get_level_values("unit"))


def foil_areas(form: pd.DataFrame, foil: pd.DataFrame, trials: pd.DataFrame, boot: Bootstrap) -> Estimates:
    """Estimate `foil_auc` of each column, a model, over the trials that all of them can score.

    `form` and `foil` are (n, models), the scores of each trial's word with its form and with its foil. `trials` has
    the columns pair and unit, as `spelling_trials` and `suppletive_trials` give them. Raises as `foil_auc` does, and
    `InputError` for columns or lengths that differ.

    Example:
        >>> forms = pd.DataFrame({"relation": "past", "kind": "suppletive", "first": ["go", "be"]})
        >>> trials = suppletive_trials(forms.assign(second=["went", "was"]))
        >>> boot = Bootstrap(trials["unit"].unique(), 4, np.random.default_rng(0))
        >>> form, foil = pd.DataFrame({"glove": [0.8, 0.1]}), pd.DataFrame({"glove": [0.2, 0.3]})
        >>> foil_areas(form, foil, trials, boot)["glove"].value
        0.5
    """
    if list(form) != list(foil) or not len(form) == len(foil) == len(trials):
        raise InputError(f"form {form.shape}, foil {foil.shape} and trials {trials.shape} do not fit each other")
    known = form.notna().all(axis=1).to_numpy() & foil.notna().all(axis=1).to_numpy()
    own, other, kept = form[known], foil[known], trials[known]
    return Estimates({name: foil_auc(own[name], other[name], kept["pair"], boot, of=kept["unit"]) for name in form})


def spelling_trials(foils: pd.DataFrame, related: pd.DataFrame, units: Mapping[str, str] | pd.Series) -> pd.DataFrame:
    """List the foils of some morphological pairs that share at least as many letters with the word as its form does.

    `foils` is a table as of `embedlib.datasets.morphology.load_foils`, `related` one as of
    `embedlib.metrics.relatedness.related_pairs`, and `units` maps a relation to the unit that is drawn. Gives a row a
    foil: relation, first, second, foil, and pair and unit, as `foil_areas` takes them.

    Example:
        >>> pair = {"relation": ["plural"], "first": ["corn"], "second": ["corns"]}
        >>> foils = pd.DataFrame(pair).assign(foil="corner", foil_overlap=0.7, second_overlap=0.6)
        >>> related = pd.DataFrame(pair).assign(kind="morphological")
        >>> spelling_trials(foils, related, {"plural": "nouns"}).iloc[0].to_list()
        ['plural', 'corn', 'corns', 'corner', 'plural corn corns', 'nouns']
    """
    tested = related.loc[related["kind"] == "morphological", _PAIR]
    found = foils.merge(tested, on=_PAIR)
    found = found.loc[found["foil_overlap"] >= found["second_overlap"], [*_PAIR, "foil"]].reset_index(drop=True)
    return found.assign(pair=_joined(found), unit=found["relation"].map(units))


def suppletive_trials(forms: pd.DataFrame) -> pd.DataFrame:
    """List words with a suppletive form, each against the forms of all other words of its relation.

    `forms` is a table as of `embedlib.datasets.morphology.load_suppletive`. Gives a row a word and form of another
    one, with the columns of `spelling_trials`. The unit is the word itself, since relations are few.

    Example:
        >>> forms = pd.DataFrame({"relation": "past", "kind": ["suppletive", "regular"], "first": ["go", "walk"]})
        >>> suppletive_trials(forms.assign(second=["went", "walked"]))["foil"].to_list()
        ['walked']
    """
    of_others = forms[["relation", "second"]].rename(columns={"second": "foil"})
    own = forms.loc[forms["kind"] == "suppletive", _PAIR]
    found = own.merge(of_others, on="relation").query("second != foil").reset_index(drop=True)
    return found.assign(pair=_joined(found), unit=_joined(found))


def _joined(trials: pd.DataFrame) -> pd.Series:
    """Give the label of the pair of each trial."""
    label: pd.Series = trials["relation"] + " " + trials["first"] + " " + trials["second"]
    return label


@lru_cache(maxsize=100_000)
def _ngrams(word: str, sizes: tuple[int, ...]) -> frozenset[str]:
    marked = f"<{word}>"
    return frozenset(marked[i : i + n] for n in sizes for i in range(len(marked) - n + 1))


@lru_cache(maxsize=100_000)
def _with_affixes(word: str) -> frozenset[str]:
    """List what a word is with each affix, as English could spell it."""
    found = {prefix + word for prefix in PREFIXES}
    for ending in ENDINGS:
        if ending not in ("d", "r", "st") or word[-1] == "e":
            found.add(word + ending)
        if word[-1] == "y" and ending[0] != "i":
            found.add(word[:-1] + "i" + ending)
        if word[-1] == "e" and (ending[0] in _VOWELS or ending == "tion"):
            found.add(word[:-1] + ending)
        if word[-1] not in _VOWELS and ending[0] in _VOWELS:
            found.add(word + word[-1] + ending)
    return frozenset(found)


def _shared_start(first: str, second: str) -> int:
    """Count the letters that two words begin with together."""
    same = itertools.takewhile(lambda letters: letters[0] == letters[1], zip(first, second, strict=False))
    return sum(1 for _ in same)


def _pairs(first: Iterable[str], second: Iterable[str]) -> list[tuple[str, str]]:
    """Join two lists of words pair by pair."""
    left, right = list(first), list(second)
    if len(left) != len(right):
        raise InputError(f"{len(left)} first and {len(right)} second words are not pairs")
    if not all(left) or not all(right):
        raise InputError("an empty word has no letters to compare")
    return list(zip(left, right, strict=True))
