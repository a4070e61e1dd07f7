"""Decoders and encoders of many architectures: each gives the vectors of the bare model, or is refused with what it is."""

import json
import random

import numpy as np
import pytest
import torch
from conftest import TEXT, byte_tokenizer, make_tiny, tiny_config, wordpiece_tokenizer
from test_transformers import by_hand, close
from transformers import CONFIG_MAPPING, AutoModel, AutoModelForCausalLM

from embedlib import embed_spans, embed_words, models
from embedlib.encoders import load_model
from embedlib.errors import ArtifactError
from embedlib.models import find_model

TEXTS = [*TEXT, "the dog", "the dogs", "the dog saw the cat and the queen", "dog"]
VOCABULARY = byte_tokenizer().get_vocab_size()
SMALL = {
    "vocab_size": VOCABULARY, "hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 4,
    "num_key_value_heads": 2, "head_dim": 8, "num_hidden_layers": 4, "bos_token_id": 0, "eos_token_id": 0,
    "pad_token_id": 0, "initializer_range": 0.3,
}  # fmt: skip
STATES = {"mamba_n_heads": 4, "mamba_d_head": 16, "mamba_d_state": 8, "mamba_expand": 2, "mamba_n_groups": 1}
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
    "mamba2": ({"state_size": 8, "num_heads": 8, "head_dim": 8, "n_groups": 1}, False),
    "rwkv": ({"attention_hidden_size": 32}, False),
}  # fmt: skip


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """Give a cache and a working folder of the test's own, and no labels of other tests."""
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(models, "_labels", {})
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def save(folder, kind, tokenizer=None, **settings):
    """Make a small random model of an architecture."""
    torch.manual_seed(0)
    config = CONFIG_MAPPING[kind](**{**SMALL, **settings})
    model = AutoModel.from_config(config).eval()
    model.save_pretrained(folder)
    (tokenizer or byte_tokenizer()).save(str(folder / "tokenizer.json"))
    return model


@pytest.mark.filterwarnings("ignore")  # of transformers, about kernels that are faster
@pytest.mark.parametrize("kind", WORKING)
def test_a_decoder_gives_the_vectors_of_its_texts_run_alone_in_any_order(own, kind):
    settings, shares = WORKING[kind]
    save(own / "model", kind, **settings)
    spec = find_model("./model")
    assert (spec.encoder, spec.dimension, spec.layers) == ("causal", 32, 4)
    encoder = load_model(spec)
    assert (encoder._deepest > 0) == shares
    for layer in (1, 4):
        table = encoder.encode_sentences(TEXTS, layer=layer)
        for text, row in zip(table.keys, table.vectors, strict=True):
            assert close(by_hand(encoder, text, layer, "mean"), row), (text, layer)
    shuffled = random.Random(0).sample(TEXTS * 2, len(TEXTS) * 2)
    again = encoder.encode_sentences(shuffled)
    found = again.vectors[[again.keys.index(text) for text in TEXTS]]
    np.testing.assert_allclose(found, table.vectors, rtol=1e-4, atol=1e-5)
    table = embed_spans("./model", [("the dog saw the cat", (4, 7)), ("the dog saw the king", (16, 20))])
    alone = embed_spans("./model", [("the dog saw the cat", (4, 7))])
    np.testing.assert_allclose(table.vectors[:1], alone.vectors, rtol=1e-4, atol=1e-5)
