"""Triplets of sentences, and what a count of words makes of them, by hand."""

import numpy as np
import pandas as pd
import pytest

from embedlib.datasets.sentences import CHANGED, KEPT
from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate
from embedlib.metrics.triplets import (
    EQUAL_FORM,
    MATCHED_EDITS,
    alike_in_form,
    bag_of_words_cosine,
    edit_match,
    is_chance,
    length_similarity,
    matched_accuracy,
    same_end_mark,
    triplet_accuracy,
    triplet_gaps,
    triplet_wins,
    win_model,
)

NAMES = [f"w{number}" for number in range(300)]
PAIRS = [("synonym", "antonym"), ("voice", "swap")]


def boot_of(names=NAMES, draws=300):
    return Bootstrap(names, draws, np.random.default_rng(0))


def simulated(rng, chance=0.0, effects=(1.0, -0.5), by_base=0.0, names=NAMES):
    """Draw wins of two pairs of edits whose log-odds are known, and the gaps behind them."""
    columns = pd.MultiIndex.from_tuples(PAIRS, names=["kept", "changed"])
    shape = (len(names), len(PAIRS))
    # Gaps that are not zero on average: the mean of wins is not the chance at equal form.
    gaps = {
        "words": pd.DataFrame(rng.normal(-0.2, 0.25, shape), names, columns),
        "length": pd.DataFrame(rng.normal(1, 2, shape), names, columns),
    }
    scaled = [gap / gap.to_numpy().std() for gap in gaps.values()]
    odds = chance + sum(effect * gap for effect, gap in zip(effects, scaled, strict=True))
    odds = odds.add(rng.normal(0, by_base, len(names)), axis=0)
    return (odds + rng.logistic(size=shape) > 0).astype(float), gaps


def test_triplets_by_hand():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5, np.nan], "swap": [0.8, 0.5, 0.1], "jumble": [0.95, 0.6, 0.2]}, ["a", "b", "c"]
    )
    wins = triplet_wins(cosines, ["synonym"], ["swap", "jumble"])
    assert wins["synonym", "swap"].tolist()[:2] == [1.0, 0.5]
    assert wins["synonym", "jumble"].tolist()[:2] == [0.0, 0.0]
    assert wins.loc["c"].isna().all()
    rounded = pd.DataFrame({"voice": [1.0], "jumble": [1.0000002]})
    assert triplet_wins(rounded, ["voice"], ["jumble"]).to_numpy().tolist() == [[0.5]]
    assert triplet_wins(rounded, ["voice"], ["jumble"], tie=0).to_numpy().tolist() == [[0.0]]
    with pytest.raises(InputError, match="kind 'voice'"):
        triplet_wins(cosines, ["voice"], ["swap"])


def test_baselines_by_hand():
    first, second = ["The dog saw the cat.", "One two"], ["The cat saw the dog!", "one three four"]
    assert bag_of_words_cosine(first, second) == pytest.approx([1.0, 1 / np.sqrt(6)])
    assert length_similarity(first, second).tolist() == [0, -1]
    assert length_similarity(["I don't"], ["I do not"]).tolist() == [-1]


def test_an_end_mark_is_the_last_sign_before_quotation_marks():
    first = ["It rains.", "\u201cIt rains.\u201d ", "", "It rains!"]
    second = ["Does it rain?", 'He said "stop."', "  ", "It pours!"]
    assert same_end_mark(first, second).tolist() == [0, 1, 1, 1]
    with pytest.raises(ValueError, match="zip"):
        same_end_mark(["one"], [])


def test_the_accuracy_of_some_kinds_is_the_mean_of_their_triplets():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5], "voice": [0.7, np.nan], "swap": [0.8, 0.5], "jumble": [0.6, 0.6]}, ["a", "b"]
    )
    wins = triplet_wins(cosines, ["synonym", "voice"], ["swap", "jumble"])
    assert triplet_accuracy(wins).to_dict() == {"a": 0.75, "b": 0.25}
    assert triplet_accuracy(wins, changed=["swap"]).to_dict() == {"a": 0.5, "b": 0.5}
    assert triplet_accuracy(wins, kept=["voice"], changed=["jumble"])["a"] == 1
    assert np.isnan(triplet_accuracy(wins, kept=["voice"])["b"])
    with pytest.raises(InputError, match="kind 'negation'; there are swap, jumble"):
        triplet_accuracy(wins, changed=["negation"])


