"""Two runs side by side."""

import nbformat
import numpy as np
import pandas as pd
import pytest

from embedlib.book.check.side_by_side import compare_runs
from embedlib.book.notebooks import write
from embedlib.errors import NotebookError
from embedlib.metrics.verdicts import Part, Verdict
from embedlib.records.make import make_record
from embedlib.records.read import MIME
from embedlib.records.tolerance import Tolerance


def executed(**values):
    """Make an executed notebook that recorded these values; names with `_` for `-`."""
    outputs = [
        nbformat.v4.new_output(
            "display_data", {MIME: make_record(name.replace("_", "-"), value, *rest).payload(), "text/plain": "shown"}
        )
        for name, (value, *rest) in values.items()
    ]
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("record()", outputs=outputs)])


def runs(score=0.5, word="undecided", count=3, low=0.4, extra=True):
    frame = pd.DataFrame({"score": [score, np.nan], "pairs": [count, 4]}, pd.Index(["a", "b"], name="model"))
    values = {
        "table": (frame, {"score": Tolerance(atol=0.01)}),
        "claim": (Verdict("D1", Part("a", word, 0.5, low, 0.6)),),
    }
    return executed(**values, **({"more": (1,)} if extra else {}))


def differing(first, second):
    return {row.record: (row.first, row.second) for row in compare_runs(first, second) if row.differs}


def test_runs_that_agree_within_tolerance():
    rows = compare_runs(runs(), runs(score=0.505))
    assert [row.record for row in rows][:4] == ["table[a].score", "table[a].pairs", "table[b].score", "table[b].pairs"]
    assert "claim[a].effect" in [row.record for row in rows]
    assert not any(row.differs for row in rows)


def test_what_differs_is_named_with_both_values():
    assert differing(runs(), runs(score=0.52, count=5)) == {"table[a].score": (0.5, 0.52), "table[a].pairs": (3, 5)}
    assert differing(runs(), runs(word="supported", low=0.3)) == {
        "claim.verdict": ("undecided", "supported"),
        "claim[a].verdict": ("undecided", "supported"),
        "claim[a].low": (0.4, 0.3),
    }
    assert differing(runs(score=np.nan), runs()) == {"table[a].score": (None, 0.5)}


def test_what_one_run_lacks_differs():
    (row,) = [row for row in compare_runs(runs(), runs(extra=False)) if row.differs]
    assert (row.record, row.first, row.second, row.present) == ("more", 1, None, (True, False))
    (row,) = [row for row in compare_runs(runs(extra=False), runs()) if row.differs]
    assert (row.record, row.present) == ("more", (False, True))


def test_a_notebook_without_records_is_an_error():
    with pytest.raises(NotebookError, match="the second notebook has no records"):
        compare_runs(runs(), nbformat.v4.new_notebook())


def test_the_command_shows_differences_and_with_all_everything(tmp_path, call):
    paths = [str(tmp_path / name) for name in ("one.ipynb", "two.ipynb")]
    for path, notebook in zip(paths, (runs(), runs(score=0.52)), strict=True):
        write(notebook, tmp_path / path)
    for options, rows in (([], 1), (["--all"], 4)):
        code, shown, _ = call("compare", *paths, *options)
        assert not code
        assert shown.count("table[") == rows
        assert f"1 of {len(compare_runs(runs(), runs()))} recorded values differ" in shown
        assert shown.count("differs") == 1
