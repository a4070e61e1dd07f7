import json
import math
from fractions import Fraction
from html import unescape

import numpy as np
import pandas as pd
import pytest

import embedlib
from embedlib._util.paths import PROJECT
from embedlib.errors import NotebookError, RecordError
from embedlib.metrics.verdicts import Part, Verdict
from embedlib.records.make import make_record
from embedlib.records.phrases import listed, number_word
from embedlib.records.read import MIME, all_outputs, last_run, read_records, record_in
from embedlib.records.render import render
from embedlib.records.tolerance import Tolerance

FRAME = pd.DataFrame(
    {"score": [0.5, math.nan], "n": [1, 2], "word": ["a", "b"]}, index=pd.Index(["x", "y"], name="model")
)


VERDICT = Verdict(
    "D1",
    Part("the best LLM <b>", "supported", 0.1, 0.05, 0.15, math.nan, 0.02, 0.2, 0.04, 0.0125),
    (Part("often first", "undecided", 0.01, -0.02, 0.04, 0.05), Part("as the study did", "cannot be tested here")),
)
OLD_VERDICT = {"claim": "D1", "verdict": "partly", "effect": 0.1, "low": 0.0, "high": 0.2, "holds": {"m": True}}


def make_payload(name, value, tolerance=None):
    """Make a record and give it as a notebook keeps it."""
    return make_record(name, value, tolerance).payload()


def test_scalars_keep_their_type():
    for value, kind in ((0.25, "float"), (np.float32(0.25), "float"), (3, "int"), (np.int64(3), "int"), (True, "bool"),
                        (np.bool_(True), "bool"), ("partly", "str")):  # fmt: skip
        payload = make_payload("a-name", value)
        assert (payload["type"], payload["value"]) == (kind, value)
        assert payload["tolerance"] == {"rtol": 1e-3, "atol": 0.0}


def test_frames_keep_keys_columns_and_missing_values():
    payload = make_payload("scores", FRAME, {"score": Tolerance(0.0, 0.1)})
    assert payload["index"] == ["model"]
    assert payload["keys"] == [["x"], ["y"]]
    assert payload["rows"] == [[0.5, 1, "a"], [None, 2, "b"]]
    assert payload["tolerance"]["score"] == {"rtol": 0.0, "atol": 0.1}
    assert payload["tolerance"]["n"]["rtol"] == 1e-3


def test_several_index_levels_are_the_key():
    frame = FRAME.set_index([["a", "b"], [0, 1]])
    assert make_payload("scores", frame)["keys"] == [["a", 0], ["b", 1]]


def test_what_pandas_and_numpy_have_is_kept_as_plain_values():
    frame = pd.DataFrame(
        {"n": pd.array([1, pd.NA], "Int64"), "kind": pd.Categorical(["a", "b"]),
         "word": pd.array(["x", None], "string"),
         "ok": np.array([True, False]), "half": np.array([0.5, 0.25], "float16")},
        index=pd.Index(np.array([0.5, 1.5], "float32")),
    )  # fmt: skip
    payload = make_payload("x", frame)
    assert payload["rows"] == [[1, "a", "x", True, 0.5], [None, "b", None, False, 0.25]]
    assert json.loads(json.dumps(payload)) == payload
    assert make_payload("x", np.str_("a"))["value"] == "a"


def test_verdicts_are_kept_whole():
    payload = make_payload("d1", VERDICT)
    nothing = dict.fromkeys(["detectable", "left_out_low", "left_out_high", "p", "least_p"])
    main = {"name": "the best LLM <b>", "verdict": "supported", "effect": 0.1, "low": 0.05, "high": 0.15}
    models = {"left_out_low": 0.02, "left_out_high": 0.2, "p": 0.04, "least_p": 0.0125}
    often = {"name": "often first", "verdict": "undecided", "effect": 0.01, "low": -0.02, "high": 0.04}
    untested = {
        "name": "as the study did",
        "verdict": "cannot be tested here",
        "effect": None,
        "low": None,
        "high": None,
    }
    assert payload["value"] == {
        "claim": "D1",
        "main": main | nothing | models,
        "parts": [often | nothing | {"detectable": 0.05}, untested | nothing],
    }
    assert json.loads(json.dumps(payload)) == payload


