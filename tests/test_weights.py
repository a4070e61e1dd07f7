"""Checkpoints that do not fill their model, or are named as a wrapper names them."""

import json
import shutil

import gguf
import numpy as np
import pytest
import torch
from conftest import TEXT, make_tiny
from safetensors.torch import load_file, save_file
from test_gguf_convert import gguf_name, tiny_gguf  # noqa: F401 (a fixture)
from transformers import AutoModel, AutoModelForCausalLM, AutoModelForMaskedLM

from embedlib import embed_sentences
from embedlib.encoders.loader import load_model
from embedlib.errors import ArtifactError
from embedlib.models.roster import find_model


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("EMBEDLIB_CACHE", str(tmp_path / "cache"))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "here"


def rewrite(folder, change):
    """Write a folder's weights again, as `change` makes them."""
    weights = load_file(folder / "model.safetensors")
    save_file(change(dict(weights)), folder / "model.safetensors", metadata={"format": "pt"})


def renamed(front):
    return lambda weights: {front(key) if callable(front) else f"{front}{key}": value for key, value in weights.items()}


def without(part):
    return lambda weights: {key: value for key, value in weights.items() if part not in key}


def with_more(name, *shape):
    return lambda weights: {**weights, name: torch.zeros(shape)}


def with_value(part, value):
    def change(weights):
        key = next(key for key in weights if part in key)
        weights[key].view(-1)[3] = value
        return weights

    return change


FRONTS = {
    "compiled": "_orig_mod.",
    "parallel": "module.",
    "lightning": "model.",
    "two": "_orig_mod.module.",
    "three": "module._orig_mod.model.",
    "sharded": lambda key: key.replace("layer.", "layer._fsdp_wrapped_module.").replace("layers.", "layers._orig_mod."),
}


def same_weights_and_vectors(one, other):
    """Compare every weight to the last bit. Where weights lie in memory moves the last bits of vectors."""
    ours, theirs = (load_model(path).model.state_dict() for path in (one, other))
    assert list(ours) == list(theirs)
    assert [name for name in ours if not name.startswith("pooler.") and not torch.equal(ours[name], theirs[name])] == []
    vectors = (embed_sentences(path, TEXT).vectors for path in (one, other))
    np.testing.assert_allclose(*vectors, rtol=0, atol=2e-6)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("kind", ["bert", "qwen"])
def test_what_a_wrapper_puts_into_the_names_of_weights_is_taken_off(own, kind, front):
    make_tiny(kind, own / "model")
    shutil.copytree(own / "model", own / "wrapped")
    rewrite(own / "wrapped", renamed(FRONTS[front]))
    same_weights_and_vectors("./model", "./wrapped")


@pytest.mark.parametrize(("kind", "auto"), [("bert", AutoModelForMaskedLM), ("qwen", AutoModelForCausalLM)])
def test_heads_may_be_there_or_not(own, kind, auto):
    make_tiny(kind, own / "model")
    shutil.copytree(own / "model", own / "headed")
    auto.from_pretrained(own / "model").save_pretrained(own / "headed")
    shutil.copytree(own / "headed", own / "wrapped")
    rewrite(own / "wrapped", renamed("_orig_mod."))
    shutil.copytree(own / "model", own / "bare")
    rewrite(own / "bare", without("pooler."))
    for other in ("headed", "wrapped", "bare"):
        same_weights_and_vectors("./model", f"./{other}")


HOLES = {
    "layer": (without("layer.1."), r"16 missing: encoder\.layer\.1\.attention\.output\.LayerNorm\.bias, .* \.\.\.$"),
    "one": (without("layer.2.output.dense.bias"), r"1 missing: encoder\.layer\.2\.output\.dense\.bias$"),
    "input": (without("word_embeddings"), r"1 missing: embeddings\.word_embeddings\.weight$"),
    "more": (
        with_more("encoder.layer.3.output.dense.bias", 32),
        r"1 unknown to the model: encoder\.layer\.3\.output\.dense\.bias",
    ),
    "shape": (
        lambda weights: {**weights, "encoder.layer.0.output.dense.bias": torch.zeros(31)},
        r"1 of another shape: encoder\.layer\.0\.output\.dense\.bias \(in the file \(31,\), in the model \(32,\)\)",
    ),
    "other-names": (renamed("student."), r"53 missing: embeddings\.LayerNorm\.bias"),
    "half-wrapped": (
        renamed(lambda key: f"module.{key}" if "layer.1." in key else key.replace("layer.2.", "layer.9.")),
        r"missing: encoder\.layer\.",
    ),
    "nan": (with_value("layer.1.output.dense.weight", float("nan")), r"dense\.weight has numbers that are not finite"),
    "infinity": (with_value("layer.1.output.dense.weight", float("-inf")), "numbers that are not finite"),
}


