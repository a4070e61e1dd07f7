"""Architectures of many kinds: each gives the vectors of the bare model, or is refused with what it is."""

import json
import random

import numpy as np
import pytest
import torch
from conftest import TEXT, byte_tokenizer, make_tiny
from safetensors.torch import load_file, save_file
from test_transformers import by_hand, by_hand_at, close
from transformers import CONFIG_MAPPING, AutoModel, AutoModelForImageTextToText

from embedlib import embed_spans, embed_words
from embedlib.encoders.loader import load_model
from embedlib.errors import ArtifactError
from embedlib.models import roster
from embedlib.models.roster import find_model

TEXTS = [*TEXT, "the dog", "the dogs", "the dog saw the cat and the queen", "dog"]
VOCABULARY = byte_tokenizer().get_vocab_size()
SMALL = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "num_hidden_layers": 4, "bos_token_id": 0, "eos_token_id": 0,
    "pad_token_id": 0, "initializer_range": 0.3,
}  # fmt: skip
STATES = {
    "mamba_n_heads": 4,
    "mamba_d_head": 16,
    "mamba_d_state": 8,
    "mamba_expand": 2,
    "mamba_n_groups": 1,
    "mamba_chunk_size": 8,
}
LINEAR = {"linear_num_key_heads": 2, "linear_num_value_heads": 4, "linear_key_head_dim": 8, "linear_value_head_dim": 8}
EXPERTS = {"num_local_experts": 4, "num_experts": 4, "num_experts_per_tok": 2, "moe_intermediate_size": 32}
SHORT = {"sliding_window": 5, "query_pre_attn_scalar": 8,
         "layer_types": ["sliding_attention", "full_attention"] * 2}  # fmt: skip
