"""The form in which models are asked for the words of test sets, and word lists of one's own."""

import numpy as np
import pandas as pd
import pytest

from embedlib import load_dataset, load_words
from embedlib.datasets.load import words_of
from embedlib.datasets.word_forms import as_asked, as_found, candidate_words, form_for, once
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import InputError
from embedlib.models.roster import find_model


def test_capitals_are_for_models_that_know_them():
    glove, use = find_model("glove-6b-50d"), find_model("use-multilingual-v3")
    for form in ("lower", "as given"):
        # A model of lower-case letters has one form of a word.
        assert form_for(glove, form) == form_for(find_model("sbert-minilm"), form) == "lower"
        # Word vectors with capitals have a vector a form.
        for case in ("cased", "mixed"):
            assert form_for(glove.model_copy(update={"case": case}), form) == "as given"
        assert form_for(use, form) == form
    assert form_for(use) == "as given"


def test_names_of_our_relations_are_asked_for_with_capitals_and_stand_once_among_candidates():
    ours, google = load_dataset("bats"), load_dataset("google-analogies")
    capital = ours[ours["relation"].str.startswith("E01")].set_index("source")["targets"]
    assert capital["France"] == ("Paris",)
    young = ours[ours["relation"].str.startswith("E06")]
    assert words_of(young) == [word.lower() for word in words_of(young)]
    frequent = load_words(20_000)
    assert {"paris", "turkey", "polish", "dog"} <= set(frequent)
    sizes = {}
    for form in ("lower", "as given"):
        asked = [word for frame in (ours, google) for word in words_of(as_asked(frame, form))]
        found = candidate_words(frequent, asked)
        assert len(found) == len(set(found))
        assert set(asked) <= set(found)
        sizes[form] = len(found)
        if form == "lower":
            assert found == list(dict.fromkeys([*frequent, *asked]))
    # The candidates are the same ones, but for an animal that is called as a country.
    assert {word for word in asked if word.lower() in asked and word != word.lower()} == {"Turkey"}
    assert sizes["as given"] == sizes["lower"] + 1
    assert {"Paris", "Polish", "Turkey", "turkey", "dog"} <= set(found)
    assert not {"paris", "polish", "Dog"} & set(found)


def relations(*rows):
    return pd.DataFrame(rows, columns=["group", "relation", "source", "targets"])


def test_lower_case_merges_what_becomes_one():
    frame = relations(
        ("e", "r", "Turkey", ("Ankara",)), ("e", "r", "cat", ("Kitten", "kitten")), ("e", "r", "turkey", ("poult",))
    )
    assert as_asked(frame, "as given") is frame
    assert as_asked(frame, "lower").to_numpy().tolist() == [
        ["e", "r", "turkey", ("ankara", "poult")], ["e", "r", "cat", ("kitten",)],
    ]  # fmt: skip
    rated = pd.DataFrame({"word1": ["FBI", "a"], "word2": ["x", "B"], "score": [1.0, 2.0]}, index=[4, 7])
    lowered = as_asked(rated, "lower")
    assert lowered.index.tolist() == [4, 7]
    assert lowered.to_numpy().tolist() == [["fbi", "x", 1.0], ["a", "b", 2.0]]
    assert rated["word1"].tolist() == ["FBI", "a"]


