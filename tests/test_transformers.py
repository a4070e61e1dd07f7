"""Transformer encoders against transformers itself, on small models that the tests make."""

import copy

import numpy as np
import pytest
import torch
from conftest import CAUSAL, TEXT, make_tiny, real

from embedlib.encoders.base import equal_length_batches
from embedlib.encoders.gguf_convert import model_folder
from embedlib.encoders.loader import load_model
from embedlib.encoders.pooling import POOLINGS, pool
from embedlib.encoders.prefix_tree import grow_tree, shared_prefix
from embedlib.errors import ArtifactError, InputError, UnknownNameError

SENTENCES = [*TEXT, "dog", "the dog", "the cat", "unhappy naïve café 日本"]


def by_hand(encoder, text, layer, mode):
    """Run one text through the bare model and pool it: what every batch must equal."""
    return by_hand_at(encoder, text, [layer], mode)[0]


def by_hand_at(encoder, text, layers, mode):
    tokens = encoder.tokenize([text])[0]
    with torch.inference_mode():
        out = encoder.model(input_ids=torch.tensor([tokens.ids]), output_hidden_states=True)
    return [pool(out.hidden_states[layer], torch.tensor([tokens.pooled]), mode)[0].numpy() for layer in layers]


def close(one, row):
    return np.abs(one - row).max() < 1e-4 * np.linalg.norm(row)


@pytest.mark.parametrize("mode", POOLINGS)
def test_every_row_equals_the_bare_model(tiny, mode):
    encoder = load_model(tiny)
    for layer in (0, 1, tiny.layers):
        table = encoder.encode_sentences(SENTENCES, layer=layer, pooling=mode)
        assert table.keys == SENTENCES
        for text, row in zip(SENTENCES, table.vectors, strict=True):
            assert close(by_hand(encoder, text, layer, mode), row), (text, layer)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("mode", POOLINGS)
def test_padded_batches_on_either_side_give_the_same_rows(tiny, mode, side):
    encoder = load_model(tiny)
    tokens = encoder.tokenize(SENTENCES)
    width = max(len(t.ids) for t in tokens)
    ids, mask, pooled = (torch.zeros((len(tokens), width), dtype=torch.long) for _ in range(3))
    for row, t in enumerate(tokens):
        place = slice(0, len(t.ids)) if side == "right" else slice(width - len(t.ids), width)
        ids[row, place] = torch.tensor(t.ids)
        mask[row, place] = 1
        pooled[row, place] = torch.tensor(t.pooled, dtype=torch.long)
    positions = (mask.cumsum(1) - 1).clamp(min=0)
    with torch.inference_mode():
        out = encoder.model(input_ids=ids, attention_mask=mask, position_ids=positions)
    rows = pool(out.last_hidden_state, pooled.bool(), mode).numpy()
    for one, row in zip(rows, encoder.encode_sentences(SENTENCES, pooling=mode).vectors, strict=True):
        assert close(one, row)


def test_all_layers_come_side_by_side(tiny):
    encoder = load_model(tiny)
    table = encoder.encode_words(["dog", "cat"], layer="all")
    assert table.layers == tuple(range(tiny.layers + 1))
    for layer in table.layers:
        np.testing.assert_allclose(
            table.at_layer(layer).vectors,
            encoder.encode_words(["dog", "cat"], layer=layer).vectors,
            rtol=1e-5,
            atol=1e-6,
        )


def test_several_poolings_come_from_one_pass(tiny):
    encoder = load_model(tiny)
    spans = [("the dog and the houses", (16, 22)), ("the dogs", (0, 8))]
    for encode, keys in ((encoder.encode_sentences, SENTENCES), (encoder.encode_spans, spans)):
        table = encode(keys, layer=[0, tiny.layers], pooling=["last", "mean"])
        assert table.poolings == ("last", "mean")
        for mode in table.poolings:
            for layer in table.layers:
                alone = encode(keys, layer=layer, pooling=mode).vectors
                np.testing.assert_allclose(table.at_pooling(mode).at_layer(layer).vectors, alone, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "template", ['This sentence: "{text}" means in one word: "', "{text}", "a long head of a text, {text}"]
)
def test_a_shared_head_changes_nothing(tiny, template):
    encoder = load_model(tiny)
    for texts in (SENTENCES, ["dog"], ["dog", "dogs", "dog house"]):
        table = encoder.encode_sentences(texts, template=template, pooling="last")
        for text, row in zip(texts, table.vectors, strict=True):
            assert close(by_hand(encoder, template.replace("{text}", text), tiny.layers, "last"), row)


def test_texts_beyond_a_sliding_window_equal_the_bare_model(tmp_path):
    spec = make_tiny("gemma", tmp_path / "gemma")
    encoder = load_model(spec)
    texts = ["the dog and " * 180 + end for end in ("the cat", "the king of it all")]
    assert all(600 >= len(tokens.ids) > encoder.model.config.sliding_window for tokens in encoder.tokenize(texts))
    table = encoder.encode_sentences(texts)
    for text, row in zip(texts, table.vectors, strict=True):
        assert close(by_hand(encoder, text, spec.layers, "mean"), row)


