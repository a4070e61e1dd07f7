"""Readings: what they are, what they give, which are refused, and how one is chosen."""

import logging
import re

import numpy as np
import pytest
from conftest import make_tiny
from pydantic import ValidationError

from embedlib.book.notebooks import notebook_sources, read_source
from embedlib.book.run.parameters import read_parameters
from embedlib.embeddings.embed import embed_sentences, embed_spans, embed_words
from embedlib.embeddings.readings import list_readings, reading_of
from embedlib.embeddings.store import stored_folders
from embedlib.encoders.front_list import find_evidence, list_fronts
from embedlib.encoders.front_probe import best_front, front_evidence
from embedlib.encoders.fronts import (
    Front,
    FrontEvidence,
    candidates,
    choose_front,
    sink_warning,
)
from embedlib.encoders.loader import load_model, load_quietly
from embedlib.errors import EmbedlibError, InputError, UnknownNameError
from embedlib.models.chosen import Chosen, chosen_reading, own_file, read_chosen, write_chosen
from embedlib.models.reading import Reading, Readings, Transform
from embedlib.models.roster import check_models
from embedlib.models.selection import Models
from embedlib.models.transforms import fit

WORDS = ["dog", "cat", "king", "queen", "walk", "walking"]


@pytest.fixture(scope="module")
def qwen(tmp_path_factory):
    return make_tiny("qwen", tmp_path_factory.mktemp("readings") / "qwen")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("chosn", "unknown reading 'chosn'. Did you mean 'chosen'?"),
        ('{"layr": 3}', "unknown field of a reading 'layr'. Did you mean 'layer'?"),
        ('{"template": "a word"}', "template: a template is a text that has '{text}' exactly once; got 'a word'"),
        ('{"template": "{text} {text}"}', "exactly once"),
        ('{"layer": []}', "layer is empty"),
        ('{"pooling": "man"}', "pooling: Input should be 'mean'"),
        ('{"transform": {"way": "without"}}', "directions are a number above 0"),
        ('{"transform": {"way": "centre", "directions": 2}}', "directions are a number above 0"),
        ('{"transform": {"way": "centre", "fitted_on": "wrods-9"}}', "fitted_on is 'wrods-9'; allowed: words-N"),
        ("{", "cannot be used"),
    ],
)
def test_what_is_no_reading_is_refused_with_what_is_wrong(text, said):
    with pytest.raises(InputError if "unknown" not in said or "field" in said else UnknownNameError) as error:
        Reading.of(text)
    assert said in str(error.value)


def test_a_reading_is_one_value():
    one = Reading(template=" {text}", layer=(5, 3, 3), transform=Transform(way="centre"))
    assert one == Reading.of(one.text)
    assert hash(one) == hash(Reading.of(one.text))
    assert one.layer == (3, 5)
    assert Reading(layer=(3, 3)).layer == 3
    assert Reading(template="{text}") == Reading()
    with pytest.raises(ValidationError):
        one.layer = 4


def test_a_reading_says_all_that_arguments_say(qwen):
    how = {"layer": 2, "pooling": "last", "template": " {text}"}
    table = embed_words(qwen, WORDS, reading=Reading(**how))
    np.testing.assert_array_equal(table.vectors, embed_words(qwen, WORDS, **how).vectors)
    assert table.reading == Reading(front="<bos>", **how)
    # What is given beside a reading takes the place of its part.
    np.testing.assert_array_equal(embed_words(qwen, WORDS, reading=Reading(**how), layer=1).vectors,
                                  embed_words(qwen, WORDS, **{**how, "layer": 1}).vectors)  # fmt: skip
    study = embed_words(qwen, WORDS, reading="study")
    np.testing.assert_array_equal(study.vectors, embed_words(qwen, WORDS, layer=-1, pooling="mean").vectors)


def test_several_layers_are_averaged(qwen):
    each = embed_words(qwen, WORDS, layer=[1, 3])
    mean = embed_words(qwen, WORDS, reading=Reading(layer=(1, 3)))
    assert mean.array.shape == (6, 1, 1, 32)
    np.testing.assert_allclose(mean.vectors, each.array[:, 0].mean(axis=1), rtol=1e-6)


def test_the_front_is_part_of_the_identity_and_never_pooled(qwen):
    tables = {front: embed_words(qwen, WORDS, reading=Reading(front=front)).vectors for front in ("", "<bos>", "a")}
    assert not np.allclose(tables[""], tables["<bos>"])
    assert not np.allclose(tables["a"], tables["<bos>"])
    fronts = {folder.identity.front for folder in stored_folders() if folder.identity.checksum == qwen.checksum}
    assert fronts >= set(tables)
    # By hand: the token is in front of the word, and the mean is over the word's own tokens.
    encoder = load_quietly(qwen)
    a, word = encoder.tokenizer.encode("a").ids, encoder.tokenizer.encode("walking").ids
    import torch

    with torch.inference_mode():
        states = encoder.model(torch.tensor([[*a, *word]]), output_hidden_states=True).hidden_states[3][0, len(a) :]
    np.testing.assert_allclose(tables["a"][5], states.mean(dim=0).numpy(), atol=1e-5)


