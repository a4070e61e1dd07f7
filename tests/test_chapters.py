"""Chapters as a researcher runs them again: other models, other words, other relations."""

import contextlib
import itertools
import json
from types import ModuleType

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import make_tiny
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score
from traitlets.config import Config

from embedlib import embed_sentences, embed_spans, embed_words, load_dataset, load_words
from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import find_source, notebook_sources, write
from embedlib.book.run.plan import plan
from embedlib.book.run.prepare import plan_profile, shared_words
from embedlib.datasets.labelled_sets import load_labelled_sets
from embedlib.datasets.load import words_of
from embedlib.datasets.rated_sets import load_rated_sets
from embedlib.errors import EmbedlibError
from embedlib.models.chosen import Chosen
from embedlib.models.reading import KINDS, Reading, Readings
from embedlib.models.roster import find_model
from embedlib.readings.choose import Choice, choose_readings, score_readings
from embedlib.readings.files import keep_choice
from embedlib.records.read import MIME

CENTRED = '{"transform": {"way": "centre"}}'
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
    """Run the cells of a chapter as planned, in this process; gives its records by name.

    A kernel of its own would import all libraries again, for each of these tests. What `execute` does is tested in
    test_run, and the drift gate runs every chapter with it.
    """
    source = find_source(chapter)
    known = plan(source).settings
    planned = plan(source, {name: value for name, value in (QUICK | settings).items() if name in known}, build)
    path = build / f"{chapter}.ipynb"
    write(planned.notebook, path)
    notebook = parameterize_notebook(load_notebook_node(str(path)), planned.parameters)
    config = Config({"HistoryManager": {"enabled": False}})
    shell = InteractiveShell.instance(user_module=ModuleType("chapter"), config=config)
    try:
        with contextlib.chdir(PROJECT), capture_output() as shown:
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    shell.run_cell(cell.source).raise_error()
    finally:
        InteractiveShell.clear_instance()
        plt.close("all")
    payloads = [output.data[MIME] for output in shown.outputs if MIME in output.data]
    return {payload["name"]: payload for payload in payloads}


CLAIMS = {
    "02_random_pairs": "d1-verdict",
    "03_related_pairs": "d2-verdict",
    "04_analogies": "d4-verdict",
    "05_agreement": "d5-verdict",
}


@pytest.mark.parametrize("chapter", [*CLAIMS, "06_human_similarity", "07_geometry"])
def test_a_chapter_runs_without_an_llm_on_own_words_and_relations(chapter, kept_cache, given, build):
    records = run(chapter, {**given, "models": STATIC}, build)
    if chapter in CLAIMS:
        assert records[CLAIMS[chapter]]["value"]["main"]["verdict"] == "cannot be tested here"
    if chapter == "04_analogies":
        columns = records["coverage"]["columns"]
        coverage = {row[0]: dict(zip(columns, row[1:], strict=True)) for row in table(records["coverage"])}
        sample, glove = coverage["word2vec-enwiki-sample"], coverage["glove-6b-50d"]
        assert sample["ours, answered"] < glove["ours, answered"] < glove["ours, asked"]


def table(record):
    """Give the rows of a recorded frame, each with its key first."""
    return [[*key, *row] for key, row in zip(record["keys"], record["rows"], strict=True)]


@pytest.mark.parametrize("chapter", CLAIMS)
def test_a_chapter_runs_on_one_model(chapter, kept_cache, given, build):
    records = run(chapter, {**given, "models": "glove-6b-50d"}, build)
    assert records[CLAIMS[chapter]]["value"]["main"]["verdict"] == "cannot be tested here"


@pytest.fixture
def few(tmp_path):
    path = tmp_path / "few.txt"
    path.write_text("\n".join(load_words(40)))
    return {"words": str(path), "models": "glove-6b-50d, word2vec-enwiki-sample, gemma-3-270m-q4"}


def test_random_pairs_are_measured_raw_at_each_reading(kept_cache, few, build):
    centred = json.dumps({"template": " {text}", "transform": {"way": "centre", "fitted_on": "words-100"}})
    settings = {**few, "readings": json.dumps(["study", centred]), "layer_step": "1"}
    records = run("02_random_pairs", settings, build)
    scores = {tuple(row[:2]): row[2] for row in table(records["summary"])}
    assert len(scores) == 6
    for suffix, reading in {"": "study", "-second": "reading 2"}.items():
        # One LLM and one classical model: the effect is their difference, and the illustration is in none.
        lead = scores["gemma-3-270m-q4", reading] - scores["glove-6b-50d", reading]
        verdict = records[f"d1-verdict{suffix}"]["value"]
        assert verdict["main"]["effect"] == pytest.approx(lead, rel=1e-6)
        assert records[f"llm-lead{suffix}"]["value"] == verdict["main"]["effect"]
    # A static model has the same raw vectors at both readings. Centred by the second, it has a mean near zero.
    assert scores["glove-6b-50d", "study"] == scores["glove-6b-50d", "reading 2"] > 0.2
    names = [part["name"] for part in records["d1-verdict"]["value"]["parts"]]
    *same, treated = records["d1-verdict-second"]["value"]["parts"]
    assert [part["name"] for part in same] == names
    assert abs(treated["effect"]) < 0.1 < abs(records["llm-lead-second"]["value"])


