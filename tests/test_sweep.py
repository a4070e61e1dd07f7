"""Sweeps of a small notebook: the grid, real runs, one table, and what a failed point leaves."""

import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from conftest import FRONT

from embedlib.book.notebooks import read_source
from embedlib.book.run.parameters import read_parameters
from embedlib.book.run.sweep import (
    COLUMNS,
    Outcome,
    plan_sweep,
    run_sweep,
    split_settings,
    split_values,
    write_table,
)
from embedlib.book.run.workers import core_shares, thread_limits
from embedlib.errors import ParameterError

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

from typing import Literal

number: int = 1  # a number
rate: float | None = 0.5  # another
kind: Literal["a", "b"] = "a"  # a choice
words: int | str = 100  # a number of words, or a file
text: str = ""  # a text
models: list[str] = ["glove-6b-50d"]  # the models
```

The records:

```{code-cell} python
import os
import pandas as pd
import embedlib
from embedlib.metrics.verdicts import Part, Verdict

embedlib.record("ten-fold", 10 // number)
embedlib.record("kind", kind)
embedlib.record("odd", number % 2 == 1)
index = pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["letter", "number"])
embedlib.record("table", pd.DataFrame({"score": [number / 4, None], "name": ["x", "y, z"]}, index=index))
embedlib.record("claim", Verdict("D1", Part("m", "undecided", 0.5, -0.4, 0.6)))
embedlib.record("threads", os.environ.get("OMP_NUM_THREADS", "none"))
```
"""
)


def grid(source, *texts):
    return plan_sweep(source, split_settings(texts), source.parent / "_build")


@pytest.mark.parametrize(
    ("name", "text", "parts"),
    [
        ("number", "1, 2,3", ["1", "2", "3"]),
        ("rate", "1e-3,null", ["1e-3", "null"]),
        ("kind", "a,b", ["a", "b"]),
        ("words", "5000,all", ["5000", "all"]),
        ("words", "my,words.txt", ["my,words.txt"]),
        ("text", "1,2", ["1,2"]),
        ("models", "glove-6b-50d, sbert-minilm", ["glove-6b-50d, sbert-minilm"]),
        ("models", '["glove-6b-50d","sbert-minilm"]', ['["glove-6b-50d","sbert-minilm"]']),
    ],
)
def test_commas_separate_values_where_the_type_says_so(source, name, text, parts):
    assert split_values(read_parameters(read_source(source))[name], text) == parts


def test_the_grid_has_every_combination_once_the_last_fastest(source):
    sweep = grid(source, "number=1,2", "models=glove-6b-50d", "models=glove-6b-50d, sbert-minilm", "number=2")
    assert sweep.names == ("number", "models")
    assert [(p.run.parameters["number"], len(p.run.parameters["models"])) for p in sweep.points] == [
        (1, 1), (1, 2), (2, 1), (2, 2),
    ]  # fmt: skip
    assert len({point.run.output for point in sweep.points}) == 4
    again = grid(source, "number=2,1", "models=glove-6b-50d, sbert-minilm", "models=glove-6b-50d")
    assert again.table == sweep.table
    assert grid(source, "number=1").table != sweep.table


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        (["numbr=1,2"], "unknown parameter 'numbr'. Did you mean 'number'"),
        (["number=1,x"], "parameter number is 'x', which is not a whole number; allowed: int"),
        (["number=1,,2"], "parameter number is ''"),
        (["kind=a,c"], "parameter kind is 'c', which is not a or b; allowed"),
        (["models=glove-6b-50d", "models=glove"], "Did you mean 'glove-6b-50d'"),
        (["number=5,000"], "one number or 2? One is written 5000"),
        (["number"], "name=value"),
        ([], "at least one -p name=value; allowed: number, rate"),
    ],
)
def test_all_values_are_checked_before_anything_runs(source, texts, said):
    with pytest.raises(ParameterError, match=said.replace("?", r"\?")):
        grid(source, *texts)


def test_a_parameter_that_is_named_like_a_column_is_refused(source):
    source.write_text(SOURCE.replace('text: str = ""', 'row: str = ""'))
    with pytest.raises(ParameterError, match="'row' cannot be swept"):
        grid(source, "row=1", "row=2")


def test_cores_are_divided_and_threads_with_them(monkeypatch):
    cores = sorted(os.sched_getaffinity(0))
    assert sorted(core for share in core_shares(len(cores)) for core in share) == cores
    assert core_shares(1) == [cores]
    assert [len(share) for share in core_shares(len(cores) + 1)] == [1] * (len(cores) + 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    assert thread_limits(4)["OMP_NUM_THREADS"] == "2"
    assert thread_limits(1)["OMP_NUM_THREADS"] == "1"
    assert thread_limits(4)["MKL_NUM_THREADS"] == "4"


def test_a_sweep_runs_loses_nothing_to_a_failed_point_and_goes_on(project, monkeypatch):
    for name in thread_limits(1):
        monkeypatch.delenv(name, raising=False)
    project.write("01_small", SOURCE)
    arguments = ["sweep", "01_small", "-p", "number=1,0,2", "-p", "kind=b"]
    code, out, _ = project.call(*arguments, "--dry-run")
    assert (code, "3 points" in out, project.build.exists()) == (0, True, False)

    code, out, err = project.call(*arguments, "--jobs", "2")
    assert code == 1
    assert "3 points, 1 failed:" in out
    assert "3 of 3 points: " in err
    assert "failed in cell 3: ZeroDivisionError" in err
    path = next((project.build / "sweeps").glob("01_small--*.csv"))
    table = pd.read_csv(path, keep_default_na=False, na_values={"value": [""]})
    assert list(table.columns) == ["number", "kind", *COLUMNS]
    assert list(dict.fromkeys(table["number"])) == [1, 0, 2]
    assert set(table["kind"]) == {"b"}
    (failed,) = table[table["number"] == 0].to_dict("records")
    assert (failed["status"], failed["record"]) == ("failed", "")
    assert failed["text"].endswith("failed in cell 3: ZeroDivisionError: integer division or modulo by zero")
    one = table[table["number"] == 1].set_index(["record", "row", "column"])
    assert set(one["status"]) == {"ok"}
    assert [(project.build / "executed" / name).is_file() for name in set(one["run"])] == [True]
    assert one.loc[("ten-fold", "", ""), "value"] == 10
    assert one.loc[("odd", "", ""), "value"] == 1
    assert one.loc[("kind", "", ""), "text"] == "b"
    assert one.loc[("table", "a, 1", "score"), "value"] == 0.25
    assert np.isnan(one.loc[("table", "a, 2", "score"), "value"])
    assert one.loc[("table", "a, 2", "name"), "text"] == "y, z"
    assert one.loc[("claim", "", "verdict"), "text"] == "undecided"
    assert one.loc[("claim", "m", "low"), "value"] == -0.4
    assert one.loc[("threads", "", ""), "text"] in {str(len(share)) for share in core_shares(2)}
    parquet = pd.read_parquet(path.with_suffix(".parquet"))
    assert parquet["value"].equals(table["value"])
    assert parquet["text"].fillna("").to_list() == table["text"].to_list()

    written, times = path.read_bytes(), {p: p.stat().st_mtime_ns for p in (project.build / "executed").iterdir()}
    code, _, err = project.call(*arguments)
    assert code == 1
    assert "2 of 3 points: nothing changed" in err
    assert "3 of 3 points: failed" in err
    assert path.read_bytes() == written
    assert {p: p.stat().st_mtime_ns for p in (project.build / "executed").iterdir()} == times
    assert sorted(p.name for p in path.parent.iterdir()) == sorted([path.name, path.with_suffix(".parquet").name])


class Told:
    """Keeps what a sweep tells of the points at work."""

    def __init__(self):
        self.events = []

    def begins(self, run, cells):
        self.events.append(("begins", run.name))

    def cell(self, run, number):
        self.events.append((f"cell {number}", run.name))

    def ends(self, run):
        self.events.append(("ends", run.name))

    def done(self, run):
        self.events.append(("done", run.name))


def test_a_point_runs_as_it_was_planned_whatever_its_texts_mean_by_then(source):
    sweep = grid(source, "number=2")
    (point,) = sweep.points
    later = replace(point, given={"number": "5"})  # as a branch of the hub that has moved would be read again
    board = Told()
    outcome = run_sweep(replace(sweep, points=(later,)), watch=board)[point.run.name]
    name = point.run.name
    assert board.events[0] == ("begins", name)
    assert board.events[1:3] == [("cell 1", name), ("cell 2", name)]
    assert board.events[-2:] == [("ends", name), ("done", name)]
    assert (outcome.status, outcome.error) == ("ok", "")
    assert ("ten-fold", "", "", 5) in outcome.rows
    assert [path.name for path in (source.parent / "_build" / "executed").iterdir()] == [point.run.output.name]


def test_lists_and_mixed_values_are_texts_in_the_table(source):
    both = ["models=glove-6b-50d, sbert-minilm", "models=sbert-minilm"]
    sweep = grid(source, *both, "words=5,all", "rate=1,0.5")
    write_table(sweep, {point.run.name: Outcome("failed", error="ValueError: <no>") for point in sweep.points})
    table = pd.read_parquet(sweep.table.with_suffix(".parquet"))
    assert set(table["models"]) == {'["glove-6b-50d", "sbert-minilm"]', '["sbert-minilm"]'}
    assert [json.loads(text)[-1] for text in table["models"]] == ["sbert-minilm"] * 8
    assert set(table["words"]) == {"5", "all"}
    assert set(table["rate"]) == {1.0, 0.5}
    assert set(table["text"]) == {"ValueError: <no>"}


def test_a_point_that_fails_with_lists_and_texts_is_in_the_table(project):
    project.write("01_small", SOURCE.replace("import pandas as pd\n", "raise ValueError('<no>')\n"))
    code, _, _ = project.call("sweep", "01_small", "-p", "models=glove-6b-50d, sbert-minilm", "-p", "words=all")
    assert code == 1
    (row,) = pd.read_csv(next((project.build / "sweeps").glob("*.csv"))).to_dict("records")
    assert (row["models"], row["words"]) == ('["glove-6b-50d", "sbert-minilm"]', "all")
    assert row["text"].endswith("ValueError: <no>")


def test_a_point_whose_process_dies_fails_alone(project):
    dying = "import os\nimport signal\nif number == 2:\n    os.kill(os.getppid(), signal.SIGKILL)\n"
    project.write("01_small", SOURCE.replace("import os\n", dying))
    code, out, err = project.call("sweep", "01_small", "-p", "number=2,1")
    assert (code, "2 points, 1 failed" in out) == (1, True)
    assert "its process ended with status -9" in err
    table = pd.read_csv(next((project.build / "sweeps").glob("*.csv")))
    assert dict(zip(table["number"], table["status"], strict=True)) == {2: "failed", 1: "ok"}