def test_an_unknown_front_is_refused_with_the_nearest_before_anything_runs(qwen):
    with pytest.raises(InputError, match=r"front is '<boss>'; tiny-qwen has no such token, but '<bos>'"):
        embed_words(qwen, WORDS, reading=Reading(front="<boss>"))
    with pytest.raises(InputError, match="no decoder, so nothing is put in front"):
        embed_words("sbert-minilm", WORDS, reading=Reading(front="<s>"))
    with pytest.raises(InputError, match="of no use for spans"):
        embed_spans(qwen, [("the dog", (4, 7))], reading=Reading(template=" {text}"))


@pytest.mark.parametrize("way", ["centre", "without", "whiten"])
def test_transforms_are_fitted_on_the_named_words(way, qwen):
    transform = Transform(way=way, directions=2 if way == "without" else 0, fitted_on="words-400")
    plain, table = (embed_words(qwen, WORDS, reading=Reading(transform=t)) for t in (Transform(), transform))
    import embedlib

    fitting = embed_words(qwen, embedlib.load_words(400)).vectors.astype(np.float64)
    unit = fitting / np.linalg.norm(fitting, axis=1, keepdims=True)
    rows = plain.vectors / np.linalg.norm(plain.vectors, axis=1, keepdims=True) - unit.mean(axis=0)
    if way == "centre":
        np.testing.assert_allclose(table.vectors, rows, atol=1e-5)
        return
    _, scales, axes = np.linalg.svd(unit - unit.mean(axis=0), full_matrices=False)
    if way == "without":
        np.testing.assert_allclose(table.vectors, rows - rows @ axes[:2].T @ axes[:2], atol=1e-4)
    else:  # the axes' signs are free, the inner products are not
        white = rows @ axes.T / scales * np.sqrt(399)
        np.testing.assert_allclose(table.vectors @ table.vectors.T, white @ white.T, rtol=2e-2, atol=2e-2)


def test_too_few_words_to_fit_on_are_refused(qwen):
    for way, directions, words in (("without", 3, 3), ("whiten", 0, 20)):
        reading = Reading(transform=Transform(way=way, directions=directions, fitted_on=f"words-{words}"))
        with pytest.raises(InputError, match=rf"fitted on {words} vectors \(words-{words}\)"):
            embed_words(qwen, WORDS, reading=reading)
    with pytest.raises(InputError, match="dimensions; allowed: 1 to 3"):
        fit(Transform(way="without", directions=4), np.eye(9, 4, dtype=np.float32))
    with pytest.raises(InputError, match="nothing to fit"):
        fit(Transform(), np.eye(4, dtype=np.float32))


def test_sentences_and_spans_are_read_in_the_same_way(qwen):
    texts = ["the dog saw the cat", "the king"]
    table = embed_sentences(
        qwen, texts, reading=Reading(layer=1, transform=Transform(way="centre", fitted_on="words-50"))
    )
    assert table.vectors.shape == (2, 32)
    spans = embed_spans(qwen, [("the dog saw", (4, 7))], reading=Reading(layer=1))
    np.testing.assert_array_equal(spans.vectors, embed_spans(qwen, [("the dog saw", (4, 7))], layer=1).vectors)


def test_the_rule_for_fronts():
    sink, clean, best = Front("<s>", 2.9, 0.1, 0.95), Front("</s>", 0.1, 0.0, 0.4), Front("\n", 0.05, 0.0, 0.8)
    nothing = Front("", 0.02, 0.0, float("nan"))
    assert choose_front((sink, clean, best, nothing)) == ("\n", True)
    assert choose_front((sink, nothing)) == ("", True)  # no attention to compare, and no other front is clean
    assert choose_front((sink, Front("x", 0.9, 0.1, 0.99))) == ("x", False)
    hidden = [Front(token, spread, 0.0, float("nan")) for token, spread in (("", 0.01), ("a", 0.2), ("b", 0.1))]
    assert choose_front(tuple(hidden)) == ("b", True)


def test_fronts_are_measured_once_and_kept(qwen, monkeypatch):
    encoder = load_quietly(qwen)
    found = front_evidence(encoder)
    assert [front.token for front in found.tried] == candidates(qwen) == ["<bos>", "\n", ""]
    assert found.words == 200
    # By hand for the first word, at the middle layer: its norm is one of those that spread.
    assert all(0 <= front.sinks <= 1 and front.spread > 0 for front in found.tried)
    assert [np.isnan(front.attention) for front in found.tried] == [False, False, True]
    monkeypatch.setattr("embedlib.encoders.front_probe._measure", lambda _: pytest.fail("measured again"))
    assert repr(front_evidence(encoder)) == repr(found)
    assert best_front(encoder) == found.best
    auto = embed_words(qwen, WORDS, reading=Reading(front="auto"))
    np.testing.assert_array_equal(auto.vectors, embed_words(qwen, WORDS, reading=Reading(front=found.best)).vectors)
    assert auto.reading.front == found.best
    # The model computes attention again as it did before it was measured.
    assert encoder.model.config._attn_implementation == "sdpa"


