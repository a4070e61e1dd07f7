"""The arguments of the public functions, as users of numpy, pandas and transformers write them."""

import numpy as np
import pandas as pd
import pytest
from conftest import make_tiny

import embedlib
from embedlib.datasets.spans import distinct_spans
from embedlib.encoders.loader import load_model
from embedlib.encoders.request import check_template, distinct_texts
from embedlib.errors import InputError, UnknownNameError
from embedlib.models.roster import find_model


@pytest.mark.parametrize(
    ("layer", "layers"),
    [
        (np.int64(3), (3,)), (range(0, 7, 3), (0, 3, 6)), (np.arange(0, 7, 3), (0, 3, 6)), (-1, (6,)), (-7, (0,)),
        ((3, 0, 3), (0, 3)), ({3, 0}, (0, 3)), ([-1, 6, np.int8(-2)], (5, 6)), (np.array(3), (3,)),
        (pd.Series([2, 1]), (1, 2)), ("all", tuple(range(7))), (None, (6,)), ((n for n in (2, 1)), (1, 2)),
    ],
)  # fmt: skip
def test_layers_are_taken_in_many_forms(layer, layers):
    assert find_model("sbert-minilm").resolve_layers(layer) == layers


@pytest.mark.parametrize(
    ("layer", "said"),
    [
        (7, "unknown layer of sbert-minilm '7'.*Allowed: 0, 1"),
        (-8, "unknown layer of sbert-minilm '-8'"),
        ("al", "unknown layer of sbert-minilm 'al'. Did you mean 'all'"),
        ("3", r"layer is '3', a str; allowed for sbert-minilm: a whole number from 0 to 6, or from -1 \(the last\)"),
        (3.0, "layer is 3.0, a float"),
        (True, "layer is True, a bool"),
        ([], r"layer is \[\], a list"),
        (["all"], "layer is 'all', a str"),
        ([1, None], "layer is None, a NoneType"),
        (np.array([1.5]), "a float64"),
        ({1: 2}, "a dict"),
        ([[1]], "a list"),
    ],
)
def test_what_is_no_layer_is_said_in_words(layer, said):
    with pytest.raises((InputError, UnknownNameError), match=said):
        find_model("sbert-minilm").resolve_layers(layer)


def test_poolings_are_taken_in_many_forms():
    spec = find_model("sbert-minilm")
    for pooling, modes in ((np.str_("max"), ("max",)), (("last", "mean", "last"), ("last", "mean")),
                           ({"max", "mean"}, ("mean", "max")),
                           (np.array(["max", "first"]), ("max", "first"))):  # fmt: skip
        found = spec.resolve_poolings(pooling)
        assert (found, {type(mode) for mode in found}) == (modes, {str})
    for pooling in ([], 3, [None], b"mean", {"mean": 1}):
        with pytest.raises(InputError, match="allowed for sbert-minilm: one or several of mean, last, first, max"):
            spec.resolve_poolings(pooling)


@pytest.mark.parametrize(
    "words",
    [
        np.array(["dog", "cat", "dog"]), pd.Series(["dog", "cat"]), pd.Series(["dog", "cat"], dtype="string"),
        pd.Index(["dog", "cat"]), ("dog", "cat"), (word for word in ("dog", "cat")), {"dog": 1, "cat": 2}.keys(),
    ],
)  # fmt: skip
def test_texts_are_taken_in_many_forms(words):
    found = distinct_texts(words)
    assert (found, {type(word) for word in found}) == (["dog", "cat"], {str})


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (pd.Series(["dog", None], dtype=object), "text 1 is None"),
        (pd.Series(["dog", None], dtype="string"), "text 1 is <NA>"),
        (["dog", float("nan")], "text 1 is nan, a float"),
        (np.array([1, 2]), "text 0 is .*1.*, a int64; texts are strings"),
        (pd.DataFrame({"a": ["dog"]}), "a DataFrame; give a list, or one column"),
        (np.array([["dog"]]), "a ndarray"),
        ({"dog": 1}, "a dict"),
        (b"dog", "a bytes"),
        ([b"dog"], "text 0 is b'dog'"),
        (3, "got 3, a int"),
        (None, "got None"),
    ],
)
def test_what_is_no_text_is_said_with_its_position(words, said):
    with pytest.raises(InputError, match=said):
        distinct_texts(words)


def test_spans_are_plain_and_what_is_none_is_said():
    (key,) = distinct_spans([["a dog", np.array([2, 5])], ("a dog", (np.int64(2), 5))])
    assert key == ("a dog", (2, 5))
    assert {type(part) for part in key[1]} == {int}
    for spans, said in (
        ([("a dog", 2, 5)], "span 0 is .*; a span is"), ([("a dog", (2.0, 5))], "a span is"), ("a dog", "got a str"),
        ([(None, (0, 1))], "a span is"), (5, "got a int"),
        ([("a dog", (2, 5)), ("cut \ud83d", (0, 3))], "sentence of span 1 has half a surrogate pair at character 4"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=said):
            distinct_spans(spans)


def test_a_template_is_a_text():
    for template in (3, "{text} {text}", "\ud83d {text}"):
        with pytest.raises(InputError, match="template"):
            check_template(template)


def test_broken_and_odd_texts_are_missing_or_embedded(cache, tmp_path):
    spec = make_tiny("bert", tmp_path / "tiny")
    odd = ["fine", "cut \ud83d", "", " ", "a\0b", "\u0301", "word " * 40_000, "\udc00", "cut \ud83d", "\u200b"]
    for _ in range(2):  # computed, then read
        table = embedlib.embed_sentences(spec, odd)
        assert {*table.keys} | {*table.missing} == {*odd}
        assert not {*table.keys} & {*table.missing}
        assert table.missing["cut \ud83d"] == "half a surrogate pair at character 4: not a text"
        assert list(table.missing) == [text for text in dict.fromkeys(odd) if text in table.missing]
    encoded = load_model(spec).encode_sentences(["fine", "cut \ud83d"])
    assert (encoded.keys, list(encoded.missing)) == (["fine"], ["cut \ud83d"])


def test_a_path_object_is_a_model_and_anything_else_is_refused(cache, tmp_path):
    path = tmp_path / "own.vec"
    path.write_text("2 2\ndog 1 0\ncat 0 1\n")
    table = embedlib.embed_words(path, np.array(["dog", "cat"]), layer=-1)
    assert table.keys == embedlib.embed_words(str(path), ["dog", "cat"]).keys == ["dog", "cat"]
    assert table.at_layer(-1).layers == (0,)
    with pytest.raises(InputError, match="model is None, a NoneType; allowed: a name, a path"):
        embedlib.embed_words(None, ["dog"])
