"""Properties of the readers of text: what is not right is an error of ours, and what we write is read as it was.

Few examples by default; `HYPOTHESIS_PROFILE=long` tries many.
"""

import contextlib
import io
import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedlib import load_dataset, load_words
from embedlib.errors import EmbedlibError

FILES = ["google-analogies", "msr-analogies", "bats", "categories", "similarity", "simlex999", "semeval2017", "sts",
         "anchors"]  # fmt: skip

# Bytes of all kinds, and texts of the pieces that mean something to a reader.
PIECES = [
    "\t", "\n", "\r\n", "\r", ",", ";", " ", '"', "'", "#", ":", "/", "_", "-n", "word1", "word2", "score", "sentence1",
    "sentence2", "3", "4,5", "0.5", "-1", "1e999", "nan", "dog", "ice cream", "naïve", "飛行機", "\u2028", "\x85",
    "\x0b",
    "\ufeff", "{", "}", "[", "]", '{"sentence1": "a", "sentence2": "b", "score": 1}', '"score":', "null", "\\ud83d",
    "\ud83d", "word", "count", "NN", "\0",
]  # fmt: skip
TEXTS = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
ENCODED = st.tuples(TEXTS, st.sampled_from(["utf-8", "utf-8", "utf-8-sig", "utf-16"])).map(
    lambda text: text[0].encode(text[1], "surrogatepass")
)
CONTENTS = st.binary(max_size=60) | ENCODED


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@pytest.mark.parametrize("name", FILES)
@given(content=CONTENTS, ending=st.sampled_from(["txt", "tsv", "csv", "jsonl", "json"]))
def test_any_file_is_a_frame_or_an_error_of_ours(folder, name, content, ending):
    path = folder / f"{name}.{ending}"
    path.write_bytes(content)
    try:
        frame = load_dataset(name, path=path)
    except EmbedlibError as error:
        said = str(error)
        frame = None
    assert len(frame) if frame is not None else str(folder) in said


@given(content=CONTENTS, ending=st.sampled_from(["txt", "tsv", "csv"]))
def test_any_file_is_a_list_of_words_or_an_error_of_ours(folder, content, ending):
    path = folder / f"words.{ending}"
    path.write_bytes(content)
    try:
        words = load_words(str(path))
    except EmbedlibError as error:
        said = str(error)
        words = None
    assert all(word.strip() for word in words) if words else str(folder) in said


@given(
    content=CONTENTS,
    encoding=st.sampled_from(["latin-1", "utf-16", "utf-7", "cp932", "ascii", "hex", "idna", "no", ""]),
)
def test_any_encoding_is_one_or_an_error_of_ours(folder, content, encoding):
    path = folder / "pairs.tsv"
    path.write_bytes(content)
    for name in ("similarity", "sts"):
        with contextlib.suppress(EmbedlibError):
            assert len(load_dataset(name, path=path, encoding=encoding))


LETTERS = "abzAZé飛ßΩ"
WORDS = st.text(LETTERS, min_size=1, max_size=5) | st.text(LETTERS, min_size=1, max_size=3).map("ice {}".format)
SCORES = st.integers(0, 500).map(lambda number: number / 100)
SENTENCES = st.text(f"{LETTERS} ,;.'#?\"|:5", max_size=20).map("A{}z".format)


def tables(texts):
    return st.lists(st.tuples(texts, texts, SCORES), min_size=1, max_size=8)


@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("separator", ["\t", ",", ";"])
@given(rows=tables(WORDS))
def test_rated_words_are_read_as_they_were_written(folder, header, separator, rows):
    path = folder / "own"
    pd.DataFrame(rows, columns=["word1", "word2", "score"]).to_csv(path, sep=separator, header=header, index=False)
    assert load_dataset("similarity", path=path).to_numpy().tolist() == [list(row) for row in rows]


@pytest.mark.parametrize("layout", ["tabs", "commas", "semicolons", "lines"])
@given(rows=tables(SENTENCES))
def test_rated_sentences_are_read_as_they_were_written(folder, layout, rows):
    path = folder / "own"
    names = ["sentence1", "sentence2", "score"]
    if layout == "tabs":  # quotes are plain characters there
        path.write_text("\n".join("\t".join(map(str, row)) for row in [names, *rows]), encoding="utf-8")
    elif layout == "lines":
        path.write_text("\n".join(json.dumps(dict(zip(names, row, strict=True))) for row in rows), encoding="utf-8")
    else:
        text = io.StringIO()
        pd.DataFrame(rows, columns=names).to_csv(text, sep={"commas": ",", "semicolons": ";"}[layout], index=False)
        path.write_text(text.getvalue(), encoding="utf-8")
    assert load_dataset("sts", path=path).to_numpy().tolist() == [list(row) for row in rows]


@given(words=st.lists(WORDS, min_size=1, max_size=8, unique=True), counts=st.booleans())
def test_a_list_of_words_is_read_as_it_was_written(folder, words, counts):
    path = folder / "own"
    path.write_text(
        "".join(f"{word}\t{n}\n" if counts else f"{word}\n" for n, word in enumerate(words)), encoding="utf-8"
    )
    assert load_words(str(path)) == words
