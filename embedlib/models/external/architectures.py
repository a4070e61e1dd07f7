"""Architectures of transformers: which of them embedlib reads as an encoder or a decoder, and whether one runs."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError
from embedlib.models.encoder_kinds import BERT, CAUSAL, EncoderKind

_PROBE = 4  # tokens of the texts that a model is tried with
_ALIKE = {"float32": 1e-4}  # how far two ways of computing the same may lie apart, against the length of a row
_ALIKE_ELSE = 0.1
_SEEN = 1e-6  # what changes by less does not depend on it


def reason(error: Exception) -> str:
    """Give the first line of an error's message."""
    return str(error).strip().partition("\n")[0] or type(error).__name__


def read_config(folder: Path) -> Any:
    """Read config.json; of a model of images, sound and texts gives the part for texts.

    Raises `ArtifactError` for what transformers does not know without running code of the folder.
    """
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except Exception as error:  # whatever a configuration can be
        if "trust_remote_code" in str(error):
            raise ArtifactError(
                f"{folder}: its config.json names code of its own (auto_map), and embedlib runs no code of a folder"
            ) from None
        raise ArtifactError(f"{folder}: transformers cannot read config.json: {reason(error)}") from None
    if not config.is_encoder_decoder and getattr(config, "text_config", None) is not None:
        text = config.text_config
        for name in ("auto_map", "quantization_config"):  # are said of the whole
            if getattr(config, name, None):
                setattr(text, name, getattr(config, name))
        return text
    return config


def decoders() -> set[str]:
    """Name the architectures that transformers has as decoder-only language models and not as encoders."""
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_MASKED_LM_MAPPING_NAMES,
    )

    return {*MODEL_FOR_CAUSAL_LM_MAPPING_NAMES} - {*MODEL_FOR_MASKED_LM_MAPPING_NAMES}


def architecture(folder: Path, config: Any) -> EncoderKind:
    """Tell an encoder from a decoder; raises `ArtifactError` for what is neither, with what it is."""
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES, MODEL_MAPPING_NAMES

    kind = config.model_type
    if getattr(config, "is_encoder_decoder", False):
        raise ArtifactError(f"{folder}: {kind} is an encoder-decoder model; allowed: an encoder, or a decoder alone")
    if "AutoModel" in (getattr(config, "auto_map", None) or {}):
        raise ArtifactError(
            f"{folder}: its config.json names code of its own for the model (auto_map), and embedlib runs no code of a "
            f"folder; take auto_map out of config.json where the {kind} of transformers computes the same"
        )
    if getattr(config, "quantization_config", None):
        raise ArtifactError(f"{folder}: the weights are quantised; give the model before that, or a GGUF file of it")
    both_ways = kind in MODEL_FOR_MASKED_LM_MAPPING_NAMES and not getattr(config, "is_decoder", False)
    text_part = kind.endswith("_text") and kind in MODEL_MAPPING_NAMES
    if not (both_ways or text_part or kind in decoders()):
        raise ArtifactError(f"{folder}: {kind} is neither an encoder like BERT nor a decoder-only language model")
    for size in ("hidden_size", "num_hidden_layers"):
        if not isinstance(value := getattr(config, size, None), int):
            raise ArtifactError(
                f"{folder}: {kind} has layers of several widths or none ({size} is {value!r}); allowed: one width"
            )
    return BERT if both_ways or getattr(config, "use_bidirectional_attention", None) is True else CAUSAL


@dataclass(frozen=True)
class Trial:
    """Two short texts of the same beginning, run through a model: their ids (2, t), states and cache.

    `hidden` is (2, layers + 1, t, d); `cache` is what the model would go on from, None where it has none.
    """

    ids: Any
    hidden: Any
    cache: Any


def alike(one: Any, other: Any) -> bool:
    """Compare two computations of the same hidden states (..., d), each row against its length."""
    most = _ALIKE.get(str(one.dtype).removeprefix("torch."), _ALIKE_ELSE)
    return bool(apart(one, other) < most)


