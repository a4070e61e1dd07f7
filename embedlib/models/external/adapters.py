"""Adapters of PEFT: what their files say, and the weights of a model with them added."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

from embedlib._util.quiet import quietly
from embedlib.errors import ArtifactError
from embedlib.models.external.architectures import reason
from embedlib.models.external.weights import HEADS

ADAPTER_SETTINGS = "adapter_config.json"
DELTAS = "adapter_model.safetensors"

_FRONT = "base_model.model."


def check_adapter(names: Collection[str], where: str) -> None:
    """Check by the names of its files that an adapter has weights that are opened; raises `ArtifactError`."""
    if DELTAS in names:
        return
    pickle = " (adapter_model.bin is a pickle, which is not opened)" if "adapter_model.bin" in names else ""
    raise ArtifactError(f"{where}: an adapter without its weights: {DELTAS} is missing{pickle}; save it with peft")


def read_adapter_settings(folder: Path) -> dict[str, Any]:
    """Read the adapter's settings; raises `ArtifactError` for what is no JSON object."""
    try:
        settings = json.loads((folder / ADAPTER_SETTINGS).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ArtifactError(f"{folder / ADAPTER_SETTINGS}: not JSON: {reason(error)}") from None
    if not isinstance(settings, dict):
        raise ArtifactError(f"{folder / ADAPTER_SETTINGS}: not the settings of an adapter but {settings!r}")
    return settings


def merge_adapter(model: Any, folder: Path) -> Any:
    """Add what an adapter learned to the weights of its model, in place; gives the model.

    Raises `ArtifactError` as `fit_adapter` does, and for numbers that are not finite.
    """
    from peft import set_peft_model_state_dict

    adapted, deltas = fit_adapter(model, folder)
    for key, tensor in deltas.items():
        if not tensor.isfinite().all():
            raise ArtifactError(f"{folder / DELTAS}: the tensor {key} has numbers that are not finite (NaN, infinity)")
    set_peft_model_state_dict(adapted, deltas)
    return adapted.base_model.merge_and_unload().eval()


def fit_adapter(model: Any, folder: Path) -> tuple[Any, dict[str, Any]]:
    """Put an adapter on its model, without its numbers; gives both and the tensors by the names there.

    Raises `ArtifactError` for an adapter that cannot be added to weights, and for one whose tensors are not
    those that the model takes.
    """
    from peft import PeftConfig, get_peft_model, get_peft_model_state_dict
    from safetensors.torch import load_file

    name = type(model).__name__
    try:
        given, config = load_file(folder / DELTAS), PeftConfig.from_pretrained(str(folder))
    except Exception as error:  # whatever the settings can be
        raise ArtifactError(f"{folder}: peft cannot read the adapter: {reason(error)}") from None
    if config.is_prompt_learning:
        raise ArtifactError(
            f"{folder}: an adapter of the kind {config.peft_type.value} is not added to weights; "
            "allowed: LoRA and its relatives"
        )
    config.base_model_name_or_path = model.name_or_path  # where it was found
    try:
        with quietly():  # peft asks transformers by names that will change
            adapted = get_peft_model(model, config)
    except Exception as error:  # whatever a model can be
        raise ArtifactError(f"{folder}: peft cannot put the adapter on {name}: {reason(error)}") from None
    long = f"{_FRONT}{model.base_model_prefix}."  # of the model with a head, for which adapters are trained
    deltas = {f"{_FRONT}{key.removeprefix(long)}" if key.startswith(long) else key: given[key] for key in given}
    deltas = {key: tensor for key, tensor in deltas.items() if not key.removeprefix(_FRONT).startswith(HEADS)}
    wanted = {key: tensor.shape for key, tensor in get_peft_model_state_dict(adapted).items()}
    faults = [f"{key} is missing" for key in wanted if key not in deltas]
    faults += [f"{key} is not the model's" for key in deltas if key not in wanted]
    faults += [
        f"{key} is {tuple(deltas[key].shape)} and not {tuple(shape)}"
        for key, shape in wanted.items()
        if key in deltas and deltas[key].shape != shape
    ]
    if faults:
        raise ArtifactError(
            f"{folder}: the adapter does not fit {name}: {', '.join(faults[:3])} ({len(faults)} in all)"
        )
    return adapted, deltas
