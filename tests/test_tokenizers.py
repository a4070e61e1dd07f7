"""Tokenizers whose files disagree: a folder gives the vectors of its own library, or says why it cannot."""

import json

import numpy as np
import pytest
import torch
from conftest import TEXT
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from embedlib import embed_sentences, embed_spans
from embedlib.encoders.loader import load_model
from embedlib.errors import ArtifactError
from embedlib.models.roster import find_model

pytestmark = pytest.mark.filterwarnings("ignore")

ASKED = [
    "Paris is the capital of France", "the dog and the cat", "The Dog", " before", "two  spaces and\nlines",
    "naïve CAFÉ 12,5!", "a [SEP] b </s> c", "a <new> dog ends", "<s>the</s>", "dog " * 60 + "cat", "[CLS] the",
]  # fmt: skip
LEARNT = [*TEXT, *(text.title() for text in TEXT), "Paris is the capital of France; 12,5!"]
BERT = {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"}
ROBERTA = {
    "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "cls_token": "<s>", "sep_token": "</s>",
    "pad_token": "<pad>", "mask_token": "<mask>",
}  # fmt: skip
SPECIAL = {"wordpiece": [BERT[f"{role}_token"] for role in ("pad", "unk", "cls", "sep", "mask")]}
SPECIAL["bpe"] = SPECIAL["unigram"] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CLASS = {"wordpiece": "BertTokenizer", "bpe": "RobertaTokenizer", "unigram": "XLMRobertaTokenizer"}


def wordpiece(lower=False, framed=True):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    trainer = trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL["wordpiece"], show_progress=False)
    tokenizer.train_from_iterator(LEARNT * 5, trainer)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    if framed:
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    return tokenizer


def bpe(space=False, framed=True):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=space)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=400, special_tokens=SPECIAL["bpe"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(LEARNT * 5, trainer)
    if framed:
        tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=space)
    return tokenizer


def unigram(scheme="always", framed=True):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme=scheme)
    trainer = trainers.UnigramTrainer(
        vocab_size=120, special_tokens=SPECIAL["unigram"], unk_token="<unk>", show_progress=False
    )
    tokenizer.train_from_iterator(LEARNT * 5, trainer)
    if framed:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
        )
    return tokenizer


def write(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))


def make_folder(folder, tokenizer, *, said=None, spoil=None, pooling=None, sentence=None):
    """Make a small model; `said` is its tokenizer_config.json, `pooling` makes it one of sentence-transformers."""
    from transformers import BertConfig, BertModel, RobertaConfig, RobertaModel

    torch.manual_seed(0)
    kind = type(tokenizer.model).__name__.lower()
    common = {
        "vocab_size": tokenizer.get_vocab_size() + 8, "hidden_size": 32, "intermediate_size": 64,
        "num_attention_heads": 4, "num_hidden_layers": 2, "max_position_embeddings": 128, "initializer_range": 0.3,
    }  # fmt: skip
    model = (
        BertModel(BertConfig(**common))
        if kind == "wordpiece"
        else RobertaModel(RobertaConfig(**common, type_vocab_size=1, pad_token_id=1))
    )
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    if said is not None:
        names = BERT if kind == "wordpiece" else ROBERTA
        write(folder / "tokenizer_config.json", {"tokenizer_class": CLASS[kind], **names, **said})
    if spoil is not None:
        spoil(folder)
    if pooling is not None:
        (folder / "1_Pooling").mkdir()
        write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, "pooling_mode": pooling})
        if sentence is not None:
            write(folder / "sentence_bert_config.json", sentence)
        parts = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
        write(folder / "modules.json", [
            {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{part}"}
            for number, (part, path) in enumerate(parts)
        ])  # fmt: skip


def of_library(folder, texts):
    """Give the vectors of a folder's own library."""
    if (folder / "modules.json").exists():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), device="cpu").encode(texts, show_progress_bar=False)
    from transformers import AutoModel, AutoTokenizer

    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    limit = {"truncation": True, "max_length": find_model(str(folder)).max_tokens}
    with torch.inference_mode():
        rows = [model(torch.tensor([tokenizer(text, **limit)["input_ids"]])).last_hidden_state[0] for text in texts]
    return np.array([row.mean(0).numpy() for row in rows])


def cosines(one, other):
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    return (one * other).sum(axis=1)


