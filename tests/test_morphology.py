"""Foils and forms: the data, their readers, what letters alone can tell, and the AUC within each pair."""

import numpy as np
import pandas as pd
import pytest
from conftest import real
from gensim.similarities.fastss import editdist
from scipy.spatial.distance import dice
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.metrics import roc_auc_score
from wordfreq import zipf_frequency

from embedlib import load_dataset
from embedlib.datasets.lexicon import load_lexicon
from embedlib.datasets.morphology import FOIL_NUMBERS, FOIL_WORDS, load_foils, load_suppletive
from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics import morphology, relatedness, similarity
from embedlib.metrics.bootstrap import Bootstrap

FOILS = load_foils()
FORMS = load_suppletive()
PAIRS = relatedness.related_pairs(load_dataset("bats"))
PAIRS = PAIRS[PAIRS["kind"] == "morphological"].reset_index(drop=True)


def pair_of(frame):
    return frame["relation"] + " " + frame["first"]


def boot_of(frame, draws=20):
    return Bootstrap(frame["relation"].unique(), draws, np.random.default_rng(0))


def test_every_morphological_pair_has_one_to_five_foils_that_are_words():
    wanted = set(PAIRS[["relation", "first", "second"]].itertuples(index=False, name=None))
    assert set(FOILS[["relation", "first", "second"]].itertuples(index=False, name=None)) == wanted
    sizes = pair_of(FOILS).value_counts()
    assert (sizes.min(), sizes.max()) == (1, 5)
    assert (sizes >= 3).mean() > 0.75
    words = set(load_lexicon().index) | set(PAIRS["first"]) | set(PAIRS["second"])
    assert set(FOILS["foil"]) <= words
    assert FOILS["foil_zipf"].min() >= 2.5


def test_foils_are_of_no_family_that_the_relations_know():
    related = {frozenset(pair) for pair in zip(PAIRS["first"], PAIRS["second"], strict=True)}
    for word in ("first", "second"):
        assert not [pair for pair in zip(FOILS[word], FOILS["foil"], strict=True) if frozenset(pair) in related]
    assert not {("teach", "teacher"), ("woman", "man")} & set(zip(FOILS["first"], FOILS["foil"], strict=True))


def test_the_numbers_of_foils_are_what_they_say():
    for name in ("second", "foil"):
        found = morphology.letter_overlap(FOILS["first"], FOILS[name])
        assert FOILS[f"{name}_overlap"].to_numpy() == pytest.approx(found, abs=5.1e-4)
        some = FOILS.iloc[::41]
        assert [editdist(a, b) for a, b in zip(some["first"], some[name], strict=True)] == list(some[f"{name}_edits"])
        assert [zipf_frequency(word, "en") for word in some[name]] == some[f"{name}_zipf"].to_list()


def test_letters_tell_nearly_all_random_foils_fewer_spelled_alike_and_none_that_are_closer():
    others = PAIRS.merge(relatedness.re_pair(PAIRS, np.random.default_rng(1)), on=["relation", "first"])
    form, other = (morphology.letter_overlap(others["first"], others[name]) for name in ("second_x", "second_y"))
    boot = boot_of(PAIRS)
    of_random = morphology.foil_auc(form, other, pair_of(others), boot, of=others["relation"])
    close = FOILS[FOILS["foil_overlap"] >= FOILS["second_overlap"]]
    of_alike, of_closer = (
        morphology.foil_auc(rows["second_overlap"], rows["foil_overlap"], pair_of(rows), boot, of=rows["relation"])
        for rows in (FOILS, close)
    )
    assert of_random.value > 0.99
    assert of_alike.is_below(0.92)
    assert of_closer.is_below(0.3)
    assert pair_of(close).nunique() > 350


