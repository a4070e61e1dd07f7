"""The AUC with whole relations drawn, and relations joined into units: by hand and against public code."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from embedlib.errors import InputError
from embedlib.metrics import relatedness
from embedlib.metrics.bootstrap import Bootstrap

RNG = np.random.default_rng(21)
UNITS = np.repeat([f"r{n}" for n in range(12)], 20)
# Relations differ, as real ones do: some are hard as a whole.
RELATED = RNG.normal(1, 0.5, 240) + np.repeat(RNG.normal(0, 1, 12), 20)
SCORES = np.concatenate([RELATED, RNG.normal(0, 1, 240)])
TRUTH = np.repeat([True, False], 240)


def both():
    return np.concatenate([UNITS, UNITS])


def test_a_draw_is_scikit_learns_area_of_the_drawn_relations_with_both_sorts_of_pairs():
    boot = Bootstrap(np.unique(UNITS), 30, np.random.default_rng(1))
    found = relatedness.separate_units(SCORES, TRUTH, both(), boot)
    assert list(found) == ["auc", "d", "overlap"]
    assert found["auc"].value == pytest.approx(roc_auc_score(TRUTH, SCORES))
    times = boot.counts_of(both())
    for draw in (0, 11):
        assert found["auc"].draws[draw] == pytest.approx(roc_auc_score(TRUTH, SCORES, sample_weight=times[draw]))
    plain = relatedness.separate(SCORES[TRUTH], SCORES[~TRUTH])
    assert (found["d"].value, found["overlap"].value) == (plain.d, plain.overlap)


def test_an_interval_over_relations_is_wider_than_one_over_pairs():
    of_relations = Bootstrap(np.unique(UNITS), 400, np.random.default_rng(1))
    of_pairs = Bootstrap(480, 400, np.random.default_rng(1))
    wide = relatedness.separate_units(SCORES, TRUTH, both(), of_relations)["auc"]
    narrow = relatedness.separate_units(SCORES, TRUTH, np.arange(480), of_pairs)["auc"]
    assert wide.value == narrow.value
    assert wide.draws.std() > 2 * narrow.draws.std()


def test_nan_is_left_out_and_too_few_pairs_give_nan():
    boot = Bootstrap(["x", "y", "z"], 60, np.random.default_rng(3))
    units, truth = ["x", "x", "y", "y", "z"], [True, True, False, False, True]
    found = relatedness.separate_units([0.9, 0.4, 0.5, 0.1, np.nan], truth, units, boot)
    assert found["auc"].value == 0.75
    # A draw without x has no related pair, and one without y no unrelated one.
    undefined = (boot.counts[:, :2] == 0).any(axis=1)
    for estimate in found.values():
        assert (np.isnan(estimate.draws) == undefined).all()
        assert np.isfinite(estimate.row).all()
    few = relatedness.separate_units([0.9, np.nan, 0.5, 0.1, np.nan], truth, units, boot)
    assert np.isnan([few[name].value for name in ("auc", "d", "overlap")]).all()


def test_separate_units_refuses_what_does_not_fit():
    boot = Bootstrap(["x"], 5, np.random.default_rng(3))
    with pytest.raises(InputError, match="do not fit each other"):
        relatedness.separate_units([0.1, 0.2], [True, False, True], ["x", "x"], boot)
    with pytest.raises(InputError, match="dtype int64; allowed: bool"):
        relatedness.separate_units([0.1, 0.2], np.array([1, 0], dtype=np.int64), ["x", "x"], boot)
    with pytest.raises(InputError, match="'y' is not one of the units"):
        relatedness.separate_units([0.1, 0.2], [True, False], ["x", "y"], boot)
    with pytest.raises(InputError, match="finite"):
        relatedness.separate_units([0.1, np.inf, 0.1, 0.2], [True, True, False, False], ["x"] * 4, boot)


def test_units_of_pairs_refuse_a_missing_label_and_a_name_for_two_things():
    assert relatedness.units_of(["a", "b"]).to_list() == ["a", "b"]
    with pytest.raises(InputError, match="row 1 has no label"):
        relatedness.units_of(["a", None])
    with pytest.raises(InputError, match="'b' is joined into 'a', which is a relation of its own"):
        relatedness.units_of(["a", "b"], {"b": "a"})
    assert relatedness.units_of(["a", "b"], {"a": "a", "b": "a"}).to_list() == ["a", "a"]


def test_controls_keep_first_words_and_use_second_words_as_often():
    rows = [(f"r{n // 4}", "semantic", f"a{n}", f"b{n}") for n in range(12)]
    related = pd.DataFrame(rows, columns=["relation", "kind", "first", "second"])
    pairs = relatedness.with_controls(related, np.random.default_rng(1))
    assert pairs["set"].drop_duplicates().to_list() == ["related", "unrelated", "same relation"]
    own = dict(zip(related["second"], related["relation"], strict=True))
    for name, part in pairs.groupby("set"):
        assert sorted(part["first"]) == sorted(related["first"])
        assert sorted(part["second"]) == sorted(related["second"])
        is_of_relation = part["second"].map(own) == part["relation"]
        assert is_of_relation.all() if name != "unrelated" else not is_of_relation.any()
    apart = pairs[pairs["set"] != "related"]
    assert not (apart["first"].str[1:] == apart["second"].str[1:]).any()


FIRST = np.repeat(["dog", "fork", "blouse", "oak"], [30, 20, 12, 8])
SORT = RNG.random(70) < 0.4
COSINES = pd.DataFrame({"glove": RNG.normal(0, 1, 70) + SORT, "gemma": RNG.integers(0, 6, 70) + SORT})


def test_an_area_within_first_words_is_the_mean_of_scikit_learns_areas_of_the_words():
    boot = Bootstrap(["oak", "fork", "dog", "blouse"], 40, np.random.default_rng(5))
    found = relatedness.auc_within(COSINES, SORT, FIRST, boot)
    assert list(found) == ["glove", "gemma"]
    for model in found:
        rows = [np.flatnonzero(np.equal(FIRST, word)) for word in boot.labels]
        areas = [roc_auc_score(SORT[own], COSINES[model].iloc[own]) for own in rows]
        assert found[model].value == pytest.approx(np.mean(areas))
        for draw in (0, 17):
            assert found[model].draws[draw] == pytest.approx(np.average(areas, weights=boot.counts[draw]))
    # What one word has more than another in all its pairs changes nothing.
    moved = COSINES.add(pd.Series(FIRST).map({"dog": 5, "fork": -2, "blouse": 1, "oak": 0}), axis=0)
    assert relatedness.auc_within(moved, SORT, FIRST, boot).value.to_list() == pytest.approx(found.value.to_list())


def test_an_area_within_first_words_by_hand_leaves_out_what_has_no_score_or_one_sort_of_pairs():
    boot = Bootstrap(["a", "b", "c"], 5, np.random.default_rng(5))
    first, sort = ["a", "a", "a", "a", "b", "b", "c"], np.array([True, False, False, True, True, False, True])
    scores = pd.DataFrame({"one": [0.5, 0.5, 0.1, np.nan, 0.2, 0.3, 0.9], "none": np.nan}, index=range(10, 17))
    found = relatedness.auc_within(scores, sort, first, boot)
    # a: above one and level with the other, 0.75; b: 0; c has no unrelated pair.
    assert found["one"].value == pytest.approx(0.375)
    assert np.isnan(found["none"].value)
    assert np.isnan(relatedness.auc_within(scores, np.zeros(7, bool), first, boot)["one"].value)


def test_an_area_within_first_words_by_hand_where_groups_of_them_are_drawn():
    boot = Bootstrap(["pets", "tools"], 30, np.random.default_rng(5))
    first, sort = ["cat", "cat", "dog", "dog", "saw", "saw"], np.array([True, False] * 3)
    scores = pd.DataFrame({"one": [0.5, 0.1, 0.2, 0.2, 0.1, 0.7]})
    group = ["pets"] * 4 + ["tools"] * 2
    found = relatedness.auc_within(scores, sort, first, boot, of=group)["one"]
    # cat 1, dog one half, saw 0: words weigh alike, and the two pets come and go together.
    assert found.value == pytest.approx(0.5)
    for drawn, (pets, tools) in zip(found.draws, boot.counts, strict=True):
        assert drawn == pytest.approx(1.5 * pets / (2 * pets + tools))
    with pytest.raises(InputError, match="'cat' is of more than one group"):
        relatedness.auc_within(scores, sort, first, boot, of=["pets", "tools"] * 3)


def test_an_area_within_first_words_refuses_what_does_not_fit():
    boot = Bootstrap(["a"], 5, np.random.default_rng(5))
    scores = pd.DataFrame({"one": [0.5, 0.1]})
    with pytest.raises(InputError, match="do not fit each other"):
        relatedness.auc_within(scores, np.array([True]), ["a", "a"], boot)
    with pytest.raises(InputError, match="dtype int64; allowed: bool"):
        relatedness.auc_within(scores, np.array([1, 0], dtype=np.int64), ["a", "a"], boot)
    with pytest.raises(InputError, match="'b' is not one of the units"):
        relatedness.auc_within(scores, np.array([True, False]), ["a", "b"], boot)
    with pytest.raises(InputError, match="scores are infinite"):
        relatedness.auc_within(scores * np.inf, np.array([True, False]), ["a", "a"], boot)