def test_models_are_listed_with_what_stands_in_front_of_their_words(kept_cache, few, build):
    records = run("01_models", {**few, "readings": "study"}, build)
    fronts = {row[1]: row[2:] for row in table(records["fronts"])}
    assert [name for name, row in fronts.items() if row[-1] == "study"] == ["<bos>"]
    assert fronts["nothing"][1:3] == [200, 200]
    assert records["in-short"]["value"].startswith("The book compares two models of two families: counting (1) and ")
    assert records["in-short"]["value"].endswith("That happens in none at the study's reading.")


def test_a_stand_in_is_judged_by_its_share_of_own_agreement(kept_cache, few, given, build):
    settings = {**few, "relations": given["relations"], "models": "glove-6b-50d, gemma-3-270m-q4", "readings": "study"}
    records = run("05_agreement", settings | {"baseline": "glove-6b-50d", "enough": "0.5"}, build)
    agreed = {tuple(row[:2]): row[2] for row in table(records["fig-agreement"])}
    one, two = "glove-6b-50d", "gemma-3-270m-q4"
    assert agreed[one, two] == agreed[two, one] < min(agreed[one, one], agreed[two, two]) < 1
    share = 2 * agreed[one, two] / (agreed[one, one] + agreed[two, two])
    verdict = records["d5-verdict"]["value"]
    assert verdict["main"]["effect"] == pytest.approx(share - 0.5)
    assert table(records["stand-ins"])[0][:3] == [two, one, pytest.approx(share)]
    assert {row[0]: row[2] for row in table(records["summary"])} == {one: agreed[one, two], two: None}
    # Of one model a side, none can stand in for another of its own.
    parts = {part["name"]: part["verdict"] for part in verdict["parts"]}
    assert parts["the best LLM can stand in for the others"] == "cannot be tested here"
    assert parts["LLMs agree more with each other"] == "cannot be tested here"
    assert "d5-verdict-second" not in records


def test_related_pairs_and_geometry_give_one_area_for_one_model_and_reading(kept_cache, given, build):
    settings = {"models": "glove-6b-50d, wordllama-l2-256", "relations": given["relations"]}
    # Those of the book's own relations; the headline of the first is on sets of other people.
    records = run("03_related_pairs", {**settings, "words": "300"}, build)
    column = 2 + records["fig-kinds"]["columns"].index("own: another relation")
    related = {(row[1], row[0]): row[column] for row in table(records["fig-kinds"])}
    settings["words"] = given["words"]
    clouds = {tuple(row[:2]): row[2:] for row in table(run("07_geometry", settings, build)["summary"])}
    assert sorted(related) == sorted(clouds)
    assert {key: row[-1] for key, row in clouds.items()} == pytest.approx(related)
    # Nothing is done to vectors at the study's reading.
    assert all(row[-2] == row[-1] for key, row in clouds.items() if key[1] == "study")


def test_related_pairs_are_scored_within_their_first_words(kept_cache, given, build):
    settings = {"models": "glove-6b-50d", "words": "300", "readings": "study", "sets": '["bless"]'}
    records = run("03_related_pairs", {**settings, "relations": given["relations"]}, build)
    (pairs,) = load_labelled_sets(["bless"], load_words(300)).values()
    found = embed_words("glove-6b-50d", [*pairs["word1"], *pairs["word2"]], reading="study")
    left, right = (found.rows(pairs[column].to_list()) for column in ("word1", "word2"))
    pairs["cosine"] = np.einsum("nd,nd->n", left, right) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    areas = [
        roc_auc_score(part["relation"] != "random", part["cosine"])
        for _, part in pairs.groupby("word1") if 0 < (part["relation"] == "random").mean() < 1
    ]  # fmt: skip
    assert len(areas) > 50
    assert table(records["separation"])[0][1] == pytest.approx(np.mean(areas), abs=1e-6)
    assert table(records["summary"])[0][2] == pytest.approx(np.mean(areas), abs=1e-6)


