"""GGUF files: what their headers say of a model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from gguf import GGUFReader, GGUFValueType

from embedlib.errors import ArtifactError
from embedlib.models.encoder_kinds import CAUSAL
from embedlib.models.files import sha256
from embedlib.models.reading import AUTO
from embedlib.models.spec import Artifact, FilePart, ModelSpec

GGUF_MAGIC = b"GGUF"
LONGEST_WINDOW = 2048  # tokens that a text is cut to, as for the causal models of the roster

_TOKENS = "tokenizer.ggml.tokens"
# Tables that a token, a position or a kind of token picks a row of.
_TABLES = ("token_embd.weight", "position_embd.weight", "token_types.weight", "per_layer_token_embd.weight")
# The names that files have for architectures that transformers writes in another way.
_WRITTEN = {"qwen2_moe": "qwen2moe", "qwen3_moe": "qwen3moe", "gpt_oss": "gpt-oss", "minimax_m2": "minimax-m2"}
_NO_DECODER = {"general", "tokenizer", "t5", "umt5", "mamba"}  # of the list that transformers has
# What others are that a GGUF file can hold, by what their names have in them.
_KINDS = {"bert": "an encoder", "t5": "an encoder-decoder", "mamba": "a model of states", "rwkv": "a model of states",
          "clip": "a model of images", "whisper": "a model of speech", "diffusion": "a model of images"}  # fmt: skip
_MIXED = {"lfm2", "gemma4", "deci"}  # whose layers are of several kinds


def describe_gguf(path: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a GGUF file from its header; takes some ten seconds where the vocabulary is large.

    Raises `ArtifactError` for a file that is damaged or cut short, one of several files of a model, and
    an architecture that transformers cannot convert.
    """
    try:
        fields, shapes = _read_header(path)
    except (ValueError, LookupError, OverflowError, MemoryError) as error:  # of the reader, which checks little
        raise ArtifactError(
            f"{path}: the GGUF file is damaged, cut short or of another version ({type(error).__name__}: {error})"
        ) from None
    parameters = sum(math.prod(shape) for name, shape in shapes.items() if name != "output.weight")
    embeddings = sum(math.prod(shapes.get(name, (0,))) for name in _TABLES)
    if not parameters:
        raise ArtifactError(f"{path}: a GGUF file without weights")
    kind = str(fields.get("general.architecture", "none"))
    allowed = _architectures()
    if kind not in allowed:
        what = next((f" ({what})" for part, what in _KINDS.items() if part in kind), "")
        raise ArtifactError(
            f"{path}: transformers cannot convert the GGUF architecture {kind!r}{what} to a causal model; "
            f"it can convert: {', '.join(allowed)}"
        )
    if int(fields.get("split.count", 0)) > 1:
        raise ArtifactError(
            f"{path}: one of {fields['split.count']} files; join them first with llama-gguf-split --merge"
        )
    try:
        dimension, layers = int(fields[f"{kind}.embedding_length"]), int(fields[f"{kind}.block_count"])
        bos = next(iter(fields[_TOKENS]), None)
    except KeyError as error:
        raise ArtifactError(f"{path}: the GGUF header has no {error.args[0]}") from None
    _check_tensors(path, set(shapes), layers, mixed=kind in _MIXED)
    window = min(int(fields.get(f"{kind}.context_length", LONGEST_WINDOW)), LONGEST_WINDOW)
    return ModelSpec(
        name=name, title=str(fields.get("general.name", path.stem)), family="decoder", kind="causal",
        encoder=CAUSAL.name, dimension=dimension, layers=layers, parameters=parameters,
        embedding_parameters=embeddings, max_tokens=window, bos=bos, front=AUTO,
        fronts=tuple(dict.fromkeys(fields[_TOKENS])), layer=layers, pooling="mean", trained_on="not said",
        licence=str(fields.get("general.license", "not said")), citation="none", origin=origin,
        artifacts=(Artifact(role="gguf", sha256=sha256(path), parts=(FilePart(path=str(path)),)),),
    )  # fmt: skip


def _architectures() -> list[str]:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    return sorted({_WRITTEN.get(name, name) for name in GGUF_SUPPORTED_ARCHITECTURES} - _NO_DECODER)


def _check_tensors(path: Path, names: set[str], layers: int, *, mixed: bool) -> None:
    """Raise `ArtifactError` for a file without its embeddings, or with layers that lack what the others have."""
    missing = sorted({"token_embd.weight", "output_norm.weight"} - names)
    parts = [{name.split(".", 2)[2] for name in names if name.startswith(f"blk.{n}.")} for n in range(layers)]
    common = {part for part in set().union(*parts) if not mixed and sum(part in own for own in parts) > layers / 2}
    for number, own in enumerate(parts):
        missing += [f"blk.{number}.{part}" for part in sorted(common - own)] if own else [f"blk.{number}.*"]
    if missing:
        raise ArtifactError(f"{path}: {len(missing)} tensors are missing: {', '.join(missing[:3])}")


def _read_header(path: Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    """Give the fields of a GGUF file, and the shapes of its tensors.

    Of lists only the tokens are read, and of these only those that begin, end and pad a text, and the unknown one.
    """
    reader = GGUFReader(path)
    fields = {key: field.contents() for key, field in reader.fields.items() if field.types[0] != GGUFValueType.ARRAY}
    if tokens := reader.fields.get(_TOKENS):
        ids = (fields.get(f"tokenizer.ggml.{role}_token_id") for role in ("bos", "eos", "padding", "unknown"))
        fields[_TOKENS] = [
            tokens.contents(number) for number in ids if number is not None and number < len(tokens.data)
        ]
    return fields, {tensor.name: tuple(map(int, tensor.shape)) for tensor in reader.tensors}
