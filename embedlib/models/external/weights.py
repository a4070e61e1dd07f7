"""Weights in safetensors files: whether they fill a model, and a model filled with them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError
from embedlib.models.external.architectures import read_config, reason

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"

# Output layers and parts of their own, which hidden states do not pass through.
HEADS = ("lm_head.", "cls.", "classifier.", "score.", "qa_outputs.", "generator_lm_head.", "pooler.")
# Buffers that older versions saved and newer ones compute.
_BUFFERS = ("position_ids", "inv_freq", "masked_bias", "attn.bias", "attention.bias")
# What wrappers put in front of the names of a model's weights, or into them.
_WRAPPERS = {
    r"^(?:(?:_orig_mod|module|model|auto_model|_fsdp_wrapped_module|_forward_module)\.)+": "",
    r"\.(?:_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\.": ".",
}
_TEXT_PART = {r"^(?:model\.)?(?:language_model|text_model)\.(?:model\.)?": ""}  # of a model of images and texts
_SHOWN = 3  # names in a message


def weight_files(folder: Path) -> list[Path]:
    """List the safetensors files of a folder, none where it has none; raises `ArtifactError` for a missing one."""
    if (folder / WEIGHTS).is_file():
        return [folder / WEIGHTS]
    if not (folder / INDEX).is_file():
        return []
    try:
        files = sorted(set(json.loads((folder / INDEX).read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise ArtifactError(f"{folder / INDEX}: not an index of weights: {reason(error)}") from None
    for file in files:
        if not (folder / file).is_file():
            raise ArtifactError(f"{folder}: {file} is missing, which {INDEX} names")
    return [folder / file for file in files]


def weight_roles(folder: Path) -> Iterator[tuple[str, Path]]:
    """Give the weights with their roles: the one file, or the index of several and these."""
    if (folder / WEIGHTS).is_file():
        yield "weights", folder / WEIGHTS
        return
    yield "weights", folder / INDEX
    for number, file in enumerate(weight_files(folder), start=1):
        yield f"weights-{number}", file


def count_parameters(files: Collection[Path]) -> int:
    """Count the numbers in safetensors files, without output layers and buffers.

    Raises `ArtifactError` for a file that is damaged, and for a tensor that is not finite.
    """
    import torch
    from safetensors import SafetensorError, safe_open

    count = 0
    for file in files:
        try:
            with safe_open(file, framework="pt") as tensors:
                for key in tensors.keys():  # noqa: SIM118 (no mapping)
                    tensor = tensors.get_tensor(key)
                    if not tensor.is_floating_point():
                        continue
                    if tensor.itemsize > 1 and tensor.numel() and not torch.stack(tensor.aminmax()).isfinite().all():
                        raise ArtifactError(f"{file}: the tensor {key} has numbers that are not finite (NaN, infinity)")
                    if not key.startswith(HEADS) or key.startswith("pooler."):
                        count += math.prod(tensor.shape)
        except (SafetensorError, OSError) as error:
            raise ArtifactError(f"{file}: not safetensors, or truncated: {error}") from None
    return count


def count_embeddings(model: Any) -> int:
    """Count the parameters of a model of torch in tables that are looked up by row: of tokens, positions and the like.

    Example:
        >>> import torch
        >>> count_embeddings(torch.nn.Sequential(torch.nn.Embedding(10, 4), torch.nn.Linear(4, 4)))
        40
    """
    import torch

    tables = (torch.nn.Embedding, torch.nn.EmbeddingBag)
    return sum(part.weight.numel() for part in model.modules() if isinstance(part, tables))


def open_model(folder: Path, dtype: str = "float32", device: str = "cpu") -> Any:
    """Load the text model of a transformers folder for inference, offline, without bars or reports.

    On the device "meta" only the names and shapes of its weights are read. What a wrapper put in front of
    the names is taken off where that makes all fit. Raises `ArtifactError` that names the tensors that are
    missing, of another shape, or unknown to the model.
    """
    model, faults = _try(folder, dtype, device, {})
    if not faults:
        return model
    for renaming in (_WRAPPERS, _TEXT_PART, {**_WRAPPERS, **_TEXT_PART}):
        if not _try(folder, dtype, "meta", renaming)[1]:
            return _try(folder, dtype, device, renaming)[0]
    raise ArtifactError(
        f"{folder}: the weights do not fit the model that config.json describes "
        f"({type(model).__name__}): {'; '.join(faults)}"
    )


def _try(folder: Path, dtype: str, device: str, renaming: Mapping[str, str]) -> tuple[Any, list[str]]:
    import torch
    from transformers import AutoModel

    try:
        with quietly():
            model, report = AutoModel.from_pretrained(
                folder, config=read_config(folder), dtype=getattr(torch, dtype), local_files_only=True,
                trust_remote_code=False, use_safetensors=True, output_loading_info=True,
                ignore_mismatched_sizes=True, key_mapping=dict(renaming) or None,
                device_map="meta" if device == "meta" else None,
            )  # fmt: skip
    except ArtifactError:
        raise
    except Exception as error:  # whatever a model's code can raise
        raise ArtifactError(f"{folder}: transformers cannot load it: {reason(error)}") from error
    return model.eval().to(device), faults_of(model, report)


def faults_of(model: Any, report: Mapping[str, Any], heads: tuple[str, ...] = HEADS) -> list[str]:
    """Put in words what transformers reports of loading a model, but for what hidden states do not need.

    That are output layers and parts that the model without its head does not have.
    """
    prefix = f"{model.base_model_prefix}."
    own = {name.partition(".")[0] for name in getattr(model, "base_model", model).state_dict()}
    bare = {str(key): str(key).removeprefix(prefix) for key in report.get("unexpected_keys", ())}
    missing = [
        str(key) for key in report.get("missing_keys", ()) if not str(key).removeprefix(prefix).startswith(heads)
    ]
    unknown = [
        key for key, name in bare.items()
        if name.partition(".")[0] in own and not name.startswith(heads) and not name.endswith(_BUFFERS)
    ]  # fmt: skip
    other = [
        f"{name} (in the file {tuple(there)}, in the model {tuple(here)})"
        for name, there, here in report.get("mismatched_keys", ())
    ]
    errors = [str(error) for kind in ("error_msgs", "conversion_errors") for error in report.get(kind) or ()]
    kinds = {"missing": missing, "of another shape": other, "unknown to the model": unknown, "not read": errors}
    return [f"{len(names)} {kind}: {_some(names)}" for kind, names in kinds.items() if names]


def _some(names: list[str]) -> str:
    """Give the first few names, in the order of their numbers."""
    names = sorted(names, key=lambda name: [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)])
    return ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
