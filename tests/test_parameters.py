import nbformat.v4 as v4
import pytest

from embedlib.book.run.parameters import read_parameters, resolve
from embedlib.errors import NotebookError, ParameterError

CELL = """from typing import Literal

models: list[str] = [
    "glove-6b-50d",
    "sbert-minilm",
]  # the models to compare
words: int | str = 20000  # how many words, or a file
metric: Literal["cosine", "euclidean"] = "cosine"  # how to compare
share: float = 0.5  # a share
title: str = "a title"  # any text
layer: int | Literal["all"] | None = None  # which layer
exact: bool = False  # whether to be exact
tables: list[str] = []  # files of ratings
size: tuple[int, int] = (1, 2)  # two numbers
weights: dict[str, float] = {}  # weights
numbers: list[int] = []  # numbers
note: str | None = None  # a text, or none
by: Literal["a", 2] | None = None  # choices
nested: list[list[int]] = []  # lists
any_list: list = []  # anything"""


def notebook(source=CELL):
    return v4.new_notebook(cells=[v4.new_code_cell(source, metadata={"tags": ["parameters"]})])


def test_parameters_are_read_with_types_defaults_and_comments():
    found = read_parameters(notebook())
    assert list(found) == ["models", "words", "metric", "share", "title", "layer", "exact", *list(found)[7:]]
    assert found["models"].default == ["glove-6b-50d", "sbert-minilm"]
    assert found["models"].comment == "the models to compare"
    assert found["metric"].annotation == "Literal['cosine', 'euclidean']"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("words", "5000", 5000),
        ("words", "own", "own"),
        ("words", "02000", 2000),
        ("words", "5_000", 5000),
        ("words", "12:30", "12:30"),
        ("words", "no", "no"),
        ("words", "null", "null"),
        ("words", "0x10", "0x10"),
        ("layer", "none", None),
        ("layer", "5e0", 5),
        ("share", ".5", 0.5),
        ("share", "-2E+1", -20.0),
        ("exact", "1", True),
        ("exact", "No", False),
        ("exact", "ON", True),
        *[("title", text, text) for text in ("no", "null", "~", "2020-01-01", " a ", "", "[1]", "a: b", "12:30")],
        ("tables", "", []),
        ("tables", "no,on, 1.10,02000,null", ["no", "on", "1.10", "02000", "null"]),
        ("tables", "[no, 'a, b', \"it's\", don't]", ["no", "a, b", "it's", "don't"]),
        ("numbers", "02000,5e3,-7", [2000, 5000, -7]),
        ("numbers", "[1,2,]", [1, 2]),
        ("size", "3,4", (3, 4)),
        ("size", "(3, 4)", (3, 4)),
        ("size", "[3, 4]", (3, 4)),
        ("weights", "{a: 1, 'b: c': 2e-1}", {"a": 1.0, "b: c": 0.2}),
        ("weights", '{"a":1.5}', {"a": 1.5}),
        ("note", "None", None),
        ("note", "no", "no"),
        ("by", "2", 2),
        ("by", "null", None),
        ("nested", "[[1, 2], []]", [[1, 2], []]),
        ("any_list", '[1, "1", 1.5, true, null, no, [a]]', [1, "1", 1.5, True, None, False, ["a"]]),
        ("models", "[glove-6b-50d, 'sbert-minilm']", ["glove-6b-50d", "sbert-minilm"]),
        ("metric", "euclidean", "euclidean"),
        ("share", "0.25", 0.25),
        ("share", "1", 1.0),
        ("share", "1e-3", 0.001),
        ("title", "5000", "5000"),
        ("layer", "all", "all"),
        ("layer", "3", 3),
        ("layer", "null", None),
        ("exact", "true", True),
        ("models", '["glove-6b-50d"]', ["glove-6b-50d"]),
        ("models", "glove-6b-50d, sbert-minilm", ["glove-6b-50d", "sbert-minilm"]),
    ],
)
def test_values_are_parsed_by_their_annotation(name, text, value):
    assert resolve(notebook(), {name: text}) == {name: value}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("wrds", "5", r"unknown parameter 'wrds'\. Did you mean 'words'\? Allowed: models, words"),
        ("metric", "cosin", r"'cosin', which is not cosine or euclidean; Did you mean 'cosine'\? allowed: Literal"),
        ("metric", "3", "parameter metric is '3', which is not cosine or euclidean; allowed: Literal"),
        ("words", "5,000", r"parameter words is '5,000', .* written 5000; allowed: int \| str \(default 20000\)"),
        ("words", "a\udcff", "no text at character 2"),
        ("layer", "12:30", "not a whole number or all or null"),
        ("layer", "0x10", "not a whole number"),
        ("layer", "1e99", "not a whole number"),
        ("layer", "2.5", "not a whole number"),
        ("exact", "2", "not true or false; allowed: bool"),
        ("share", "nan", "not a finite number"),
        ("share", "1e999", "not a finite number"),
        ("share", "1,000.5", "written 1000.5"),
        ("size", "3", "has 1 items, not 2"),
        ("size", "3,x", "has the item x, which is not a whole number"),
        ("numbers", "1,,2", "an item 2 that is empty"),
        ("numbers", "['1']", "has the text '1', where a whole number"),
        ("weights", "{a}", "no `key: value`"),
        ("weights", "{a: 1, a: 2}", "the key 'a' twice"),
        ("tables", "a(,b", "lacks"),
        ("tables", "a),b", "not opened"),
        ("tables", "['a, b]", "a quote at character 2 that is not closed"),
        ("share", "half", "allowed: float"),
        ("models", "[]", "models is empty"),
        ("models", '["glove-6b-50"]', "Did you mean 'glove-6b-50d'"),
        ("models", "[", "lacks ']' at its end"),
    ],
)
def test_bad_values_say_what_is_allowed(name, text, said):
    with pytest.raises(ParameterError, match=said):
        resolve(notebook(), {name: text})


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("seed: int = 1 + 1  # a seed", "seed is computed"),
        ("seed = 1  # a seed", "is not `name: type = literal"),
        ("seed: int = 1", "seed has no comment"),
        ("seed: itn = 1  # a seed", "Did you mean 'int'"),
    ],
)
def test_a_cell_against_the_house_rules_is_an_error(line, said):
    with pytest.raises(NotebookError, match=said):
        read_parameters(notebook(line))


