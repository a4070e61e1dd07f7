"""The benchmarks: their places in README.md, what they share, and the quick ones at a tiny size."""

import importlib
import re
import subprocess
import sys

import numpy as np
import pytest
from conftest import python
from gensim.models import KeyedVectors

from embedlib import load_dataset
from embedlib._util.paths import PROJECT
from embedlib.datasets.load import as_asked, words_of

FOLDER = PROJECT / "benchmarks"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "common")


@pytest.fixture
def load(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


def run(script, *options):
    command = [sys.executable, str(FOLDER / f"{script}.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_every_script_has_its_section_its_target_in_make_and_is_short():
    readme, makefile = (FOLDER / "README.md").read_text(), (PROJECT / "Makefile").read_text()
    sections = re.findall(r"<!-- ([a-z-]+) -->\n(?:.*\n)*?<!-- end -->\n", readme)
    assert sorted(name.replace("-", "_") for name in sections) == SCRIPTS
    for script in SCRIPTS:
        assert f"(`{script}.py`)" in readme
        assert f"$(BIN)/python benchmarks/{script}.py\n" in makefile
        source = (FOLDER / f"{script}.py").read_text()
        assert f'write_section("{script.replace("_", "-")}"' in source
        assert len(source.splitlines()) < 400
    for picture in re.findall(r"!\[[^]]*\]\(([^)]+)\)", readme):
        assert (FOLDER / picture).is_file()


def test_help_names_the_options():
    # All in one process, since each would import the same libraries.
    code = """
import contextlib, io, runpy, sys
for script in sys.argv[1:]:
    sys.argv = [script, "--help"]
    with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
        runpy.run_path(f"{script}.py", run_name="__main__")
    print(script, "--print-only" in said.getvalue())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, *SCRIPTS], capture_output=True, text=True, check=True, cwd=FOLDER
    )
    assert done.stdout.splitlines() == [f"{script} True" for script in SCRIPTS]


def test_a_section_is_replaced_and_the_rest_stays(load, tmp_path, monkeypatch):
    common = load("common")
    page = tmp_path / "README.md"
    page.write_text("before\n<!-- one -->\nold\n<!-- end -->\nbetween\n<!-- two -->\nsame\n<!-- end -->\nafter\n")
    monkeypatch.setattr(common, "README", page)
    common.write_section("one", "kept", print_only=True)
    assert "kept" not in page.read_text()
    common.write_section("one", common.table(("a", "b"), [("1", "2")]), print_only=False)
    assert page.read_text() == (
        "before\n<!-- one -->\n| a | b |\n| --- | --- |\n| 1 | 2 |\n<!-- end -->\n"
        "between\n<!-- two -->\nsame\n<!-- end -->\nafter\n"
    )
    with pytest.raises(SystemExit, match="no section <!-- three -->"):
        common.write_section("three", "", print_only=False)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts the peak anew")
def test_peak_memory_sees_what_is_gone_at_the_end():
    # In a process of its own, as the benchmarks do it: here other tests' memory may be freed at any time.
    code = """
import common, numpy as np
for size in (64, 0):
    with common.PeakMemory() as peak:
        np.ones(size * common.MIB // 8).sum()
    print(peak.above)
"""
    with_array, without = map(float, python(code, cwd=FOLDER).stdout.split())
    assert 60 < with_array < 80
    assert without < 8


def test_embedlib_and_gensim_count_alike(load):
    analogies = load("analogies")
    words = words_of(as_asked(load_dataset("google-analogies"), "lower"))[::2]
    vectors = np.random.default_rng(0).standard_normal((len(words), 20), dtype=np.float32)
    keyed = KeyedVectors(20)
    keyed.add_vectors(words, vectors)
    found = analogies.answer(words, vectors)
    asked = {section: counts for section, counts in found.items() if counts[1]}
    theirs = analogies.answer_by_gensim(keyed, len(words))
    assert len(asked) > 2
    assert asked == {section: counts for section, counts in theirs.items() if counts[1]}
    wrong = {**theirs, "family": (1, 2)}
    with pytest.raises(SystemExit, match="differ"):
        analogies.report(theirs, wrong)


def test_all_pairs_runs_at_a_tiny_size():
    before = (FOLDER / "README.md").read_bytes()
    done = run("all_pairs", "--words=300", "--size=600", "--repeats=2", "--vectors=random", "--print-only")
    assert done.returncode == 0, done.stderr
    assert "equal those of numpy's histogram" in done.stdout
    assert re.search(r"^\| together \|", done.stdout, re.M)
    assert (FOLDER / "README.md").read_bytes() == before


def test_vectors_runs_at_a_tiny_size():
    before = (FOLDER / "README.md").read_bytes()
    options = ("--words=300", "--binary-words=500", "--limit=200", "--dimension=5", "--repeats=1")
    done = run("vectors", *options, "--print-only")
    assert done.returncode == 0, done.stderr
    assert re.search(r"^\| word2vec binary, 200 of 500 x 5 \| gensim \|", done.stdout, re.M)
    assert (FOLDER / "README.md").read_bytes() == before