def test_words_that_share_tokens_run_as_a_tree(tmp_path):
    spec = make_tiny("qwen", tmp_path / "qwen")
    encoder = load_model(spec)
    ran = []
    forward = encoder.model.forward

    def counting(*args, input_ids, **kwargs):
        ran.append(input_ids)
        return forward(*args, input_ids=input_ids, **kwargs)

    encoder.model.forward = counting
    words = [f"walk{ending}" for ending in ("", "ing", "ed", "s", "er")]
    encoder.encode_words(words)
    encoder.model.forward = forward
    tokens = encoder.tokenize(words)
    (bos,) = {t.ids[0] for t in tokens}
    real = 1 + sum(int((ids != bos).sum()) for ids in ran)  # BOS has the number of what fills batches up: 0
    assert bos == 0
    assert real == len({t.ids[:n] for t in tokens for n in range(1, len(t.ids) + 1)})
    assert sum(ids.numel() for ids in ran) < sum(len(t.ids) for t in tokens)


def test_a_tree_holds_every_beginning_once():
    sequences = [(1, 2, 3), (1, 2), (1, 2, 3, 4, 5), (1, 2, 3, 9), (7,), (7,), (1, 8, 3)]
    tree = grow_tree(sequences, deepest=9)
    token = {node.first + at: number for node in tree.nodes for at, number in enumerate(node.tokens)}
    assert [tuple(token[slot] for slot in path) for path in tree.paths] == sequences
    assert tree.size == len(token) == len({s[:n] for s in sequences for n in range(1, len(s) + 1)})
    assert [node.parent < at for at, node in enumerate(tree.nodes)] == [True] * len(tree.nodes)
    level_of = {n: depth for depth, level in enumerate(tree.levels()) for n in level}
    assert sorted(level_of) == list(range(len(tree.nodes)))
    assert all(level_of[node.parent] < level_of[n] for n, node in enumerate(tree.nodes) if node.parent >= 0)
    starts = [{tree.nodes[n].start for n in level} for level in tree.levels()]
    assert starts == sorted(starts, key=min)
    assert all(len(start) == 1 for start in starts)
    shallow = grow_tree(sequences, deepest=1)
    assert shallow.size == 2 + 2 + 1 + 4 + 3 + 2
    assert shared_prefix([(1, 2, 3), (1, 2, 4)], 9) == (1, 2)
    assert shared_prefix([(1, 2, 3), (1, 2)], 9) == shared_prefix([(1, 2, 3), (1, 2, 4)], 1) == (1,)


@pytest.mark.parametrize("kind", ["gemma", "qwen"])
def test_texts_that_begin_alike_equal_the_bare_model(tmp_path, kind):
    spec = make_tiny(kind, tmp_path / kind)
    encoder = load_model(spec)
    begins = ["the dog ", "the dog saw ", "the dog saw the cat ", "the " * 300, "the " * 300 + "king ", ""]
    texts = [begin + end for begin in begins for end in ("and the queen of it all", "saw", "a word in its context!")]
    for text, row in zip(texts, encoder.encode_sentences(texts).vectors, strict=True):
        assert close(by_hand(encoder, text, spec.layers, "mean"), row), text
    spans = spans_of("the dog saw the cat and the king", "cat", "dog") + spans_of("the dog saw the queen", "queen")
    for key, row in zip(spans, encoder.encode_spans(spans).vectors, strict=True):
        cut = key[0][: key[1][1]]  # what follows does not matter
        assert close(encoder.encode_spans([(cut, key[1])]).vectors[0], row)


def test_no_bos_where_the_roster_has_none(tmp_path):
    spec = make_tiny("qwen", tmp_path / "qwen").model_copy(update={"bos": None})
    encoder = load_model(spec)
    for texts in (["dog"], SENTENCES):
        for text, row in zip(texts, encoder.encode_sentences(texts).vectors, strict=True):
            assert close(by_hand(encoder, text, spec.layers, "mean"), row)
    with pytest.raises(InputError, match=r"front is '<boss>'; tiny-qwen has no such token"):
        load_model(spec.model_copy(update={"bos": "<boss>"}))


def test_unknown_dtype_is_an_error(tiny):
    with pytest.raises(UnknownNameError, match=r"'floot32'.*Did you mean 'float32'"):
        load_model(tiny, dtype="floot32")


def test_tokens_that_are_unknown_or_nothing_are_missing(tmp_path):
    encoder = load_model(make_tiny("bert", tmp_path / "bert"))
    table = encoder.encode_words(["dog", "\u200b", "𓀀", "𓀀𓀀"])
    assert table.keys == ["dog"]
    assert table.missing["\u200b"] == "tokenises to nothing"
    assert table.missing["𓀀"] == "tokenises to unknown tokens only"


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "tokenizer.json"])
def test_every_file_of_an_encoder_is_checked(tmp_path, file):
    spec = make_tiny("bert", tmp_path / "bert")
    with (tmp_path / "bert" / file).open("ab") as end:
        end.write(b" ")
    with pytest.raises(ArtifactError, match=f"tiny-bert: refused .*{file}"):
        load_model(spec)


