"""Models by path: word vectors, folders and GGUF files that the tests make, against the libraries they are of."""

import gzip
import json
import re
import shutil

import gguf
import numpy as np
import pytest
import torch
from conftest import FRONT, TEXT, byte_tokenizer, make_tiny, records_of, wordpiece_tokenizer
from gensim.models import FastText, KeyedVectors, Word2Vec
from gensim.models.fasttext import load_facebook_vectors, save_facebook_model
from gensim.test.utils import datapath
from test_gguf_convert import tiny_gguf  # noqa: F401 (a fixture)
from tokenizers import processors

from embedlib import embed_sentences, embed_spans, embed_words, list_models, load_words
from embedlib.book.notebooks import find_source, read_executed
from embedlib.book.run.freshness import fingerprint, why
from embedlib.book.run.parameters import resolve
from embedlib.book.run.plan import plan
from embedlib.encoders.loader import code_version, load_model
from embedlib.errors import ArtifactError, InputError, ParameterError, UnknownNameError
from embedlib.models import roster
from embedlib.models.external import gguf as described
from embedlib.models.roster import check_models, find_model, pin_model

WORDS = ["dog", "cat", "king", "queen", "naïve", "café"]
ROWS = np.random.default_rng(0).normal(size=(len(WORDS), 8)).astype(np.float32)


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """Give a cache and a working folder of the test's own, and no labels of other tests."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(roster, "_labels", {})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def keyed(words=WORDS, rows=ROWS):
    vectors = KeyedVectors(rows.shape[1])
    vectors.add_vectors(words, rows)
    return vectors


def lines(words=WORDS, rows=ROWS):
    return [" ".join([word, *(repr(float(x)) for x in row)]) for word, row in zip(words, rows, strict=True)]


def write_word2vec(path, **kwargs):
    keyed().save_word2vec_format(path, **kwargs)


def write_glove(path):
    path.write_text("\n".join(lines()) + "\n")


def write_fasttext_text(path):  # with the space that fastText ends its lines with
    path.write_text(f"{len(WORDS)} 8\n" + "".join(f"{line} \n" for line in lines()))


def write_packed(path):
    path.write_bytes(gzip.compress("\n".join(lines()).encode()))


FILES = {
    "w2v.txt": write_word2vec,
    "w2v.bin": lambda path: write_word2vec(path, binary=True),
    "glove.6B.8d.txt": write_glove,
    "some.vec": write_fasttext_text,
    "packed.txt.gz": write_packed,
    "own.kv": lambda path: keyed().save(str(path)),
    "apart.kv": lambda path: keyed().save(str(path), sep_limit=0),
    "misnamed.gguf": lambda path: write_word2vec(path, binary=True),
}


@pytest.mark.parametrize("file", FILES)
def test_word_vectors_are_read_whatever_their_format_and_ending(own, file):
    FILES[file](own / file)
    spec = find_model(f"./{file}")
    assert (spec.family, spec.kind, spec.encoder) == ("counting", "static", "word-vectors")
    assert (spec.dimension, spec.layers, spec.parameters) == (8, 0, 48)
    assert (spec.embedding_parameters, spec.body_parameters) == (48, 0)
    assert spec.name == {"packed.txt.gz": "packed", "glove.6B.8d.txt": "glove.6B.8d"}.get(file, file.split(".")[0])
    table = embed_words(f"./{file}", [*WORDS, "Dog", "mouse"])
    assert table.keys == [*WORDS, "Dog"]  # the vocabulary is lower case, so "Dog" is looked up as "dog"
    np.testing.assert_allclose(table.vectors, [*ROWS, ROWS[0]], rtol=1e-6)
    assert list(table.missing) == ["mouse"]


def test_models_of_gensim_and_fasttext_give_the_vectors_of_their_library(own):
    texts = [text.split() for text in TEXT] * 3
    trained = Word2Vec(texts, vector_size=6, min_count=1, workers=1)
    trained.save("word2vec.model")
    subwords = FastText(texts, vector_size=6, min_count=1, workers=1, bucket=50)
    subwords.save("fasttext.model")
    save_facebook_model(subwords, "fasttext.bin")
    for file, vectors in (
        ("word2vec.model", trained.wv), ("fasttext.model", subwords.wv), ("fasttext.bin", subwords.wv),
        (datapath("lee_fasttext.vec"), KeyedVectors.load_word2vec_format(datapath("lee_fasttext.vec"))),
        (datapath("lee_fasttext_new.bin"), load_facebook_vectors(datapath("lee_fasttext_new.bin"))),
    ):  # fmt: skip
        words = vectors.index_to_key[:20]
        table = embed_words(file if "/" in file else f"./{file}", words)
        assert table.keys == words
        np.testing.assert_allclose(table.vectors, vectors[words], rtol=1e-6)


def test_words_with_spaces_in_a_glove_file_are_read(own):
    own.joinpath("glove.txt").write_text("\n".join([*lines(), ". . . 1 2 3 4 5 6 7 8", "at a@b.c 8 7 6 5 4 3 2 1"]))
    table = embed_words("./glove.txt", [". . .", "at a@b.c", "dog"])
    np.testing.assert_allclose(table.vectors, [np.arange(1, 9), np.arange(8, 0, -1), ROWS[0]], rtol=1e-6)


def test_zeros_and_words_that_stand_twice_are_left_out_and_said(own, caplog):
    own.joinpath("some.txt").write_text("\n".join(["8 8", *lines(), "nil" + " 0" * 8, "dog" + " 1" * 8]))
    table = embed_words("./some.txt", ["dog", "nil"])
    np.testing.assert_allclose(table.vectors, ROWS[:1], rtol=1e-6)
    assert list(table.missing) == ["nil"]
    assert "1 words are listed twice" in caplog.text
    assert "1 words have a vector of zeros" in caplog.text


TEXT_FILE = "\n".join(["6 8", *lines()])
BAD = {
    "ragged.txt": (TEXT_FILE.rsplit(" ", 1)[0], r"ragged\.txt, line 7: 7 numbers where the first lines have 8"),
    "long.txt": (TEXT_FILE + " 1.5", r"long\.txt, line 7: 9 numbers where the first lines have 8"),
    "glove.txt": ("\n".join(lines()) + " 1.5", r"glove\.txt, line 6: 9 numbers"),
    "count.txt": (TEXT_FILE.replace("6 8", "7 8"), "the first line says 7 words, the file has 6"),
    "more.txt": (TEXT_FILE.replace("6 8", "5 8"), "the first line says 5 words, the file has 6"),
    "word.txt": (TEXT_FILE + "x", r"word\.txt, line 7: not 8 numbers after a word"),
    "nan.txt": (TEXT_FILE.replace(lines()[2].split()[1], "nan"), "the vector of 'king' is not finite"),
    "prose.txt": ("Once upon a time\nthere was", "not a model that embedlib reads; allowed: word2vec"),
    "empty.txt": ("", "the file is empty"),
    "zip.zip": (b"PK\x03\x04 and so on", "a zip archive; unpack"),
    "pickle.kv": (b"\x80\x04 cut", "cannot be read as gensim"),
    "weights.safetensors": (b"\x40\0\0\0\0\0\0\0" + b'{"a": 1}', "name the folder that they are in"),
    "cut.txt.gz": (gzip.compress(TEXT_FILE.encode())[:-30], "cannot be read"),
    "bad.gguf": (b"GGUF" + b"\3\0\0\0" + b"\xff" * 16, r"damaged, cut short or of another version \(IndexError"),
    "old.gguf": (b"GGUF" + b"\1\0\0\0" + b"\0" * 16, "of another version .*version 1 "),
}


@pytest.mark.parametrize("file", BAD)
def test_bad_files_are_named_with_what_is_wrong(own, file):
    content, said = BAD[file]
    (own / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ArtifactError, match=said) as caught:
        find_model(f"./{file}")
    assert str(own / file) in str(caught.value)


def test_binary_files_that_do_not_fit_their_header_are_refused(own):
    write_word2vec(own / "some.bin", binary=True)
    content = (own / "some.bin").read_bytes()
    for changed, said in (
        (content[:-5], "cut short"),
        (content[:-60], "truncated: 6 words of 8 numbers take 202 bytes at least, the file has"),
        (content.replace(b"6 8", b"900000000 8", 1), "truncated"),
        (content.replace(b"6 8", b"5 8", 1), "the first line says 5 words, the file goes on"),
    ):
        (own / "some.bin").write_bytes(changed)
        with pytest.raises(ArtifactError, match=said):
            find_model("./some.bin")


def test_a_missing_array_and_what_has_no_words_are_said(own):
    keyed().save("apart.kv", sep_limit=0)
    (own / "apart.kv.vectors.npy").unlink()
    with pytest.raises(ArtifactError, match=r"the array apart\.kv\.vectors\.npy is missing"):
        find_model("./apart.kv")


def test_a_changed_file_or_array_is_another_model_and_a_damaged_conversion_is_made_again(own):
    keyed().save("apart.kv", sep_limit=0)
    before = find_model("./apart.kv")
    assert find_model("./apart.kv") == before
    np.save("apart.kv.vectors.npy", ROWS[::-1])
    after = find_model("./apart.kv")
    assert after.checksum != before.checksum
    np.testing.assert_array_equal(embed_words("./apart.kv", WORDS).vectors, ROWS[::-1])
    shutil.rmtree(own.parent / "cache" / "converted")
    with pytest.raises(ArtifactError, match="is missing"):
        load_model(after.model_copy(update={"title": "not held"}))
    assert find_model("./apart.kv") == after
    np.testing.assert_array_equal(load_model(find_model("./apart.kv")).vectors, ROWS[::-1])


def roberta(folder):
    """Make a small RoBERTa, whose positions start behind that of the padding."""
    from transformers import RobertaConfig, RobertaModel

    torch.manual_seed(0)
    tokenizer = byte_tokenizer()
    tokenizer.add_special_tokens(["<pad>", "<s>", "</s>"])
    number = tokenizer.token_to_id
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", number("</s>")), ("<s>", number("<s>")))
    config = RobertaConfig(
        vocab_size=tokenizer.get_vocab_size(), hidden_size=32, intermediate_size=64, num_attention_heads=4,
        num_hidden_layers=2, max_position_embeddings=600, type_vocab_size=1, pad_token_id=number("<pad>"),
        initializer_range=0.3,
    )  # fmt: skip
    RobertaModel(config).eval().save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))


@pytest.mark.parametrize("kind", ["bert", "roberta"])
def test_an_encoder_folder_gives_the_vectors_of_transformers(own, kind):
    from transformers import AutoModel, PreTrainedTokenizerFast

    roberta(own / kind) if kind == "roberta" else make_tiny(kind, own / kind)
    spec = find_model(f"./{kind}")
    assert (spec.family, spec.kind, spec.encoder, spec.pooling) == ("contrastive", "sentence", "bert", "mean")
    model = AutoModel.from_pretrained(own / kind)
    assert (spec.dimension, spec.layer) == (32, model.config.num_hidden_layers)
    assert spec.parameters == sum(parameter.numel() for parameter in model.parameters())
    tables = [name for name, _ in model.named_parameters() if name.endswith("_embeddings.weight")]
    assert len(tables) == 3  # tokens, positions and kinds of tokens
    assert spec.embedding_parameters == sum(model.get_parameter(name).numel() for name in tables)
    assert (spec.case == "lower") == (kind == "bert")
    assert spec.max_tokens == (128 if kind == "bert" else 600 - model.config.pad_token_id - 1)
    tokenizer = PreTrainedTokenizerFast(tokenizer_file=str(own / kind / "tokenizer.json"))
    texts = [*TEXT, "dog"]
    for layer, mode in ((spec.layers, "mean"), (1, "first"), (0, "last")):
        table = embed_sentences(f"./{kind}", texts, layer=layer, pooling=mode)
        for text, row in zip(table.keys, table.vectors, strict=True):
            with torch.inference_mode():
                out = model(input_ids=torch.tensor([tokenizer(text)["input_ids"]]), output_hidden_states=True)
            hidden = out.hidden_states[layer][0].numpy()
            wanted = {"mean": hidden.mean(0), "first": hidden[0], "last": hidden[-1]}[mode]
            np.testing.assert_allclose(row, wanted, rtol=1e-4, atol=1e-5)
    assert len(embed_spans(f"./{kind}", [("the dog saw the cat", (4, 7))])) == 1
    assert embed_sentences(f"./{kind}", ["the dog " * 400]).vectors.shape == (1, 32)  # cut to the window


def test_a_decoder_folder_gives_the_vectors_of_transformers_with_its_first_token_in_front(own):
    from transformers import AutoModel

    made = make_tiny("qwen", own / "qwen")
    assert find_model("./qwen").bos is None
    assert find_model("./qwen").bos_policy == "the best front in front, not pooled"
    config = json.loads((own / "qwen" / "config.json").read_text())
    (own / "qwen" / "config.json").write_text(json.dumps({**config, "eos_token_id": [0, 5]}))
    assert find_model("./qwen").bos == "<bos>"  # the end token where none is called the first
    (own / "qwen" / "tokenizer_config.json").write_text(
        json.dumps({"bos_token": {"__type": "AddedToken", "content": "the"}})
    )
    spec = find_model("./qwen")
    assert (spec.family, spec.kind, spec.encoder, spec.bos) == ("decoder", "causal", "causal", "the")
    assert (spec.layer, spec.pooling, spec.max_tokens) == (3, "mean", 2048)
    model = AutoModel.from_pretrained(own / "qwen")
    assert spec.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert spec.embedding_parameters == model.get_input_embeddings().weight.numel()
    encoder = load_model("./qwen")
    for text, row in zip(TEXT, encoder.encode_sentences(TEXT, front="the").vectors, strict=True):
        ids = [encoder.tokenizer.token_to_id("the"), *encoder.tokenizer.encode(text, add_special_tokens=False).ids]
        with torch.inference_mode():
            hidden = model(input_ids=torch.tensor([ids])).last_hidden_state[0, 1:].mean(0)
        np.testing.assert_allclose(row, hidden.numpy(), rtol=1e-3, atol=1e-5)
    assert made.checksum != spec.checksum  # its config changed


def test_weights_in_several_files_are_one_model(own):
    from transformers import AutoModel

    make_tiny("qwen", own / "whole")
    shutil.copytree(own / "whole", own / "sharded")
    (own / "sharded" / "model.safetensors").unlink()
    AutoModel.from_pretrained(own / "whole").save_pretrained(own / "sharded", max_shard_size="60KB")
    assert len(list((own / "sharded").glob("model-*.safetensors"))) > 1
    whole, sharded = find_model("./whole"), find_model("./sharded")
    assert whole.parameters == sharded.parameters
    np.testing.assert_array_equal(embed_words("./whole", WORDS).vectors, embed_words("./sharded", WORDS).vectors)
    part = sorted((own / "sharded").glob("model-*.safetensors"))[0]
    content = bytearray(part.read_bytes())
    content[-1] ^= 1
    part.write_bytes(content)
    with pytest.raises(ArtifactError, match="Name the model again where the file was changed on purpose"):
        load_model(sharded.model_copy(update={"title": "not held"}))
    assert find_model("./sharded").checksum != sharded.checksum
    part.unlink()
    with pytest.raises(ArtifactError, match=f"{part.name} is missing"):
        find_model("./sharded")


def sentence_transformer(folder, *behind, pooling="mean", window=50):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling

    if not (folder.parent / "tiny-bert").exists():
        make_tiny("bert", folder.parent / "tiny-bert")
    transformer = Transformer(str(folder.parent / "tiny-bert"), max_seq_length=window)
    model = SentenceTransformer(modules=[transformer, Pooling(32, pooling), *behind])
    model.save(str(folder))
    return model


def cosines(one, other):
    one, other = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (one, other))
    return (one * other).sum(axis=1)


@pytest.mark.parametrize(
    ("pooling", "encoder"),
    [("mean", "bert"), ("cls", "bert"), ("max", "bert"), ("lasttoken", "bert"),
     ("weightedmean", "sentence-transformers"), ("dense", "sentence-transformers")],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_a_sentence_transformers_folder_gives_its_vectors(own, pooling, encoder):
    from sentence_transformers.sentence_transformer.modules import Dense, Normalize

    behind = [Dense(32, 16), Normalize()] if pooling == "dense" else [Normalize()]
    model = sentence_transformer(own / "st", *behind, pooling="cls" if pooling == "dense" else pooling)
    spec = find_model("./st")
    assert (spec.encoder, spec.family, spec.max_tokens) == (encoder, "contrastive", 50)
    assert spec.dimension == (16 if pooling == "dense" else 32)
    texts = [*TEXT, "dog", "the dog and " * 60]
    table = embed_sentences("./st", [*texts, " "])
    assert table.keys == texts
    assert cosines(table.vectors, model.encode(texts)).min() > 0.9999
    if encoder == "sentence-transformers":
        assert spec.poolings == ("builtin",)
        with pytest.raises(InputError, match="st cannot embed spans"):
            embed_spans("./st", [("the dog", (4, 7))])


@pytest.mark.filterwarnings("ignore")
def test_settings_of_a_sentence_transformers_folder_count(own):
    model = sentence_transformer(own / "st")
    pool = own / "st" / "1_Pooling" / "config.json"
    pool.write_text(
        json.dumps({"word_embedding_dimension": 32, "pooling_mode_max_tokens": True})
    )  # as older ones say it
    assert find_model("./st").pooling == "max"
    settings = own / "st" / "config_sentence_transformers.json"
    prompted = {**json.loads(settings.read_text()), "prompts": {"p": "the king "}, "default_prompt_name": "p"}
    settings.write_text(json.dumps(prompted))
    pool.write_text(json.dumps({"embedding_dimension": 32, "pooling_mode": "mean"}))
    assert find_model("./st").encoder == "sentence-transformers"
    rows = embed_sentences("./st", TEXT).vectors
    assert cosines(rows, model.encode([f"the king {text}" for text in TEXT])).min() > 0.9999


@pytest.mark.filterwarnings("ignore")
def test_static_embeddings_of_sentence_transformers(own):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding

    torch.manual_seed(0)
    model = SentenceTransformer(modules=[StaticEmbedding(wordpiece_tokenizer(), embedding_dim=12)])
    model.save(str(own / "static"))
    assert find_model("./static").dimension == 12
    assert cosines(embed_sentences("./static", TEXT).vectors, model.encode(TEXT)).min() > 0.9999


def edited(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def another(folder, kind):
    (folder / "config.json").write_text(json.dumps({"model_type": kind}))


def pickle_only(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")


def vectors_only(folder):
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "own.kv").write_bytes(b"")


FOLDERS = {
    "no-tokenizer": (lambda f: (f / "tokenizer.json").unlink(), r"no model in this folder: tokenizer\.json missing"),
    "pickle": (pickle_only, r"a pickle or of another library \(pytorch_model\.bin\)"),
    "vectors": (vectors_only, r"Name one of its files instead: own\.kv\."),
    "adapter": (lambda f: (f / "adapter_config.json").write_text("{}"), "an adapter without its weights"),
    "truncated": (lambda f: (f / "model.safetensors").write_bytes(b"\0" * 20), "not safetensors, or truncated"),
    "no-json": (lambda f: (f / "config.json").write_text("{"), "transformers cannot read config.json"),
    "unknown": (lambda f: edited(f, model_type="zzz"), "transformers cannot read config.json: .*zzz"),
    "t5": (lambda f: another(f, "t5"), "t5 is an encoder-decoder model"),
    "image": (
        lambda f: another(f, "vit"),
        "vit is neither an encoder like BERT nor a decoder-only",
    ),
    "mamba": (
        lambda f: another(f, "mamba"),
        r"do not fit the model that config.json describes \(MambaModel\): \d+ missing: embeddings.weight, layers.0",
    ),
    "quantised": (lambda f: edited(f, quantization_config={"quant_method": "awq"}), "the weights are quantised"),
    "tokenizer": (lambda f: (f / "tokenizer.json").write_text("{}"), "not a tokenizer"),
}


@pytest.mark.parametrize("kind", FOLDERS)
def test_folders_that_cannot_be_used_say_what_is_wrong(own, kind):
    make_tiny("bert", own / "model")
    spoil, said = FOLDERS[kind]
    spoil(own / "model")
    with pytest.raises(ArtifactError, match=said):
        find_model("./model")


def test_a_gguf_file_is_a_model_by_its_header(own, tiny_gguf):  # noqa: F811
    shutil.copy(tiny_gguf[0], own / "tiny.gguf")
    spec = find_model("./tiny.gguf")
    assert (spec.name, spec.family, spec.encoder, spec.bos) == ("tiny", "decoder", "causal", "<bos>")
    model = tiny_gguf[1]
    assert (spec.dimension, spec.layers, spec.max_tokens) == (32, 3, 512)
    assert spec.parameters == sum(parameter.numel() for parameter in model.model.parameters())
    assert spec.embedding_parameters == model.get_input_embeddings().weight.numel()
    encoder = load_model("./tiny.gguf")
    row = encoder.encode_words(["the dog"]).vectors[0]
    ids = encoder.tokenize(["the dog"])[0].ids
    with torch.inference_mode():
        hidden = model.model(input_ids=torch.tensor([ids])).last_hidden_state[0, 1:].mean(0)
    np.testing.assert_allclose(row, hidden.numpy(), rtol=1e-3, atol=1e-5)


def test_a_gguf_file_is_read_once(own, tiny_gguf, monkeypatch):  # noqa: F811
    shutil.copy(tiny_gguf[0], own / "tiny.gguf")
    spec = find_model("./tiny.gguf")
    monkeypatch.setattr(described, "GGUFReader", None)
    assert find_model("./tiny.gguf") == spec


def test_gguf_files_that_are_cut_short_are_refused(own, tiny_gguf):  # noqa: F811
    content = tiny_gguf[0].read_bytes()
    for kept in (4, 10, 50, 3000, len(content) // 2, len(content) - 1):
        (own / "cut.gguf").write_bytes(content[:kept])
        with pytest.raises(ArtifactError, match=r"cut\.gguf: the GGUF file is damaged, cut short"):
            find_model("./cut.gguf")


def test_gguf_files_that_transformers_cannot_convert_say_which_it_can(own):
    for file, rows in (("bert.gguf", 2), ("vocabulary.gguf", 0)):
        writer = gguf.GGUFWriter(own / file, "nomic-bert")
        if rows:
            writer.add_tensor("token_embd.weight", np.ones((rows, 32), dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        if rows:
            writer.write_tensors_to_file()
        writer.close()
    with pytest.raises(ArtifactError, match="a GGUF file without weights"):
        find_model("./vocabulary.gguf")
    with pytest.raises(ArtifactError, match=r"'nomic-bert' .an encoder. to a causal model; it can convert: .*gemma3"):
        find_model("./bert.gguf")


def test_what_is_neither_name_nor_path_gets_a_hint(own):
    write_glove(own / "vectors.txt")
    for name, error, said in (
        ("sbert-minlm", UnknownNameError, r"Did you mean 'sbert-minilm'.*begins with './'; a hub id is hf:owner/name"),
        ("./vectors.tx", InputError, r"Did you mean '.*here/vectors\.txt'"),
        ("vector.txt", InputError, r"Did you mean '.*here/vectors\.txt'"),
        ("Qwen/Qwen3-0.6B", InputError, r"There is no folder .*A model of the hub is named 'hf:Qwen/Qwen3-0\.6B'"),
        ("hf:Qwen3-0.6B", InputError, r"is no hub id; allowed: hf:owner/name"),
    ):
        with pytest.raises(error, match=said):
            find_model(name)


def test_names_are_short_and_stay_apart(own):
    for folder in ("a", "b"):
        (own / folder).mkdir()
    keyed().save("a/v.kv")
    keyed(rows=ROWS[::-1]).save("b/v.kv")
    keyed().save("glove-6b-50d.kv")
    keyed().save("my vectors (1).kv")
    assert check_models(["glove-6b-50d", "./a/v.kv"]) == ["glove-6b-50d", "v"]
    assert find_model("v") == find_model("a/v.kv")
    names = check_models(["./b/v.kv", "glove-6b-50d", "v", "./glove-6b-50d.kv", "my vectors (1).kv"])
    assert names[1:3] == ["glove-6b-50d", "v"]
    assert all(len(name) == length for name, length in zip(names, (10, 12, 1, 21, 12), strict=True)), names
    assert names[4] == "my-vectors-1"
    assert check_models(names) == names
    np.testing.assert_array_equal(embed_words(names[0], WORDS).vectors, ROWS[::-1])
    np.testing.assert_array_equal(embed_words("v", WORDS).vectors, ROWS)
    table = list_models(names)
    assert list(table.index) == names
    assert list(table["source"])[:1] == ["v.kv"]
    roster._labels.clear()
    both = check_models(["./a/v.kv", "./b/v.kv", "./a/../a/v.kv"])  # of one list, neither is just "v"
    assert [name[:2] for name in both] == ["v-", "v-"]
    np.testing.assert_array_equal(embed_words(both[1], WORDS).vectors, ROWS[::-1])


def test_the_family_can_be_said(own):
    keyed().save("v.kv")
    assert list(list_models(["static-llm:./v.kv"])["family"]) == ["static-llm"]
    assert find_model("v").family == "static-llm"
    assert pin_model("decoder:v.kv") == f"decoder:{own / 'v.kv'}"
    assert find_model("contrastive:./v.kv").checksum == find_model("./v.kv").checksum
    # As it was said before there were four families.
    assert [find_model(f"{word}:./v.kv").family for word in ("llm", "classical")] == ["static-llm", "counting"]


SOURCE = (
    FRONT
    + """```{code-cell} python
:tags: [parameters]

models: list[str] = ["glove-6b-50d"]  # the models
```
"""
)


def test_a_run_pins_paths_and_notices_a_changed_file(own):
    (own / "small.md").write_text(SOURCE)
    keyed().save("v.kv")
    planned = plan(own / "small.md", {"models": "glove-6b-50d, v.kv"}, own / "_build")
    assert planned.parameters == {"models": ["glove-6b-50d", str(own / "v.kv")]}
    before = fingerprint(planned)
    assert list(before["models"]) == ["glove-6b-50d", str(own / "v.kv")]
    keyed(rows=ROWS[::-1]).save("v.kv")
    after = fingerprint(planned)
    assert [name for name in after["models"] if after["models"][name] != before["models"][name]] == [str(own / "v.kv")]
    with pytest.raises(ParameterError, match=r"parameter models: there is no model file or folder .*w\.kv"):
        resolve(planned.notebook, {"models": "./w.kv"})


def test_vectors_of_a_path_are_current_while_its_file_is(own, call):
    keyed().save("v.kv")
    (own / "words.txt").write_text("dog\ncat\n")
    assert call("extract", "-m", "./v.kv", "--words", "words.txt")[0] == 0
    assert "yes" in call("store", "list")[1]
    assert "removed 0 folders" in call("store", "clean", "--stale")[1]
    code, out, _ = call("models", "./v.kv", "llm:v.kv")
    assert (code, len(re.findall(r"^model: +v$", out, re.M))) == (0, 2)
    keyed(rows=ROWS[::-1]).save("v.kv")
    assert "yes" not in call("store", "list")[1]
    assert "removed 1 folders" in call("store", "clean", "--stale")[1]


def test_a_chapter_runs_on_a_roster_name_and_a_relative_path(own, call):
    words = load_words(300)
    known = embed_words("glove-6b-50d", words)
    noise = np.random.default_rng(1).normal(scale=0.2, size=known.vectors.shape).astype(np.float32)
    keyed(known.keys, known.vectors + noise).save("my-vectors.kv")
    (own / "own.txt").write_text("\n".join(words))
    settings = {"models": '["glove-6b-50d", "./my-vectors.kv"]', "words": "own.txt", "readings": "study", "draws": "40"}
    chapter = find_source("02_random_pairs")
    known = plan(chapter).settings
    settings = {name: value for name, value in settings.items() if name in known}
    planned = plan(chapter, settings)
    options = [option for name, value in settings.items() for option in ("-p", f"{name}={value}")]
    try:
        code, out, err = call("run", "02_random_pairs", *options)
        assert (code, f"ran: {planned.output}" in out) == (0, True), err
        assert why(planned, fingerprint(planned)) == []
        executed = read_executed(planned.output)
        records = records_of(executed)
        keys = {key for record in records.values() for row in record.get("keys", []) for key in row}
        assert {"glove-6b-50d", "my-vectors"} <= keys
        shown = json.dumps([cell.get("outputs") for cell in executed.cells if "parameters" not in str(cell.metadata)])
        assert str(own) not in shown
    finally:
        for path in (planned.output, planned.state, planned.failed):
            path.unlink(missing_ok=True)


def test_specs_of_paths_say_which_code_their_vectors_depend_on(own):
    make_tiny("bert", own / "bert")
    spec = find_model("./bert")
    assert code_version(spec) != code_version(spec.model_copy(update={"max_tokens": 20}))
