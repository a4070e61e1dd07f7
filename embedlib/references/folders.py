"""Folders of transformers and of sentence-transformers: what their files say of a model."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from embedlib.artifacts import sha256
from embedlib.errors import ArtifactError
from embedlib.references.adapters import DELTAS, SETTINGS, base_folder, check_adapter, fit_adapter
from embedlib.references.architectures import architecture, check_shapes, decoders, read_config, reason, try_model
from embedlib.references.header import LONGEST_WINDOW
from embedlib.references.options import Options
from embedlib.references.weights import INDEX, WEIGHTS, count_parameters, open_model, weight_files, weight_roles
from embedlib.spec import Artifact, ModelSpec, Part, Pooling

MODULES = "modules.json"
TOKENS = "tokenizer.json"

_SMALL = 1 << 28  # bytes of weights that are read in a second

_POOLINGS: dict[str, Pooling] = {"mean": "mean", "cls": "first", "max": "max", "lasttoken": "last"}
_LEGACY = {"cls_token": "cls", "max_tokens": "max", "mean_tokens": "mean", "lasttoken": "lasttoken",
           "mean_sqrt_len_tokens": "mean_sqrt_len_tokens", "weightedmean_tokens": "weightedmean"}  # fmt: skip
_KEPT = {".json", ".safetensors", ".txt", ".model"}  # what a model is made of; no README, no other library's weights
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
    if SETTINGS in names:
        check_adapter(names, where)
        return
    unusable = sorted(name for name in names if name.endswith((".bin", ".pt", ".pth", ".ckpt", ".h5", ".msgpack")))
    single = sorted(name for name in names if name.endswith((".gguf", ".kv", ".vec", ".model", ".txt.gz", ".vec.gz")))
    missing = [name for name in ("config.json", "tokenizer.json") if name not in names]
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
    """Give the spec of a folder of transformers or sentence-transformers.

    Raises `ArtifactError` for a folder without what is needed, and for a model that has no text
    encoder or decoder that embedlib can read.
    """
    check_names({file.name for file in folder.iterdir()}, str(folder))
    options.check(folder, (), "a folder of a model")
    if not (folder / MODULES).is_file():
        if (folder / SETTINGS).is_file():
            return _describe_adapter(folder, name, origin)
        return _describe_transformer(folder, name, origin)
    plain = _plain_modules(folder)
    if plain is None:
        return _describe_by_library(folder, name, origin)
    below, pooling = plain
    return _describe_transformer(below, name, origin).model_copy(
        update={"pooling": pooling, "max_tokens": _library_window(below)}
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{path}: not JSON: {error}") from None


def _plain_modules(folder: Path) -> tuple[Path, Pooling] | None:
    """Give the transformer's folder and the pooling where a model is an encoder, a pooling and no more.

    A step to unit length at the end is left to the metrics; anything else is left to the library.
    """
    modules = _json(folder / MODULES)
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        return None
    below, pool = folder / modules[0]["path"], _json(folder / modules[1]["path"] / "config.json")
    legacy = [mode for key, mode in _LEGACY.items() if pool.get(f"pooling_mode_{key}")]
    mode = pool.get("pooling_mode", legacy[0] if len(legacy) == 1 else None)
    settings = [_json(file) for file in sorted(below.glob("sentence_*_config.json"))]
    ready = {"config.json", "tokenizer.json"} <= {file.name for file in below.iterdir()} and weight_files(below)
    if (
        mode not in _POOLINGS
        or not ready
        or any(setting.get("do_lower_case") for setting in settings)
        or _json(folder / "config_sentence_transformers.json").get("default_prompt_name")
        or _json(below / "config.json").get("is_encoder_decoder")
        or architecture(below, read_config(below)) != "bert"
    ):
        return None
    return below, _POOLINGS[mode]


def _library_window(folder: Path) -> int:
    """Give the window that sentence-transformers cuts texts to."""
    for file in sorted(folder.glob("sentence_*_config.json")):
        if length := _json(file).get("max_seq_length"):
            return int(length)
    return _window(folder, read_config(folder), longest=None)


def _title(origin: str) -> str:
    return origin.removeprefix("hf:").partition("@")[0]


def _describe_transformer(folder: Path, name: str, origin: str) -> ModelSpec:
    from tokenizers import Tokenizer

    config = read_config(folder)
    encoder = architecture(folder, config)
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # tokenizers raises nothing more precise
        raise ArtifactError(f"{folder / 'tokenizer.json'}: not a tokenizer: {error}") from None
    causal = encoder == "causal"
    parameters = count_parameters(weight_files(folder))
    _check_model(folder, encoder, config)
    return ModelSpec(
        name=name, title=_title(origin),
        family="llm" if causal else "classical", kind="causal" if causal else "sentence", encoder=encoder,
        dimension=config.hidden_size, layers=config.num_hidden_layers, parameters=parameters,
        max_tokens=_window(folder, config, LONGEST_WINDOW), case="lower" if _lowers(tokenizer) else "cased",
        bos=_bos(folder, config, tokenizer) if causal else None, pool_special=not causal,
        layer=config.num_hidden_layers, pooling="mean", trained_on="not said", licence="not said", citation="none",
        origin=origin,
        artifacts=(
            *(_artifact(role, file) for role, file in weight_roles(folder)),
            _artifact("config", folder / "config.json"),
            _artifact("tokenizer", folder / "tokenizer.json"),
        ),
    )  # fmt: skip


def _describe_adapter(folder: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a model with an adapter: its own files and the adapter's make it what it is."""
    base = base_folder(folder)
    spec = describe_folder(base, name, origin, Options())
    if spec.encoder not in ("bert", "causal") or (base / SETTINGS).is_file():
        raise ArtifactError(
            f"{folder}: the adapter's model {base} is not a plain folder of transformers; merge the two"
        )
    fit_adapter(open_model(Path(spec.artifact("config").parts[0].path).parent, device="meta"), folder)
    own, its = (_vocabulary(Path(file)) for file in (folder / TOKENS, spec.artifact("tokenizer").parts[0].path))
    if own not in ({}, its):
        raise ArtifactError(f"{folder}: its {TOKENS} has other tokens than that of its model {base}; merge the two")
    added = (_artifact("adapter", folder / DELTAS), _artifact("adapter-settings", folder / SETTINGS))
    return spec.model_copy(update={"artifacts": (*spec.artifacts, *added)})