def test_fronts_are_tabulated_and_those_who_have_none_are_left_out(qwen):
    glove = check_models(["glove-6b-50d"]).specs
    fronts = list_fronts(Models(glove | {qwen.name: qwen}))
    found = find_evidence(qwen)
    assert list(fronts.index) == [(qwen.name, name) for name in ("<bos>", "'\\n'", "nothing")]
    assert fronts["spread"].to_list() == [front.spread for front in found.tried]
    assert fronts["best"].to_list() == [front.token == found.best for front in found.tried]
    # Behind nothing each word begins at the sink, however little the norms spread.
    assert fronts.loc[(qwen.name, "nothing"), ["sinks", "words", "clean"]].to_list() == [200, 200, False]
    assert find_evidence(glove["glove-6b-50d"]) is None


def test_a_model_whose_every_front_is_a_sink_is_recorded_with_a_warning(qwen, monkeypatch, caplog):
    tried = (Front("<bos>", 2.0, 0.1, 0.5), Front("\n", 1.0, 0.05, 0.6), Front("", 1.5, 0.05, float("nan")))
    bad = FrontEvidence(qwen.name, 200, 1, ("<bos>", "\n", ""), tried, *choose_front(tried))
    monkeypatch.setattr("embedlib.encoders.front_probe.stored_evidence", lambda _: bad)
    with caplog.at_level(logging.WARNING):
        assert best_front(load_quietly(qwen)) == "\n"
        load_model(qwen)
    assert "behind every front that was tried ('<bos>' 2.00, '\\n' 1.00, '' 1.50)" in caplog.text
    assert "behind '<bos>', 20 of 200 words fall on the attention sink" in caplog.text
    assert sink_warning(qwen, "\n", bad) is not None
    assert sink_warning(qwen, "other", bad) is None


def test_layers_behind_the_last_one_asked_for_are_not_run(tiny):
    if not tiny.encoder_kind.left_to_right:
        pytest.skip("a decoder's layers")
    encoder = load_quietly(tiny)
    assert encoder._decoder.shortens
    ran = []
    hooks = [block.register_forward_hook(lambda *_, n=n: ran.append(n)) for n, block in enumerate(encoder.model.layers)]
    short = encoder.encode_words(WORDS, layer=[0, 1])
    assert set(ran) == {0, 1}  # one more than is needed: the closing norm comes behind the last
    encoder._decoder.shortens = False
    whole = encoder.encode_words(WORDS, layer=[0, 1])
    assert set(ran) == {0, 1, 2}
    np.testing.assert_array_equal(short.array, whole.array)
    for hook in hooks:
        hook.remove()
    encoder._decoder.shortens = True


def test_chosen_readings_are_kept_by_model_and_files(qwen, cache):
    with pytest.raises(InputError, match=r"no reading of words was chosen for tiny-qwen; run: embedlib choose-reading"):
        chosen_reading(qwen, "words")
    reading = Reading(front="\n", template=' "{text}', layer=(1, 2), transform=Transform(way="without", directions=1))
    write_chosen(own_file(qwen), {qwen.name: Chosen(checksum=qwen.checksum, readings=Readings(words=reading))})
    assert chosen_reading(qwen, "words") == reading
    with pytest.raises(InputError, match="no reading of sentences"):
        chosen_reading(qwen, "sentences")
    other = Chosen(checksum="0" * 64, readings=Readings(words=reading))
    write_chosen(own_file(qwen), {qwen.name: other})
    with pytest.raises(InputError, match="was chosen for other files, not these; run: embedlib choose-reading"):
        chosen_reading(qwen, "words")
    own_file(qwen).write_text("[models.tiny-qwen\n")
    with pytest.raises(EmbedlibError, match="cannot read the chosen readings"):
        read_chosen(own_file(qwen))
    own_file(qwen).unlink()
    # A roster's own reading comes first.
    own = qwen.model_copy(update={"readings": Readings(words=Reading(layer=1))})
    assert reading_of(own, "chosen", "words").label == "'<bos>' in front, alone, layer 1, mean"


def test_every_model_of_a_chapter_has_its_readings():
    models = check_models(models_of_chapters())
    words = list_readings(models, ["chosen", "study"], "words")
    assert list(words.columns) == ["chosen", "study"]
    assert list_readings(models, ["chosen"], "sentences").shape == (len(models), 1)
    for model in models.causal:
        assert re.search(r"layer \d+", words.loc[model, "chosen"])
    with pytest.raises(InputError, match="comes twice"):
        list_readings(models, ["study", "study"], "words")
    with pytest.raises(InputError, match="allowed: a list"):
        list_readings(models, "study", "words")
    with pytest.raises(UnknownNameError, match="layer of"):
        list_readings(models, ['{"layer": 99}'], "words")


def models_of_chapters():
    """List the models that the chapters read by default."""
    parameters = [read_parameters(read_source(source)) for source in notebook_sources()]
    return list(dict.fromkeys(name for known in parameters if "models" in known for name in known["models"].default))
