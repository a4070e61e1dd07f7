"""Every encoder of the roster: words, sentences, spans, odd input."""

import numpy as np
import pytest
from conftest import CAUSAL, TRIED, real

from embedlib.embeddings.embed import embed_words
from embedlib.embeddings.readings import reading_of
from embedlib.encoders.loader import SentenceEncoder, SpanEncoder, WordEncoder, load_model
from embedlib.errors import InputError, UnknownNameError
from embedlib.models.roster import find_model, list_models

SPAN_MODELS = ["sbert-minilm", "sbert-mpnet", *CAUSAL]
ODD = ["dog", "", "dog", "  \t", "naïve", "Dog", "日本", "don't", "ice-cream"]


def close(one, row):
    return np.abs(one - row).max() < 1e-4 * np.linalg.norm(row)


def test_words_keep_order_and_come_once(encoder):
    table = encoder.encode_words(ODD)
    assert isinstance(encoder, WordEncoder)
    assert isinstance(encoder, SentenceEncoder)
    assert table.keys == [word for word in dict.fromkeys(ODD) if word in table.keys]
    assert set(table.keys) | set(table.missing) == set(ODD)
    assert "dog" in table.keys
    assert table.missing[""] == "empty text"
    assert table.missing["  \t"].startswith("blank")
    assert table.vectors.shape == (len(table), encoder.spec.dimension)
    assert table.vectors.dtype == np.float32
    assert np.isfinite(table.vectors).all()
    assert np.linalg.norm(table.vectors, axis=1).min() > 0


def test_a_batch_of_one_equals_its_row_in_a_mixed_batch(encoder):
    texts = ["dog", "the dog barks at the moon", "king", "a rather longer sentence about the old king, naïve as he was"]
    for mode in encoder.spec.poolings:
        mixed = encoder.encode_sentences(texts, pooling=mode)
        for text, row in zip(mixed.keys, mixed.vectors, strict=True):
            assert close(encoder.encode_sentences([text], pooling=mode).vectors[0], row), (mode, text)


def test_empty_list_gives_an_empty_table(encoder):
    table = encoder.encode_words([])
    assert len(table) == 0
    assert table.vectors.shape == (0, encoder.spec.dimension)


def test_not_a_list_of_strings_is_an_error(encoder):
    with pytest.raises(InputError, match="single string 'dog': put it in a list"):
        encoder.encode_words("dog")
    with pytest.raises(InputError, match="text 1 is 3, a int"):
        encoder.encode_sentences(["dog", 3])


def test_template_needs_its_place(encoder):
    with pytest.raises(InputError, match="exactly once"):
        encoder.encode_words(["dog"], template="one word:")
    plain = encoder.encode_words(["dog"]).vectors
    filled = encoder.encode_words(["dog"], template='The word "{text}" means').vectors
    assert plain.shape == filled.shape
    assert not np.allclose(plain, filled)


def test_unknown_layer_and_pooling_are_errors(encoder):
    with pytest.raises(UnknownNameError, match=f"layer of {encoder.spec.name} '99'"):
        encoder.encode_words(["dog"], layer=99)
    with pytest.raises(UnknownNameError, match="pooling"):
        encoder.encode_words(["dog"], pooling="median")


def test_a_text_of_ten_thousand_tokens(encoder):
    text = "word " * 10_000
    # The first layer is enough to see that the text goes through.
    table = encoder.encode_sentences([text, "dog"], layer=min(1, encoder.spec.layers))
    assert len(table) == 2
    assert list(table.cut) == ([] if encoder.spec.max_tokens is None else [text])
    assert all(10_000 <= length <= 10_001 for length in table.cut.values())  # of the text itself, without its frame


@pytest.mark.parametrize("name", SPAN_MODELS)
def test_only_models_with_hidden_states_embed_spans(name):
    assert isinstance(real(name), SpanEncoder)


@pytest.mark.parametrize("name", sorted(set(TRIED) - set(SPAN_MODELS)))
def test_other_encoders_say_so_by_their_type(name):
    assert not isinstance(real(name), SpanEncoder)


@pytest.mark.parametrize("name", ["use-multilingual-v3", *SPAN_MODELS, "wordllama-l2-256"])
def test_parameters_of_the_roster_are_those_that_load(name):
    encoder = real(name)
    if name == "use-multilingual-v3":
        # scale and lo undo the quantisation of the table and are no parameters
        held = [value for name, value in vars(encoder.model._model).items() if name not in ("scale", "lo")]
        arrays = [value for value in held if isinstance(value, np.ndarray)]
        arrays += [item for value in held if isinstance(value, list) for item in value]
        count = sum(array.size for array in arrays)
    elif name == "wordllama-l2-256":
        count = encoder.vectors.size
    else:
        count = sum(parameter.numel() for parameter in encoder.model.parameters())
    assert count == list_models()["parameters"][name]


@pytest.mark.parametrize("name", SPAN_MODELS)
def test_dimension_and_layers_of_the_roster_are_those_of_the_model(name):
    config, spec = real(name).model.config, find_model(name)
    assert (config.hidden_size, config.num_hidden_layers) == (spec.dimension, spec.layers)


def test_a_pass_of_a_model_that_reads_both_ways_gives_all_its_named_readings(cache, monkeypatch):
    spec = find_model("sbert-minilm")
    chosen, study = (reading_of(spec, name, "words") for name in ("chosen", "study"))
    assert (chosen.template, chosen.layer != study.layer) == (study.template, True)
    embed_words("sbert-minilm", ["dog", "cat"], reading=chosen.raw)

    def refused(*args, **kwargs):
        raise AssertionError("the model ran again")

    encoder = load_model("sbert-minilm")
    alone = encoder.encode_words(["dog", "cat"], layer=study.layer, pooling=study.pooling)
    monkeypatch.setattr(type(encoder), "encode_words", refused)
    np.testing.assert_allclose(
        embed_words("sbert-minilm", ["dog", "cat"], reading="study").vectors, alone.vectors, atol=1e-5
    )
    with pytest.raises(AssertionError, match="ran again"):
        embed_words("sbert-minilm", ["bird"], reading="study")