def test_gaps_by_hand():
    cosines = pd.DataFrame({"synonym": [0.75, np.nan], "swap": [0.5, 0.1], "jumble": [1.0, 0.2]}, ["a", "b"])
    gaps = triplet_gaps(cosines, ["synonym"], ["swap", "jumble"])
    assert gaps.columns.tolist() == [("synonym", "swap"), ("synonym", "jumble")]
    assert gaps.loc["a"].tolist() == [0.25, -0.25]
    assert gaps.loc["b"].isna().all()


def test_matched_edits_are_kinds_of_the_anchors():
    for kept, changed in MATCHED_EDITS.values():
        assert kept in KEPT
        assert changed in CHANGED


def test_matched_accuracy_by_hand():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5, 0.7, np.nan], "antonym": [0.8, 0.5, 0.9, 0.5],
         "voice": [0.9, 0.9, 0.9, 0.9], "swap": [0.8, 0.8, 0.8, 0.8]}, list("abcd"),
    )  # fmt: skip
    wins = triplet_wins(cosines, ["synonym", "voice"], ["antonym", "swap"])
    contrasts = {"one word": PAIRS[0], "order": PAIRS[1]}
    found = matched_accuracy(wins, boot_of(list("abcd")), contrasts)
    assert found.value.to_dict() == {"one word": 0.5, "order": 1.0}
    assert is_chance(found["one word"])
    assert not is_chance(found["order"])
    assert found["order"].row == (1, 1, 1)
    with pytest.raises(InputError, match="longer or circumstance: no triplets of"):
        matched_accuracy(wins, boot_of(list("abcd")))
    with pytest.raises(InputError, match="no base has a cosine of both 'synonym' and 'antonym'"):
        matched_accuracy(wins.loc[["d"]], boot_of(["d"]), contrasts)


def test_what_is_chance():
    draws = np.linspace(0.4, 0.6, 41)
    assert is_chance(Estimate(0.5, draws))
    assert not is_chance(Estimate(0.7, draws + 0.2))
    assert not is_chance(Estimate(0.3, draws - 0.2))
    assert is_chance(Estimate(0.7, draws + 0.2), chance=0.7)
    assert not is_chance(Estimate(np.nan, draws))


def test_the_match_of_edits_by_hand():
    words = pd.DataFrame(
        {"synonym": [0.9, 0.8, 0.7, np.nan], "antonym": [0.9, 0.7, 0.9, 0.1], "voice": [0.5] * 4, "swap": [1.0] * 4},
        list("abcd"),
    )
    length = pd.DataFrame({"synonym": [0, 0], "antonym": [0, 0], "voice": [-2, -3], "swap": [0, 0]}, list("ab"))
    found = edit_match({"words": words, "length": length}, {"one word": PAIRS[0], "order": PAIRS[1]})
    assert found.loc["one word", ["words, kept", "words, changed"]].tolist() == pytest.approx([0.8, 2.5 / 3])
    assert found.loc["one word", ["words, alone", "length, alone"]].tolist() == [0.5, 0.5]
    assert found.loc["order", ["length, kept", "length, changed", "length, alone"]].tolist() == [-2.5, 0, 0]


def test_the_model_of_wins_finds_what_made_them():
    for chance, effects in ((0.0, (1.0, -0.5)), (1.0, (0.0, 0.0)), (-0.8, (0.7, 0.9))):
        wins, gaps = simulated(np.random.default_rng(3), chance, effects)
        found = win_model(wins, gaps, boot_of())
        assert list(found) == [EQUAL_FORM, "words", "length"]
        for name, true in zip(found, (1 / (1 + np.exp(-chance)), *effects), strict=True):
            assert found[name].low < true < found[name].high, (name, true, str(found[name]))
        assert is_chance(found[EQUAL_FORM]) == (chance == 0)


def test_what_form_alone_wins_is_chance_at_equal_form():
    wins, gaps = simulated(np.random.default_rng(6))
    assert boot_of().mean(wins.mean(axis=1)).is_below(0.5)
    assert is_chance(win_model(wins, gaps, boot_of())[EQUAL_FORM])