def test_related_pairs_know_forms_only_where_there_are_foils(kept_cache, given, tmp_path, build):
    settings = {"models": "glove-6b-50d", "relations": given["relations"], "readings": "study"}
    # One form, and a foil that is spelled more like the word than the form is.
    names = "relation first second foil second_overlap second_edits second_zipf foil_overlap foil_edits foil_zipf"
    row = "I02 [past]\twrite\twrote\twhite\t0.3\t1\t5\t0.4\t1\t5"
    (tmp_path / "foils.tsv").write_text("\t".join(names.split()) + f"\n{row}\n")
    # Its beginning tells them apart as well, so the model is not ahead of letters.
    for own, verdict in ({}, "cannot be tested here"), ({"foils": str(tmp_path / "foils.tsv")}, "undecided"):
        records = run("03_related_pairs", {**settings, **own}, build)
        assert records["d2-verdict"]["value"]["main"]["verdict"] == "cannot be tested here"
        assert records["d3-verdict"]["value"]["main"]["verdict"] == verdict
        parts = {part["name"]: part["verdict"] for part in records["d3-verdict"]["value"]["parts"]}
        assert parts["every model, suppletive forms"] == "supported"
        assert "d3-verdict-second" not in records


def questions_of(relations, path):
    """Write all questions of some relations in word2vec's layout; gives the pairs of each relation."""
    lines, pairs_of = [], {}
    for name in relations:
        pairs = pairs_of[name] = [line.split() for line in RELATIONS[name].splitlines()]
        asked = itertools.permutations(pairs, 2)
        lines += [f": {name.split('/')[1]}", *(" ".join([*one, *other]) for one, other in asked)]
    path.write_text("\n".join(lines))
    return pairs_of


def test_analogies_are_scored_at_each_reading_and_centred(kept_cache, tmp_path, given, build, monkeypatch):
    names = list(RELATIONS)
    # What readings were chosen on is left out, which these few pairs partly are.
    monkeypatch.setitem(RELATIONS, names[0], "year years\nzqx qxz\ncity cities\nname names\nwar wars\n")
    public = questions_of([names[0], names[3]], tmp_path / "google.txt")
    public |= questions_of([names[5]], tmp_path / "msr.txt")
    settings = given | {"models": "glove-6b-50d, wordllama-l2-256", "methods": '["3CosAdd", "3CosAvg"]'}
    settings |= {name: str(tmp_path / f"{name}.txt") for name in ("google", "msr")}
    records = run("04_analogies", settings, build)
    assert records["by-reading"]["columns"] == ["chosen", "study", "study, centred"]
    by_reading = {row[0]: row[1:] for row in table(records["by-reading"])}
    summary = {tuple(row[:2]): row[2] for row in table(records["summary"])}
    assert summary["glove-6b-50d", "study"] == by_reading["glove-6b-50d"][1]
    assert records["llm-lead"]["value"] is records["llm-lead-second"]["value"] is None
    assert records["sat-said"]["value"] == "This run has no such file."
    # 3CosAdd on centred vectors, question by question, without those that show a development pair.
    development = load_dataset("bats", part="development").explode("targets")
    pairs = zip(development["source"].str.lower(), development["targets"].str.lower(), strict=True)
    chosen_on = {frozenset(pair) for pair in pairs}
    ours = words_of(load_dataset("bats", path=given["relations"]))
    named = [word for pairs in public.values() for pair in pairs for word in pair]
    wanted = list(dict.fromkeys([*load_words(300), *named, *ours]))
    vectors = embed_words("glove-6b-50d", wanted, reading=CENTRED)
    unit = vectors.vectors / np.linalg.norm(vectors.vectors, axis=1, keepdims=True)
    means, left_out = [], 0
    for pairs in public.values():
        right = asked = 0
        for (a, a2), (b, b2) in itertools.permutations(pairs, 2):
            if not chosen_on.isdisjoint({frozenset((a, a2)), frozenset((b, b2))}):
                left_out += 1
                continue
            asked += 1
            if {a, a2, b, b2} <= set(vectors.keys):
                rows = [vectors.index[word] for word in (a, a2, b)]
                nearness = unit @ (unit[rows[1]] - unit[rows[0]] + unit[rows[2]])
                nearness[rows] = -np.inf
                right += vectors.keys[int(nearness.argmax())] == b2
        means.append(right / asked)
    assert records["questions-left-out"]["value"] == left_out > 0
    assert by_reading["glove-6b-50d"][2] == pytest.approx(np.mean(means))


def test_school_questions_are_asked_where_a_file_is_given(kept_cache, tmp_path, given, build):
    google = tmp_path / "google.txt"
    google.write_text(": colours\nred redder blue bluer\nblue bluer red redder\n")
    settings = given | {"models": "glove-6b-50d, wordllama-l2-256", "methods": '["3CosAdd"]', "readings": "study"}
    settings |= {"google": str(google), "msr": str(google), "sat": str(tmp_path / "sat.txt")}
    blocks = ["mine\nking queen n:n\nman woman n:n\ncar road n:n\nred rain n:n\na"]
    blocks.append("mine\nking queen n:n\ncar road n:n\nzqxv wxq n:n\nman woman n:n\nc")
    (tmp_path / "sat.txt").write_text("# mine\n\n" + "\n\n".join(blocks) + "\n")
    records = run("04_analogies", settings, build)
    # GloVe has no vector for a word of the second question, so it is wrong there.
    assert {row[0]: row[1] for row in table(records["sat"])} == {"glove-6b-50d": 0.5, "wordllama-l2-256": 1.0}
    assert records["sat-said"]["value"].endswith("A guess has 33%.")
    assert records["labels-said"]["value"] == "A file of this run has them."
    (tmp_path / "sat.txt").write_text("type,word1,word2,word3,target\nmine,king,queen,man,woman\n")
    with pytest.raises(EmbedlibError, match="right answers alone"):
        run("04_analogies", settings, build)


