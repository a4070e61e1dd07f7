"""Any input gives what is asked for or an error of ours; more of it with FUZZ=1000 (examples a test)."""

import json
import math
import os

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ConfigDict, TypeAdapter
from test_parameters import notebook

from embedlib.book.check.normalise import normalise
from embedlib.book.run.parameters import read_parameters
from embedlib.datasets.spans import distinct_spans, find_span
from embedlib.encoders.request import distinct_texts
from embedlib.errors import EmbedlibError, InputError, ParameterError, RecordError
from embedlib.models.roster import find_model
from embedlib.records.make import make_record
from embedlib.records.record import RECORD

quick = settings(max_examples=int(os.environ.get("FUZZ", "60")), deadline=None, derandomize=True, database=None)

CELL = """a: int = 1  # a number
b: float | None = 1.0  # a number
c: bool = True  # whether
d: int | str = 1  # a number or a name
e: list[str] = []  # names
f: dict[str, list[float]] = {}  # numbers by name
g: tuple[int, int] = (1, 2)  # two numbers
h: int | Literal["all", 3] | None = None  # choices
i: list[int | str | None] = []  # anything
j: list = []  # anything
k: list[list[int]] = []  # lists
l: str = ""  # a text"""
KNOWN = read_parameters(notebook(CELL))

signs = st.text(st.sampled_from("0123456789.,:;_-+eE[](){}\"'\\ /ntx~*?#\n") | st.characters(), max_size=12)
texts = signs | st.text(st.characters(categories=None), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
anything = scalars | st.lists(scalars, max_size=3) | st.dictionaries(texts, scalars, max_size=3) | st.binary(max_size=3)


@quick
@given(st.sampled_from(list(KNOWN.values())), texts)
def test_any_text_is_a_value_of_the_annotation_or_refused(parameter, text):
    try:
        value = parameter.parse(text)
    except ParameterError:
        return
    TypeAdapter(parameter.type, config=ConfigDict(strict=True)).validate_python(value)
    assert parameter.from_json(json.loads(json.dumps(value))) == value


plain = st.text(st.characters(codec="utf-8"), max_size=9)
whole = st.integers(-(10**18), 10**18)
finite = st.floats(allow_nan=False, allow_infinity=False)
VALUES = {
    "a": whole, "b": finite | st.none(), "c": st.booleans(), "e": st.lists(plain),
    "f": st.dictionaries(plain, st.lists(finite)),
    "g": st.tuples(whole, whole), "h": whole | st.sampled_from(["all", None]), "k": st.lists(st.lists(whole)),
    "l": plain,
    "i": st.lists(whole | plain | st.none()), "j": st.lists(whole | plain | st.none() | st.booleans()),
}  # fmt: skip


@quick
@given(st.sampled_from(list(VALUES)).flatmap(lambda name: st.tuples(st.just(name), VALUES[name])))
def test_what_is_written_as_python_or_json_is_read_back(given):
    name, value = given
    for text in (value,) if isinstance(value, str) else (repr(value), json.dumps(value)):
        assert KNOWN[name].parse(text) == value


@quick
@given(texts)
def test_what_is_normalised_stays(text):
    assert normalise(normalise(text)) == normalise(text)


@quick
@given(st.lists(st.tuples(texts, st.tuples(st.integers(-2, 14), st.integers(-2, 14))) | anything, max_size=3))
def test_spans_are_keys_or_an_error_of_ours(spans):
    try:
        keys = distinct_spans(spans)
    except InputError:
        return
    assert keys == list(dict.fromkeys(spans))
    assert distinct_spans([*keys, *keys]) == keys


@quick
@given(texts, texts)
def test_a_form_is_found_or_an_error_of_ours(sentence, form):
    try:
        start, end = find_span(sentence, form)
    except InputError:
        return
    assert sentence[start:end].casefold() == form.casefold() or sentence[start:end].lower() == form.lower()


@quick
@given(anything | st.lists(texts, max_size=4))
def test_texts_are_kept_once_or_an_error_of_ours(given):
    try:
        found = distinct_texts(given)
    except InputError:
        return
    assert found == list(dict.fromkeys(given))


@quick
@given(anything | st.lists(st.integers(-8, 8), max_size=4))
def test_layers_are_those_of_the_model_or_an_error_of_ours(layer):
    spec = find_model("sbert-minilm")
    try:
        layers = spec.resolve_layers(layer)
    except EmbedlibError:
        return
    assert layers == tuple(sorted(set(layers)))
    assert set(layers) <= set(range(spec.layers + 1))
    with pytest.raises(EmbedlibError):
        spec.resolve_poolings(layers)


@quick
@given(
    st.dictionaries(texts, st.lists(anything, min_size=2, max_size=2), max_size=3),
    st.lists(scalars, min_size=2, max_size=2),
)
def test_a_frame_is_read_back_or_refused(columns, index):
    frame = pd.DataFrame(columns, index=pd.Index(index, dtype=object), dtype=object)
    try:
        payload = make_record("x", frame).payload()
    except RecordError:
        return
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    again = RECORD.validate_python(payload).to_python()
    assert again.shape == frame.shape
    for old, new in zip(frame.to_numpy().ravel(), again.to_numpy().ravel(), strict=True):
        assert same(old, new)


@quick
@given(
    anything | st.sampled_from([np.float32(0.1), np.int8(-3), np.str_("a"), np.datetime64("NaT"), pd.NaT, pd.NA, 1j])
)
def test_a_value_is_kept_or_refused(value):
    try:
        payload = make_record("x", value).payload()
    except RecordError:
        return
    assert json.loads(json.dumps(payload, allow_nan=False)) == payload
    assert same(value, payload["value"])


def same(old, new):
    """Tell whether a value is another one within 9 digits, where nothing is null and NaN."""
    if old is None or (isinstance(old, float | np.floating) and math.isnan(old)):
        return new is None or math.isnan(new)
    return old == new or math.isclose(old, new, rel_tol=1e-8, abs_tol=1e-300)