def test_a_word_under_two_spellings_is_one_candidate():
    keys = ["athens", "dog", "Athens", "greece", "turkey", "Turkey"]
    vectors = np.array([[1, 0], [0, 1], [1, 0], [1, 1], [2, 1], [1, 2]], dtype=np.float32)
    table = EmbeddingTable.plain(keys, vectors, {"x": "no"}, found_as={"athens": "Athens", "greece": "Greece"})
    found = once(table)
    assert found.keys == ["Athens", "dog", "Greece", "turkey", "Turkey"]
    assert found.vectors.tolist() == [[1, 0], [0, 1], [1, 1], [2, 1], [1, 2]]
    assert found.missing == {"x": "no"}
    frame = relations(("e", "r", "athens", ("greece",)), ("e", "r", "Athens", ("Hellas", "Greece")))
    for each in (table, found):
        assert as_found(frame, each)["targets"].tolist() == [("Greece", "Hellas")]
    made = EmbeddingTable.plain(
        ["unseen", "unheard"], vectors[:2], found_as={"unseen": "", "unheard": ""}
    )  # of subwords
    assert once(made).keys == ["unseen", "unheard"]
    assert as_found(relations(("e", "r", "unseen", ("unheard",))), made)["source"].tolist() == ["unseen"]
    plain = EmbeddingTable.plain(["dog"], vectors[:1])
    assert once(plain) is plain
    assert as_found(frame, plain) is frame


LISTS = {  # what a file holds, and its words
    "counts.tsv": ("the\t22761\nof\t12\nice cream\t3\n", ["the", "of", "ice cream"]),
    "header.tsv": ("word\tcount\nthe\t22761\nnaïve\t12\n", ["the", "naïve"]),
    "counts.txt": ("the 22761\nice cream 12\nof 11\n", ["the", "ice cream", "of"]),
    "header.txt": ("word count\nthe 22,761\nof 12\n", ["the", "of"]),
    "columns.txt": ("the 5 0.1%\nof 4 3%\n", ["the", "of"]),
    "tags.txt": ("dog NN 5\nrun VB 4\n", ["dog", "run"]),
    "commas.txt": ("the,22761\nof,12\n", ["the", "of"]),
    "quoted.csv": ('word,count\n"ice cream, cold",5\ncat,4\n', ["ice cream, cold", "cat"]),
    "semicolons.csv": ("dog;5,5\ncat;4,1\n", ["dog", "cat"]),
    "one-column.csv": ("word\ndog\n", ["word", "dog"]),
    "phrases.txt": ("ice cream\ncatch 22\nvitamin a\ndog\n", ["ice cream", "catch 22", "vitamin a", "dog"]),
    "hash.txt": ("#metoo\r\n# 1\r\n", ["#metoo", "# 1"]),
    "years.txt": ("1984\n2001\n", ["1984", "2001"]),
    "mark.txt": ("\ufeffdog\rcat\r", ["dog", "cat"]),
    "vectors.txt": ("the 0.1 0.2 -0.3\nof 0.3 1e-3 .4\n", ["the", "of"]),
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_words_or_the_first_column_of_a_table(tmp_path, name):
    text, words = LISTS[name]
    (tmp_path / name).write_bytes(text.encode())
    assert load_words(str(tmp_path / name)) == words


def test_what_was_taken_of_a_table_is_said(tmp_path, caplog):
    for name in ("header.tsv", "counts.txt"):
        (tmp_path / name).write_text(LISTS[name][0])
        load_words(str(tmp_path / name))
    assert "header.tsv: the names of columns are left out: word, count" in caplog.text
    assert "header.tsv: a table: the first column is taken" in caplog.text
    assert "counts.txt: numbers or tags follow the word in every line: the words alone are taken" in caplog.text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("windows 95\nwindows 98\nwindows 2000\n", "a table, or a list of phrases"),
        ("a 1\nb 2\nc 3\nd\n", "in 3 of 4 lines: a table, or a list of phrases.*line 4: 'd'"),
        ("1\tthe\t55\n2\tof\t44\n", "line 1: the first column is numbers"),
        ("  22761 the\n     12 of\n", "line 1: '22761 the': every line begins with a number"),
        ("dog\ncat\tfox\nrat\n", "line 2: .* has a tab, and most other lines have none"),
        ("Paris, France\nRome, Italy\n", "line 1: .*there is a comma in every line"),
        ("\t5\ndog\t3\n", "line 1: the first column, which holds the words, is blank"),
    ],
)
def test_what_may_be_a_table_or_not_is_refused(tmp_path, text, message):
    path = tmp_path / "own.txt"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        load_words(str(path))
