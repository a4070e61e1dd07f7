"""What a notebook uses, read from its code, and that an edit runs again what uses the edited file, and nothing else."""

import nbformat
import pytest
from conftest import FRONT

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import notebook_sources, read_source
from embedlib.book.run import freshness
from embedlib.book.run.dependencies import uses_of
from embedlib.book.run.freshness import fingerprint, why, write_state
from embedlib.book.run.plan import plan
from embedlib.encoders.loader import code_version

CELL = "```{code-cell} python\nimport numpy as np\nimport embedlib\n%s\n```\n"
CLUSTERED = "from embedlib.metrics import clustering\nembedlib.record('n', 1 if clustering.__doc__ else 0)"
COUNTED = "from embedlib.metrics.similarity import unit\nembedlib.record('n', len(unit(np.eye(2, dtype='float32'))))"


def used(*cells):
    return uses_of(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]))


def modules(uses):
    return {path.relative_to(PROJECT / "embedlib").as_posix() for path in uses.code}


def data(uses):
    return {path.relative_to(PROJECT / "data").parts[0] for path in uses.data}


def test_after_an_edit_only_what_imports_the_module_runs_again(project):
    project.write("01_clustered", FRONT + CELL % CLUSTERED)
    project.write("02_counted", FRONT + CELL % COUNTED)
    for name in ("01_clustered", "02_counted"):
        code, out, err = project.call("run", name)
        assert (code, f"ran: {project.build / 'executed' / name}.ipynb" in out) == (0, True), err
    edited = project.root / "embedlib" / "metrics" / "clustering.py"
    edited.write_text(f"{edited.read_text()}\nEDITED = True\n")
    assert "embedlib: embedlib/metrics/clustering.py changed" in project.call("run", "01_clustered", "--why")[1]
    assert "nothing changed" in project.call("run", "02_counted")[1]
    assert "ran: " in project.call("run", "01_clustered")[1]
    assert "nothing changed" in project.call("run", "01_clustered")[1]


def test_the_chapters_depend_on_what_they_import_and_load():
    chapters = notebook_sources()
    found = {source.stem: fingerprint(plan(source)) for source in chapters}
    # Directly, or through another module: layers imports agreement, questions imports analogy.
    wanted = {
        "clustering": {"03"},
        "agreement": {"03", "05", "06", "09", "10", "11", "12", "13"},
        "geometry": {"07"},
        "analogy": {"04", "09"},
    }
    for name, users in wanted.items():
        uses = {stem[:2] for stem, parts in found.items() if f"embedlib/metrics/{name}.py" in parts["embedlib"]}
        assert uses == users, name
    for stem, parts in found.items():
        assert "embedlib/records/record.py" in parts["embedlib"], stem
        assert not [name for name in parts["data"] if "scripts" in name or "enwiki" in name], stem
        embeds = "embed_" in (PROJECT / "notebooks" / f"{stem}.md").read_text()
        assert list(parts["code of models"]) == (list(parts["models"]) if embeds else []), stem
        assert ("embedlib/embeddings/store.py" in parts["embedlib"]) == embeds, stem
    assert list(found["20_findings"]["data"]) == ["data/claims.tsv"]
    # Transforms of readings are fitted on words and sentences, too.
    assert list(found["10_sentence_variations"]["data"]) == [
        "data/anchors/anchors.jsonl", "data/lexicon.tsv", "data/readings/chosen.toml", "data/sts/pairs.tsv",
    ]  # fmt: skip
    assert {"anchors", "sts"} <= set(found["11_sts"]["data sets"])


@pytest.mark.parametrize(
    "code",
    [
        "import embedlib\nembedlib.embed_words",
        "import embedlib as e\ne.embed_words('a', [])",
        "from embedlib import embed_words",
        "from embedlib.embeddings.embed import embed_words as embed",
        "import embedlib.embeddings.embed\nembedlib.embeddings.embed.embed_words",
        "from embedlib.embeddings import embed",
        "from embedlib import embeddings",
        "def later():\n    import embedlib.embeddings.embed as embed",
    ],
)
def test_every_way_to_import_a_module_counts_with_what_it_imports(code):
    found = modules(used(code))
    assert {"__init__.py", "embeddings/__init__.py", "embeddings/embed.py", "embeddings/store.py"} <= found
    assert "metrics/clustering.py" not in found


