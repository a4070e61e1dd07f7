"""Folders of model2vec: a vector for each token, in two files."""

from __future__ import annotations

import contextlib
import math
from pathlib import Path

from safetensors import SafetensorError, safe_open
from tokenizers import Tokenizer

from embedlib.errors import ArtifactError
from embedlib.models.encoder_kinds import MODEL2VEC
from embedlib.models.external.folder_files import as_artifact, read_json, title_of
from embedlib.models.external.tokenizer import lowers
from embedlib.models.external.weights import WEIGHTS
from embedlib.models.spec import ModelSpec

_LONGEST = 512  # tokens, where the configuration says nothing


def is_model2vec(folder: Path) -> bool:
    """Tell a folder of model2vec by its configuration."""
    with contextlib.suppress(ArtifactError):  # what is no JSON is said where it is read as another kind
        return bool(read_json(folder / "config.json").get("model_type") == "model2vec")
    return False


def describe_model2vec(folder: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a folder of model2vec; raises `ArtifactError` for weights that do not fit the tokenizer."""
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises nothing more precise
        raise ArtifactError(f"{folder / 'tokenizer.json'}: not a tokenizer: {error}") from None
    try:
        with safe_open(folder / WEIGHTS, framework="numpy") as tensors:
            shapes = {key: tensors.get_slice(key).get_shape() for key in tensors.keys()}  # noqa: SIM118 (no mapping)
    except (SafetensorError, OSError) as error:
        raise ArtifactError(f"{folder / WEIGHTS}: not safetensors, or truncated: {error}") from None
    rows, tokens = shapes.get("mapping", shapes.get("embeddings", [0]))[0], tokenizer.get_vocab_size()
    if len(shapes.get("embeddings", ())) != 2 or rows < tokens or shapes.get("weights", [tokens])[0] < tokens:
        raise ArtifactError(
            f"{folder / WEIGHTS}: not the weights of model2vec: it has {shapes}; allowed: 'embeddings' with a row for "
            f"each of the {tokens} tokens (or a 'mapping' of the tokens to rows) and, if any, 'weights' of the tokens"
        )
    numbers = math.prod(shapes["embeddings"])
    window = read_json(folder / "config.json").get("max_length", _LONGEST)
    return ModelSpec(
        # model2vec is made to distil sentence encoders; its files do not say of which kind the model was.
        name=name, title=title_of(origin), family="contrastive", kind="sentence", encoder=MODEL2VEC.name,
        dimension=shapes["embeddings"][1], layers=0, parameters=numbers,
        embedding_parameters=numbers, max_tokens=window, case="lower" if lowers(tokenizer) else "cased", layer=0,
        pooling="mean", trained_on="not said", licence="not said", citation="none", origin=origin,
        artifacts=(
            as_artifact("vectors", folder / WEIGHTS),
            as_artifact("config", folder / "config.json"),
            as_artifact("tokenizer", folder / "tokenizer.json"),
        ),
    )  # fmt: skip
