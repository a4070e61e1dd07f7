"""A chapter says the same whether its vectors are computed or read, and whatever differs from run to run."""

import json

import pytest
from conftest import FRONT, make_tiny, outputs_of
from test_references import sentence_transformer

from embedlib.book.check.drift import compare
from embedlib.book.notebooks import read_executed
from embedlib.book.run.plan import plan
from embedlib.book.run.run import execute

LONG = (
    FRONT
    + """```{code-cell} python
import json
from pathlib import Path

import embedlib
from embedlib.models.spec import ModelSpec

spec = ModelSpec.model_validate_json(Path("SPEC").read_text())
table = embedlib.embed_sentences(spec, ["a boat leaves the harbour " * 90, "short", " ", "cut \\ud83d"])
print(table.vectors.shape, len(table.cut), len(table.missing))
```

The same from a folder of sentence-transformers, and word vectors with a word that is listed twice:

```{code-cell} python
print(embedlib.embed_sentences("FOLDER", ["a boat leaves the harbour " * 90, "short"]).vectors.shape)
print(embedlib.embed_words("VECTORS", ["dog", "owl"]).missing)
```
"""
)

NOISE = (
    FRONT
    + """```{code-cell} python
import sys
import time
from tqdm import tqdm

for _ in tqdm(range(20)):
    time.sleep(0.001)
for _ in tqdm(range(3), desc="outer"):
    for _ in tqdm(range(3), desc="inner", leave=False):
        time.sleep(0.05)
```

A set, and more:

```{code-cell} python
print({"cat", "dog", "fox", "hen", "owl"})
```

```{code-cell} python
import datetime
import os
import tempfile

print("working in", os.getcwd(), "as process", os.getpid(), "at", datetime.datetime.now())
print(tempfile.mkdtemp(), object())
```

```{code-cell} python
%%time
sum(range(1000))
```
"""
)


def runs(source, build, between=lambda number: None):
    """Run a notebook twice; gives both."""
    found = []
    for number in range(2):
        between(number)
        run = plan(source, build=build)
        execute(run, force=True)
        found.append(read_executed(run.output))
    return found


@pytest.mark.filterwarnings("ignore")
def test_the_first_run_and_the_second_say_the_same(cache, tmp_path, build):
    spec = make_tiny("bert", tmp_path / "tiny-bert")
    (tmp_path / "spec.json").write_text(spec.model_dump_json())
    sentence_transformer(tmp_path / "library")
    (tmp_path / "own.vec").write_text("3 2\ndog 1 0\ncat 0 1\ndog 1 1\n")
    text = LONG
    for name, path in (("SPEC", "spec.json"), ("FOLDER", "library"), ("VECTORS", "own.vec")):
        text = text.replace(name, str(tmp_path / path))
    source = tmp_path / "long.md"
    source.write_text(text)
    first, second = runs(source, build)
    assert compare("long", first, second) == []
    assert "were cut to the window of 64 tokens" in json.dumps(outputs_of(first))
    assert "Loading" not in json.dumps(outputs_of(first))


def test_what_differs_from_run_to_run_does_not_drift(tmp_path, build, monkeypatch):
    source = tmp_path / "noise.md"
    source.write_text(NOISE)
    first, second = runs(source, build, lambda number: monkeypatch.setenv("PYTHONHASHSEED", str(number + 1)))
    assert compare("noise", first, second) == []
    assert json.dumps(outputs_of(first)) != json.dumps(outputs_of(second))
