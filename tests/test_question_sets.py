"""Sets of analogy questions: what readings were chosen on is left out, and SAT's multiple choice is read."""

import pandas as pd
import pytest

from embedlib import load_dataset
from embedlib.datasets.question_sets import load_questions, pairs_of_questions
from embedlib.datasets.relations import relation_units
from embedlib.errors import InputError

SAT = """# A comment, and another one.
# Format: source, pair, choices, letter.

190 FROM REAL SATs
lull trust v:n
balk fortitude v:n
betray loyalty v:n
d_e f n:n
b

KS578a
ostrich bird n:n
lion cat n:n
goose flock n:n
ewe sheep n:n
A
"""


def test_no_question_shows_a_pair_that_readings_were_chosen_on():
    chosen_on = {
        frozenset((source.lower(), target.lower()))
        for source, targets in load_dataset("bats", part="development")[["source", "targets"]].itertuples(index=False)
        for target in targets
    }
    for name, asked in (("google-analogies", 19_544), ("msr-analogies", 8_000)):
        questions = load_questions(name)
        assert len(questions) + questions.attrs["in development"] == asked
        # No relation is lost.
        assert set(questions["relation"]) == set(load_dataset(name)["relation"])
        for one, two in (("a", "a2"), ("b", "b2")):
            shown = zip(questions[one].str.lower(), questions[two].str.lower(), strict=True)
            assert chosen_on.isdisjoint(map(frozenset, shown))


def test_either_order_and_any_case_counts_and_a_set_without_a_question_left_is_an_error(tmp_path):
    source, targets = load_dataset("bats", part="development")[["source", "targets"]].iloc[0]
    path = tmp_path / "questions.txt"
    path.write_text(f": mine\n{targets[0].upper()} {source} zqx qxz\nzqx qxz one two\n")
    questions = load_questions("google-analogies", path=path)
    assert questions.to_numpy().tolist() == [["mine", "zqx", "qxz", "one", "two"]]
    assert questions.attrs["in development"] == 1
    path.write_text(f": mine\n{source} {targets[0]} zqx qxz\n")
    with pytest.raises(InputError, match="google-analogies: all 1 questions show a pair that readings were chosen on"):
        load_questions("google-analogies", path=path)
    with pytest.raises(InputError, match="bats has no analogy questions; it has the columns group, relation"):
        load_questions("bats")


def test_relations_of_the_same_words_are_one_unit():
    units = relation_units(pairs_of_questions(load_dataset("msr-analogies")))
    # Adjectives, nouns in the plural, possessives, verbs.
    assert sorted(units.value_counts()) == [2, 2, 6, 6]
    pairs = pairs_of_questions(pd.concat([load_dataset("msr-analogies")] * 2))
    assert pairs.groupby("relation").size().eq(100).all()


def test_sat_questions_have_choices(tmp_path):
    path = tmp_path / "SAT.txt"
    path.write_text(SAT.replace("\n", "\r\n"))
    frame = load_dataset("sat-analogies", path=path)
    assert frame.iloc[0].to_list() == [
        "190 FROM REAL SATs", "lull", "trust", "betray", "loyalty",
        (("balk", "fortitude"), ("betray", "loyalty"), ("d e", "f")),
    ]  # fmt: skip
    assert frame["relation"].to_list() == ["190 FROM REAL SATs", "KS578a"]
    assert frame[["b", "b2"]].iloc[1].to_list() == ["lion", "cat"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("\nb\n", "\nd\n", r"line 9: 'd' is not the letter of one of 3 choices"),
        ("\nb\n", "\n3\n", r"line 9: '3' is not the letter"),
        ("lull trust v:n", "lull", r"line 5: 'lull' is not two words"),
        ("goose flock n:n\n", "", r"line 11: 2 choices where the first question has 3"),
        (SAT, "source\ncat dog n:n\n\n", r"line 1: 2 lines; a question has its source"),
        (SAT, "# nothing\n", "SAT.txt holds no question"),
        (SAT, "alone\n", r"line 1: 1 lines; a question"),
    ],
)
def test_a_malformed_sat_question_is_named(tmp_path, old, new, said):
    path = tmp_path / "SAT.txt"
    path.write_text(SAT.replace(old, new))
    with pytest.raises(InputError, match=said):
        load_dataset("sat-analogies", path=path)


def test_a_table_of_right_answers_has_no_choices(tmp_path):
    path = tmp_path / "sat.csv"
    path.write_text(",type,word1,word2,word3,target\n0,190,lull,trust,cajole,compliance\n")
    frame = load_dataset("sat-analogies", path=path)
    assert frame.to_numpy().tolist() == [["190", "lull", "trust", "cajole", "compliance"]]
