"""Folders of transformers: what their files say of a model."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from embedlib.errors import ArtifactError
from embedlib.references.files import INDEX, MODULES, WEIGHTS, as_artifact, read_json, title_of, weight_files
from embedlib.references.header import LONGEST_WINDOW
from embedlib.references.options import Options
from embedlib.references.tokenizer import VOCABULARIES, lowers, resolve_tokenizer, tokenizer_files
from embedlib.spec import ModelSpec

_HEADS = ("lm_head.", "cls.", "classifier.", "score.", "qa_outputs.", "generator_lm_head.")
_OFFSET = {
    "camembert",
    "data2vec-text",
    "ibert",
    "longformer",
    "mpnet",
    "roberta",
    "roberta-prelayernorm",
    "xlm-roberta",
    "xlm-roberta-xl",
    "xmod",
}  # their positions start behind that of the padding


def check_names(names: Collection[str], where: str) -> None:
    """Check by the names of its files that a folder or repository holds a model.

    Raises `ArtifactError` that says what is missing, or what is there that cannot be used.
    """
    if MODULES in names:
        return
    unusable = sorted(name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")))
    single = sorted(name for name in names if name.endswith((".gguf", ".kv", ".vec", ".model", ".txt.gz", ".vec.gz")))
    if "adapter_config.json" in names:
        raise ArtifactError(f"{where}: an adapter without its model; merge it into the model and save that")
    missing = [] if "config.json" in names else ["config.json"]
    if not {*VOCABULARIES} & {*names}:
        missing.append("tokenizer.json")
    if WEIGHTS not in names and INDEX not in names:
        if unusable and "config.json" in names:
            raise ArtifactError(
                f"{where}: its weights are a pickle or of another library ({unusable[0]}), which is not opened; "
                f"save them as {WEIGHTS} with transformers (save_pretrained)"
            )
        missing.append(WEIGHTS)
    if not missing:
        return
    hint = f" Name one of its files instead: {', '.join(single[:5])}." if single and "config.json" not in names else ""
    raise ArtifactError(
        f"{where}: no model in this folder: {', '.join(missing)} missing; a transformers folder has config.json, "
        f"tokenizer.json and {WEIGHTS}, one of sentence-transformers has {MODULES}.{hint}"
    )


def describe_folder(folder: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Give the spec of a folder of transformers, of sentence-transformers or of model2vec.

    Raises `ArtifactError` for a folder without what is needed, and for a model that has no text
    encoder or decoder that embedlib can read.
    """
    from embedlib.references.model2vec import describe_model2vec, is_model2vec
    from embedlib.references.sentence_transformers_folder import describe_sentence_transformer

    check_names({file.name for file in folder.iterdir()}, str(folder))
    if (folder / MODULES).is_file():
        return describe_sentence_transformer(folder, name, origin, options)
    options.check(folder, (), "a folder of a model without prompts")
    return (describe_model2vec if is_model2vec(folder) else describe_transformer)(folder, name, origin)


def _config(folder: Path) -> Any:
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a configuration can be
        raise ArtifactError(f"{folder}: transformers cannot read config.json: {_reason(error)}") from None


def _reason(error: Exception) -> str:
    return str(error).strip().partition("\n")[0] or type(error).__name__


def decoders() -> set[str]:
    """Name the architectures that transformers has as decoder-only language models and not as encoders."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    return {*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES} - {*MODEL_FOR_MASKED_LM_MAPPING_NAMES}


def _architecture(folder: Path, config: Any) -> Literal["bert", "causal"]:
    """Tell an encoder from a decoder; raises `ArtifactError` for what is neither."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES

    kind = config.model_type
    if getattr(config, "is_encoder_decoder", False):
        raise ArtifactError(f"{folder}: {kind} is an encoder-decoder model; allowed: an encoder, or a decoder alone")
    if getattr(config, "quantization_config", None):
        raise ArtifactError(f"{folder}: the weights are quantised; give the model before that, or a GGUF file of it")
    sized = all(isinstance(getattr(config, size, None), int) for size in ("hidden_size", "num_hidden_layers"))
    both_ways = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not getattr(config, "is_decoder", False)
    known = both_ways or kind in decoders()
    if not known or not sized or not getattr(config, "num_attention_heads", None):
        raise ArtifactError(
            f"{folder}: {kind} is neither an encoder like BERT nor a decoder-only language model with attention"
        )
    return "bert" if both_ways or getattr(config, "use_bidirectional_attention", None) is True else "causal"