@pytest.mark.parametrize(
    "code",
    [
        "import importlib, embedlib\nimportlib.import_module(f'embedlib.{embedlib.__name__}')",
        "from importlib import import_module as get",
        "import embedlib\ngetattr(embedlib, 'embed_' + 'words')",
        "from embedlib.metrics import *",
        "exec('import embedlib.metrics.clustering')",
        "%run other.ipynb",
        "get_ipython().run_line_magic('run', 'other.ipynb')",
    ],
)
def test_code_that_does_not_say_what_it_imports_uses_everything(code):
    found = used("x = 1", code)
    assert {"metrics/clustering.py", "encoders/causal.py", "datasets/sentences.py"} <= modules(found)
    assert not [name for name in modules(found) if name.startswith(("book/", "cli/"))]
    assert {"relations", "anchors", "sts", "lexicon.tsv"} <= data(found)
    assert found.whole_roster


@pytest.mark.parametrize(
    ("code", "names", "files"),
    [
        ("embedlib.load_dataset('sts')", {"sts"}, {"sts"}),
        ("embedlib.load_dataset(name='bats', path=own or None)", {"bats"}, {"relations"}),
        ("embedlib.load_dataset('men', path='MEN.txt')", {"men"}, set()),
        ("from embedlib.datasets.load import load_dataset\nload_dataset('nothing')", {"nothing"}, set()),
        ("embedlib.load_words(10)", set(), {"lexicon.tsv"}),
        ("from embedlib._util.paths import data_dir\ndata_dir() / 'anchors' / 'anchors.jsonl'", set(), {"anchors"}),
        ("open('data/claims.tsv')", set(), {"claims.tsv"}),
    ],
)
def test_data_sets_and_files_are_those_that_the_code_names(code, names, files):
    found = used("import embedlib", code)
    assert set(found.datasets) - {"similarity"} == names  # which `load_ratings` names, and has no file
    assert data(found) == files


@pytest.mark.parametrize(
    "code",
    [
        "[embedlib.load_dataset(name) for name in ('sts', 'bats')]",
        "list(map(embedlib.load_dataset, ['sts']))",
        "from embedlib import load_dataset as load\nload('sts')",
        "from embedlib._util.paths import data_dir\nfolder = data_dir()\nfolder / 'sts'",
        "from embedlib._util.paths import data_dir\ndata_dir() / f'{embedlib.__name__}.tsv'",
        "from embedlib._util.paths import PROJECT\nPROJECT / 'data' / 'sts'",
    ],
)
def test_data_that_the_code_does_not_name_may_be_any(code):
    assert {"relations", "anchors", "sts"} <= data(used("import embedlib", code))


def test_the_reader_of_a_data_set_is_a_dependency_and_others_are_not():
    found = modules(used("import embedlib\nembedlib.load_dataset('sts')"))
    assert "datasets/sentence_pairs.py" in found
    assert not {"datasets/relations.py", "datasets/sentences.py"} & found


SMALL = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

models: list[str] = ["glove-6b-50d"]  # the models
rivals: list[list[str]] = [["sbert-minilm"]]  # the models to compare with
```

Text.

```{code-cell} python
import embedlib
from embedlib.models.roster import find_model
CODE
```
"""
)


@pytest.mark.parametrize(
    ("code", "more"),
    [("embedlib.list_models(models)", []), ("find_model('wordllama-l2-256')", ["wordllama-l2-256"]),
     ("embedlib.list_models()", ["gemma-3-270m-q4", "use-multilingual-v3"])],
)  # fmt: skip
def test_models_are_those_of_parameters_and_code(tmp_path, code, more):
    (tmp_path / "small.md").write_text(SMALL.replace("CODE", code))
    parts = fingerprint(plan(tmp_path / "small.md", build=tmp_path))
    assert {"glove-6b-50d", "sbert-minilm", *more} <= set(parts["models"])
    assert len(parts["models"]) == 2 + len(more) or code.endswith("()")


def test_a_change_of_the_code_of_a_models_kind_is_a_reason(tmp_path, monkeypatch):
    (tmp_path / "small.md").write_text(SMALL.replace("CODE", "embedlib.embed_words(models[0], ['a'])"))
    planned = plan(tmp_path / "small.md", build=tmp_path / "_build")
    planned.output.parent.mkdir(parents=True)
    planned.output.write_text("executed")
    write_state(planned, fingerprint(planned))
    assert why(planned, fingerprint(planned)) == []
    monkeypatch.setattr(
        freshness, "code_version", lambda spec: "other" if spec.name == "sbert-minilm" else code_version(spec)
    )
    assert why(planned, fingerprint(planned)) == ["code of models: sbert-minilm changed"]


def test_the_code_of_every_chapter_says_what_it_uses():
    for source in notebook_sources():
        assert uses_of(read_source(source)).code != used("exec('')").code, source
