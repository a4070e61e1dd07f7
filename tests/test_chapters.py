"""Chapters as a researcher runs them again: other models, other words, other relations."""

import json

import pytest

from embedlib import load_words
from embedlib.book.notebooks import find_source, read_executed
from embedlib.book.run import execute, plan
from embedlib.errors import NotebookError
from embedlib.results import payloads

STATIC = "glove-6b-50d, word2vec-enwiki-sample"
RELATIONS = {
    "1_Inflectional_morphology/I01 [plural].txt": "year years\ncity cities\nname names\nword words\nwar wars\n",
    "1_Inflectional_morphology/I02 [past].txt": "use used\nmake made\nplay played\nwrite wrote\nname named\n",
    "2_Derivational_morphology/D01 [ly].txt": "usual usually\nrecent recently\nlarge largely\nreal really\n",
    "3_Encyclopedic_semantics/E01 [capital].txt": "france paris\nitaly rome\ngermany berlin\njapan tokyo\n",
    # No model has all of these, and the sample of Wikipedia has none: an exclusion that is counted.
    "3_Encyclopedic_semantics/E02 [young].txt": "kangaroo joey\nhare leveret\nswan cygnet\nzqx qxz\n",
    "4_Lexicographic_semantics/L01 [opposite].txt": "good bad\nlarge small\nold new\nhigh low\nfirst last\n",
}
# Settings that keep a chapter quick; those of a chapter that it does not have are not given.
QUICK = {"draws": "40", "pairs": "400", "layer_words": "20", "common": "100", "k": "3"}


@pytest.fixture
def given(tmp_path):
    words = tmp_path / "own.txt"
    words.write_text("\n".join(load_words(300)))
    for name, pairs in RELATIONS.items():
        file = tmp_path / "relations" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(pairs.replace(" ", "\t"))
    return {"words": str(words), "relations": str(tmp_path / "relations")}


def run(chapter, settings, build):
    """Run a chapter; gives its records by name."""
    source = find_source(chapter)
    known = plan(source).settings
    planned = plan(source, {name: value for name, value in (QUICK | settings).items() if name in known}, build)
    execute(planned)
    outputs = [output for cell in read_executed(planned.output).cells for output in cell.get("outputs", [])]
    return {payload["name"]: payload for payload in payloads(outputs)}


CLAIMS = {
    "02_random_pairs": "d1-verdict",
    "03_related_pairs": "d2-verdict",
    "04_analogies": "d4-verdict",
    "05_agreement": "d5-verdict",
}


@pytest.mark.parametrize("chapter", [*CLAIMS, "06_human_similarity", "07_geometry"])
def test_a_chapter_runs_without_an_llm_on_own_words_and_relations(chapter, cache, tmp_path, given):
    records = run(chapter, {**given, "models": STATIC}, tmp_path / "_build")
    if chapter in ("02_random_pairs", "05_agreement"):
        assert records[CLAIMS[chapter]]["value"]["verdict"] == "cannot be tested here"
    elif chapter in CLAIMS:
        assert records[CLAIMS[chapter]]["value"]["verdict"] in ("cannot be tested here", "not reproduced", "partly")
    if chapter == "04_analogies":
        coverage = {row[0]: row[1:] for row in table(records["coverage"])}
        assert coverage["word2vec-enwiki-sample"][2] < coverage["glove-6b-50d"][2] < coverage["glove-6b-50d"][1]


def table(record):
    """Give the rows of a recorded frame, each with its key first."""
    return [[*key, *row] for key, row in zip(record["keys"], record["rows"], strict=True)]


@pytest.mark.parametrize("chapter", CLAIMS)
def test_a_chapter_runs_on_one_model(chapter, cache, tmp_path, given):
    records = run(chapter, {**given, "models": "glove-6b-50d"}, tmp_path / "_build")
    assert json.dumps(records[CLAIMS[chapter]]["value"]).count("cannot be tested here") == 1


def test_a_malformed_relation_stops_a_chapter_with_file_and_line(cache, tmp_path, given):
    file = tmp_path / "relations" / "1_Inflectional_morphology" / "I01 [plural].txt"
    file.write_text("year\tyears\ncity cities\n")
    with pytest.raises(NotebookError, match=r"I01 \[plural\]\.txt, line 2: 'city cities'"):
        run("04_analogies", {**given, "models": STATIC}, tmp_path / "_build")
