"""The committed data, and facts about the models measured on it."""

import hashlib
import re

import numpy as np
import pytest
from conftest import real
from wordfreq import zipf_frequency

from embedlib import load_words
from embedlib.errors import InputError
from embedlib.metrics.similarity import all_pairs_moments
from embedlib.paths import data_dir


def test_words_are_plain_frequent_and_in_order():
    lines = [line.split("\t") for line in (data_dir() / "words.tsv").read_text().splitlines()]
    assert lines[0] == ["word", "zipf"]
    words = [word for word, _ in lines[1:]]
    assert len(words) == len(set(words)) == 20_000
    assert all(re.fullmatch("[a-z]+", word) for word in words)
    keys = [(-float(zipf), word) for word, zipf in lines[1:]]
    assert keys == sorted(keys)


def test_frequencies_are_those_of_wordfreq():
    for line in (data_dir() / "words.tsv").read_text().splitlines()[1::97]:
        word, zipf = line.split("\t")
        assert float(zipf) == zipf_frequency(word, "en")


def test_load_words_takes_a_number_all_or_a_file(tmp_path):
    assert load_words(3) == ["a", "in", "i"]
    assert len(load_words()) == len(load_words("all")) == 20_000
    own = tmp_path / "own.txt"
    own.write_text("naïve\n\n dog \nnaïve\n", encoding="utf-8")
    assert load_words(str(own)) == ["naïve", "dog"]


@pytest.mark.parametrize("words", [0, -1, 20_001, True, 1.5])
def test_a_number_outside_the_list_is_an_error(words):
    with pytest.raises(InputError, match="allowed: 1 to 20000"):
        load_words(words)


def test_a_missing_or_empty_file_is_an_error(tmp_path):
    with pytest.raises(InputError, match="cannot read words"):
        load_words("al")
    empty = tmp_path / "empty.txt"
    empty.write_text("\n")
    with pytest.raises(InputError, match="has no words"):
        load_words(str(empty))


def test_every_data_file_is_listed_with_its_checksum():
    listed = dict(re.findall(r"\| `([^`]+)` .*\| `([0-9a-f]{64})` \|", (data_dir() / "README.md").read_text()))
    files = [p for p in data_dir().rglob("*") if p.is_file() and p.suffix not in {".md", ".py", ".pyc"}]
    assert {str(path.relative_to(data_dir())) for path in files} == set(listed)
    for name, digest in listed.items():
        assert hashlib.sha256((data_dir() / name).read_bytes()).hexdigest() == digest, name


def test_word2vec_vectors_are_small_and_half_precision():
    path = data_dir() / "word2vec-enwiki-sample" / "vectors.npy"
    assert path.stat().st_size < 8e6
    assert np.load(path).dtype == np.float16


# Cosine of random words: mean and sd as measured elsewhere on another list of 32,655 frequent words. Our
# words are others, so the tolerance is wide; what it would catch is a wrong layer, pooling or BOS policy.
FACTS = [
    ("glove-6b-50d", None, None, 0.054, 0.179),
    ("wordllama-l2-256", None, None, 0.006, 0.069),
    ("sbert-minilm", None, None, 0.201, 0.072),
    ("use-multilingual-v3", None, None, 0.316, 0.108),
    ("gemma-3-270m-q4", 0, "mean", 0.288, 0.110),
    ("gemma-3-270m-q4", 9, "mean", 0.985, 0.005),
    ("gemma-3-270m-q4", 18, "mean", 0.396, 0.128),
    ("gemma-3-270m-q4", 18, "last", 0.402, 0.148),
]


@pytest.mark.parametrize(("name", "layer", "pooling", "mean", "sd"), FACTS)
def test_random_pair_cosine_facts(name, layer, pooling, mean, sd):
    table = real(name).encode_words(load_words()[::16], layer=layer, pooling=pooling)
    found = all_pairs_moments(table.vectors)
    assert found.mean == pytest.approx(mean, abs=0.03)
    assert found.sd == pytest.approx(sd, abs=0.01)


def test_a_lone_word_would_sit_on_the_sink_without_bos():
    encoder = real("gemma-3-270m-q4")
    ids = [tokens.ids for tokens in encoder.tokenize(load_words(200))]
    with_bos = next(iter(encoder.hidden_batches([i for i in ids if len(i) == 2], (9,))))
    norms = with_bos.hidden[:, 0].norm(dim=-1).mean(0)
    assert norms[0] > 10 * norms[1]