def test_letter_overlap_by_hand_and_as_scipy_has_it():
    # <corn> has 5 pairs and 4 triples, <corner> 7 and 6; in common are <c co or rn, <co cor orn.
    assert morphology.letter_overlap(["corn"], ["corner"])[0] == pytest.approx(2 * 7 / (9 + 13))
    words = ["corn", "corner", "horn", "unicorn", "wheat", "a"]
    grams = CountVectorizer(analyzer="char", ngram_range=(2, 3), binary=True).fit_transform(f"<{w}>" for w in words)
    table = grams.toarray().astype(bool)
    for at, word in enumerate(words):
        found = morphology.letter_overlap([word] * len(words), words)
        assert found == pytest.approx([1 - dice(table[at], other) for other in table])
    assert morphology.letter_overlap(["ab"], ["ab"], sizes=[9]).tolist() == [0]


def test_prefix_overlap_by_hand():
    found = morphology.prefix_overlap(["corn", "corn", "go", "un"], ["corner", "born", "went", "un"])
    assert found == pytest.approx([4 / 6, 0, 0, 1])


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("corn", "corns", 1 + 4 / 5), ("corn", "corner", 1 + 4 / 6), ("corn", "cornet", 4 / 6),
        ("city", "cities", 1 + 3 / 6), ("happy", "happiness", 1 + 4 / 9), ("carry", "carrying", 1 + 5 / 8),
        ("love", "loved", 1 + 4 / 5), ("love", "loving", 1 + 3 / 6), ("large", "largest", 1 + 5 / 7),
        ("reduce", "reduction", 1 + 5 / 9), ("create", "creation", 1 + 5 / 8), ("inform", "information", 1 + 6 / 11),
        ("stop", "stopped", 1 + 4 / 7), ("hope", "hopped", 3 / 6), ("car", "card", 3 / 4), ("first", "firs", 4 / 5),
        ("able", "unable", 1), ("write", "rewrite", 1), ("go", "went", 0), ("a", "a", 1), ("corns", "corn", 4 / 5),
    ],
)  # fmt: skip
def test_affix_overlap_by_hand(first, second, expected):
    assert morphology.affix_overlap([first], [second]) == pytest.approx([expected])


def test_affix_overlap_of_no_pairs_is_none_and_all_forms_have_a_score():
    assert morphology.affix_overlap([], []).shape == (0,)
    found = morphology.affix_overlap(PAIRS["first"], PAIRS["second"])
    assert np.isfinite(found).all()
    assert (found >= 1).mean() > 0.7


OVERLAPS = [morphology.letter_overlap, morphology.prefix_overlap, morphology.affix_overlap]


@pytest.mark.parametrize("overlap", OVERLAPS)
def test_overlaps_refuse_what_are_no_pairs(overlap):
    with pytest.raises(InputError, match="2 first and 1 second words"):
        overlap(["a", "b"], ["a"])
    with pytest.raises(InputError, match="an empty word"):
        overlap(["a"], [""])


@pytest.mark.parametrize("sizes", [[], [0, 2]])
def test_letter_overlap_refuses_sizes_that_are_none(sizes):
    with pytest.raises(InputError, match="one or more lengths"):
        morphology.letter_overlap(["a"], ["b"], sizes=sizes)


def test_foil_auc_by_hand_counts_pairs_once_and_ties_half():
    boot = Bootstrap(["x", "y"], 50, np.random.default_rng(2))
    # The first pair wins 1 of 3 and ties 1, the second wins, the third loses; x has the first two.
    found = morphology.foil_auc(
        [0.5, 0.5, 0.5, 0.9, 0.1], [0.4, 0.5, 0.6, 0.2, 0.8], list("aaabc"), boot, of=list("xxxxy")
    )
    assert found.value == pytest.approx((0.5 + 1 + 0) / 3)
    for drawn, (x, y) in zip(found.draws, boot.counts, strict=True):
        assert drawn == pytest.approx((1.5 * x) / (2 * x + y))