def test_a_verdict_is_a_card_with_its_parts_under_it():
    shown = render(VERDICT)
    assert shown["text/plain"] == "supported"
    card = shown["text/html"]
    assert card.startswith(
        '<div class="embedlib-verdict supported"><strong>D1: supported</strong><br>the best LLM &lt;b'
    )
    assert "effect +0.100, 95 % interval +0.050 to +0.150; +0.020 to +0.200 when one model is left out" in card
    assert "p 0.04 by the models' labels (least possible 0.013)" in unescape(card)
    assert "<li>undecided: often first; effect +0.010" in card
    assert "an effect of 0.050 would have been seen</li>" in card
    assert "<li>cannot be tested here: as the study did</li>" in card
    assert "Beside it" not in render(Verdict("D1", VERDICT.main))["text/html"]


def test_a_verdict_of_an_older_embedlib_is_told_apart_and_asks_for_a_new_run(tmp_path):
    path = notebook(tmp_path / "02_a.ipynb", n=3, d1=VERDICT)
    content = json.loads(path.read_text())
    content["cells"][1]["outputs"][1]["data"][MIME]["value"] = OLD_VERDICT
    path.write_text(json.dumps(content))
    records = read_records(path)
    assert dict(records) == {"n": 3}
    with pytest.raises(NotebookError, match=r"verdict 'd1' in the form of an older embedlib; run it again: .* 02_a"):
        records["d1"]
    old = record_in(content["cells"][1]["outputs"][1])
    assert [(cell.label, cell.value) for cell in old.values()] == [("d1.verdict", "partly")]
    with pytest.raises(NotebookError, match="run it again"):
        old.to_python()
    (difference,) = old.differs_from(make_record("d1", VERDICT))
    assert (difference.old, difference.new) == ("outdated verdict value", "verdict value")


@pytest.mark.parametrize(
    ("name", "value", "tolerance", "said"),
    [
        ("Bad Name", 1, None, "lower-case words"),
        ("x", math.inf, None, "infinity"),
        ("x", [1], None, "a list cannot be kept"),
        ("x", 1.0, {"a": 1.0}, "for frames"),
        ("x", 1.0, -1.0, "at least 0"),
        ("x", 1, 0.1, "a int is compared exactly"),
        ("x", FRAME, {"scores": 1.0}, "'scores', which is no column"),
        ("x", FRAME.set_axis(["y", "y"]), None, "the row 'y' comes twice"),
        ("x", FRAME.set_axis(["a", "a", "b"], axis=1), None, "comes twice"),
        ("x", FRAME.set_axis([1, True]), None, "the row 1 comes twice"),
        ("x", FRAME.set_axis([None, math.nan]), None, "the row None comes twice"),
        ("x", FRAME.set_axis(pd.MultiIndex.from_product([["a"], ["x", "y", "z"]]), axis=1), None, "one level, not 2"),
        ("x", FRAME.set_axis(pd.Index([("a", 1), ("b", 2)], tupleize_cols=False)), None, "a tuple cannot be kept"),
        ("x", FRAME.assign(when=pd.Timestamp("2026-01-01")), None, "a Timestamp cannot be kept"),
        ("x", FRAME.assign(when=pd.NaT), None, "a NaTType cannot be kept"),
        ("x", FRAME.assign(items=[[1], [2]]), None, "a list cannot be kept"),
        ("x", pd.DataFrame({"a": [math.inf]}), None, "an infinity"),
        ("x", np.timedelta64(1, "s"), None, "a timedelta64 cannot be kept"),
        ("x", 1j, None, "a complex cannot be kept"),
        ("x", 10**400, None, "more than 64 bits"),
        ("x", Fraction(10**400), None, "an infinity"),
        ("x", None, None, "a NoneType cannot be kept"),
        ("x", pd.NA, None, "a NAType cannot be kept"),
        ("x", "cut \ud83d", None, "half a surrogate pair at character 4"),
        ("x", 1.0, "much", "at least 0"),
        ("x", FRAME, {1: 1.0}, "'1', which is no column"),
        (3, 1, None, "record name 3"),
    ],
)
def test_what_cannot_be_kept_is_an_error(name, value, tolerance, said):
    with pytest.raises(RecordError, match=said):
        make_payload(name, value, tolerance)