def test_a_malformed_relation_stops_a_chapter_with_file_and_line(kept_cache, tmp_path, given, build):
    file = tmp_path / "relations" / "1_Inflectional_morphology" / "I01 [plural].txt"
    file.write_text("year\tyears\ncity cities towns\n")
    with pytest.raises(EmbedlibError, match=r"I01 \[plural\]\.txt, line 2: 'city cities towns'"):
        run("04_analogies", {**given, "models": STATIC}, build)


def test_anchor_words_run_on_static_models_and_some_anchors(kept_cache, build):
    anchors = load_dataset("anchors", part="test")
    some = sorted(set(anchors.query("kind == 'other sense'")["anchor"]))[:4]
    records = run("08_anchor_words", {"models": "glove-6b-50d", "words": ", ".join(some)}, build)
    for name in ("c1-verdict", "c1-verdict-second"):
        assert records[name]["value"]["main"]["verdict"] == "cannot be tested here"
    assert records["anchors-kept"]["value"] == 4
    assert records["in-short"]["value"].endswith("only the form of the word moves its vector.")
    assert records["llm-lead"]["value"] is records["llm-lead-second"]["value"] is None
    # The anchor has its base's form in what is compared, so a static vector stays where it is.
    assert [row[:2] for row in table(records["summary"])] == [["glove-6b-50d", "chosen"], ["glove-6b-50d", "study"]]
    assert all(abs(row[2]) < 1e-5 for row in table(records["summary"]))
    with pytest.raises(EmbedlibError, match="unknown anchor 'zzz'"):
        run("08_anchor_words", {"models": "glove-6b-50d", "words": "zzz"}, build)


def test_anchor_words_run_on_an_encoder_and_a_decoder_at_one_reading(kept_cache, build):
    anchors = load_dataset("anchors", part="test")
    some = sorted(set(anchors.query("kind == 'other sense'")["anchor"]))[:4]
    settings = {"models": "sbert-minilm, gemma-3-270m-q4", "words": ", ".join(some), "readings": "study"}
    records = run("08_anchor_words", settings | {"layer_steps": "2"}, build)
    assert "c1-verdict-second" not in records
    verdict = records["c1-verdict"]["value"]
    moves = {model: row[0] for model, *row in table(records["self-similarity"])}
    assert verdict["main"]["effect"] == pytest.approx(moves["gemma-3-270m-q4"] - moves["sbert-minilm"], abs=1e-6)
    assert all(part["verdict"] != "cannot be tested here" for part in verdict["parts"])
    # Layers of the picture: the input embeddings, the middle and the last.
    assert {row[2] for row in table(records["fig-sense-layers"]) if row[0] == "sbert-minilm"} == {0, 3, 6}
    shares = [row[2:5] for row in table(records["variance-shares"])]
    assert all(sum(row) == pytest.approx(1) for row in shares)
    assert records["best-llm"]["value"] == "gemma-3-270m-q4"


def wic_in_both_layouts(folder):
    """Write eight pairs in the layouts of WiC's authors and of SuperGLUE; gives both paths."""
    sentences = {
        "bank": ["The bank closed at noon .", "She sued the bank .", "They sat on the bank .", "The bank was muddy ."],
        "seal": ["The seal dived .", "A grey seal barked .", "The seal was broken .", "He pressed the seal ."],
    }
    lines, gold, items = [], [], []
    for word, texts in sentences.items():
        for one, two in ((0, 1), (2, 3), (0, 2), (1, 3)):
            at = [texts[n].split().index(word) for n in (one, two)]
            lines.append(f"{word}\tN\t{at[0]}-{at[1]}\t{texts[one]}\t{texts[two]}\n")
            same = one // 2 == two // 2
            gold.append("T\n" if same else "F\n")
            item = {"word": word, "sentence1": texts[one], "sentence2": texts[two], "label": same}
            for n, text in ((1, texts[one]), (2, texts[two])):
                item |= {f"start{n}": text.index(word), f"end{n}": text.index(word) + len(word)}
            items.append(json.dumps(item) + "\n")
    (folder / "dev.data.txt").write_text("".join(lines))
    (folder / "dev.gold.txt").write_text("".join(gold))
    (folder / "val.jsonl").write_text("".join(items))
    return folder / "dev.data.txt", folder / "val.jsonl"


