"""Notebooks as JupyterLab and VS Code run them: the project's kernel, from any folder, from either file of a pair."""

import os
import shutil
import tempfile

import jupytext
import nbformat
import pytest
from conftest import outputs_of, records_of
from nbclient import NotebookClient
from traitlets.config import Config

from embedlib._util.paths import PROJECT
from embedlib.book.check.drift import check_notebook
from embedlib.book.notebooks import read_source, write
from embedlib.book.site.new_chapter import new_chapter

CHAPTER = PROJECT / "notebooks" / "01_models"
LIGHT = 'models = ["glove-6b-50d", "word2vec-enwiki-sample"]\nwords = 300'


def opened(path):
    """Read a notebook as Jupyter does, an `.md` through jupytext."""
    return jupytext.read(path) if path.suffix == ".md" else nbformat.read(path, as_version=4)


def executed(notebook, folder):
    """Run all cells with the kernel that the notebook names, in a folder."""
    assert notebook.metadata.kernelspec.name == "python3"
    with tempfile.TemporaryDirectory() as sockets:
        config = Config({"KernelManager": {"transport": "ipc", "ip": f"{sockets}/kernel"}})
        NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, config=config).execute()
    return notebook


@pytest.mark.parametrize(("ending", "place"), [(".ipynb", "elsewhere"), (".md", "notebooks")])
def test_a_chapter_runs_from_another_folder(cache, tmp_path, ending, place):
    folder = CHAPTER.parent if place == "notebooks" else tmp_path / "elsewhere"
    folder.mkdir(exist_ok=True)
    before = sorted(path.name for path in folder.iterdir())
    notebook = opened(CHAPTER.with_suffix(ending))
    parameters = next(n for n, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", []))
    # What one would type into the next cell, so that no model has to be loaded that takes minutes.
    notebook.cells.insert(parameters + 1, nbformat.v4.new_code_cell(LIGHT))
    run = executed(notebook, folder)
    records = records_of(run)
    assert records["words"]["value"] == 300
    assert records["coverage"]["keys"] == [["glove-6b-50d"], ["word2vec-enwiki-sample"]]
    assert {output.output_type for output in outputs_of(run)} == {"display_data"}
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_new_chapter_runs_unchanged(cache, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "_toc.yml").write_text("root: intro\nchapters:\n  - file: notebooks/01_models\n")
    source = new_chapter("42_word_lengths", project=tmp_path)
    run = executed(opened(source), source.parent)
    records = records_of(run)
    assert [key for (key,) in records["spreads"]["keys"]] == ["glove-6b-50d", "wordllama-l2-256"]
    assert {output.output_type for output in outputs_of(run)} == {"display_data"}


@pytest.mark.parametrize("newer", [".md", ".ipynb"])
def test_the_pair_is_compared_by_contents_and_not_by_times(tmp_path, newer):
    pair = [tmp_path / f"01_models{ending}" for ending in (".md", ".ipynb")]
    shutil.copy(CHAPTER.with_suffix(".md"), pair[0])
    fresh = read_source(pair[0])
    write(fresh, pair[1])
    for path in pair:
        seconds = 2_000_000_000 if path.suffix == newer else 1_000_000_000
        os.utime(path, (seconds, seconds))
    assert check_notebook("01_models", *pair, fresh) == []
    pair[0].write_text(pair[0].read_text().replace("**The question.**", "**A question.**"))
    os.utime(pair[0], (seconds, seconds))
    assert [drift.record for drift in check_notebook("01_models", *pair, fresh)] == ["source"]
