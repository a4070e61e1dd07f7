"""Analogies against gensim, hand-made vectors and plain numpy."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from conftest import real
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from embedlib import load_dataset
from embedlib.datasets.word_forms import as_asked
from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics.analogy import (
    FOLDS,
    METHODS,
    PAIRWISE,
    STRENGTHS,
    _classifiers,
    answer_questions,
    answer_relation,
    choose_pairs,
)
from embedlib.metrics.choices import right_choices, words_of_choices
from embedlib.metrics.questions import (
    accuracies,
    accuracy_of_relations,
    coverage,
    evaluate,
    evaluate_models,
    from_analogies,
    from_relations,
    from_test_set,
    landings,
    mean_accuracy,
    stems,
)
from embedlib.metrics.similarity import unit


@pytest.fixture(scope="module")
def glove():
    return real("glove-6b-50d")


@pytest.mark.parametrize(("size", "right", "total"), [(30_000, 7_393, 14_877), (300_000, 9_036, 19_486)])
def test_3cosadd_equals_gensim_section_by_section(glove, size, right, total):
    words, vectors = glove.words[:size], glove.vectors[:size]
    asked = from_analogies(as_asked(load_dataset("google-analogies"), "lower"), words)
    found = evaluate(vectors, words, asked, ["3CosAdd"], seed=1)
    assert (found["right"].sum(), found["answered"].sum(), found["asked"].sum()) == (right, total, 19_544)
    if size > 30_000:
        return
    peer = KeyedVectors(50)
    peer.add_vectors(words, vectors)
    _, sections = peer.evaluate_word_analogies(datapath("questions-words.txt"), restrict_vocab=size)
    ours = found.set_index("relation")
    for section in sections[:-1]:
        row = ours.loc[section["section"]]
        assert row["right"] == len(section["correct"]), section["section"]
        assert row["answered"] == len(section["correct"]) + len(section["incorrect"])


def brute(vectors, a, a2, b, method):
    """Score all candidates for one question in float64, as the papers write it."""
    rows = unit(vectors).astype(np.float64)
    to = rows @ rows[[a, a2, b]].T
    if method == "3CosAdd":
        return rows @ (rows[b] - rows[a] + rows[a2])
    if method == "3CosMul":
        near = (to + 1) / 2
        return near[:, 2] * near[:, 1] / (near[:, 0] + 0.001)
    if method == "PairDistance":
        away = rows - rows[b]
        away[b] = 0
        return away @ (rows[a2] - rows[a]) / np.maximum(np.linalg.norm(away, axis=1), 1e-3)
    return to.max(axis=1)


@pytest.mark.parametrize("method", PAIRWISE)
def test_pairwise_methods_equal_plain_numpy(method):
    rng = np.random.default_rng(5)
    vectors = rng.standard_normal((1_300, 12)).astype(np.float32)
    questions = np.array([rng.choice(1_300, 3, replace=False) for _ in range(80)], dtype=np.int32)
    answers = answer_questions(vectors, questions, method)
    for number, (a, a2, b) in enumerate(questions):
        scores = brute(vectors, a, a2, b, method)
        assert scores[answers.allowed[number]] == pytest.approx(scores.max(), abs=1e-5)
        scores[[a, a2, b]] = -np.inf
        assert answers.excluded[number] == scores.argmax()


def test_equal_candidates_are_answered_by_the_first_in_any_block():
    rng = np.random.default_rng(6)
    vectors = rng.standard_normal((1_500, 8)).astype(np.float32)
    target = unit(vectors)[[0, 1, 2]] * np.array([[-1], [1], [1]])
    vectors[[700, 40, 1_400]] = target.sum(axis=0)
    question = np.array([[0, 1, 2]], dtype=np.int32)
    assert answer_questions(vectors, question).excluded[0] == 40
    assert answer_questions(vectors, question, "3CosAdd").allowed[0] == 40


def test_a_parallelogram_is_solved_by_every_offset_method():
    rng = np.random.default_rng(7)
    sources = rng.standard_normal((12, 30)).astype(np.float32)
    offset = 9 * np.eye(30, dtype=np.float32)[0]
    vectors = np.concatenate([sources, sources + offset, rng.standard_normal((40, 30)).astype(np.float32)])
    pairs = np.array([(n, n + 12) for n in range(12)], dtype=np.int32)
    found = answer_relation(vectors, pairs, "3CosAvg", np.random.default_rng(1)).excluded
    assert (found == pairs[:, 1]).mean() > 0.5
    classed = answer_relation(vectors, pairs, "LRCos", np.random.default_rng(1)).excluded
    assert np.isin(classed, pairs[:, 1]).mean() > 0.6
    nearest = answer_relation(vectors, pairs, "SimilarToB", np.random.default_rng(1))
    assert (nearest.allowed == pairs[:, 0]).all()
    rows = unit(vectors)
    cosines = rows[:12] @ rows.T
    cosines[np.arange(12), np.arange(12)] = -2
    assert (nearest.excluded == cosines.argmax(axis=1)).all()


def words_of_a_class(rng, pairs, dimensions, others=600):
    """Sources and answers of a relation, an offset apart, among other words; rows and (pairs, 2) places."""
    sources = rng.standard_normal((pairs, dimensions))
    answers = sources + 2.5 * (np.arange(dimensions) < 3) + 0.4 * rng.standard_normal((pairs, dimensions))
    rows = np.concatenate([sources, answers, 1.2 * rng.standard_normal((others, dimensions))]).astype(np.float32)
    return rows, np.column_stack([np.arange(pairs), np.arange(pairs) + pairs]).astype(np.int32)


def plain_lrcos(vectors, pairs, seed):
    """Answer by LRCos as its description says it, one pipeline of scikit-learn a fold and penalty."""
    rng = np.random.default_rng(seed)
    folds = rng.permutation(len(pairs)) % FOLDS
    random_words = rng.integers(len(vectors), size=len(pairs))
    rows = unit(vectors)

    def scores(trained, asked, strength):
        known = np.concatenate([pairs[trained, 1], pairs[trained, 0], random_words[trained]])
        classes = np.repeat([True, False, False], trained.sum())
        logistic = LogisticRegression(C=strength / rows.shape[1], tol=1e-6, max_iter=10_000)
        model = make_pipeline(StandardScaler(), logistic).fit(rows[known].astype(np.float64), classes)
        found = rows[pairs[asked, 0]] @ rows.T * model.predict_proba(rows.astype(np.float64))[:, 1]
        found[np.arange(len(found)), pairs[asked, 0]] = -np.inf
        return found

    answers = np.empty(len(pairs), dtype=int)
    for fold in range(FOLDS):
        gains = []
        for strength in STRENGTHS:
            ranks = []
            for other in set(range(FOLDS)) - {fold}:
                asked = folds == other
                found = scores((folds != fold) & ~asked, asked, strength)
                right = found[np.arange(len(found)), pairs[asked, 1]]
                ranks += list((found >= right[:, None]).sum(axis=1))
            gains.append(np.mean(1 / np.array(ranks)))
        asked = folds == fold
        answers[asked] = scores(~asked, asked, STRENGTHS[int(np.argmax(gains))]).argmax(axis=1)
    return answers


def test_lrcos_is_scaled_and_chooses_its_penalty_without_the_pairs_that_it_answers():
    vectors, pairs = words_of_a_class(np.random.default_rng(2), 20, 12)
    found = answer_relation(vectors, pairs, "LRCos", np.random.default_rng(4)).excluded
    assert (found == plain_lrcos(vectors, pairs, 4)).mean() > 0.9
    again = answer_relation(vectors, pairs, "LRCos", np.random.default_rng(4)).excluded
    assert (found == again).all()
    # Three pairs are as few as a relation can have: each classifier of a choice has seen one.
    few = answer_relation(vectors, pairs[:3], "LRCos", np.random.default_rng(4))
    assert len(few.excluded) == 3


def test_a_classifier_is_scikit_learns_on_scaled_features():
    rng = np.random.default_rng(6)
    for dimensions in (8, 120):  # fewer than the 60 examples, and more
        vectors, pairs = words_of_a_class(rng, 20, dimensions)
        words = np.column_stack([pairs[:, 1], pairs[:, 0], rng.integers(len(vectors), size=20)])
        penalties = np.array([1e-5, 1e-2, 1.0, 100.0])
        weights, intercepts = _classifiers(vectors, words, penalties)
        classes = np.repeat([True, False, False], 20)
        for penalty, weight, intercept in zip(penalties, weights, intercepts, strict=True):
            logistic = LogisticRegression(C=penalty, tol=1e-9, max_iter=10_000)
            peer = make_pipeline(StandardScaler(), logistic).fit(vectors[words.T.ravel()].astype(np.float64), classes)
            ours = 1 / (1 + np.exp(-(vectors @ weight + intercept)))
            theirs = peer.predict_proba(vectors.astype(np.float64))[:, 1]
            assert np.abs(ours - theirs).max() < 5e-3


def test_one_huge_dimension_does_not_break_lrcos():
    rng = np.random.default_rng(3)
    vectors, pairs = words_of_a_class(rng, 40, 20)
    huge = np.column_stack([vectors, 100 + 10 * rng.standard_normal(len(vectors))]).astype(np.float32)
    right = {
        name: (answer_relation(each, pairs, "LRCos", np.random.default_rng(1)).excluded == pairs[:, 1]).mean()
        for name, each in (("as they are", vectors), ("huge", huge))
    }
    assert right["as they are"] > 0.6
    assert right["huge"] > 0.75 * right["as they are"], right


def test_3cosavg_leaves_out_the_pair_itself():
    vectors = np.eye(8, dtype=np.float32)
    pairs = np.array([(0, 1), (2, 3), (4, 5)], dtype=np.int32)
    rows = unit(vectors)
    query = rows[0] + ((rows[3] - rows[2]) + (rows[5] - rows[4])) / 2
    scores = rows @ query
    scores[0] = -1
    assert answer_relation(vectors, pairs, "3CosAvg", np.random.default_rng(0)).excluded[0] == scores.argmax() == 3


RELATIONS = pd.DataFrame(
    [
        ("one", "plural", "cat", ("cats",)),
        ("one", "plural", "dog", ("hounds", "dogs")),
        ("one", "plural", "gnu", ("gnus",)),
        ("two", "none", "x", ("y",)),
        ("two", "none", "z", ("q",)),
    ],
    columns=["group", "relation", "source", "targets"],
)
WORDS = ["cat", "cats", "dog", "dogs", "catty", "house"]


def test_questions_and_landings_by_hand():
    asked = from_relations(RELATIONS, WORDS)
    assert asked[0].pairwise.tolist() == [[0, 1, 2], [2, 3, 0]]
    assert (asked[0].asked, asked[0].asked_pairs, asked[0].right.tolist()) == (6, 3, [[3], [1]])
    assert (asked[1].asked, len(asked[1].pairwise)) == (2, 0)
    vectors = np.array([[1, 0], [1, 1], [0, 1], [0.2, 1.1], [0.9, 0.1], [-1, -1]], dtype=np.float32)
    table = evaluate(vectors, WORDS, asked, ["3CosAdd", "3CosAvg"], seed=0).set_index(["relation", "method"])
    row = table.loc[("plural", "3CosAdd")]
    assert (row["asked"], row["answered"]) == (6, 2)
    assert row[["right", "variant", "elsewhere"]].sum() == 2
    assert row[["right_allowed", "input_allowed", "variant_allowed", "elsewhere_allowed"]].sum() == 2
    assert table.loc[("plural", "3CosAvg"), "answered"] == 0
    assert table.loc[("none", "3CosAdd"), ["asked", "answered"]].tolist() == [2, 0]


def test_tables_of_answers_of_two_models_and_sets_by_hand():
    vectors = np.array([[1, 0], [1, 1], [0, 1], [0.2, 1.1], [0.9, 0.1], [-1, -1]], dtype=np.float32)
    tables = {
        "b": SimpleNamespace(keys=WORDS, vectors=vectors),
        "a": SimpleNamespace(keys=WORDS[3:], vectors=vectors[3:]),
    }
    google = pd.DataFrame(
        [("gram", "cat", "cats", "dog", "dogs"), ("gram", "x", "y", "dog", "dogs")],
        columns=["relation", "a", "a2", "b", "b2"],
    )
    sets = {"ours": RELATIONS, "google": google}
    asked = {(m, name): from_test_set(frame, tables[m].keys) for m in tables for name, frame in sets.items()}
    counts = coverage(tables, asked)
    assert counts.loc["b"].to_list() == [6, 8, 2, 2, 1]
    assert counts.loc["a"].to_list() == [3, 8, 0, 2, 0]
    methods = ["SimilarToB", "3CosAdd"]
    answers = evaluate_models(tables, asked, methods, seed=0)
    # "a" can answer nothing and has no row; the order of models and methods is that given.
    assert answers["model"].cat.categories.to_list() == ["b", "a"]
    assert set(answers["model"]) == {"b"}
    alone = evaluate(vectors, WORDS, asked["b", "ours"], methods, seed=0)
    ours = answers[answers["set"] == "ours"].reset_index(drop=True)
    pd.testing.assert_frame_equal(ours[["asked", "answered", "right"]], alone[["asked", "answered", "right"]])
    assert (ours["accuracy"] * ours["asked"]).to_list() == pytest.approx(ours["right"].to_list())

    added = ours[ours["method"] == "3CosAdd"]
    together = accuracies(added, ["model"]).loc["b"]
    right = added["right"].sum()
    assert together.to_list() == pytest.approx([right / 8, right / 2])
    assert accuracy_of_relations(vectors, WORDS, RELATIONS, seed=0) == pytest.approx(right / 8)
    means = mean_accuracy(ours, "relation", "method")
    assert means.columns.to_list() == methods
    assert means["3CosAdd"].to_list() == pytest.approx(added["accuracy"].to_list())
    places = landings(added, "model")
    assert places.sum(axis=1).to_list() == pytest.approx([1, 1])
    assert places.loc[("inputs excluded", "b"), "right"] == pytest.approx(right / 2)
    assert places.loc[("inputs allowed", "b"), "on an input"] == pytest.approx(added["input_allowed"].sum() / 2)
    assert np.isnan(places.loc[("inputs excluded", "b"), "on an input"])
    with pytest.raises(InputError, match="no model can answer a question"):
        evaluate_models({"a": tables["a"]}, {("a", "ours"): asked["a", "ours"]}, methods, seed=0)


def test_variants_share_a_stem():
    codes = stems(["walk", "walking", "talked"])
    assert codes[0] == codes[1] != codes[2]


def test_bad_input_is_refused():
    vectors = np.eye(6, dtype=np.float32)
    question = np.array([[0, 1, 2]], dtype=np.int32)
    with pytest.raises(UnknownNameError, match="Did you mean '3CosAdd'"):
        answer_questions(vectors, question, "3CosAd")
    with pytest.raises(UnknownNameError, match="unknown analogy method"):
        answer_questions(vectors, question, "LRCos")
    with pytest.raises(InputError, match="all zeros"):
        answer_questions(np.zeros((6, 2), np.float32), question)
    with pytest.raises(InputError, match="names row 9"):
        answer_questions(vectors, np.array([[0, 1, 9]], dtype=np.int32))
    with pytest.raises(InputError, match="at least 4 candidates"):
        answer_questions(vectors[:3], question)
    with pytest.raises(InputError, match="at least 3 pairs"):
        answer_relation(vectors, np.array([[0, 1]], dtype=np.int32), "3CosAvg", np.random.default_rng(0))
    with pytest.raises(InputError, match="no question can be answered"):
        evaluate(vectors, list("abcdef"), from_relations(RELATIONS, list("abcdef")), METHODS, seed=1)
    with pytest.raises(InputError, match="one pair"):
        from_relations(RELATIONS[:1], WORDS)


def test_a_choice_is_the_pair_with_the_most_similar_step():
    rng = np.random.default_rng(4)
    vectors = rng.standard_normal((40, 6)).astype(np.float32)
    questions, choices = rng.integers(40, size=(30, 2)), rng.integers(40, size=(30, 5, 2))
    found = choose_pairs(vectors, questions, choices)
    rows = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for (a, a2), pairs, choice in zip(questions, choices, found, strict=True):
        cosines = []
        for b, b2 in pairs:
            one, other = rows[a2] - rows[a], rows[b2] - rows[b]
            length = np.linalg.norm(one) * np.linalg.norm(other)
            cosines.append(one @ other / length if length else 0.0)
        assert choice == int(np.argmax(cosines))
    # By hand: the step of (0, 1) is that of (2, 3), and the opposite one of (3, 2); a word less itself has none.
    square = np.array([[1, 0], [0, 1], [1, 0], [0, 1]], dtype=np.float32)
    assert choose_pairs(square, np.array([[0, 1]]), np.array([[[3, 2], [2, 2], [2, 3]]])).tolist() == [2]
    assert choose_pairs(square, np.array([[0, 0]]), np.array([[[3, 2], [2, 3]]])).tolist() == [0]


def test_choices_that_do_not_fit_are_refused():
    vectors = np.eye(3, dtype=np.float32)
    with pytest.raises(InputError, match=r"not \(1, 2\), \(2, 1, 2\)"):
        choose_pairs(vectors, np.array([[0, 1]]), np.array([[[0, 1]], [[1, 2]]]))
    with pytest.raises(InputError, match="names row 3; there are 3"):
        choose_pairs(vectors, np.array([[0, 1]]), np.array([[[0, 3]]]))


def test_relations_of_grammar_are_syntactic():
    columns = ["relation", "a", "a2", "b", "b2"]
    names = ["gram8-plural", "NN_NNS", "NNPOS_NN", "family", "capital-world", "US_states"]
    asked = pd.DataFrame([(name, "cat", "cats", "dog", "dogs") for name in names], columns=columns)
    groups = {found.relation: found.group for found in from_analogies(asked, ["cat", "cats", "dog", "dogs"])}
    assert [groups[name] for name in names] == ["syntactic"] * 3 + ["semantic"] * 3


def test_a_multiple_choice_question_with_an_unknown_word_is_wrong():
    words = ["ostrich", "bird", "lion", "cat", "goose", "flock"]
    vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0], [0, -1, 0]], dtype=np.float32)
    rows = [
        ("ostrich", "bird", "lion", "cat", (("goose", "flock"), ("lion", "cat"))),
        ("ostrich", "bird", "goose", "flock", (("goose", "flock"), ("lion", "cat"))),
        # Its own choice is right, but another one has a word without a vector.
        ("ostrich", "bird", "lion", "cat", (("goose", "gaggle"), ("lion", "cat"))),
    ]
    items = pd.DataFrame(rows, columns=["a", "a2", "b", "b2", "choices"], index=[7, 8, 9])
    found = right_choices(items, SimpleNamespace(keys=words, vectors=vectors))
    assert found.to_dict() == {7: True, 8: False, 9: False}
    assert words_of_choices(items) == ["ostrich", "bird", "goose", "flock", "lion", "cat", "gaggle"]
    with pytest.raises(InputError, match="right answers alone"):
        right_choices(items.drop(columns="choices"), SimpleNamespace(keys=words, vectors=vectors))