def test_anchor_words_lead_with_wic_where_it_is_given(kept_cache, tmp_path, build):
    anchors = load_dataset("anchors", part="test")
    some = sorted(set(anchors.query("kind == 'other sense'")["anchor"]))[:4]
    settings = {"models": "glove-6b-50d, sbert-minilm, gemma-3-270m-q4", "words": ", ".join(some)}
    settings |= {"readings": "study", "layer_steps": "1"}
    paths = wic_in_both_layouts(tmp_path)
    found = [run("08_anchor_words", settings | {"wic": str(path)}, build / path.suffix[1:]) for path in paths]
    assert found[0]["wic"]["rows"] == found[1]["wic"]["rows"]
    areas = {row[0]: row[1:] for row in table(found[0]["wic"])}
    # Scored by hand: the form is the same in all pairs of a word, so a static vector says nothing.
    assert areas["glove-6b-50d"] == [0.5, 0.5, 0.5]
    frame = load_dataset("wic", path=paths[1])
    spans = [list(zip(frame[f"sentence{n}"], zip(frame[f"start{n}"], frame[f"end{n}"], strict=True), strict=True))
             for n in (1, 2)]  # fmt: skip
    vectors = embed_spans("sbert-minilm", [*spans[0], *spans[1]], reading="study")
    one, two = (vectors.rows(keys) for keys in spans)
    cosines = (one * two).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
    assert areas["sbert-minilm"][0] == pytest.approx(roc_auc_score(frame["same"], cosines), abs=1e-6)
    # It leads: the summary, the lead of LLMs, the picture and the first sentence are those of WiC.
    for records in found:
        summary = {row[0]: row[4] for row in table(records["summary"])}
        assert summary == {model: row[0] for model, row in areas.items()}
        assert records["llm-lead"]["value"] == pytest.approx(
            areas["gemma-3-270m-q4"][0] - max(areas["sbert-minilm"][0], 0.5)
        )
        assert "on WiC." in records["in-short"]["value"].split(" The claim is ")[0]
        assert records["labels-said"]["value"].endswith("Here WiC leads.")
        assert records["c1-verdict"]["value"]["main"]["name"] == "decoders move the anchor further than encoders"
    lone = tmp_path / "lone.jsonl"
    lone.write_text(paths[1].read_text().splitlines()[0])
    with pytest.raises(EmbedlibError, match="known are 1 of one sense and 0 of two"):
        run("08_anchor_words", settings | {"wic": str(lone)}, build)


FEW = {"sets": "rg65, mc30"}


def test_readings_of_static_models_differ_in_shared_directions_alone(kept_cache, build):
    records = run("09_readings", {**FEW, "models": "glove-6b-50d, wordllama-l2-256"}, build)
    parts = {(row[0], row[1]): row[2:] for row in table(records["parts"])}
    assert parts["glove-6b-50d", "layer"] == ["0", "the same in both"] + [0.0] * 9
    gains = {row[0]: row[1:] for row in table(records["gains"])}
    for model, (start, end, gain, low, high) in gains.items():
        assert parts[model, "shared directions"][2] == pytest.approx(gain) == pytest.approx(end - start)
        assert low <= high
    assert [row[:2] for row in table(records["summary"])][:2] == [["glove-6b-50d", "chosen"], ["glove-6b-50d", "study"]]
    assert {row[4] for row in table(records["choices"])} == {True}
    assert not records["fronts"]["rows"]
    assert "decoder" not in records["in-short"]["value"]


def test_one_reading_of_one_model_has_parts_that_are_all_the_same(kept_cache, build):
    records = run("09_readings", {**FEW, "models": "glove-6b-50d", "readings": "study"}, build)
    assert {row[3] for row in table(records["parts"])} == {"the same in both"}
    assert len(table(records["summary"])) == 1
    assert not records["choices"]["rows"]
    with pytest.raises(EmbedlibError, match="unknown reading 'stud'"):
        run("09_readings", {**FEW, "models": "glove-6b-50d", "readings": "stud"}, build)


def test_a_decoder_by_path_is_read_as_was_chosen_for_it(cache, tmp_path, build):
    make_tiny("qwen", tmp_path / "qwen")
    folder = str(tmp_path / "qwen")
    keep_choice(folder, choose_readings(folder, ["words", "contexts"]), book=False)
    # Of sentences two readings are enough to choose from.
    tried = score_readings(folder, "sentences", [Reading(layer=1), Reading(layer=3)])
    best = Readings(sentences=tried["reading"][tried["mean"].idxmax()])
    keep_choice(folder, Choice(Chosen(checksum=find_model(folder).checksum, readings=best), tried), book=False)
    records = run("09_readings", {**FEW, "models": folder, "again": json.dumps(KINDS)}, build)
    (gain,) = table(records["gains"])
    parts = table(records["parts"])
    assert sum(row[4] for row in parts) == pytest.approx(gain[3])
    assert [row[1] for row in parts] == ["first token", "space", "layer", "pooling", "shared directions"]
    assert {row[1] for row in table(records["fronts"])} == {"nothing", repr("\n")}
    assert records["without-evidence"]["value"] == "none"
    assert [row[1] for row in table(records["best-layers"])] == ["words", "contexts", "sentences"]
    assert {row[4] for row in table(records["choices"])} == {True}
    assert records["choices-again"]["value"] == 3
    assert "one raw decoder moves" in records["in-short"]["value"]


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
    with pytest.raises(EmbedlibError, match="no two variations are alike in form; raise words_apart or length_apart"):
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