def apart(one: Any, other: Any) -> float:
    """Give the largest distance of two rows of (..., d), against the length of the row."""
    one, other = one.float(), other.float()
    return float(((one - other).norm(dim=-1) / one.norm(dim=-1).clamp(min=1e-12)).max())


def check_shapes(model: Any, where: object, dimension: int, layers: int) -> bool:
    """Run a model on the device "meta" and compare the shapes of its hidden states with what is known of it.

    False where the model can be run with numbers only. Raises `ArtifactError` as `try_model` does.
    """
    import torch

    ids = _probe(model)
    try:
        with torch.inference_mode(), quietly():
            out = model(input_ids=ids, output_hidden_states=True)
    except Exception:  # whatever a model's code can raise where it asks for numbers
        return False
    _states(out, model, ids, where, dimension, layers)
    return True


def try_model(model: Any, where: object, kind: EncoderKind, dimension: int, layers: int) -> Trial:
    """Run a loaded model on a few tokens and compare what it gives with what is known of it.

    Checked are the number and the shapes of its hidden states, that they are finite and the same a second
    time, and that a position sees what follows it in an encoder and does not in a decoder. Raises
    `ArtifactError` that says which of these is not so.
    """
    import torch

    name, ids = type(model).__name__, _probe(model)
    mask: dict[str, Any] = {} if kind.left_to_right else {"attention_mask": torch.ones_like(ids)}
    try:
        with torch.inference_mode(), quietly():
            out = model(input_ids=ids, output_hidden_states=True, **(mask or {"use_cache": False}))
    except Exception as error:  # whatever a model's code can raise
        raise ArtifactError(f"{where}: {name} cannot be run on a text alone: {reason(error)}") from error
    hidden = torch.stack(_states(out, model, ids, where, dimension, layers), dim=1)
    if not hidden.isfinite().all():
        raise ArtifactError(f"{where}: the hidden states of {name} in {hidden.dtype} are not finite; try another dtype")
    again = _run_again(model, ids, mask) or out
    if not alike(hidden, torch.stack(again.hidden_states, dim=1)):
        raise ArtifactError(f"{where}: {name} gives other hidden states at each run, so it has no vectors to compare")
    before = hidden[:, :, :-1]
    if kind.left_to_right and not alike(before[0], before[1]):
        raise ArtifactError(f"{where}: {name} is no decoder: what follows a token changes its hidden states")
    if not kind.left_to_right and apart(before[0], before[1]) < _SEEN:
        raise ArtifactError(f"{where}: {name} is no encoder: what follows a token does not change its hidden states")
    return Trial(ids, hidden, getattr(again, "past_key_values", None))


def _probe(model: Any) -> Any:
    """Give two texts that differ in their last token, of tokens from all parts of the vocabulary."""
    import torch

    size = model.get_input_embeddings().weight.shape[0]
    row = [number * size // (_PROBE + 2) for number in range(1, _PROBE + 2)]
    return torch.tensor([row[:-1], [*row[:-2], row[-1]]], device=model.device)


def _states(out: Any, model: Any, ids: Any, where: object, dimension: int, layers: int) -> tuple[Any, ...]:
    """Give the hidden states of an output; raises `ArtifactError` for another number or shape than expected."""
    states = tuple(getattr(out, "hidden_states", None) or ())
    shapes = {tuple(state.shape) for state in states}
    if len(states) != layers + 1 or shapes != {(*ids.shape, dimension)}:
        raise ArtifactError(
            f"{where}: {type(model).__name__} gives {len(states)} hidden states of the shapes "
            f"{', '.join(map(str, sorted(shapes))) or 'none'} for {ids.shape[0]} texts of {ids.shape[1]} tokens; "
            f"needed are {layers + 1} (the input and one a layer) of {(*ids.shape, dimension)}"
        )
    return states


def _run_again(model: Any, ids: Any, mask: Mapping[str, Any]) -> Any:
    """Run a model a second time, a decoder with its cache; None where it has a cache that it cannot fill."""
    import torch

    with torch.inference_mode(), quietly(), contextlib.suppress(Exception):  # whatever a model's code can raise
        return model(input_ids=ids, output_hidden_states=True, **(mask or {"use_cache": True}))
    return None
