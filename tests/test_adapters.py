"""Adapters of PEFT with the model that they are for, against what peft itself makes of them."""

import json
import shutil

import numpy as np
import pytest
import torch
from conftest import TEXT, make_tiny
from peft import LoraConfig, PeftModel, PromptTuningConfig, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModel, AutoModelForCausalLM

from embedlib import embed_sentences
from embedlib.encoders.loader import load_model
from embedlib.errors import ArtifactError
from embedlib.models.roster import find_model

pytestmark = pytest.mark.filterwarnings("ignore::FutureWarning")  # of peft, which the tests call themselves


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def settings(folder, **changes):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))


def adapt(own, kind="qwen", auto=AutoModelForCausalLM, named="../base", config=None):
    """Make a small model in ./base and an adapter for it in ./adapter, whose numbers are drawn at random."""
    make_tiny(kind, own / "base")
    if auto is AutoModelForCausalLM:
        auto.from_pretrained(own / "base").save_pretrained(own / "base")
    targets = ["q_proj", "v_proj"] if kind == "qwen" else ["query", "value"]
    config = config or LoraConfig(r=4, lora_alpha=16, target_modules=targets)
    adapted = get_peft_model(auto.from_pretrained(own / "base"), config)
    torch.manual_seed(1)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.normal_(std=0.3)
    adapted.save_pretrained(own / "adapter")
    settings(own / "adapter", base_model_name_or_path=named)


@pytest.mark.parametrize(
    ("kind", "auto", "extra"),
    [("qwen", AutoModelForCausalLM, {}), ("qwen", AutoModel, {"use_dora": True}), ("bert", AutoModel, {})],
)
def test_an_adapter_gives_the_vectors_of_the_merged_model(own, kind, auto, extra):
    targets = ["q_proj", "v_proj"] if kind == "qwen" else ["query", "value"]
    adapt(own, kind, auto, config=LoraConfig(r=4, lora_alpha=16, target_modules=targets, **extra))
    merged = PeftModel.from_pretrained(auto.from_pretrained(own / "base"), own / "adapter").merge_and_unload().eval()
    bare = merged.model if auto is AutoModelForCausalLM else merged
    encoder = load_model("./adapter")
    table = encoder.encode_sentences(TEXT, pooling="last")
    for text, row in zip(table.keys, table.vectors, strict=True):
        ids = encoder.tokenize([text])[0].ids
        with torch.inference_mode():
            hidden = bare(input_ids=torch.tensor([ids])).last_hidden_state[0, -1]
        np.testing.assert_allclose(row, hidden.numpy(), rtol=1e-3, atol=1e-4)
    assert np.abs(table.vectors - embed_sentences("./base", TEXT, pooling="last").vectors).max() > 1e-2
    assert load_model("./adapter", dtype="bfloat16").encode_sentences(TEXT).vectors.shape == (len(TEXT), 32)


def test_a_change_of_the_base_or_of_the_adapter_is_another_model(own):
    adapt(own, named=str(own / "base"))
    first = find_model("./adapter")
    assert first.name == "adapter"
    deltas = load_file(own / "adapter" / "adapter_model.safetensors")
    save_file({key: value * 2 for key, value in deltas.items()}, own / "adapter" / "adapter_model.safetensors")
    second = find_model("./adapter")
    weights = load_file(own / "base" / "model.safetensors")
    save_file({key: value * 2 for key, value in weights.items()}, own / "base" / "model.safetensors", {"format": "pt"})
    third = find_model("./adapter")
    assert len({first.checksum, second.checksum, third.checksum}) == 3


def drop_a_tensor(folder):
    deltas = load_file(folder / "adapter_model.safetensors")
    deltas.pop(next(key for key in deltas if "layers.1.self_attn.q_proj.lora_A" in key))
    save_file(deltas, folder / "adapter_model.safetensors")


def other_tokens(folder):
    shutil.copy(folder.parent / "base" / "tokenizer.json", folder / "tokenizer.json")
    text = (folder / "tokenizer.json").read_text()
    (folder / "tokenizer.json").write_text(text.replace('"<bos>"', '"<other>"'))


SPOILT = {
    "no-base": (lambda f: settings(f, base_model_name_or_path=None), "has no base_model_name_or_path"),
    "no-folder": (lambda f: settings(f, base_model_name_or_path="./none"), "there is no folder './none', which"),
    "no-hub": (
        lambda f: settings(f, base_model_name_or_path="some/base"),
        "model is not there: hf:some/base@main is not in the local hub cache.*hf download some/base.*base_model_name",
    ),
    "no-json": (lambda f: (f / "adapter_config.json").write_text("{"), "adapter_config.json: not JSON"),
    "pickle": (lambda f: (f / "adapter_model.safetensors").rename(f / "adapter_model.bin"), "bin is a pickle, which"),
    "cut": (lambda f: (f / "adapter_model.safetensors").write_bytes(b"\0" * 9), "peft cannot read the adapter"),
    "rank": (lambda f: settings(f, r=2), r"does not fit Qwen2Model: .* is \(4, 32\) and not \(2, 32\)"),
    "hole": (drop_a_tensor, r"layers\.1\.self_attn\.q_proj\.lora_A\.weight is missing \(1 in all\)"),
    "targets": (lambda f: settings(f, target_modules=["q_proj"]), "v_proj.lora_A.weight is not the model's"),
    "nowhere": (lambda f: settings(f, target_modules=["query"]), "peft cannot put the adapter on Qwen2Model: Target"),
    "tokens": (other_tokens, "tokenizer.json has other tokens than that of its model"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_adapters_that_cannot_be_used_say_what_is_wrong(own, kind):
    adapt(own)
    spoil, said = SPOILT[kind]
    spoil(own / "adapter")
    with pytest.raises(ArtifactError, match=said):
        find_model("./adapter")


def test_an_adapter_that_is_not_added_to_weights_is_refused(own):
    adapt(own, config=PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=3))
    with pytest.raises(ArtifactError, match="kind PROMPT_TUNING is not added to weights"):
        find_model("./adapter")
