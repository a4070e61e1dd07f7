"""Chapters as a researcher runs them again: other models, other words, other relations."""

import json

import pytest
from conftest import records_of

from embedlib import load_dataset, load_words
from embedlib.book.notebooks import find_source, notebook_sources
from embedlib.book.run.plan import plan
from embedlib.book.run.prepare import plan_profile
from embedlib.book.run.run import execute
from embedlib.errors import NotebookError

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
    return records_of(planned.output)


CLAIMS = {
    "02_random_pairs": "d1-verdict",
    "03_related_pairs": "d2-verdict",
    "04_analogies": "d4-verdict",
    "05_agreement": "d5-verdict",
}


@pytest.mark.parametrize("chapter", [*CLAIMS, "06_human_similarity", "07_geometry"])
def test_a_chapter_runs_without_an_llm_on_own_words_and_relations(chapter, kept_cache, given, build):
    records = run(chapter, {**given, "models": STATIC}, build)
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
def test_a_chapter_runs_on_one_model(chapter, kept_cache, given, build):
    records = run(chapter, {**given, "models": "glove-6b-50d"}, build)
    assert json.dumps(records[CLAIMS[chapter]]["value"]).count("cannot be tested here") == 1


def test_a_malformed_relation_stops_a_chapter_with_file_and_line(kept_cache, tmp_path, given, build):
    file = tmp_path / "relations" / "1_Inflectional_morphology" / "I01 [plural].txt"
    file.write_text("year\tyears\ncity cities towns\n")
    with pytest.raises(NotebookError, match=r"I01 \[plural\]\.txt, line 2: 'city cities towns'"):
        run("04_analogies", {**given, "models": STATIC}, build)


def test_anchor_words_run_on_static_models_and_some_anchors(kept_cache, build):
    two_senses = set(load_dataset("anchors").query("kind == 'other sense'")["anchor"])
    some = sorted(two_senses)[:4]
    records = run("08_anchor_words", {"models": "glove-6b-50d", "words": ", ".join(some)}, build)
    assert records["c1-verdict"]["value"]["verdict"] == "cannot be tested here"
    assert records["anchors-kept"]["value"] == 4
    assert records["in-short"]["value"].endswith("only the form of the word moves its vector.")
    assert records["llm-lead"]["value"] is None
    with pytest.raises(NotebookError, match="unknown anchor 'zzz'"):
        run("08_anchor_words", {"models": "glove-6b-50d", "words": "zzz"}, build)


def test_layers_run_on_a_model_with_layers_and_refuse_one_without(kept_cache, given, build):
    settings = {"relations": given["relations"], "models": "sbert-minilm", "layer_step": "3", "sentences": "4"}
    records = run("09_layers", settings, build)
    assert {row[2] for row in table(records["fig-map"])} == {0, 3, 6}
    assert records["in-short"]["value"].count("LLM") == records["duels-made"]["value"] == 0
    with pytest.raises(NotebookError, match="glove-6b-50d has no layers"):
        run("09_layers", {**settings, "models": "glove-6b-50d"}, build)
    with pytest.raises(NotebookError, match="senses has 1 of the two or more items"):
        run("09_layers", {**settings, "words": "bank, praise"}, build)


def test_variations_run_without_an_llm(kept_cache, build):
    some = load_dataset("anchors", part="test")["anchor"].unique()[::30]
    records = run("10_sentence_variations", {"models": STATIC, "words": ", ".join(some)}, build)
    assert records["c2-verdict"]["value"]["main"]["verdict"] == "cannot be tested here"
    assert [row[0] for row in table(records["triplets"])] == ["glove-6b-50d", "word2vec-enwiki-sample"]
    assert records["in-short"]["value"].startswith("This run cannot test the claim")
    assert records["llm-lead"]["value"] is records["llm-lead-second"]["value"] is None


def test_variations_run_on_one_model_at_one_reading(kept_cache, build):
    some = load_dataset("anchors", part="test")["anchor"].unique()[::40]
    settings = {"models": "glove-6b-50d", "words": ", ".join(some), "readings": "study"}
    records = run("10_sentence_variations", settings, build)
    assert [row[:2] for row in table(records["summary"])] == [["glove-6b-50d", "study"]]
    assert records["reading-said"]["value"] == "This run has one reading."
    assert "c2-verdict-second" not in records
    with pytest.raises(NotebookError, match="no two variations are alike in form; raise words_apart or length_apart"):
        run("10_sentence_variations", settings | {"length_apart": "-1"}, build)