def test_intervals_of_the_model_take_the_triplets_of_a_base_together():
    rng = np.random.default_rng(8)
    wins, gaps = simulated(rng, 0.5, by_base=3.0)
    together = win_model(wins, gaps, boot_of())[EQUAL_FORM]
    apart = [f"{name} {number}" for name in NAMES for number in (0, 1)]
    columns = pd.MultiIndex.from_tuples([("any", "pair")])
    long = pd.DataFrame({("any", "pair"): wins.to_numpy().ravel()}, apart).set_axis(columns, axis=1)
    forms = {
        name: pd.DataFrame({("any", "pair"): gap.to_numpy().ravel()}, apart).set_axis(columns, axis=1)
        for name, gap in gaps.items()
    }
    alone = win_model(long, forms, boot_of(apart))[EQUAL_FORM]
    assert together.value == pytest.approx(alone.value)
    assert together.high - together.low > 1.15 * (alone.high - alone.low)


def test_a_missing_triplet_is_left_out_of_the_model_and_some_columns_do():
    wins, gaps = simulated(np.random.default_rng(4))
    some = wins.copy()
    some.iloc[::7, 0] = np.nan
    found = win_model(some, gaps, boot_of())
    assert not np.isnan(found[EQUAL_FORM].row).any()
    assert win_model(some[PAIRS[:1]], gaps, boot_of())["words"].value != found["words"].value


def test_a_model_of_wins_without_a_finite_fit_is_nan():
    wins, gaps = simulated(np.random.default_rng(4))
    # The first says it all: no chance is left.
    all_told = gaps["words"].gt(0).astype(float)
    flat = {**gaps, "length": gaps["length"] * 0}
    for won, forms in ((all_told, gaps), (wins * 0 + 1, gaps), (wins, flat)):
        found = win_model(won, forms, boot_of())
        assert found.table().isna().all(axis=None)
    # Five bases have a fit, but too many of their draws have none.
    few = NAMES[:5]
    found = win_model(wins.loc[few], {name: gap.loc[few] for name, gap in gaps.items()}, boot_of(few))
    assert found.table().isna().all(axis=None)


def test_gaps_that_do_not_fit_the_wins_are_refused():
    wins, gaps = simulated(np.random.default_rng(4))
    hole = gaps["words"].copy()
    hole.iloc[3, 1] = np.nan
    for won, forms, said in (
        (wins, {"words": gaps["words"][::-1]}, "'words' have other rows or columns"),
        (wins, {"words": gaps["words"][PAIRS[:1]]}, "'words' have other rows or columns"),
        (wins, {"words": hole}, "each gap of every triplet"),
        (wins * np.nan, gaps, "needs a triplet"),
    ):
        with pytest.raises(InputError, match=said):
            win_model(won, forms, boot_of())


def test_triplets_that_are_alike_in_form_by_hand():
    columns = pd.MultiIndex.from_tuples(PAIRS, names=["kept", "changed"])
    wins = pd.DataFrame([[1, 0], [0.5, 1], [1, 1]], list("abc"), columns, dtype=float)
    words = pd.DataFrame([[0.05, -0.06], [-0.05, 0.0], [0.0, np.nan]], list("abc"), columns)
    length = pd.DataFrame([[1, 0], [0, 2], [0, 0]], list("abc"), columns, dtype=float)
    found = alike_in_form(wins, {"words": words, "length": length}, {"words": 0.05, "length": 1})
    assert found.isna().to_numpy().tolist() == [[False, True], [False, True], [False, True]]
    assert triplet_accuracy(found).to_dict() == {"a": 1.0, "b": 0.5, "c": 1.0}
    assert alike_in_form(wins[PAIRS[:1]], {"words": words}, {"words": 0.01}).notna().to_numpy().sum() == 1
    with pytest.raises(InputError, match="one is missing of length"):
        alike_in_form(wins, {"words": words, "length": length}, {"words": 0.05})
    with pytest.raises(InputError, match="'words' have other rows or columns"):
        alike_in_form(wins, {"words": words[:2]}, {"words": 0.05})


def test_winning_by_form_alone_is_chance_where_form_is_alike():
    wins, gaps = simulated(np.random.default_rng(6), effects=(3.0, 0.0))
    score = triplet_accuracy(alike_in_form(wins, gaps, {"words": 0.1, "length": 9}))
    assert boot_of().mean(wins.mean(axis=1)).is_below(0.5)
    assert is_chance(boot_of().mean(score, among=score.notna()))
