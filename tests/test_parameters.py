import nbformat.v4 as v4
import pytest

from embedlib.book.parameters import read_parameters, resolve
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
exact: bool = False  # whether to be exact"""


def notebook(source=CELL):
    return v4.new_notebook(cells=[v4.new_code_cell(source, metadata={"tags": ["parameters"]})])


def test_parameters_are_read_with_types_defaults_and_comments():
    found = read_parameters(notebook())
    assert list(found) == ["models", "words", "metric", "share", "title", "layer", "exact"]
    assert found["models"].default == ["glove-6b-50d", "sbert-minilm"]
    assert found["models"].comment == "the models to compare"
    assert found["metric"].annotation == "Literal['cosine', 'euclidean']"


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("words", "5000", 5000),
        ("words", "own.txt", "own.txt"),
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
        ("metric", "cosin", r"'cosin'\. Did you mean 'cosine'\? Allowed: cosine, euclidean"),
        ("metric", "3", "parameter metric is 3, a int; allowed: Literal"),
        ("words", "[1]", r"parameter words is \[1\], a list; allowed: int \| str \(default 20000\)"),
        ("exact", "1", "allowed: bool"),
        ("share", "half", "allowed: float"),
        ("models", "[]", "models is empty"),
        ("models", '["glove-6b-50"]', "Did you mean 'glove-6b-50d'"),
        ("models", "[", "cannot read"),
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
