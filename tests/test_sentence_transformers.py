"""Folders of sentence-transformers and model2vec: prompts, cuts, holes in the weights, and what is refused."""

import json

import numpy as np
import pytest
import torch
from conftest import TEXT, byte_tokenizer, tiny_config, wordpiece_tokenizer
from safetensors.numpy import load_file, save_file
from tokenizers import processors

from embedlib import embed_sentences
from embedlib.errors import ArtifactError, UnknownNameError
from embedlib.models.roster import find_model

pytestmark = pytest.mark.filterwarnings("ignore")

ROWS = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
LONG = "the dog and the cat " * 30


@pytest.fixture(autouse=True)
def here(cache, tmp_path, monkeypatch):
    """Give a working folder of the test's own."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def cosines(one, other):
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    return (one * other).sum(axis=1)


def write(path, content):
    path.write_text(json.dumps(content))


def change(path, **changes):
    write(path, {**json.loads(path.read_text()), **changes})


def library(folder, **kwargs):
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu", **kwargs)


def make(folder, kind="bert", pooling="mean"):
    """Make a small model of sentence-transformers of a kind of transformer; its window is 24 tokens."""
    from transformers import AutoModel, T5Config, T5EncoderModel

    torch.manual_seed(0)
    tokenizer = wordpiece_tokenizer() if kind in ("bert", "t5") else byte_tokenizer()
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]"}
    if kind == "qwen":  # as last-token embedders have it: an end token behind each text, padding in front of it
        tokenizer.add_special_tokens(["<end>"])
        tokenizer.post_processor = processors.TemplateProcessing(
            single="$A <end>", special_tokens=[("<end>", tokenizer.token_to_id("<end>"))]
        )
        said = {**said, "pad_token": "<end>", "eos_token": "<end>", "unk_token": None, "padding_side": "left"}
    size = tokenizer.get_vocab_size()
    if kind == "t5":
        config = T5Config(vocab_size=size, d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4)
        model = T5EncoderModel(config)
    else:
        model = AutoModel.from_config(tiny_config(kind, size))
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    write(folder / "tokenizer_config.json", said)
    write(folder / "sentence_bert_config.json", {"max_seq_length": 24, "do_lower_case": False})
    write(folder / "config_sentence_transformers.json", {
        "prompts": {"query": "the king said: ", "document": ""}, "default_prompt_name": None,
    })  # fmt: skip
    (folder / "1_Pooling").mkdir()
    write(folder / "1_Pooling" / "config.json", {"word_embedding_dimension": 32, "pooling_mode": pooling})
    parts = [("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")]
    write(folder / "modules.json", [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.models.{part}"}
        for number, (part, path) in enumerate(parts)
    ])  # fmt: skip
    return folder


@pytest.mark.parametrize("kind", ["t5", "qwen"])
def test_encoders_of_t5_and_last_token_embedders_give_the_vectors_of_the_library(here, kind):
    make(here / "st", kind, "lasttoken" if kind == "qwen" else "mean")
    change(here / "st" / "config_sentence_transformers.json", default_prompt_name="query" if kind == "qwen" else None)
    spec = find_model("./st")
    assert (spec.encoder, spec.dimension, spec.max_tokens) == ("sentence-transformers", 32, 24)
    assert spec.family == ("decoder" if kind == "qwen" else "contrastive")
    texts = [*TEXT, "dog", LONG]
    table = embed_sentences("./st", texts)
    assert table.keys == texts
    assert cosines(table.vectors, library(here / "st").encode(texts)).min() > 0.9999
    assert LONG in table.cut
    assert "dog" not in table.cut


def test_a_prompt_is_chosen_by_its_name(here):
    make(here / "st")
    model = library(here / "st")
    plain = embed_sentences("./st", TEXT).vectors
    query = embed_sentences("./st[prompt=query]", TEXT).vectors
    assert cosines(plain, model.encode(TEXT)).min() > 0.9999
    assert cosines(query, model.encode(TEXT, prompt_name="query")).min() > 0.9999
    assert cosines(plain, query).max() < 0.9999
    assert find_model("./st[prompt=query]").prompt == "query"
    with pytest.raises(UnknownNameError, match=r"unknown prompt of .*'querry'.*query"):
        find_model("./st[prompt=querry]")


def test_a_default_prompt_stands_in_front_and_can_be_put_aside_by_another(here):
    make(here / "st")
    change(here / "st" / "config_sentence_transformers.json", default_prompt_name="query")
    model = library(here / "st")
    assert find_model("./st").prompt == "query"
    assert cosines(embed_sentences("./st", TEXT).vectors, model.encode(TEXT)).min() > 0.9999
    document = embed_sentences("./st[prompt=document]", TEXT).vectors
    assert cosines(document, model.encode(TEXT, prompt_name="document")).min() > 0.9999


@pytest.mark.parametrize("prompt", ["", "[prompt=query]"])
def test_cut_texts_are_counted_at_the_first_call_and_the_second(here, caplog, prompt):
    make(here / "st")
    for _ in range(2):
        caplog.clear()
        table = embed_sentences(f"./st{prompt}", ["dog", LONG])
        assert list(table.cut) == [LONG]
        assert table.cut[LONG] > 24
        assert "1 of 2 texts were cut to the window of 24 tokens" in caplog.text


def sparse(folder):
    change(folder / "config_sentence_transformers.json", model_type="SparseEncoder")


def cross(folder):
    change(folder / "config_sentence_transformers.json", model_type="CrossEncoder")


def splade(folder):
    modules = json.loads((folder / "modules.json").read_text())
    modules[1]["type"] = "sentence_transformers.sparse_encoder.models.SpladePooling"
    write(folder / "modules.json", modules)


def own_code(folder):
    modules = json.loads((folder / "modules.json").read_text())
    modules[0]["type"] = "modeling_own.OwnTransformer"
    write(folder / "modules.json", modules)


def no_list(folder):
    write(folder / "modules.json", {"idx": 0})


def pickled(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def no_pooling(folder):
    (folder / "1_Pooling" / "config.json").write_text("{")


REFUSED = {
    "sparse": (sparse, "a SparseEncoder of sentence-transformers, which gives a weight for each token"),
    "splade": (splade, "a SparseEncoder of sentence-transformers"),
    "cross": (cross, "a CrossEncoder of sentence-transformers, which scores pairs of texts"),
    "own code": (own_code, r"modeling_own\.OwnTransformer is code of the model's own, which is not run"),
    "no list": (no_list, r"modules\.json: not a list"),
    "no modules": (lambda folder: write(folder / "modules.json", []), "not a list of modules"),
    "no object": (lambda folder: write(folder / "config_sentence_transformers.json", []), "not a JSON object"),
    "pickle": (pickled, r"a pickle \(pytorch_model\.bin\), which is not opened"),
    "pooling": (no_pooling, "cannot read the settings of its modules"),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_other_kinds_of_folders_are_refused_with_what_they_are(here, kind):
    spoil, said = REFUSED[kind]
    spoil(make(here / "st"))
    with pytest.raises(ArtifactError, match=said) as caught:
        find_model("./st")
    assert str(here / "st") in str(caught.value)


@pytest.mark.parametrize("kind", ["t5", "qwen"])
def test_weights_with_a_hole_are_an_error_that_names_the_tensors(here, kind):
    make(here / "st", kind)
    tensors = load_file(here / "st" / "model.safetensors")
    lost = next(key for key in sorted(tensors) if "norm" in key)
    del tensors[lost]
    save_file(tensors, here / "st" / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ArtifactError, match=f"the weights do not fit .*missing: {lost}"):
        find_model("./st")


def model2vec(folder, **more):
    tokenizer = wordpiece_tokenizer()
    folder.mkdir()
    tokenizer.save(str(folder / "tokenizer.json"))
    write(folder / "config.json", {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": True})
    rows = ROWS[: tokenizer.get_vocab_size()]
    save_file({"embeddings": rows, **more}, folder / "model.safetensors")
    return tokenizer, rows


def test_a_folder_of_model2vec_gives_means_of_its_known_tokens(here):
    tokenizer, rows = model2vec(here / "m2v")
    spec = find_model("./m2v")
    assert (spec.encoder, spec.dimension, spec.kind, spec.max_tokens) == ("model2vec", 8, "sentence", 512)
    texts = [*TEXT, "the 字 dog"]
    table = embed_sentences("./m2v", [*texts, "字"])
    unknown = tokenizer.token_to_id("[UNK]")
    ids = [[i for i in tokenizer.encode(text, add_special_tokens=False).ids if i != unknown] for text in texts]
    np.testing.assert_allclose(table.vectors, [rows[row].mean(0) for row in ids], rtol=1e-4, atol=1e-6)
    assert table.missing == {"字": "tokenises to nothing that the model knows"}


def test_weights_and_rows_shared_by_tokens_of_model2vec_count(here):
    size = wordpiece_tokenizer().get_vocab_size()
    weights = np.linspace(0.1, 2, size).astype(np.float64)
    mapping = (np.arange(size) % 50).astype(np.int64)
    tokenizer, rows = model2vec(here / "m2v", weights=weights, mapping=mapping)
    ids = tokenizer.encode(TEXT[0], add_special_tokens=False).ids
    wanted = (rows[mapping[ids]] * weights[ids, None]).mean(0)
    np.testing.assert_allclose(embed_sentences("./m2v", TEXT[:1]).vectors, [wanted], rtol=1e-4, atol=1e-6)


def test_long_texts_of_model2vec_are_cut_and_counted(here, caplog):
    model2vec(here / "m2v")
    change(here / "m2v" / "config.json", max_length=10)
    for _ in range(2):
        caplog.clear()
        assert embed_sentences("./m2v", ["the dog", LONG]).cut == {LONG: 150}
        assert "1 of 2 texts were cut to the window of 10 tokens" in caplog.text


def test_weights_of_model2vec_that_do_not_fit_are_refused(here):
    model2vec(here / "m2v")
    save_file({"embeddings": ROWS[:20]}, here / "m2v" / "model.safetensors")
    with pytest.raises(ArtifactError, match=r"model\.safetensors: not the weights of model2vec"):
        find_model("./m2v")