def test_variations_lead_with_rated_pairs_where_they_are_given(kept_cache, tmp_path, build):
    some = load_dataset("anchors", part="test")["anchor"].unique()[::30]
    rows = load_dataset("sts").head(30)
    path = tmp_path / "rated.tsv"
    path.write_text("".join(f"{row.score}\t{row.sentence1}\t{row.sentence2}\n" for row in rows.itertuples()))
    settings = {"models": "sbert-minilm, gemma-3-270m-q4", "words": ", ".join(some), "baseline": "sbert-minilm"}
    settings |= {"readings": "study", "rated": str(path)}
    records = run("10_sentence_variations", settings, build)
    correlations = {row[1]: row[2] for row in table(records["rated"])}
    vectors = embed_sentences("sbert-minilm", [*rows["sentence1"], *rows["sentence2"]], reading="study")
    one, two = (vectors.rows(rows[column].to_list()) for column in ("sentence1", "sentence2"))
    cosines = (one * two).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
    assert correlations["sbert-minilm"] == pytest.approx(spearmanr(cosines, rows["score"]).statistic, abs=1e-3)
    verdict = records["c2-verdict"]["value"]
    assert verdict["main"]["name"] == "sbert-minilm over best LLM, rated pairs"
    wanted = correlations["sbert-minilm"] - correlations["gemma-3-270m-q4"]
    assert verdict["main"]["effect"] == pytest.approx(wanted, abs=1e-6)
    # The triplets are the next part, and the lead of LLMs on changed sentences is theirs.
    assert verdict["parts"][0]["effect"] == pytest.approx(-records["llm-lead"]["value"])
    assert "On 30 rated pairs" in records["in-short"]["value"]
    assert records["labels-said"]["value"].startswith("30 rated pairs of a file lead.")


def test_anchors_without_an_antonym_or_an_inflection_have_fewer_triplets(kept_cache, tmp_path, build):
    anchors = load_dataset("anchors", part="test")
    with_antonym = anchors.loc[anchors["kind"] == "antonym", "anchor"]
    whole = anchors.loc[(anchors["kind"] == "inflection") & anchors["anchor"].isin(with_antonym), "anchor"]
    some = whole.unique()[::15]
    kept = anchors[anchors["anchor"].isin(some)]
    lacks = {"antonym": some[:2], "inflection": some[1:3]}
    for kind, names in lacks.items():
        kept = kept[(kept["kind"] != kind) | ~kept["anchor"].isin(names)]
    path = tmp_path / "some.jsonl"
    columns = ["id", "anchor", "pos", "kind", "sentence", "start", "end", "form", "sense"]
    kept[columns].to_json(path, orient="records", lines=True)
    settings = {"models": STATIC, "readings": "study", "anchors": str(path)}
    records = run("10_sentence_variations", settings, build)
    assert (records["anchors-used"]["value"], records["anchors-left-out"]["value"]) == (len(some), 0)
    assert records["kinds-lacking"]["value"] == "2 without antonym"
    # Seven kinds keep the meaning, and six change it.
    assert records["triplets-all"]["value"] == 42 * len(some) - 2 * 7
    # Nobody has an antonym: a kind that is not compared, and no crash.
    kept[kept["kind"] != "antonym"][columns].to_json(path, orient="records", lines=True)
    records = run("10_sentence_variations", settings, build)
    assert records["kinds-lacking"]["value"] == f"{len(some)} without antonym"
    assert {row[5] for row in table(records["triplets"])} == {None}
    two_senses = anchors[anchors["anchor"].isin(anchors.query("kind == 'other sense'")["anchor"].unique()[:4])]
    two_senses = two_senses[~two_senses["kind"].isin(["antonym", "inflection"])]
    two_senses[columns].to_json(path, orient="records", lines=True)
    records = run("08_anchor_words", settings | {"models": "glove-6b-50d"}, build)
    assert records["anchors-kept"]["value"] == 4


