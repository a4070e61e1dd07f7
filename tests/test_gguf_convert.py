"""GGUF conversion on a small GGUF file that the test writes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import gguf
import numpy as np
import pytest
import torch
from conftest import artifact, byte_tokenizer, tiny_config
from transformers import AutoModelForCausalLM

from embedlib.book.run.prepare import convert
from embedlib.encoders.gguf_convert import is_converted, model_folder
from embedlib.encoders.loader import load_model
from embedlib.errors import ArtifactError
from embedlib.models.spec import ModelSpec

NAMES = {"q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output", "gate_proj": "ffn_gate",
         "up_proj": "ffn_up", "down_proj": "ffn_down", "input_layernorm": "attn_norm",
         "post_attention_layernorm": "ffn_norm"}  # fmt: skip


def gguf_name(name):
    if name.startswith("model.layers."):
        _, _, number, *rest = name.split(".")
        return f"blk.{number}.{NAMES[rest[-2]]}.{rest[-1]}"
    return {"model.embed_tokens.weight": "token_embd.weight", "model.norm.weight": "output_norm.weight",
            "lm_head.weight": "output.weight"}[name]  # fmt: skip


@pytest.fixture(scope="module")
def tiny_gguf(tmp_path_factory):
    """Write a random Qwen2 of 3 layers as a GGUF file; gives its path and the model."""
    torch.manual_seed(0)
    tokenizer = byte_tokenizer()
    config = tiny_config("qwen", tokenizer.get_vocab_size())
    model = AutoModelForCausalLM.from_config(config).eval()
    path = tmp_path_factory.mktemp("gguf") / "tiny.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_block_count(config.num_hidden_layers)
    writer.add_context_length(512)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_freq_base(10000.0)
    stored = json.loads(tokenizer.to_str())["model"]
    tokens = sorted(stored["vocab"], key=stored["vocab"].get)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token == "<bos>" else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in stored["merges"]])
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(0)
    for name, tensor in model.state_dict().items():
        writer.add_tensor(gguf_name(name), tensor.numpy().astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path, model


@pytest.fixture
def spec(tiny_gguf, tmp_path, monkeypatch):
    """Split the GGUF file into two parts, as the wheels do, with a cache of the test's own."""
    content = tiny_gguf[0].read_bytes()
    parts = [tmp_path / "part1.bin", tmp_path / "part2.bin"]
    parts[0].write_bytes(content[:5000])
    parts[1].write_bytes(content[5000:])
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    return ModelSpec(
        name="tiny-gguf", title="tiny", family="llm", kind="causal", encoder="causal", dimension=32, layers=3,
        parameters=1, max_tokens=64, bos="<bos>", layer=3, pooling="mean", trained_on="nothing", licence="none",
        citation="none", artifacts=(artifact("gguf", *parts),),
    )  # fmt: skip


def test_converted_model_gives_the_vectors_of_the_original(spec, tiny_gguf):
    assert not is_converted(spec)
    encoder = load_model(spec)
    assert is_converted(spec)
    table = encoder.encode_words(["the dog", "naïve"])
    for text, row in zip(table.keys, table.vectors, strict=True):
        tokens = encoder.tokenize([text])[0]
        with torch.inference_mode():
            hidden = tiny_gguf[1].model(input_ids=torch.tensor([tokens.ids])).last_hidden_state[0, 1:].mean(0)
        np.testing.assert_allclose(row, hidden.numpy(), rtol=1e-3, atol=1e-5)
    folder = model_folder(spec)
    assert {"config.json", "model.safetensors", "tokenizer.json", "manifest.json"} <= {
        path.name for path in folder.iterdir()
    }
    assert not list(folder.parent.glob("*.tmp-*"))
    assert not (folder / "joined.gguf").exists()


def test_wrong_part_is_refused_and_leaves_nothing(spec):
    Path(spec.artifacts[0].parts[1].path).write_bytes(b"not it")
    with pytest.raises(ArtifactError, match=r"tiny-gguf: refused .*part1\.bin \+ .*part2\.bin"):
        model_folder(spec)
    assert [path for path in (Path(os.environ["EMBEDLIB_CACHE"]) / "converted").iterdir() if path.is_dir()] == []


def test_two_are_converted_at_a_time_and_a_broken_one_does_not_lose_the_other(spec, tmp_path):
    second = spec.model_copy(update={"name": "second-gguf", "parameters": 2})
    convert([spec, second, spec])
    assert is_converted(spec)
    assert is_converted(second)
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\0" * 100)
    broken = spec.model_copy(update={"name": "broken", "parameters": 3, "artifacts": (artifact("gguf", bad),)})
    third = spec.model_copy(update={"name": "third-gguf"})
    with pytest.raises(ArtifactError, match="could not be converted"):
        convert([third, broken])
    assert is_converted(third)
    assert not is_converted(broken)


def test_a_file_that_is_no_gguf_is_an_error_with_the_reason(spec, tmp_path):
    bad = tmp_path / "bad.gguf"
    bad.write_bytes(b"GGUF" + b"\0" * 100)
    broken = spec.model_copy(update={"artifacts": (artifact("gguf", bad),)})
    with pytest.raises(ArtifactError, match="could not be converted"):
        model_folder(broken)
    assert not is_converted(broken)


def test_damaged_folder_is_made_again(spec, caplog):
    folder = model_folder(spec)
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-10])
    assert not is_converted(spec)
    assert model_folder(spec) == folder
    assert is_converted(spec)
    assert "damaged and is made again" in caplog.text


def test_a_copied_folder_is_checked_by_content(spec):
    folder = model_folder(spec)
    weights = folder / "model.safetensors"
    os.utime(weights, ns=(1, 1))
    assert is_converted(spec)
    content = bytearray(weights.read_bytes())
    content[-1] ^= 1
    weights.write_bytes(content)
    assert not is_converted(spec)


CONVERT = (
    "import sys; from embedlib.models.spec import ModelSpec; from embedlib.encoders.gguf_convert import model_folder\n"
    "print(model_folder(ModelSpec.model_validate_json(sys.stdin.read())))"
)


def start(spec):
    process = subprocess.Popen(
        [sys.executable, "-c", CONVERT],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    process.stdin.write(spec.model_dump_json())
    process.stdin.close()
    process.stdin = None
    return process


def test_two_processes_convert_once(spec):
    processes = [start(spec) for _ in range(2)]
    said = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert said == [str(model_folder(spec))] * 2
    assert len([path for path in Path(said[0]).parent.iterdir() if path.is_dir()]) == 1


def test_kill_in_the_middle_leaves_nothing_and_the_next_call_converts(spec):
    process = start(spec)
    root = Path(os.environ["EMBEDLIB_CACHE"]) / "converted"
    deadline = time.monotonic() + 60
    while not list(root.glob("*.tmp-*/joined.gguf")) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)  # its converter notices and ends as well
    process.communicate()
    assert not is_converted(spec)
    model_folder(spec)
    assert is_converted(spec)
    assert not list(root.glob("*.tmp-*"))