def describe_transformer(folder: Path, name: str, origin: str, *, padded: bool = False) -> ModelSpec:
    """Give the spec of a folder of transformers itself; for `padded` see `resolve_tokenizer`.

    Raises `ArtifactError`.
    """
    config = _config(folder)
    encoder = _architecture(folder, config)
    causal = encoder == "causal"
    file = resolve_tokenizer(folder, framed=not causal, padded=padded)
    tokenizer = Tokenizer.from_file(str(file))
    return ModelSpec(
        name=name, title=title_of(origin),
        family="llm" if causal else "classical", kind="causal" if causal else "sentence", encoder=encoder,
        dimension=config.hidden_size, layers=config.num_hidden_layers, parameters=_parameters(weight_files(folder)),
        max_tokens=window(folder, LONGEST_WINDOW), case="lower" if lowers(tokenizer) else "cased",
        bos=_bos(folder, config, tokenizer) if causal else None, pool_special=not causal,
        layer=config.num_hidden_layers, pooling="mean", trained_on="not said", licence="not said", citation="none",
        origin=origin,
        artifacts=(
            *(as_artifact(role, file) for role, file in _roles(folder)),
            as_artifact("config", folder / "config.json"),
            as_artifact("tokenizer", file),
            *(as_artifact(file.name, file) for file in tokenizer_files(folder)),
        ),
    )  # fmt: skip


def _roles(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give the weights with their roles: the one file, or the index of several and these."""
    if (folder / WEIGHTS).is_file():
        yield "weights", folder / WEIGHTS
        return
    yield "weights", folder / INDEX
    for number, file in enumerate(weight_files(folder), start=1):
        yield f"weights-{number}", file


def _parameters(files: Collection[Path]) -> int:
    """Count the numbers in safetensors files from their headers, without output layers and buffers."""
    from safetensors import SafetensorError, safe_open

    count = 0
    for file in files:
        try:
            with safe_open(file, framework="numpy") as tensors:
                for key in tensors.keys():  # noqa: SIM118 (no mapping)
                    part = tensors.get_slice(key)
                    if part.get_dtype().startswith(("F", "BF")) and not key.startswith(_HEADS):
                        count += math.prod(part.get_shape())
        except (SafetensorError, OSError) as error:
            raise ArtifactError(f"{file}: not safetensors, or truncated: {error}") from None
    return count


def window(folder: Path, longest: int | None, said: int | None = None) -> int | None:
    """Give how many tokens a model reads at most, None for no limit.

    `said`, or what its tokenizer says where that is None, and its positions limit it, and `longest`.
    """
    config = _config(folder)
    said = said or read_json(folder / "tokenizer_config.json").get("model_max_length")
    positions = getattr(config, "max_position_embeddings", None)
    if positions and config.model_type in _OFFSET:
        positions -= (config.pad_token_id or 0) + 1
    limits = [int(limit) for limit in (said, positions, longest) if isinstance(limit, int | float) and 1 < limit < 1e9]
    return min(limits, default=None)


def _bos(folder: Path, config: Any, tokenizer: Any) -> str | None:
    """Choose the token that stands in front of every text, on the attention sink (xiao2024sinks).

    It is what the tokenizer or the configuration call their first token; where there is none, the
    end or padding token.
    """
    said = read_json(folder / "tokenizer_config.json")
    for role in ("bos", "eos", "pad"):
        token = said.get(f"{role}_token")
        number = getattr(config, f"{role}_token_id", None)
        number = number[0] if isinstance(number, list) and number else number
        for choice in (token["content"] if isinstance(token, dict) else token, number):
            text = tokenizer.id_to_token(choice) if isinstance(choice, int) else choice
            if text and tokenizer.token_to_id(text) is not None:
                return str(text)
    return None