def test_rated_pairs_of_a_file(kept_cache, tmp_path, build):
    rows = load_dataset("sts").head(30)
    lines = [
        f"g\tf\t2012\t{n}\t{row.score}\t{row.sentence1}\t{row.sentence2}" for n, row in enumerate(rows.itertuples())
    ]
    path = tmp_path / "sts-dev.csv"
    path.write_text("\n".join(lines))
    records = run("11_sts", {"models": STATIC, "sts": str(path)}, build)
    assert records["pairs-used"]["value"] == 30
    # The file leads, and the news texts and our own pairs are beside it.
    sets = ["pairs of the file", "pairs of news texts", "pairs of our own"]
    assert list(dict.fromkeys(row[0] for row in table(records["leads"]))) == sets
    assert "the pairs of the file" in records["in-short"]["value"]
    assert records["labels-said"]["value"].startswith("A file of 30 pairs leads here.")
    assert records["finding"]["value"] == "cannot be tested here"
    assert table(records["prompt-gains"]) == []
    vectors = embed_sentences("glove-6b-50d", [*rows["sentence1"], *rows["sentence2"]], reading="study")
    one, two = (vectors.rows(rows[column].to_list()) for column in ("sentence1", "sentence2"))
    cosines = (one * two).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
    found = {tuple(row[:2]): row[2:] for row in table(records["correlations"])}
    assert found["glove-6b-50d", "study"][0] == pytest.approx(spearmanr(cosines, rows["score"]).statistic, abs=1e-3)
    assert found["glove-6b-50d", "study"][3] == pytest.approx(np.corrcoef(cosines, rows["score"])[0, 1], abs=1e-5)
    summary = {tuple(row[:2]): row[2] for row in table(records["summary"])}
    assert summary["glove-6b-50d", "study"] == found["glove-6b-50d", "study"][0]
    path.write_text("\n".join([*lines, "g\tf\t2012\t31\t7\tone\ttwo"]))
    with pytest.raises(EmbedlibError, match=r"sts-dev\.csv, line 31: the score '7'"):
        run("11_sts", {"models": STATIC, "sts": str(path)}, build)


def test_rated_words_of_ones_own_are_asked_as_a_vocabulary_has_them(kept_cache, tmp_path, given, build):
    cities = ["Athens", "Paris", "Rome", "Berlin", "Oslo", "Cairo", "Lima", "Delhi", "Tokyo", "Dublin", "Vienna"]
    (tmp_path / "own-set.tsv").write_text("".join(f"{city}\tcity\t{n}\n" for n, city in enumerate(cities)))
    words = [*cities, *load_words(300), "city"]
    lines = [f"{word} {n * n % 101} {n % 13 + n / 1000} 1\n" for n, word in enumerate(dict.fromkeys(words))]
    (tmp_path / "cased.vec").write_text(f"{len(lines)} 3\n{''.join(lines)}")
    settings = {"models": f"glove-6b-50d, {tmp_path / 'cased.vec'}", "similarity": str(tmp_path / "own-set.tsv")}
    settings |= {"sets": '["wordsim353", "simlex999"]', "readings": "study"}
    records = run("06_human_similarity", settings, build)
    assert records["sets"]["value"] == "WordSim-353, SimLex-999, own-set"
    assert [row[:2] for row in table(records["summary"])] == [["glove-6b-50d", "study"], ["cased", "study"]]
    assert records["llm-lead"]["value"] is None
    assert "llm-lead-second" not in records
    assert [row[1:] for row in table(records["coverage"]) if row[0] == "own-set"] == [[11, 11, 11, 11]]


def test_ratings_at_two_readings_are_correlated_as_by_scipy(kept_cache, given, build):
    settings = {"models": "glove-6b-50d, wordllama-l2-256", "sets": '["simlex999", "rg65"]', "shown": "2"}
    records = run("06_human_similarity", settings, build)
    (rated,) = load_rated_sets(["simlex999"]).values()
    vectors = embed_words("glove-6b-50d", [*rated["word1"], *rated["word2"]])
    cosines = [vectors.rows([a])[0] @ vectors.rows([b])[0] for a, b in zip(rated["word1"], rated["word2"], strict=True)]
    norms = [np.linalg.norm(vectors.rows([a, b]), axis=1).prod() for a, b in rated[["word1", "word2"]].to_numpy()]
    wanted = spearmanr(np.divide(cosines, norms), rated["score"]).statistic
    correlations = {tuple(row[:2]): row[2:] for row in table(records["correlations"])}
    assert correlations["glove-6b-50d", "study"][0] == pytest.approx(wanted, abs=1e-6)
    models = ("glove-6b-50d", "wordllama-l2-256")
    assert list(correlations) == [*itertools.product(models, ("chosen", "study")), ("two raters", "published")]
    assert correlations["two raters", "published"] == [0.67, None]
    assert correlations["glove-6b-50d", "chosen"] != correlations["glove-6b-50d", "study"]
    assert records["llm-lead"]["value"] is records["llm-lead-second"]["value"] is None
    assert len(table(records["errors"])) == 2 * 2 * 2