def test_tolerance_is_relative_to_the_old_value():
    assert Tolerance(0.1).allows(10, 11)
    assert not Tolerance(0.1).allows(10, 11.1)
    assert Tolerance(0, 0.5).allows(0, -0.5)


def notebook(path, **values):
    """Write a notebook that recorded some values."""
    outputs = [{"data": {MIME: make_payload(name, value)}} for name, value in values.items()]
    path.write_text(json.dumps({"cells": [{"cell_type": "markdown"}, {"cell_type": "code", "outputs": outputs}]}))
    return path


def test_what_was_recorded_is_read_back(tmp_path):
    two = FRAME.set_index(pd.MultiIndex.from_tuples([("a", 0), ("b", 1)], names=["model", "layer"]))
    verdict = Verdict("D1", Part("m", "supported", 0.1, 0.05, 0.15, 0.1, 0.02, 0.2, 0.04, 0.01))
    untested = Verdict("D1", Part("m", "cannot be tested here"))
    path = notebook(tmp_path / "01_a.ipynb", one=FRAME, two=two, d1=verdict, d2=untested, n=3, x=math.nan, word="dog")
    records = read_records(path)
    pd.testing.assert_frame_equal(records["one"], FRAME)
    pd.testing.assert_frame_equal(records["two"], two)
    assert records["d1"] == verdict
    assert records["d2"].verdict == "cannot be tested here"
    assert math.isnan(records["d2"].main.effect)
    assert (records["n"], records["word"]) == (3, "dog")
    assert math.isnan(records["x"])
    with pytest.raises(NotebookError, match=r"01_a\.ipynb has no record 'words' \(it has 'word'\).*embedlib run 01_a"):
        records["words"]
    with pytest.raises(NotebookError, match="was it run"):
        read_records(notebook(tmp_path / "02_b.ipynb"))
    (tmp_path / "03_c.ipynb").write_text("{")
    with pytest.raises(NotebookError, match="not a notebook"):
        read_records(tmp_path / "03_c.ipynb")


def test_numbers_and_lists_as_words():
    assert [number_word(count) for count in (0, 1, 12, 13)] == ["none", "one", "twelve", "13"]
    assert [listed(parts) for parts in (["a"], ["a", "b"], ("a", "b", "c"))] == ["a", "a and b", "a, b and c"]
    with pytest.raises(RecordError, match="at least 0, not -1"):
        number_word(-1)
    with pytest.raises(RecordError, match="no words"):
        listed([])


def test_the_last_run_of_a_chapter_is_found():
    runs = ["/x/01_models--0a1b2c3d.ipynb", "/x/02_random_pairs.ipynb"]
    assert str(last_run("01_models", runs)) == runs[0]
    with pytest.raises(NotebookError, match="none of the runs given is of 03_related_pairs"):
        last_run("03_related_pairs", runs)
    assert last_run("01_models").name == "01_models.ipynb"
    assert last_run("99_none") == PROJECT / "notebooks" / "99_none.ipynb"


def displayed(monkeypatch, make):
    """Give what a call displays: the bundles with their metadata, in order."""
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda bundle, metadata, raw: shown.append((bundle, metadata)))
    make()
    return shown


def test_facts_are_kept_as_hidden_records_are(monkeypatch):
    near = Tolerance(atol=0.5)
    together = displayed(
        monkeypatch, lambda: embedlib.record_facts({"n": 3, "share": 0.123456, "word": "dog"}, tolerance=near)
    )

    def one_by_one():
        embedlib.record("n", 3, show=False)
        embedlib.record("share", 0.123456, tolerance=near, show=False)
        embedlib.record("word", "dog", show=False)

    assert together == displayed(monkeypatch, one_by_one)
    assert together[1][0]["application/papermill.record/text/plain"] == "0.1235"
    assert together[1][0][MIME]["tolerance"] == {"rtol": 1e-3, "atol": 0.5}