@pytest.mark.parametrize("hole", HOLES)
def test_weights_that_do_not_fill_the_model_are_refused_before_it_is_used(own, hole):
    make_tiny("bert", own / "model")
    change, said = HOLES[hole]
    rewrite(own / "model", change)
    with pytest.raises(ArtifactError, match=said):
        find_model("./model")


def test_a_spec_made_by_hand_is_checked_when_it_is_loaded(own):
    spec = make_tiny("qwen", own / "model")
    rewrite(own / "model", without("layers.1.mlp"))
    from conftest import artifact

    others = tuple(one for one in spec.artifacts if one.role != "weights")
    files = (artifact("weights", own / "model" / "model.safetensors"), *others)
    with pytest.raises(ArtifactError, match=r"3 missing: layers\.1\.mlp\.down_proj\.weight"):
        load_model(spec.model_copy(update={"artifacts": files}))


def test_a_tensor_that_only_the_index_of_shards_has_is_missing(own):
    make_tiny("qwen", own / "model")
    AutoModel.from_pretrained(own / "model").save_pretrained(own / "model", max_shard_size="60KB")
    (own / "model" / "model.safetensors").unlink(missing_ok=True)
    shard = sorted((own / "model").glob("model-*.safetensors"))[-1]
    weights = load_file(shard)
    name = sorted(weights)[0]
    del weights[name]
    save_file(weights, shard, metadata={"format": "pt"})
    with pytest.raises(ArtifactError, match=f"1 missing: {name}"):
        find_model("./model")
    (own / "model" / "model.safetensors.index.json").write_text(json.dumps({"weight_map": []}))
    with pytest.raises(ArtifactError, match="not an index of weights"):
        find_model("./model")


def rewrite_gguf(path, source, keep, change=lambda name, data: data):
    """Copy a GGUF file of the tests with some tensors left out or changed."""
    reader = gguf.GGUFReader(source)
    writer = gguf.GGUFWriter(path, "qwen2")
    for key, field in reader.fields.items():
        if not key.startswith("GGUF.") and key != "general.architecture":
            kinds = field.types
            writer.add_key_value(key, field.contents(), kinds[0], kinds[-1] if len(kinds) > 1 else None)
    for tensor in reader.tensors:
        if keep(tensor.name):
            writer.add_tensor(tensor.name, change(tensor.name, np.array(tensor.data)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_a_gguf_file_whose_layers_lack_tensors_is_refused_by_its_header(own, tiny_gguf):  # noqa: F811
    for part, said in {
        "blk.1.attn_q.weight": r"1 tensors are missing: blk\.1\.attn_q\.weight",
        "blk.2.": r"1 tensors are missing: blk\.2\.\*",
        "token_embd": r"1 tensors are missing: token_embd\.weight",
    }.items():
        rewrite_gguf(own / "hole.gguf", tiny_gguf[0], lambda name, part=part: not name.startswith(part))
        with pytest.raises(ArtifactError, match=said):
            find_model("./hole.gguf")
    rewrite_gguf(own / "whole.gguf", tiny_gguf[0], lambda name: True)
    assert find_model("./whole.gguf").layers == 3


def test_a_conversion_checks_what_the_header_cannot_tell(own, tiny_gguf):  # noqa: F811
    said = r"could not be converted \(exit status 1\):\n.*3 missing: model\.layers\.0\.mlp\.up_proj"
    rewrite_gguf(own / "hole.gguf", tiny_gguf[0], lambda name: "ffn_up" not in name)
    with pytest.raises(ArtifactError, match=said):
        load_model("./hole.gguf")


def test_gguf_files_of_other_kinds_say_what_they_are(own):
    for kind, said in {"nomic-bert": "an encoder", "t5": "an encoder-decoder", "clip": "a model of images"}.items():
        writer = gguf.GGUFWriter(own / f"{kind}.gguf", kind)
        writer.add_tensor("token_embd.weight", np.ones((2, 32), dtype=np.float32))
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        with pytest.raises(ArtifactError, match=rf"architecture '{kind}' \({said}\)"):
            find_model(f"./{kind}.gguf")