def test_foil_auc_is_the_mean_of_scikit_learns_within_each_pair():
    rng = np.random.default_rng(3)
    pair = np.repeat(np.arange(40), 4)
    form, foil = np.repeat(rng.normal(0.5, 1, 40), 4).round(1), rng.normal(0, 1, 160).round(1)
    peers = [
        roc_auc_score([1, 0, 0, 0, 0], [form[pair == one][0], *foil[pair == one]]) for one in range(40)
    ]  # fmt: skip
    found = morphology.foil_auc(form, foil, pair, Bootstrap(40, 10, rng))
    assert found.value == pytest.approx(np.mean(peers))


def test_foil_auc_leaves_nan_out_and_refuses_what_does_not_fit():
    boot = Bootstrap(["x", "y"], 50, np.random.default_rng(2))
    found = morphology.foil_auc([0.5, np.nan, 0.5], [0.1, 0.2, np.nan], list("abc"), boot, of=["x", "y", "y"])
    assert found.value == 1
    assert np.isnan(found.draws).sum() == (boot.counts[:, 0] == 0).sum() > 0
    none = morphology.foil_auc([np.nan], [0.1], ["a"], boot, of=["x"])
    assert np.isnan(none.value)
    assert np.isnan(none.draws).all()
    with pytest.raises(InputError, match="'a' is of more than one unit"):
        morphology.foil_auc([1.0, 1.0], [0.0, 0.0], ["a", "a"], boot, of=["x", "y"])
    with pytest.raises(InputError, match="'z' is not one of the units"):
        morphology.foil_auc([np.nan], [0.0], ["a"], boot, of=["z"])
    with pytest.raises(InputError, match="do not fit"):
        morphology.foil_auc([1.0, 1.0], [0.0], ["a", "b"], boot, of=["x", "y"])


def test_static_vectors_know_forms_from_foils_better_than_letters_do():
    listed = [*FOILS["first"], *FOILS["second"], *FOILS["foil"]]
    table = real("glove-6b-50d").encode_words(list(dict.fromkeys(listed)))
    scores = {}
    for name in ("second", "foil"):
        left, right, known = table.pair_rows(FOILS["first"], FOILS[name])
        scores[name] = np.full(len(FOILS), np.nan)
        scores[name][known] = similarity.pairwise_cosine(table.vectors, left, right)
    boot = boot_of(FOILS)
    glove = morphology.foil_auc(scores["second"], scores["foil"], pair_of(FOILS), boot, of=FOILS["relation"])
    letters = morphology.foil_auc(
        FOILS["second_overlap"], FOILS["foil_overlap"], pair_of(FOILS), boot, of=FOILS["relation"]
    )
    assert glove.value > 0.9
    assert (glove - letters).is_above(0)


def test_suppletive_forms_are_many_and_have_regular_ones_beside_them():
    kinds = FORMS.groupby(["relation", "kind"]).size().unstack(fill_value=0)
    assert list(kinds.columns) == ["irregular", "regular", "suppletive"]
    odd = kinds["irregular"] + kinds["suppletive"]
    assert odd.sum() >= 80
    # About as many of each relation, and no word twice in it.
    assert ((kinds["regular"] - odd).abs() <= 5).all()
    assert not FORMS.duplicated(["relation", "first"]).any()
    assert not FORMS.duplicated(["relation", "second"]).any()
    assert all(zipf_frequency(word, "en") >= 2.5 for word in [*FORMS["first"], *FORMS["second"]])


def test_letters_fail_on_suppletive_forms_and_not_on_regular_ones():
    other = relatedness.re_pair(FORMS, np.random.default_rng(4), within=True)
    rows = FORMS.merge(other.rename(columns={"second": "other"}), on=["relation", "kind", "first"])
    score = {name: morphology.letter_overlap(rows["first"], rows[name]) for name in ("second", "other")}
    areas = {}
    for kind, part in rows.groupby("kind"):
        boot = Bootstrap(pair_of(part), 10, np.random.default_rng(5))
        areas[kind] = morphology.foil_auc(
            score["second"][part.index], score["other"][part.index], pair_of(part), boot
        ).value
    assert areas["regular"] > 0.97
    assert areas["suppletive"] < 0.75


