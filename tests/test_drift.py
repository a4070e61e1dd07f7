"""The drift gate on a small notebook that is really run."""

import copy
import json

import nbformat
import pytest
from conftest import FRONT, outputs_of

from embedlib.book.check.drift import check_notebook, compare, normalise
from embedlib.book.notebooks import read_source, write
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.records.read import MIME

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

seed: int = 1  # a seed
```

Some records:

```{code-cell} python
import pandas as pd
import matplotlib.pyplot as plt
import embedlib
from embedlib.metrics.verdicts import Part, Verdict

frame = pd.DataFrame({"score": [0.5, 0.25, 1.0]}, index=pd.Index(["a", "b", "c"], name="model"))
embedlib.record("scores", frame)
embedlib.record("share", 0.125, show=False)
embedlib.record("word", "partly")
embedlib.record("claim", Verdict("D1", Part("ahead", "supported", 0.5, 0.4, 0.6)))
```

A picture and some text:

```{code-cell} python
figure, ax = plt.subplots()
ax.plot([1, 2, 3])
embedlib.record("fig-line", frame, figure=figure, alt="A line that rises.")
print("took 1.25 s in /tmp/some/folder at", object())
```

A plain picture without a record would be made by this cell:

```{code-cell} python
len(frame)
```
"""
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Run the notebook; gives its source and the executed notebook as plain data."""
    folder = tmp_path_factory.mktemp("drift")
    source = folder / "small.md"
    source.write_text(SOURCE)
    run = plan(source, build=folder / "_build")
    execute(run)
    return source, nbformat.read(run.output, as_version=4)


@pytest.fixture
def old(executed):
    return copy.deepcopy(executed[1])


@pytest.fixture
def new(executed):
    return copy.deepcopy(executed[1])


def payload(notebook, name):
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            if output.get("data", {}).get(MIME, {}).get("name") == name:
                return output.data[MIME]
    raise AssertionError(name)


def drifts(old, new):
    return [(d.record, d.old, d.new) for d in compare("small", old, new)]


def test_the_same_run_does_not_drift(executed, old, new, tmp_path):
    assert drifts(old, new) == []
    reference = tmp_path / "small.ipynb"
    write(old, reference)
    assert check_notebook("small", executed[0], reference, new) == []


def test_a_changed_number_fails_by_name(old, new):
    payload(new, "scores")["rows"][1][0] = 0.2503
    payload(new, "share")["value"] = 0.13
    assert drifts(old, new) == [("scores[b].score", "0.25", "0.2503"), ("share", "0.125", "0.13")]
    (first, _) = compare("small", old, new)
    assert first.notebook == "small"
    assert first.cell.startswith("4: import pandas")
    assert first.allowed == "0.25 ± 0.00025"


def test_a_difference_within_tolerance_passes(old, new):
    payload(new, "scores")["rows"][1][0] = 0.2502
    payload(new, "share")["value"] = 0.12501
    payload(new, "claim")["value"]["main"]["effect"] = 0.5004
    assert drifts(old, new) == []


def test_a_changed_string_and_verdict_fail_by_name(old, new):
    payload(new, "word")["value"] = "reproduced"
    payload(new, "claim")["value"]["main"]["verdict"] = "undecided"
    payload(new, "claim")["value"]["main"]["p"] = 0.5
    assert {record for record, _, _ in drifts(old, new)} == {"word", "claim[ahead].verdict", "claim[ahead].p"}


def test_a_new_part_and_another_main_part_fail(old, new):
    value = payload(new, "claim")["value"]
    value["parts"] = [value["main"] | {"name": "often first"}]
    assert drifts(old, new) == [("claim parts", "ahead", "ahead; often first")]


def test_a_verdict_of_an_older_embedlib_has_another_type(old, new):
    payload(old, "claim")["value"] = {
        "claim": "D1", "verdict": "partly", "effect": 0.5, "low": 0.4, "high": 0.6, "holds": {"a": True},
    }  # fmt: skip
    assert drifts(old, new) == [("claim", "outdated verdict value", "verdict value")]
    assert drifts(old, old) == []


def test_a_lost_and_a_new_row_fail_by_name(old, new):
    frame = payload(new, "scores")
    frame["keys"][2] = ["d"]
    assert drifts(old, new) == [("scores[c]", "a row", "missing"), ("scores[d]", "missing", "a new row")]


def test_rows_in_another_order_fail(old, new):
    frame = payload(new, "scores")
    frame["keys"].reverse()
    frame["rows"].reverse()
    assert drifts(old, new) == [("scores order", "a; b; c", "c; b; a")]


def test_a_lost_column_and_a_changed_type_fail(old, new):
    payload(new, "scores").update(columns=["points"], tolerance={"points": {"rtol": 1e-3, "atol": 0.0}})
    payload(new, "share").update(type="str", value="0.125")
    assert {record for record, _, _ in drifts(old, new)} == {"scores columns", "share"}


def test_a_number_that_became_missing_fails(old, new):
    payload(new, "scores")["rows"][0][0] = None
    assert drifts(old, new) == [("scores[a].score", "0.5", "None")]


def test_a_missing_record_and_a_missing_figure_record_fail(old, new):
    lost = ("fig-line", "word")
    for cell in new.cells:
        if cell.cell_type == "code":
            cell.outputs = [o for o in cell.outputs if o.get("data", {}).get(MIME, {}).get("name") not in lost]
    assert drifts(old, new) == [("word", "a record", "missing"), ("fig-line", "a figure record", "missing")]
    assert drifts(new, old) == [("word", "missing", "a new record"), ("fig-line", "missing", "a new record")]


def test_a_picture_without_a_record_fails(old, new):
    for cell in new.cells:
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                del output.data[MIME]
    assert ("figure", "", "a picture without a record") in drifts(old, new)


def test_a_new_warning_fails(old, new):
    new.cells[-1].outputs.append(nbformat.v4.new_output("stream", name="stderr", text="FutureWarning: soon\n"))
    assert drifts(old, new) == [("stderr", "", "FutureWarning: soon")]


def test_an_exception_fails_by_name(old, new):
    new.cells[-1].outputs = [nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])]
    assert ("exception", "", "ValueError: no") in drifts(old, new)


def test_changed_text_fails_and_volatile_text_passes(old, new):
    text = next(o for o in outputs_of(new) if o.output_type == "stream")
    text.text = "took 7.5 s in /opt/other/place at <object object at 0x7f0000000000>\n"
    assert drifts(old, new) == []
    text.text = "took a while\n"
    assert [record for record, _, _ in drifts(old, new)] == ["stdout"]
    new = copy.deepcopy(old)
    new.cells[-1].outputs[0].data["text/plain"] = "4"
    assert drifts(old, new) == [("text/plain", "3", "4")]


def test_changed_html_without_a_record_fails(old, new):
    for notebook, number in ((old, "0.9"), (new, "0.1")):
        data = {"text/html": f"<b>{number}</b>", "text/plain": "<IPython.core.display.HTML object>"}
        notebook.cells[-1].outputs.append(nbformat.v4.new_output("display_data", data=data))
    assert drifts(old, new) == [("text/html", "<b>0.9</b>", "<b>0.1</b>")]


def test_execution_counts_and_picture_bytes_do_not_matter(old, new):
    for cell in new.cells:
        if cell.cell_type == "code":
            cell.execution_count = 99
        for output in cell.get("outputs", []):
            if "image/svg+xml" in output.get("data", {}):
                output.data["image/svg+xml"] = "<svg>other</svg>"
    assert drifts(old, new) == []


def test_an_edited_source_fails(executed, old, new, tmp_path):
    reference = tmp_path / "small.ipynb"
    write(old, reference)
    edited = tmp_path / "edited.md"
    edited.write_text(SOURCE.replace("len(frame)", "len(frame) + 0"))
    (found,) = check_notebook("small", edited, reference, new)
    assert (found.record, found.old, found.new) == ("source", "len(frame)", "len(frame) + 0")
    edited.write_text(SOURCE.replace("Some records:", "Some other records:"))
    (found,) = check_notebook("small", edited, reference, new)
    assert found.record == "source"
    edited.write_text(SOURCE.replace(":tags: [parameters]", ":tags: [parameters, hide-input]"))
    (found,) = check_notebook("small", edited, reference, new)
    assert (found.record, "hide-input" in found.new) == ("source", True)
    edited.write_text(SOURCE + "\n```{code-cell} python\n1\n```\n")
    assert [d.record for d in check_notebook("small", edited, reference, new)] == ["source"]


def test_a_missing_broken_or_large_reference_fails(executed, old, new, tmp_path):
    reference = tmp_path / "small.ipynb"
    assert "does not exist" in check_notebook("small", executed[0], reference, new)[0].new
    reference.write_text("{")
    assert "not a notebook" in check_notebook("small", executed[0], reference, new)[0].new
    old.metadata["padding"] = "x" * 600_000
    write(old, reference)
    assert [d.record for d in check_notebook("small", executed[0], reference, new)] == ["size"]


def test_what_a_run_leaves_has_nothing_volatile(executed):
    notebook = executed[1]
    text = json.dumps(notebook)
    assert "papermill" not in json.dumps([cell.metadata for cell in notebook.cells])
    assert "papermill" not in json.dumps(notebook.metadata)
    assert "iopub" not in text
    assert [cell["id"] for cell in notebook.cells] == [f"cell-{n:02d}" for n in range(1, len(notebook.cells) + 1)]
    assert read_source(executed[0]).cells[0].source == notebook.cells[0].source


def test_a_hidden_record_is_kept_but_not_shown(executed):
    hidden = next(o for o in outputs_of(executed[1]) if o.get("data", {}).get(MIME, {}).get("name") == "share")
    assert set(hidden.data) == {MIME, "application/papermill.record/text/plain"}
    assert hidden.metadata["scrapbook"]["name"] == "share"


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("at 0x7f3a2b1c4d5e>", "at <address>>"),
        ("in 3.2 ms, then 4 s", "in <time>, then <time>"),
        ("from /usr/lib/python3/x.py:3", "from <path>/x.py:3"),
        ("a/b and 3 / 4 stay", "a/b and 3 / 4 stay"),
        ("10%\r100%", "100%"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("2026-01-02 03:04:05 done", "<time> done"),
    ],
)
def test_normalise(text, plain):
    assert normalise(text) == plain
