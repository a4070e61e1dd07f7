"""Folders of sentence-transformers: what their modules and settings say of a model."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError, UnknownNameError
from embedlib.models.encoder_kinds import BERT, SENTENCE_TRANSFORMERS, Pooling
from embedlib.models.external.architectures import decoders
from embedlib.models.external.bracket_options import Options
from embedlib.models.external.folder_files import MODULES, as_artifact, read_json, title_of
from embedlib.models.external.hf_folder import describe_transformer, window
from embedlib.models.external.tokenizer import lowers
from embedlib.models.external.weights import HEADS, INDEX, WEIGHTS, count_embeddings, faults_of
from embedlib.models.spec import ModelSpec

LIBRARY_SETTINGS = "config_sentence_transformers.json"

_POOLINGS: dict[str, Pooling] = {"mean": "mean", "cls": "first", "max": "max", "lasttoken": "last"}
_LONG = "a longer text of more words, which another is filled up beside"
_SAME = 0.9999  # the cosine of vectors that are the same but for their last digits
# What a model is made of; no README, no other library's weights.
_KEPT = {".json", ".safetensors", ".txt", ".model", ".spm", ".codes", ".tiktoken", ".jinja"}
_OTHERS = {
    "CrossEncoder": "scores pairs of texts",
    "SparseEncoder": "gives a weight for each token of its vocabulary",
    "MultiVectorEncoder": "gives a vector for each token",
}
_SPARSE = {"MLMTransformer", "SpladePooling", "SparseAutoEncoder", "CSRSparsity", "SparseStaticEmbedding", "IDF"}


def describe_sentence_transformer(folder: Path, name: str, origin: str, options: Options) -> ModelSpec:
    """Give the spec of a folder of sentence-transformers.

    An encoder like BERT with a pooling and no more is read as one, so that its layers and spans can be
    asked for; the library itself runs all others. Raises `ArtifactError` for what gives no vector of a
    text or cannot be loaded, and `UnknownNameError` for a prompt that the model has not.
    """
    options.check(folder, ("prompt",), "a folder of sentence-transformers")
    modules, settings = _modules(folder), read_json(folder / LIBRARY_SETTINGS)
    kind = settings.get("model_type", "SentenceTransformer")
    if _SPARSE & {_class(module) for module in modules}:
        kind = "SparseEncoder"
    if kind != "SentenceTransformer":
        raise ArtifactError(
            f"{folder}: a {kind} of sentence-transformers, which {_OTHERS.get(kind, 'is another kind of model')}; "
            "allowed: a SentenceTransformer, which gives a text one vector"
        )
    prompts, prompt = settings.get("prompts") or {}, options.prompt
    if prompt is not None and prompt not in prompts:
        raise UnknownNameError.of(f"prompt of {folder}", prompt, prompts)
    prompt = prompt or settings.get("default_prompt_name")
    plain = None if prompt or settings.get("truncate_dim") else _as_encoder(folder, modules, name, origin)
    return plain or _describe_by_library(folder, modules, name, origin, prompt)


def _class(module: dict[str, Any]) -> str:
    return str(module["type"]).rpartition(".")[2]


def _modules(folder: Path) -> list[dict[str, Any]]:
    """Read the list of modules; raises `ArtifactError` for what is no such list, and for a folder's own code."""
    modules: list[dict[str, Any]] = read_json(folder / MODULES, list)
    if not modules or not all(isinstance(module, dict) and {"type", "path"} <= module.keys() for module in modules):
        raise ArtifactError(f"{folder / MODULES}: not a list of modules, each with a type and a path")
    for module in modules:
        if not str(module["type"]).startswith("sentence_transformers."):
            raise ArtifactError(
                f"{folder / MODULES}: {module['type']} is code of the model's own, which is not run; allowed: the "
                "modules of sentence_transformers"
            )
        below = folder / module["path"]
        there = {file.name for file in below.iterdir()} if below.is_dir() else set()
        if "pytorch_model.bin" in there and not {WEIGHTS, INDEX} & there:
            raise ArtifactError(
                f"{below}: its weights are a pickle (pytorch_model.bin), which is not opened; save the model again "
                "with sentence-transformers"
            )
    return modules


def _as_encoder(folder: Path, modules: list[dict[str, Any]], name: str, origin: str) -> ModelSpec | None:
    """Give the spec of an encoder like BERT with a pooling and no more, or None.

    A step to unit length at the end is left to the metrics; anything else is left to the library.
    """
    if [_class(module) for module in modules] not in (
        ["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"],
    ):  # fmt: skip
        return None
    below = folder / modules[0]["path"]
    try:
        settings, mode = _settings(below), _mode(folder / modules[1]["path"])
    except Exception as error:  # whatever a file of settings can be
        raise ArtifactError(
            f"{folder}: sentence-transformers cannot read the settings of its modules: {error}"
        ) from None
    if mode not in _POOLINGS or settings is None:
        return None
    try:
        spec = describe_transformer(below, name, origin, padded=True)
    except ArtifactError:  # the library may read it all the same, or says why not
        return None
    if spec.encoder_kind != BERT or (settings.get("do_lower_case") and spec.case != "lower"):
        return None
    limit = window(below, None, settings.get("max_seq_length"))
    return spec.model_copy(update={"pooling": _POOLINGS[mode], "max_tokens": limit})