def test_a_default_of_the_wrong_type_is_an_error():
    with pytest.raises(ParameterError, match="parameter seed is 'one'"):
        read_parameters(notebook('seed: int = "one"  # a seed'))


def test_a_notebook_without_the_cell_has_no_parameters():
    assert read_parameters(v4.new_notebook(cells=[v4.new_code_cell("1")])) == {}
    with pytest.raises(NotebookError, match="2 cells"):
        read_parameters(v4.new_notebook(cells=notebook().cells + notebook().cells))


FILES = """tables: list[str] = []  # files of ratings
table: str = ""  # a file of ratings
words: int | str = 5  # how many words, or a file
prompt: str = ""  # a template
metric: Literal["cosine", "other"] = "cosine"  # how to compare
own: dict[str, str] = {}  # files by name
models: list[str] = ["glove-6b-50d"]  # the models"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Stand in a folder with some files, which is the home, too."""
    for name in ("a.tsv", "b.tsv", "my words.txt", "cosine", "data/c.tsv", "list"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("dog")
    (tmp_path / "link.txt").symlink_to(tmp_path / "a.tsv")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("name", "text", "files"),
    [
        ("words", "~/a.tsv", "a.tsv"),
        ("words", "./data/../a.tsv", "a.tsv"),
        ("words", "link.txt", "link.txt"),
        ("words", "list", "list"),
        ("words", "my words.txt", "my words.txt"),
        ("table", "data", "data"),
        ("table", "data/*.tsv", "data/c.tsv"),
        ("table", "a.tsv[encoding=latin-1]", "a.tsv[encoding=latin-1]"),
        ("prompt", "./a.tsv", "a.tsv"),
        ("tables", "*.tsv,~/data/c.tsv", ["a.tsv", "b.tsv", "data/c.tsv"]),
        ("tables", "['my words.txt', [a]*.tsv]", ["my words.txt", "a.tsv"]),
        ("own", "{one: data/c.tsv}", {"one": "data/c.tsv"}),
    ],
)
def test_paths_become_absolute_from_here(here, name, text, files):
    def placed(value):
        if isinstance(value, dict):
            return {key: placed(item) for key, item in value.items()}
        return [placed(item) for item in value] if isinstance(value, list) else str(here / value)

    assert resolve(notebook(FILES), {name: text}) == {name: placed(files)}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("prompt", "list"),
        ("prompt", "~"),
        ("prompt", "yes/no?"),
        ("prompt", "/think {text}"),
        ("prompt", "What is *this*, a.tsv? In data/ or so"),
        ("prompt", "https://example.org/a.tsv"),
        ("metric", "cosine"),
        ("words", "all"),
        ("words", "unknown"),
        ("words", ""),
    ],
)
def test_other_texts_stay(here, name, text):
    assert resolve(notebook(FILES), {name: text}) == {name: text}


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("words", "my-words.txt", r"no such file or folder\. Did you mean '.*/my words.txt'"),
        ("words", "date/c.tsv", r"There is no folder '.*/date' either"),
        ("prompt", "~/b.tsvx", r"Did you mean '.*/b.tsv'"),
        ("table", "*.tsv", r"matches 2 files; it takes one: .*/a.tsv, .*/b.tsv"),
        ("tables", "none/*.tsv", "matches no file; it is looked for from"),
        ("own", "{a: ./none.txt}", "no such file"),
    ],
)
def test_a_file_that_is_not_there_is_an_error_before_the_run(here, name, text, said):
    with pytest.raises(ParameterError, match=said):
        resolve(notebook(FILES), {name: text})


def test_a_comma_in_the_options_of_a_model_does_not_part_models_and_patterns_are_expanded(here, monkeypatch):
    monkeypatch.setattr("embedlib.book.run.parameters.pin_model", lambda name: name)
    given = "./a.vec[:1000,case=lower],glove-6b-50d,*.tsv"
    assert resolve(notebook(FILES), {"models": given})["models"] == [
        "./a.vec[:1000,case=lower]", "glove-6b-50d", str(here / "a.tsv"), str(here / "b.tsv"),
    ]  # fmt: skip