@pytest.mark.parametrize(
    ("facts", "tolerance", "said"),
    [
        ({"n": 3}, 0.1, "none of the facts \\['n'\\] is a float"),
        ({"n": 3, "x": FRAME}, None, "record 'x': a DataFrame cannot be kept"),
        ({"n": 3, "Bad Name": 1}, None, "lower-case words"),
    ],
)
def test_facts_that_cannot_be_kept_keep_nothing(monkeypatch, facts, tolerance, said):
    def keep():
        with pytest.raises(RecordError, match=said):
            embedlib.record_facts(facts, tolerance=tolerance)

    assert displayed(monkeypatch, keep) == []


@pytest.mark.parametrize("path", sorted((PROJECT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_committed_records_are_read_and_kept_in_the_same_form(path):
    outputs = all_outputs(json.loads(path.read_text()))
    records = [(record_in(output), output["data"][MIME]) for output in outputs if MIME in output.get("data", {})]
    assert records
    for record, payload in records:
        assert record.payload() == payload
        assert list(record.differs_from(record)) == []
        assert list(record.values())


def test_a_record_of_another_form_is_an_error():
    good = make_payload("scores", FRAME)
    for wrong, said in (
        ({"schema": 2}, "'scores' cannot be read: frame.schema"),
        ({"type": "list"}, "found using 'type' does not match"),
        ({"rows": [[0.5, 1, "a"]]}, "a key each"),
        ({"rows": [[0.5, 1], [0.5, 1]]}, "a cell for each column"),
        ({"keys": [["x", 1], ["y", 2]]}, "a part for each index level"),
        ({"tolerance": {}}, "have a tolerance each"),
        ({"more": 1}, "frame.more"),
    ):
        with pytest.raises(NotebookError, match=said):
            record_in({"data": {MIME: good | wrong}})
    with pytest.raises(NotebookError, match=r"str\.value"):
        record_in({"data": {MIME: make_payload("word", "dog") | {"value": 1}}})
    assert record_in({"data": {"text/plain": "1"}}) is None


def test_the_values_of_a_record_have_their_places():
    two = FRAME.set_index(pd.MultiIndex.from_tuples([("a", 0), ("b", 1)], names=["model", "layer"]))
    cells = list(make_record("scores", two, {"score": 0.5}).values())
    assert [cell.label for cell in cells][:4] == ["scores[a, 0].score", "scores[a, 0].n", "scores[a, 0].word",
                                                  "scores[b, 1].score"]  # fmt: skip
    assert (cells[0].row, cells[0].column, cells[0].value, cells[0].tolerance.rtol) == ("a, 0", "score", 0.5, 0.5)
    (cell,) = make_record("word", "dog").values()
    assert (cell.record, cell.row, cell.column, cell.label, cell.value) == ("word", "", "", "word", "dog")
    cells = list(make_record("d1", VERDICT).values())
    assert [(cell.label, cell.value) for cell in cells][:5] == [
        ("d1.claim", "D1"), ("d1.verdict", "supported"), ("d1[the best LLM <b>].verdict", "supported"),
        ("d1[the best LLM <b>].effect", 0.1), ("d1[the best LLM <b>].low", 0.05),
    ]  # fmt: skip
    assert (cells[-1].row, cells[-1].column, cells[-1].value) == ("as the study did", "least_p", None)
    assert len(cells) == 2 + 3 * 9


def test_a_record_differs_by_its_own_tolerance():
    old = make_record("x", 1.0, 0.1)
    assert list(old.differs_from(make_record("x", 1.0625, 0.0))) == []
    (difference,) = old.differs_from(make_record("x", 1.2))
    assert (difference.place, difference.old, difference.new, difference.allowed) == ("x", "1", "1.2", "1 ± 0.1")
    (difference,) = old.differs_from(make_record("x", 1))
    assert (difference.old, difference.new, difference.allowed) == ("float value", "int value", "the same type")


def test_only_tables_are_csv_files():
    assert make_record("scores", FRAME).csv() == b"model,score,n,word\nx,0.5,1,a\ny,,2,b\n"
    assert make_record("x", 1.0).csv() is None