HEAD = "\t".join(FOIL_WORDS + FOIL_NUMBERS)
ROW = "I01\tcorn\tcorns\tcorner\t0.7\t1\t2.0\t0.64\t2\t4.9"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "relation\tfirst\n",
            "its first line is 'relation.tfirst'; it needs the columns relation, first, second, foil",
        ),
        ("", "its first line is ''"),
        (f"{HEAD}\n", "holds no row"),
        (f"{HEAD}\nI01\tcorn\n", "line 2: 'I01.tcorn' does not have 10 cells"),
        (f"{HEAD}\n{ROW}\n{ROW}\n", "line 3: 'I01 corn corns corner' stands twice"),
        (f"{HEAD}\n{ROW.replace('corner', 'corns')}\n", "line 2: the foil 'corns' is one of its own pair"),
        (f"{HEAD}\n{ROW.replace('0.64', 'near')}\n", "line 2: foil_overlap is 'near'; it needs a number"),
    ],
)
def test_a_malformed_file_of_foils_is_refused(tmp_path, text, said):
    path = tmp_path / "foils.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=said.replace(".t", r"\\t")):
        load_foils(path)


def test_readers_take_files_of_ones_own(tmp_path):
    path = tmp_path / "foils.tsv"
    path.write_text(f"{HEAD}\n{ROW}\n")
    assert load_foils(path).iloc[0, :4].to_list() == ["I01", "corn", "corns", "corner"]
    assert load_foils(path)["foil_edits"].tolist() == [2]
    forms = tmp_path / "forms.tsv"
    forms.write_text("relation\tkind\tfirst\tsecond\npast\tsuppletive\tgo\twent\n")
    assert load_suppletive(forms).to_numpy().tolist() == [["past", "suppletive", "go", "went"]]
    forms.write_text("relation\tkind\tfirst\tsecond\npast\tsupletive\tgo\twent\n")
    with pytest.raises(UnknownNameError, match=r"line 2: unknown kind 'supletive'. Did you mean 'suppletive'\?"):
        load_suppletive(forms)
    with pytest.raises(InputError, match="cannot read"):
        load_suppletive(tmp_path / "none.tsv")


def test_trials_are_foils_spelled_at_least_as_alike_and_forms_of_other_words_of_the_list():
    trials = morphology.spelling_trials(FOILS, PAIRS, {name: name[:1] for name in PAIRS["relation"].unique()})
    assert trials["pair"].nunique() == 385
    assert set(trials["unit"]) == {"I", "D"}
    form, foil = (morphology.letter_overlap(trials["first"], trials[end]) for end in ("second", "foil"))
    assert (foil >= form - 1.1e-3).all()
    assert morphology.spelling_trials(FOILS, PAIRS.assign(kind="semantic"), {}).empty
    other = morphology.suppletive_trials(FORMS)
    lists = FORMS.groupby("relation")["second"].apply(set)
    for (relation, second), part in other.groupby(["relation", "second"]):
        assert set(part["foil"]) == lists[relation] - {second}
    own = FORMS[FORMS["kind"] == "suppletive"]
    assert other["pair"].nunique() == len(own)


def test_areas_of_several_models_are_on_the_trials_that_all_can_score():
    trials = morphology.suppletive_trials(FORMS)
    rng = np.random.default_rng(4)
    form, foil = (pd.DataFrame(rng.random((len(trials), 2)), columns=["one", "two"]) for _ in range(2))
    form.loc[::7, "one"] = np.nan
    boot = Bootstrap(trials["unit"].unique(), 20, np.random.default_rng(0))
    found = morphology.foil_areas(form, foil, trials, boot)
    known = form["one"].notna()
    for model in ("one", "two"):
        alone = morphology.foil_auc(form.loc[known, model], foil.loc[known, model], trials.loc[known, "pair"], boot)
        assert found[model].row == alone.row
    with pytest.raises(InputError, match="do not fit each other"):
        morphology.foil_areas(form, foil[["one"]], trials, boot)