def spans_of(sentence, *parts):
    return [(sentence, (sentence.index(part), sentence.index(part) + len(part))) for part in parts]


def test_span_rows_are_the_pooled_tokens_of_the_span(tiny):
    encoder = load_model(tiny)
    sentence = "the king saw the queen, and the dog saw the naïve cat"
    keys = spans_of(sentence, "king", "the", "naïve", "dog saw", sentence)
    for mode in POOLINGS:
        table = encoder.encode_spans(keys, pooling=mode)
        assert table.keys == keys
        tokens = encoder.tokenize([sentence])[0]
        with torch.inference_mode():
            hidden = encoder.model(input_ids=torch.tensor([tokens.ids])).last_hidden_state
        for (_, (start, end)), row in zip(keys, table.vectors, strict=True):
            mask = torch.tensor([[a < end and b > start and b > a for a, b in tokens.offsets]])
            assert close(pool(hidden, mask, mode)[0].numpy(), row)


def test_spans_outside_their_sentence_are_errors(tiny):
    encoder = load_model(tiny)
    for span in ((0, 99), (2, 2), (-1, 2), (3, 1)):
        with pytest.raises(InputError, match=r"span 0 is .* in a sentence of 7 characters"):
            encoder.encode_spans([("the dog", span)])
    with pytest.raises(InputError, match="a span is"):
        encoder.encode_spans(["the dog"])


def test_a_span_without_tokens_is_missing(tmp_path):
    encoder = load_model(make_tiny("bert", tmp_path / "bert"))
    for sentence, span in (("\u200b", (0, 1)), ("the dog \u200b", (8, 9)), ("  ", (0, 1))):
        assert encoder.encode_spans([(sentence, span)]).missing == {
            (sentence, span): f"no token covers {sentence[span[0]]!r}"
        }
    bare = load_model(make_tiny("qwen", tmp_path / "qwen").model_copy(update={"bos": None}))
    assert bare.encode_spans([("the dog", (4, 7))]).keys == [("the dog", (4, 7))]


@pytest.mark.parametrize("name", ["sbert-minilm", "sbert-mpnet", *CAUSAL])
def test_spans_of_real_models_are_verified(name):
    encoder = real(name)
    sentence = 'The naïve dog\'s bites, "dogs" e\u0301t שלום!'
    good = spans_of(sentence, "naïve", "dog", "dogs", "e\u0301t", "שלום", "The")
    cut = spans_of(sentence, "bite")
    long = "dog " * 3000 + "cat"
    beyond = spans_of(long, "cat")
    table = encoder.encode_spans([*good, *cut, *beyond])
    assert table.keys == good
    assert table.missing[cut[0]] == "the span 'bite' cuts the word 'bites'"
    assert "beyond the window" in table.missing[beyond[0]]


@pytest.mark.parametrize("name", CAUSAL)
def test_emoji_keeps_an_exact_span(name):
    keys = spans_of("a 🐶 and a 🐶🐱", "🐶", "🐶🐱")
    assert real(name).encode_spans(keys).keys == keys


def test_the_same_word_twice_in_a_sentence_is_two_spans():
    sentence = "the dog saw a dog"
    keys = [(sentence, (4, 7)), (sentence, (14, 17))]
    vectors = real("gemma-3-270m-q4").encode_spans(keys).vectors
    assert not np.allclose(vectors[0], vectors[1])


@pytest.mark.parametrize("name", ["sbert-minilm", "sbert-mpnet"])
def test_sbert_equals_sentence_transformers(name):
    from sentence_transformers import SentenceTransformer

    encoder = real(name)
    from embedlib.models.files import verified_file

    # Without its modules.json it pools the mean, as that file says.
    peer = SentenceTransformer(str(verified_file(encoder.spec, "weights").parent), device="cpu")
    peer.max_seq_length = encoder.spec.max_tokens
    texts = [*SENTENCES, "word " * 400]
    ours = encoder.encode_sentences(texts).vectors
    theirs = peer.encode(texts)
    ours, theirs = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (ours, theirs))
    np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "continues"),
    [
        ("smollm2-135m-q4", " Paris."),
        ("gemma-3-270m-q4", " the capital of the country of France."),
        ("qwen2.5-coder-0.5b-q4", " Paris."),
    ],
)
def test_greedy_continuation_facts(name, continues):
    from tokenizers import Tokenizer
    from transformers import AutoModelForCausalLM
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    spec = real(name).spec
    folder = model_folder(spec)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    ids = tokenizer.encode("The capital of France is", add_special_tokens=name.startswith("gemma")).ids
    out = copy.copy(ids)
    with torch.inference_mode():
        for _ in range(len(tokenizer.encode(continues, add_special_tokens=False).ids)):
            out.append(int(model(input_ids=torch.tensor([out])).logits[0, -1].argmax()))
    assert tokenizer.decode(out[len(ids) :]) == continues


def test_batches_are_of_equal_length_within_the_budget():
    lengths = [3, 5, 3, 3, 700, 5, 3]
    batches = [list(batch) for batch in equal_length_batches(lengths, budget=9)]
    assert batches == [[0, 2, 3], [6], [1], [5], [4]]