def test_variations_compare_a_baseline_with_a_decoder(kept_cache, build):
    some = load_dataset("anchors", part="test")["anchor"].unique()[::30]
    settings = {
        "models": "sbert-minilm, gemma-3-270m-q4", "words": ", ".join(some), "baseline": "sbert-minilm",
        "readings": json.dumps(["study", '{"layer": 3}']),
    }  # fmt: skip
    records = run("10_sentence_variations", settings, build)
    for verdict, suffix, reading in (("c2-verdict", "", "study"), ("c2-verdict-second", "-second", '{"layer": 3}')):
        scores = {row[0]: row[2] for row in table(records["summary"]) if row[1] == reading}
        main = records[verdict]["value"]["main"]
        assert main["effect"] == pytest.approx(scores["sbert-minilm"] - scores["gemma-3-270m-q4"])
        assert records[f"llm-lead{suffix}"]["value"] == pytest.approx(-main["effect"])
    assert records["length-alike"]["value"] == 0.5
    assert "sbert-minilm" in records["in-short"]["value"]


def test_rated_pairs_of_a_file(kept_cache, tmp_path, build):
    rows = load_dataset("sts").head(30)
    lines = [
        f"g\tf\t2012\t{n}\t{row.score}\t{row.sentence1}\t{row.sentence2}" for n, row in enumerate(rows.itertuples())
    ]
    path = tmp_path / "sts-dev.csv"
    path.write_text("\n".join(lines))
    records = run("11_sts", {"models": STATIC, "sts": str(path)}, build)
    assert records["pairs-used"]["value"] == 30
    assert [row[0] for row in table(records["leads"])] == ["chosen", "study"]
    assert records["finding"]["value"] == "cannot be tested here"
    assert table(records["prompt-gains"]) == []
    # The ratings are those of the file, so nothing is said of who made them.
    assert "Language models made" not in records["in-short"]["value"]
    path.write_text("\n".join([*lines, "g\tf\t2012\t31\t7\tone\ttwo"]))
    with pytest.raises(NotebookError, match=r"sts-dev\.csv, line 31: the score '7'"):
        run("11_sts", {"models": STATIC, "sts": str(path)}, build)


def test_rated_words_of_ones_own_are_asked_as_a_vocabulary_has_them(kept_cache, tmp_path, given, build):
    cities = ["Athens", "Paris", "Rome", "Berlin", "Oslo", "Cairo", "Lima", "Delhi", "Tokyo", "Dublin", "Vienna"]
    (tmp_path / "own-set.tsv").write_text("".join(f"{city}\tcity\t{n}\n" for n, city in enumerate(cities)))
    words = [*cities, *load_words(300), "city"]
    lines = [f"{word} {n * n % 101} {n % 13 + n / 1000} 1\n" for n, word in enumerate(dict.fromkeys(words))]
    (tmp_path / "cased.vec").write_text(f"{len(lines)} 3\n{''.join(lines)}")
    settings = {"models": f"glove-6b-50d, {tmp_path / 'cased.vec'}", "similarity": str(tmp_path / "own-set.tsv")}
    records = run("06_human_similarity", {**settings, "words": given["words"]}, build)
    assert records["sets"]["value"] == "WordSim-353, SimLex-999, own-set"
    assert [row[1:] for row in table(records["coverage"]) if row[0] == "own-set"] == [[11, 11, 11, 11]]


@pytest.mark.parametrize("chapter", ["10_sentence_variations", "11_sts"])
def test_a_template_without_a_place_for_the_text_stops_a_chapter(chapter, kept_cache, build):
    settings = {"models": "gemma-3-270m-q4", "readings": json.dumps([json.dumps({"template": "In one word:"})])}
    with pytest.raises(NotebookError, match=r"has '\{text\}' exactly once"):
        run(chapter, settings, build)


def test_the_full_profile_fits_every_notebook():
    planned = [plan_profile(source, "full") for source in notebook_sources()]
    assert [run.source.stem for run in planned if run.parameters == {"words": "all"}] == [
        "01_models", "02_random_pairs", "03_related_pairs", "04_analogies", "05_agreement", "06_human_similarity",
        "07_geometry",
    ]  # fmt: skip
    *others, findings = planned
    assert all(not run.parameters for run in others[7:])
    assert findings.parameters == {"runs": [str(run.output) for run in others]}
