"""GGUF files: what their headers say of a model."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import IO, Any

from embedlib.artifacts import sha256
from embedlib.errors import ArtifactError
from embedlib.spec import Artifact, ModelSpec, Part

GGUF_MAGIC = b"GGUF"
LONGEST_WINDOW = 2048  # tokens that a text is cut to, as for the causal models of the roster

_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
# The names that files have for architectures that transformers writes in another way.
_WRITTEN = {"qwen2_moe": "qwen2moe", "qwen3_moe": "qwen3moe", "gpt_oss": "gpt-oss", "minimax_m2": "minimax-m2"}
_NO_DECODER = {"general", "tokenizer", "t5", "umt5", "mamba"}  # of the list that transformers has


def describe_gguf(path: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a GGUF file from its header.

    Raises `ArtifactError` for a damaged header, one of several files of a model, and an architecture
    that transformers cannot convert.
    """
    try:
        fields, parameters = _read_header(path)
    except (struct.error, UnicodeDecodeError, KeyError, OverflowError, MemoryError) as error:
        raise ArtifactError(f"{path}: the GGUF header is damaged ({type(error).__name__}: {error})") from None
    if not parameters:
        raise ArtifactError(f"{path}: a GGUF file without weights")
    kind = str(fields.get("general.architecture", "none"))
    allowed = _architectures()
    if kind not in allowed:
        raise ArtifactError(
            f"{path}: transformers cannot convert the GGUF architecture {kind!r} to a causal model; "
            f"it can convert: {', '.join(allowed)}"
        )
    if int(fields.get("split.count", 0)) > 1:
        raise ArtifactError(
            f"{path}: one of {fields['split.count']} files; join them first with llama-gguf-split --merge"
        )
    try:
        dimension, layers = int(fields[f"{kind}.embedding_length"]), int(fields[f"{kind}.block_count"])
        tokens = fields["tokenizer.ggml.tokens"]
    except KeyError as error:
        raise ArtifactError(f"{path}: the GGUF header has no {error.args[0]}") from None
    ids = (fields.get(f"tokenizer.ggml.{role}_token_id") for role in ("bos", "eos", "padding"))
    bos = next((tokens[number] for number in ids if number is not None and number < len(tokens)), None)
    window = min(int(fields.get(f"{kind}.context_length", LONGEST_WINDOW)), LONGEST_WINDOW)
    return ModelSpec(
        name=name, title=str(fields.get("general.name", path.stem)), family="llm", kind="causal", encoder="causal",
        dimension=dimension, layers=layers, parameters=parameters, max_tokens=window, bos=bos, layer=layers,
        pooling="mean", trained_on="not said", licence=str(fields.get("general.license", "not said")),
        citation="none", origin=origin,
        artifacts=(Artifact(role="gguf", sha256=sha256(path), parts=(Part(path=str(path)),)),),
    )  # fmt: skip


def _architectures() -> list[str]:
    from transformers.modeling_gguf_pytorch_utils import GGUF_SUPPORTED_ARCHITECTURES

    return sorted({_WRITTEN.get(name, name) for name in GGUF_SUPPORTED_ARCHITECTURES} - _NO_DECODER)


def _read_header(path: Path) -> tuple[dict[str, Any], int]:
    """Give the fields of a GGUF file, and how many numbers its tensors have without the output layer.

    The reader of the package gguf takes half a minute for the vocabulary of a model.
    """
    with path.open("rb") as file:
        _, version, tensors, count = struct.unpack("<4sIQQ", file.read(24))
        if version not in (2, 3):
            raise ArtifactError(f"{path}: GGUF version {version}; allowed: 2, 3")
        fields = {}
        for _ in range(count):
            key = _string(file)
            fields[key] = _value(file, *_unpack(file, "I"))
        parameters = 0
        for _ in range(tensors):
            tensor = _string(file)
            (axes,) = _unpack(file, "I")
            shape = _unpack(file, f"{axes}Q")
            _unpack(file, "IQ")
            parameters += 0 if tensor == "output.weight" else math.prod(shape)
    return fields, parameters


def _unpack(file: IO[bytes], form: str) -> tuple[Any, ...]:
    return struct.unpack(f"<{form}", file.read(struct.calcsize(f"<{form}")))


def _string(file: IO[bytes]) -> str:
    (length,) = _unpack(file, "Q")
    content = file.read(length)
    if len(content) < length:
        raise struct.error("the file ends inside a text")
    return content.decode("utf-8")


def _value(file: IO[bytes], kind: int) -> Any:
    if kind == _STRING:
        return _string(file)
    if kind == _ARRAY:
        element, length = _unpack(file, "IQ")
        if element in (_STRING, _ARRAY):
            return [_value(file, element) for _ in range(length)]
        return _unpack(file, f"{length}{_NUMBERS[element]}")
    return _unpack(file, _NUMBERS[kind])[0]