def no_json(folder):
    """Leave the vocabulary alone, as older folders have it."""
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    if model["type"] == "WordPiece":
        write(folder / "vocab.txt", "\n".join(sorted(model["vocab"], key=model["vocab"].get)))
    else:
        write(folder / "vocab.json", model["vocab"])
        write(folder / "merges.txt", "\n".join(["#version: 0.2", *map(" ".join, model["merges"])]))
    (folder / "tokenizer.json").unlink()


def added_token(folder):
    number = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab_size()
    write(folder / "added_tokens.json", {"<new>": number})


def added_in_file(folder):
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["<new>", "Dog"])
    tokenizer.enable_padding(length=32)
    tokenizer.enable_truncation(8)
    tokenizer.save(str(folder / "tokenizer.json"))


def other_frame(folder):
    write(folder / "special_tokens_map.json", {**BERT, "cls_token": "[SEP]", "sep_token": "[CLS]"})
    (folder / "tokenizer_config.json").unlink()


SAME = {
    "cased in one file, not in the other": {"tokenizer": wordpiece(), "said": {"do_lower_case": True}},
    "not cased, cased in the other": {"tokenizer": wordpiece(lower=True), "said": {"do_lower_case": False}},
    "no frame in tokenizer.json": {"tokenizer": wordpiece(framed=False), "said": {}},
    "no frame and no settings": {"tokenizer": wordpiece(framed=False)},
    "another library's class": {
        "tokenizer": wordpiece(framed=False),
        "said": {"tokenizer_class": "PreTrainedTokenizerFast"},
    },
    "vocab.txt only": {"tokenizer": wordpiece(), "said": {"do_lower_case": False}, "spoil": no_json},
    "added_tokens.json": {"tokenizer": wordpiece(), "said": {}, "spoil": added_token},
    "added tokens, padding and a cut in the file": {"tokenizer": wordpiece(), "said": {}, "spoil": added_in_file},
    "special_tokens_map.json": {"tokenizer": wordpiece(framed=False), "said": {}, "spoil": other_frame},
    "a short window": {"tokenizer": wordpiece(), "said": {"model_max_length": 16}},
    "bytes": {"tokenizer": bpe(), "said": {}},
    "bytes, a space in front": {"tokenizer": bpe(space=True), "said": {"add_prefix_space": False}},
    "bytes, a vocabulary only": {"tokenizer": bpe(), "said": {}, "spoil": no_json},
    "bytes without a frame": {"tokenizer": bpe(framed=False), "said": {}},
    "unigram": {"tokenizer": unigram(), "said": {}},
    "unigram, a space at the first": {
        "tokenizer": unigram("first", framed=False),
        "said": {"tokenizer_class": "PreTrainedTokenizerFast"},
    },
    "st, lower case": {"tokenizer": wordpiece(), "pooling": "mean", "sentence": {"do_lower_case": True}},
    "st, a window above the tokenizer's": {
        "tokenizer": wordpiece(), "said": {"model_max_length": 16},
        "pooling": "cls", "sentence": {"max_seq_length": 40},
    },
    "st, a cut at the beginning": {
        "tokenizer": wordpiece(), "said": {"truncation_side": "left", "model_max_length": 16}, "pooling": "mean",
    },
    "st, special tokens as text": {"tokenizer": wordpiece(), "said": {"split_special_tokens": True}, "pooling": "max"},
    "st, bytes": {"tokenizer": bpe(framed=False), "pooling": "lasttoken", "sentence": {"max_seq_length": 9}},
    "st, unigram": {"tokenizer": unigram(), "said": {}, "pooling": "mean", "sentence": {"max_seq_length": 99}},
}  # fmt: skip


@pytest.mark.parametrize("case", SAME)
def test_a_folder_gives_the_vectors_of_its_library(cache, tmp_path, case):
    make_folder(tmp_path / "model", **SAME[case])
    table = embed_sentences(str(tmp_path / "model"), ASKED)
    assert {"the dog and the cat", " before", "dog " * 60 + "cat"} <= {*table.keys}
    assert cosines(table.vectors, of_library(tmp_path / "model", table.keys)).min() > 0.9999