def test_size_or_kind_compares_the_roles_that_are_played(kept_cache, tmp_path, build):
    (tmp_path / "few.txt").write_text("\n".join(load_words(1500)))
    settings = {"models": "glove-6b-50d, sbert-minilm", "readings": "study", "sets": '["simlex999", "men"]'}
    settings |= {"words": str(tmp_path / "few.txt"), "depths": "[0, 1]", "matched_decoder": "", "matched_encoder": ""}
    settings |= {"small_decoder": "glove-6b-50d", "large_decoder": "sbert-minilm", "small_encoder": "glove-6b-50d"}
    records = run("12_size_or_kind", settings, build)
    values = {row[0]: row[2:] for row in table(records["summary"])}
    assert values["glove-6b-50d"][1] is None
    differences = {tuple(row[:3]): row[3:] for row in table(records["differences"])}
    step = differences["size, decoders", "study", "own layer"]
    assert step[0] == pytest.approx(values["sbert-minilm"][0] - values["glove-6b-50d"][0])
    assert step[1] < step[0] < step[2]
    assert differences["size, encoders", "study", "own layer"] == [None] * 3
    assert [row[:2] for row in table(records["fig-depth"])] == [["sbert-minilm", 0.0], ["sbert-minilm", 1.0]]
    assert records["llm-lead"]["value"] is None
    assert records["in-short"]["value"].endswith("So few models give directions, not laws.")
    with pytest.raises(EmbedlibError, match="a depth is from 0"):
        run("12_size_or_kind", {**settings, "depths": "[2]"}, build)


def test_languages_are_scored_as_by_scipy_and_want_pairs_across_two(kept_cache, build):
    settings = {"models": "wordllama-l2-256", "readings": "study", "sets": '["rg65-en-fr"]', "read_once": "[]"}
    settings |= {"folds": "3", "dimensions": "5", "same_from": "2"}
    records = run("13_languages", settings, build)
    rated = load_dataset("rg65-en-fr")
    rated = rated[rated["word1"] != rated["word2"]]
    assert (records["pairs"]["value"], records["equal"]["value"]) == (len(rated), 1)
    vectors = embed_words("wordllama-l2-256", [*rated["word1"], *rated["word2"]], reading="study")
    one, two = (vectors.rows(rated[column].to_list()) for column in ("word1", "word2"))
    cosines = (one * two).sum(axis=1) / np.linalg.norm(one, axis=1) / np.linalg.norm(two, axis=1)
    correlations = {tuple(row[:3]): row[3:] for row in table(records["correlations"])}
    known = correlations["wordllama-l2-256", "study", "as they are"]
    # The same pairs for all ways: those that a rotation could be fitted for.
    assert known[0] == known[1] == pytest.approx(spearmanr(cosines, rated["score"]).statistic, abs=0.02)
    assert table(records["size"]) == []
    for change, said in (
        ({"sets": '["men"]'}, "men is not a set of pairs across two languages"),
        ({"folds": "1"}, "folds=1, dimensions=5, prior=4.0: at least 2 folds"),
    ):
        with pytest.raises(EmbedlibError, match=said):
            run("13_languages", {**settings, **change}, build)


@pytest.mark.parametrize("chapter", ["10_sentence_variations", "11_sts"])
def test_a_template_without_a_place_for_the_text_stops_a_chapter(chapter, kept_cache, build):
    settings = {"models": "gemma-3-270m-q4", "readings": json.dumps([json.dumps({"template": "In one word:"})])}
    with pytest.raises(EmbedlibError, match=r"has '\{text\}' exactly once"):
        run(chapter, settings, build)


def test_the_full_profile_fits_every_notebook():
    planned = [plan_profile(source, "full") for source in notebook_sources()]
    assert [run.source.stem for run in planned if run.parameters == {"words": "all"}] == [
        "01_models", "02_random_pairs", "03_related_pairs", "04_analogies", "05_agreement", "07_geometry",
    ]  # fmt: skip
    *others, findings = planned
    assert all(not run.parameters for run in others if run.parameters != {"words": "all"})
    assert findings.parameters == {"runs": [str(run.output) for run in others]}


def test_the_lexicons_words_are_stored_beforehand_for_models_that_several_chapters_use(tmp_path):
    def planned(chapter, **settings):
        given = {name: value if isinstance(value, str) else json.dumps(value) for name, value in settings.items()}
        return plan(find_source(chapter), given, tmp_path)

    one = planned("01_models", models=["glove-6b-50d", "sbert-minilm"], words=300)
    two = planned("02_random_pairs", models=["glove-6b-50d", "gemma-3-270m-q4"], words=500)
    three = planned("07_geometry", models=["gemma-3-270m-q4"], words="all")
    anchors = planned("08_anchor_words", models=["glove-6b-50d"])
    assert shared_words([one, two, anchors]) == {500: ["glove-6b-50d"]}
    assert shared_words([one, two, three]) == {500: ["glove-6b-50d"], "all": ["gemma-3-270m-q4"]}
    assert shared_words([one, anchors]) == {}
    # The largest model is slow, so no chapter but one asks it for words of the lexicon.
    names = shared_words([plan_profile(source, "default") for source in notebook_sources()])
    assert "qwen2.5-coder-1.5b-q4" not in itertools.chain(*names.values())
    assert "qwen2.5-coder-0.5b-q4" in itertools.chain(*names.values())
