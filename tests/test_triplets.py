"""Triplets of sentences, and what a count of words makes of them, by hand."""

import numpy as np
import pandas as pd
import pytest

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap
from embedlib.metrics.estimates import Estimate
from embedlib.metrics.triplets import (
    EQUAL_FORM,
    alike_in_form,
    bag_of_words_cosine,
    complete_bases,
    estimate_accuracy,
    hardest_triplets,
    is_chance,
    lay_out_kinds,
    length_similarity,
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


def test_edits_are_compared_where_an_anchor_has_both():
    cosines = pd.DataFrame(
        {"synonym": [0.9, 0.5, 0.7, np.nan], "antonym": [0.8, 0.5, np.nan, 0.5],
         "voice": [0.9, 0.9, 0.9, 0.9], "swap": [0.8, 0.8, 0.8, 0.95]}, list("abcd"),
    )  # fmt: skip
    wins = triplet_wins(cosines, ["synonym", "voice"], ["antonym", "swap"])
    boot = boot_of(list("abcd"))
    # A win and a tie; two anchors lack one of the edits.
    one_word = estimate_accuracy(wins, boot, kept=["synonym"], changed=["antonym"])
    assert one_word.value == 0.75
    known = boot.counts[:, :2].sum(axis=1) > 0
    wanted = (boot.counts[known, :2] @ [1.0, 0.5]) / boot.counts[known, :2].sum(axis=1)
    assert one_word.draws[known] == pytest.approx(wanted)
    assert np.isnan(one_word.draws[~known]).all()
    assert estimate_accuracy(wins, boot, kept=["voice"], changed=["swap"]).value == 0.75
    # An anchor's share is over the triplets that it has.
    assert estimate_accuracy(wins, boot).value == np.mean([1, 2.5 / 4, 0.5, 0.5])
    nobody = estimate_accuracy(wins.loc[["d"]], boot_of(["d"]), kept=["synonym"])
    assert np.isnan(nobody.row).all()


def test_kinds_that_were_not_written_and_vectors_that_a_model_lacks():
    variations = pd.DataFrame(
        {"anchor": list("bbaac"), "kind": ["voice", "antonym", "voice", "swap", "voice"]}, index=[3, 4, 7, 8, 9]
    )
    written = lay_out_kinds(pd.Series(1.0, variations.index), variations, ["voice", "antonym", "question"])
    assert written.index.to_list() == ["b", "a", "c"]
    assert written.isna().sum().to_dict() == {"voice": 0, "antonym": 2, "question": 3}
    lacks = lay_out_kinds(pd.Series([1.0, np.nan, 1, 1, 1], variations.index), variations, ["voice", "antonym"])
    # b lacks a vector; that a and c have no antonym is no reason to leave them out.
    assert complete_bases([written[["voice", "antonym"]], lacks]).to_list() == ["a", "c"]
    assert complete_bases([written]).to_list() == ["b", "a", "c"]
    again = variations.assign(kind="voice")
    with pytest.raises(InputError, match="the anchor 'b' has two sentences of the kind 'voice'"):
        lay_out_kinds(pd.Series(1.0, again.index), again, ["voice"])
    with pytest.raises(InputError, match="of no frames"):
        complete_bases([])


def test_the_hardest_triplets_by_hand():
    cosines = {
        "one": pd.DataFrame(
            {"voice": [0.5, 0.5, 0.5], "swap": [0.9, 0.7, 0.4], "jumble": [0.8, 0.9, 0.1]}, list("abc")
        ),
        "two": pd.DataFrame(
            {"voice": [0.5, 0.5, 0.5], "swap": [0.9, 0.8, 0.9], "jumble": [0.1, 0.2, 0.1]}, list("abc")
        ),
    }
    wins = {name: triplet_wins(values, ["voice"], ["swap", "jumble"]) for name, values in cosines.items()}
    found = hardest_triplets(cosines, wins, 5)
    # Both models lose the swaps of a and b, a by the larger gap; b's next triplet is the only other pair of kinds.
    assert found.to_numpy().tolist() == [["a", "voice", "swap", 2], ["b", "voice", "jumble", 1]]
    assert len(hardest_triplets(cosines, wins, 1)) == 1
    won = {name: frame * 0 + 1 for name, frame in wins.items()}
    assert hardest_triplets(cosines, won, 5).empty
    with pytest.raises(InputError, match="of no models"):
        hardest_triplets({}, {}, 1)


def test_what_is_chance():
    draws = np.linspace(0.4, 0.6, 41)
    assert is_chance(Estimate(0.5, draws))
    assert not is_chance(Estimate(0.7, draws + 0.2))
    assert not is_chance(Estimate(0.3, draws - 0.2))
    assert is_chance(Estimate(0.7, draws + 0.2), chance=0.7)
    assert not is_chance(Estimate(np.nan, draws))


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