@pytest.mark.parametrize("pooling", ["mean", "weightedmean"])
def test_a_window_beyond_the_learnt_positions_is_cut_to_them(cache, tmp_path, pooling):
    make_folder(tmp_path / "model", bpe(), said={}, pooling=pooling, sentence={"max_seq_length": 500})
    assert find_model(str(tmp_path / "model")).max_tokens == 126  # 128, which begin behind that of the padding
    table = embed_sentences(str(tmp_path / "model"), ["The Dog", "dog " * 300])  # the library fails here
    assert list(table.cut) == ["dog " * 300]
    assert cosines(table.vectors[:1], of_library(tmp_path / "model", ["The Dog"])).min() > 0.9999


REFUSED = {
    "a cut at the beginning": ({"truncation_side": "left"}, None, "long texts lose their beginning"),
    "special tokens as text": ({"split_special_tokens": True}, None, r"\[PAD\] more' has other tokens"),
    "st, filled up at the beginning": ({"padding_side": "left"}, "mean", 'allowed: "padding_side": "right"'),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_tokenizer_that_cannot_be_used_as_its_library_does_is_refused(cache, tmp_path, case):
    said, pooling, reason = REFUSED[case]
    make_folder(tmp_path / "model", wordpiece(), said=said, pooling=pooling)
    with pytest.raises(ArtifactError, match=reason) as caught:
        find_model(str(tmp_path / "model"))
    assert str(tmp_path / "model") in str(caught.value)


def test_a_file_of_settings_that_is_no_json_is_refused(cache, tmp_path):
    make_folder(tmp_path / "model", wordpiece(), spoil=lambda folder: write(folder / "tokenizer_config.json", "{"))
    with pytest.raises(ArtifactError, match=r"model.*transformers cannot load the tokenizer"):
        find_model(str(tmp_path / "model"))


def test_settings_of_the_tokenizer_belong_to_the_model(cache, tmp_path):
    make_folder(tmp_path / "model", wordpiece(lower=True), said={})
    before = find_model(str(tmp_path / "model"))
    said = json.loads((tmp_path / "model" / "tokenizer_config.json").read_text())
    write(tmp_path / "model" / "tokenizer_config.json", {**said, "do_lower_case": False})
    after = find_model(str(tmp_path / "model"))
    assert (before.case, after.case) == ("lower", "cased")
    assert before.checksum != after.checksum
    assert "tokenizer_config.json" in {artifact.role for artifact in after.artifacts}


def test_places_in_a_text_hold_where_the_frame_is_that_of_the_library(cache, tmp_path):
    make_folder(tmp_path / "model", wordpiece(framed=False), said={})
    text = "the Dog and the cat"
    table = embed_spans(str(tmp_path / "model"), [(text, (0, 3)), (text, (16, 19))])
    assert len(table) == 2
    encoder = load_model(str(tmp_path / "model"))
    ids = [2, *encoder.tokenizer.encode(text, add_special_tokens=False).ids, 3]
    with torch.inference_mode():
        hidden = encoder.model(torch.tensor([ids])).last_hidden_state[0]
    np.testing.assert_allclose(table.vectors[0], hidden[1].numpy(), rtol=1e-4, atol=1e-5)


@pytest.fixture(scope="module")
def encoders(tmp_path_factory):
    """Load an encoder that embedlib runs and one that sentence-transformers runs."""
    made = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EMBEDLIB_CACHE", str(tmp_path_factory.mktemp("cache")))
        for pooling in (None, "weightedmean"):
            folder = tmp_path_factory.mktemp("model")
            make_folder(folder, wordpiece(), said={}, pooling=pooling)
            made.append(load_model(str(folder)))
    return made


@settings(max_examples=20, deadline=None)
@given(texts=st.lists(st.sampled_from(ASKED), min_size=1, max_size=8), data=st.data())
def test_order_and_duplicates_of_texts_do_not_change_vectors(encoders, texts, data):
    shuffled = data.draw(st.permutations(texts))
    for encoder in encoders:
        one = encoder.encode_sentences(texts)
        other = encoder.encode_sentences([*shuffled, *shuffled])
        assert one.keys == list(dict.fromkeys(texts))
        assert {*other.keys} == {*one.keys}
        row = {key: at for at, key in enumerate(other.keys)}
        again = other.vectors[[row[key] for key in one.keys]]
        np.testing.assert_allclose(again, one.vectors, rtol=1e-3, atol=1e-5)
        assert other.cut == one.cut