def _settings(folder: Path) -> dict[str, Any] | None:
    """Read how the library loads a transformer; None where it does more than load it and cut texts."""
    from sentence_transformers.base.modules import Transformer

    settings = dict(Transformer.load_config(str(folder), local_files_only=True))
    known = {"max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name"}
    usual, output = Transformer._get_default_modality_config({})
    return (
        settings
        if not {key for key, value in settings.items() if value} - known
        and settings.get("transformer_task", "feature-extraction") == "feature-extraction"
        and (settings["modality_config"], settings["module_output_name"]) == (usual, output)
        else None
    )


def _mode(folder: Path) -> str | None:
    """Read the mode of a pooling; None where it has several."""
    from sentence_transformers.sentence_transformer.modules import Pooling

    mode = Pooling.load_config(str(folder), local_files_only=True).get("pooling_mode", "mean")
    return mode if isinstance(mode, str) else None


def _describe_by_library(
    folder: Path, modules: list[dict[str, Any]], name: str, origin: str, prompt: str | None
) -> ModelSpec:
    """Give the spec of a folder that sentence-transformers itself loads and runs."""
    try:
        model = open_library(folder)
        with quietly():
            alone, beside = (
                model.encode(texts, prompt_name=prompt, show_progress_bar=False)[0] for texts in (["a"], ["a", _LONG])
            )
    except Exception as error:  # whatever a module can be
        said = " ".join(str(error).split()) or type(error).__name__
        raise ArtifactError(f"{folder}: sentence-transformers cannot use it: {said[:500]}") from error
    if alone @ beside < _SAME * float(np.linalg.norm(alone) * np.linalg.norm(beside)):
        raise ArtifactError(
            f"{folder}: sentence-transformers gives a text another vector beside a longer one: short texts are filled "
            'up at their beginning, which moves the positions of this model; allowed: "padding_side": "right" in '
            "tokenizer_config.json"
        )
    for entry, module in zip(modules, model, strict=True):
        if hasattr(module, "auto_model"):
            _check_filled(folder / entry["path"], module)
        elif hasattr(module, "num_embeddings") and module.tokenizer.get_vocab_size() > module.num_embeddings:
            raise ArtifactError(
                f"{folder / entry['path']}: the tokenizer has {module.tokenizer.get_vocab_size()} tokens, the weights "
                f"have {module.num_embeddings} rows"
            )
    causal = any(module.auto_model.config.model_type in decoders() for module in model if hasattr(module, "auto_model"))
    tokenizer = getattr(model, "tokenizer", None)
    limits = [model.max_seq_length, _positions(model)]  # the first is infinite for static embeddings
    files = sorted({file for file in _files_of(folder, modules) if file.suffix in _KEPT})
    return ModelSpec(
        name=name, title=title_of(origin), family="decoder" if causal else "contrastive", kind="sentence",
        encoder=SENTENCE_TRANSFORMERS.name, dimension=len(alone), layers=0,
        parameters=sum(parameter.numel() for parameter in model.parameters()),
        embedding_parameters=count_embeddings(model),
        max_tokens=min((int(limit) for limit in limits if limit and limit < 1e9), default=None),
        case="lower" if lowers(getattr(tokenizer, "backend_tokenizer", tokenizer)) else "cased",
        pool_special=True, prompt=prompt, layer=0, pooling="builtin", trained_on="not said", licence="not said",
        citation="none", origin=origin,
        artifacts=tuple(as_artifact(file.relative_to(folder).as_posix(), file) for file in files),
    )  # fmt: skip


def _positions(model: Any) -> int | None:
    """Give for how many positions a model has learnt vectors; None where it has none."""
    for name, table in model.named_modules():
        if name.endswith(("position_embeddings", ".wpe")) and hasattr(table, "num_embeddings"):
            # Where that of the padding is known, positions start behind it.
            return int(table.num_embeddings) - (0 if table.padding_idx is None else table.padding_idx + 1)
    return None


def _check_filled(folder: Path, module: Any) -> None:
    """Raise `ArtifactError` for weights that a transformer lacks or has no place for: the library is silent."""
    with quietly():
        model, report = type(module.auto_model).from_pretrained(
            folder, config=module.auto_model.config, local_files_only=True, device_map="meta",
            output_loading_info=True, ignore_mismatched_sizes=True,
        )  # fmt: skip
    pooled = module.module_output_name != "token_embeddings"
    if faults := faults_of(model, report, tuple(head for head in HEADS if head != "pooler." or not pooled)):
        raise ArtifactError(
            f"{folder}: the weights do not fit {type(model).__name__} as sentence-transformers loads it: "
            f"{'; '.join(faults)}"
        )


def _files_of(folder: Path, modules: list[dict[str, Any]]) -> Iterator[Path]:
    """List the files at the top of a folder and in those of its modules; all where a module holds others."""
    paths = [module["path"] for module in modules]
    if any(_class(module) in ("Router", "Asym") for module in modules):
        paths += [path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")]
    yield from (file for file in folder.iterdir() if file.is_file())
    for path in paths:
        yield from (file for file in (folder / path).rglob("*") if file.is_file() and path not in ("", "."))


def open_library(folder: Path, dtype: str = "float32", device: str = "cpu") -> Any:
    """Load a folder with sentence-transformers, offline, without bars or reports."""
    import torch
    from sentence_transformers import SentenceTransformer

    with quietly():
        return SentenceTransformer(
            str(folder), device=device, local_files_only=True, trust_remote_code=False,
            model_kwargs={"dtype": getattr(torch, dtype)},
        ).eval()  # fmt: skip