# What each is made of beside SMALL, and whether its texts can share what they begin with.
WORKING = {
    "qwen2": ({}, True),
    "gemma3_text": (SHORT, True),
    "gpt2": ({}, True),
    "mixtral": (EXPERTS, True),
    "lfm2": ({"full_attn_idxs": [2], "block_multiple_of": 16}, False),
    "qwen3_next": ({**LINEAR, **EXPERTS, "shared_expert_intermediate_size": 32}, False),
    "qwen3_5_text": (LINEAR, False),
    "granitemoehybrid": (
        {**STATES, **EXPERTS, "shared_intermediate_size": 64, "layer_types": ["mamba", "attention"] * 2}, False),
    "falcon_h1": ({**STATES, "mamba_d_ssm": 64}, False),
    "bamba": ({**STATES, "attn_layer_indices": [1]}, False),
    "jamba": ({**EXPERTS, "use_mamba_kernels": False, "attn_layer_period": 2, "attn_layer_offset": 1}, False),
    "recurrent_gemma": ({"attention_window_size": 6, "lru_width": 32}, False),
    "mamba": ({"state_size": 8}, False),
    "mamba2": ({"state_size": 8, "num_heads": 8, "head_dim": 8, "n_groups": 1, "chunk_size": 8}, False),
    "rwkv": ({"attention_hidden_size": 32}, False),
}  # fmt: skip


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """Give a cache and a working folder of the test's own, and no labels of other tests."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(roster, "_labels", {})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def save(folder, kind, tokenizer=None, **settings):
    """Make a small random model of an architecture."""
    torch.manual_seed(0)
    config = CONFIG_MAPPING[kind](**{**SMALL, **settings})
    model = AutoModel.from_config(config).eval()
    model.save_pretrained(folder)
    save_tokenizer(folder, tokenizer or byte_tokenizer())
    return model


def save_tokenizer(folder, tokenizer):
    """Save a tokenizer as it is: some architectures have a class that would build another one of it."""
    tokenizer.save(str(folder / "tokenizer.json"))
    said = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(said))


@pytest.mark.filterwarnings("ignore")  # of transformers, about kernels that are faster
@pytest.mark.parametrize("kind", WORKING)
def test_a_decoder_gives_the_vectors_of_its_texts_run_alone_in_any_order(own, kind):
    settings, shares = WORKING[kind]
    save(own / "model", kind, **settings)
    spec = find_model("./model")
    assert (spec.encoder, spec.dimension, spec.layers) == ("causal", 32, 4)
    encoder = load_model(spec)
    assert (encoder._deepest > 0) == shares
    tables = [encoder.encode_sentences(TEXTS, layer=layer) for layer in (1, 4)]
    for text in TEXTS:
        for table, alone in zip(tables, by_hand_at(encoder, text, (1, 4), "mean"), strict=True):
            assert close(alone, table.rows([text])[0]), (text, table.layers)
    shuffled = random.Random(0).sample(TEXTS * 2, len(TEXTS) * 2)
    again = encoder.encode_sentences(shuffled)
    found = again.vectors[[again.keys.index(text) for text in TEXTS]]
    np.testing.assert_allclose(found, tables[-1].vectors, rtol=1e-4, atol=1e-5)
    table = embed_spans("./model", [("the dog saw the cat", (4, 7)), ("the dog saw the king", (16, 20))])
    alone = embed_spans("./model", [("the dog saw the cat", (4, 7))])
    np.testing.assert_allclose(table.vectors[:1], alone.vectors, rtol=1e-4, atol=1e-5)


VISION = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4, "num_hidden_layers": 1,
          "image_size": 28, "patch_size": 14}  # fmt: skip
WITH_IMAGES = {
    "gemma3": ({"model_type": "gemma3_text", **SMALL, **SHORT}, {"model_type": "siglip_vision_model", **VISION}),
    "llava": ({"model_type": "llama", **SMALL}, {"model_type": "clip_vision_model", **VISION}),
    "qwen2_vl": (
        {**SMALL, "rope_parameters": {"rope_type": "default", "rope_theta": 1e4, "mrope_section": [1, 1, 2]}},
        {"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 4},
    ),
}


def old_names(name):
    """Give the names that weights of models with images had before transformers 5."""
    if name.startswith("model.language_model."):
        return name.replace("model.language_model.", "language_model.model.")
    return name.removeprefix("model.")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", WITH_IMAGES)
def test_of_a_model_of_images_and_texts_the_part_for_texts_is_taken(own, kind):
    text, vision = WITH_IMAGES[kind]
    torch.manual_seed(0)
    whole = AutoModelForImageTextToText.from_config(CONFIG_MAPPING[kind](text_config=text, vision_config=vision)).eval()
    whole.save_pretrained(own / "model")
    save_tokenizer(own / "model", byte_tokenizer())
    weights = {name: tensor.clone() for name, tensor in whole.state_dict().items() if "lm_head" not in name}
    for names in (str, old_names):
        renamed = {names(name): tensor for name, tensor in weights.items()}
        save_file(renamed, own / "model" / "model.safetensors", metadata={"format": "pt"})
        encoder = load_model("./model")
        assert encoder.spec.encoder == "causal"
        table = encoder.encode_sentences(TEXTS, pooling="last")
        for sentence, row in zip(table.keys, table.vectors, strict=True):
            ids = torch.tensor([encoder.tokenize([sentence])[0].ids])
            with torch.inference_mode():
                out = whole.model.language_model(input_ids=ids)
            assert close(out.last_hidden_state[0, -1].numpy(), row), sentence


def test_the_smallest_window_says_how_much_texts_share(own):
    save(own / "model", "gemma3_text", **SHORT)
    encoder = load_model("./model")
    assert encoder._deepest == SHORT["sliding_window"] - 1
    texts = ["the dog saw the cat and the king " * n + end for n in (1, 2, 3) for end in ("dog", "king and queen", "")]
    for text, row in zip(texts, encoder.encode_sentences(texts, pooling="last").vectors, strict=True):
        assert close(by_hand(encoder, text, 4, "last"), row), text


def changed(folder, **changes):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changes}))


def own_code(folder):
    changed(folder, auto_map={"AutoModel": "modeling_own.OwnModel"})


def unknown_code(folder):
    (folder / "configuration_own.py").write_text("raise SystemExit('run')")
    changed(folder, model_type="own", auto_map={"AutoConfig": "configuration_own.OwnConfig"})


REFUSED = {
    "gemma3n_text": (
        {"hidden_size_per_layer_input": 8, "vocab_size_per_layer_input": VOCABULARY, "num_kv_shared_layers": 2,
         "laurel_rank": 4, "layer_types": ["sliding_attention", "full_attention"] * 2}, None,
        r"Gemma3nTextModel gives 5 hidden states of the shapes \(4, 2, 4, 32\) for 2 texts of 4 tokens; needed are 5",
    ),
    "xlnet": ({"d_model": 32, "n_layer": 4, "n_head": 4, "d_inner": 64}, None, "XLNetModel is no decoder: what"),
    "t5": ({"d_model": 32}, None, "t5 is an encoder-decoder model"),
    "qwen2": ({}, own_code, "code of its own for the model.*runs no code of a folder; take auto_map out"),
    "qwen3": ({}, unknown_code, "names code of its own .auto_map., and embedlib runs no code of a folder"),
    "llama": ({}, lambda folder: changed(folder, hidden_size=[32, 64]), "cannot read config.json|several widths"),
}  # fmt: skip


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", REFUSED)
def test_what_cannot_be_read_is_refused_with_what_it_is(own, kind):
    settings, spoil, said = REFUSED[kind]
    save(own / "model", kind, **settings)
    if spoil:
        spoil(own / "model")
    with pytest.raises(ArtifactError, match=said):
        find_model("./model")


def test_an_encoder_that_does_not_look_ahead_is_refused(own, monkeypatch):
    spec = make_tiny("qwen", own / "model")
    with pytest.raises(ArtifactError, match="Qwen2Model is no encoder: what follows a token does not change"):
        load_model(spec.model_copy(update={"encoder": "bert"}))


def test_a_model_that_draws_numbers_is_refused(own, monkeypatch):
    from transformers.models.qwen2.modeling_qwen2 import Qwen2MLP

    spec = make_tiny("qwen", own / "model")
    forward = Qwen2MLP.forward
    monkeypatch.setattr(Qwen2MLP, "forward", lambda self, x: torch.dropout(forward(self, x), 0.5, True))
    with pytest.raises(ArtifactError, match="Qwen2Model gives other hidden states at each run"):
        load_model(spec)


def test_states_that_are_not_finite_are_refused_by_their_dtype(own):
    spec = make_tiny("qwen", own / "model")
    weights = load_file(own / "model" / "model.safetensors")
    weights["layers.0.mlp.down_proj.weight"] *= 1e6
    save_file(weights, own / "model" / "model.safetensors", metadata={"format": "pt"})
    assert len(embed_words("./model", ["dog"])) == 1
    with pytest.raises(ArtifactError, match=r"in torch\.float16 are not finite; try another dtype"):
        load_model(find_model("./model"), dtype="float16")
    assert spec.layers == 3