def _vocabulary(file: Path) -> dict[str, int]:
    """Give the tokens of a tokenizer with their numbers, none where there is no such file."""
    from tokenizers import Tokenizer

    try:
        return dict(Tokenizer.from_file(str(file)).get_vocab()) if file.is_file() else {}
    except Exception as error:  # tokenizers raises nothing more precise
        raise ArtifactError(f"{file}: not a tokenizer: {error}") from None


def _check_model(folder: Path, encoder: str, config: Any) -> None:
    """Check that the weights fill the model and that it runs: a large one by names and shapes where these tell."""
    sizes = (config.hidden_size, config.num_hidden_layers)
    told = check_shapes(open_model(folder, device="meta"), folder, *sizes)
    if not told or sum(file.stat().st_size for file in weight_files(folder)) < _SMALL:
        try_model(open_model(folder), folder, encoder, *sizes)


def _artifact(role: str, file: Path) -> Artifact:
    return Artifact(role=role, sha256=sha256(file), parts=(Part(path=str(file)),))


def _window(folder: Path, config: Any, longest: int | None) -> int:
    """Give how many tokens a model reads at most, as its tokenizer and its positions say."""
    said = _json(folder / "tokenizer_config.json").get("model_max_length")
    positions = getattr(config, "max_position_embeddings", None)
    if positions and config.model_type in _OFFSET:
        positions -= (config.pad_token_id or 0) + 1
    limits = [int(limit) for limit in (said, positions, longest) if limit and 1 < limit < 1e9]
    return min(limits, default=LONGEST_WINDOW)


def _lowers(tokenizer: Any) -> bool:
    """Tell whether a tokenizer lowers capital letters."""
    if tokenizer.normalizer is None:
        return False
    return "ab" in str(tokenizer.normalizer.normalize_str("AB"))


def _bos(folder: Path, config: Any, tokenizer: Any) -> str | None:
    """Choose the token that stands in front of every text, on the attention sink (xiao2024sinks).

    It is what the tokenizer or the configuration call their first token; where there is none, the
    end or padding token.
    """
    said = _json(folder / "tokenizer_config.json")
    for role in ("bos", "eos", "pad"):
        token = said.get(f"{role}_token")
        number = getattr(config, f"{role}_token_id", None)
        number = number[0] if isinstance(number, list) and number else number
        for choice in (token["content"] if isinstance(token, dict) else token, number):
            text = tokenizer.id_to_token(choice) if isinstance(choice, int) else choice
            if text and tokenizer.token_to_id(text) is not None:
                return str(text)
    return None


def _describe_by_library(folder: Path, name: str, origin: str) -> ModelSpec:
    """Give the spec of a folder that sentence-transformers itself loads and runs."""
    for module in _json(folder / MODULES):
        below = folder / module["path"]
        there = {file.name for file in below.iterdir()} if below.is_dir() else set()
        if "pytorch_model.bin" in there and not {WEIGHTS, INDEX} & there:
            raise ArtifactError(
                f"{below}: its weights are a pickle (pytorch_model.bin), which is not opened; save the model again "
                "with sentence-transformers"
            )
    try:
        model = open_library(folder)
    except Exception as error:  # whatever a module can be
        raise ArtifactError(f"{folder}: sentence-transformers cannot load it: {reason(error)}") from error
    causal = any(module.auto_model.config.model_type in decoders() for module in model if hasattr(module, "auto_model"))
    files = sorted({file for file in _files_of(folder) if file.suffix in _KEPT})
    length = model.max_seq_length  # of static embeddings: infinite
    window = int(length) if length and math.isfinite(length) else None
    return ModelSpec(
        name=name, title=_title(origin), family="llm" if causal else "classical", kind="sentence",
        encoder="sentence-transformers", dimension=model.get_embedding_dimension(), layers=0,
        parameters=sum(parameter.numel() for parameter in model.parameters()), max_tokens=window,
        pool_special=True, layer=0, pooling="builtin", trained_on="not said", licence="not said", citation="none",
        origin=origin, artifacts=tuple(_artifact(file.relative_to(folder).as_posix(), file) for file in files),
    )  # fmt: skip


def _files_of(folder: Path) -> Iterator[Path]:
    """List the files at the top of a sentence-transformers folder and in the folders of its modules."""
    yield from (file for file in folder.iterdir() if file.is_file())
    for module in _json(folder / MODULES):
        yield from (file for file in (folder / module["path"]).rglob("*") if file.is_file() and module["path"])


def open_library(folder: Path, dtype: str = "float32", device: str = "cpu") -> Any:
    """Load a folder with sentence-transformers, offline, without bars or reports."""
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging as hub_logging

    verbosity, bars = hub_logging.get_verbosity(), hub_logging.is_progress_bar_enabled()
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    try:
        return SentenceTransformer(
            str(folder), device=device, local_files_only=True, trust_remote_code=False,
            model_kwargs={"dtype": getattr(torch, dtype)},
        ).eval()  # fmt: skip
    finally:
        hub_logging.set_verbosity(verbosity)
        if bars:
            hub_logging.enable_progress_bar()
