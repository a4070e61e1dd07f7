"""Models of transformers in memory, filled with their weights and tried on a few tokens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from embedlib.errors import ArtifactError
from embedlib.models.external.adapters import merge_adapter
from embedlib.models.external.architectures import Trial, try_model
from embedlib.models.external.weights import open_model
from embedlib.models.spec import ModelSpec


def load_transformer(spec: ModelSpec, folder: Path, dtype: str, device: str) -> tuple[Any, Trial]:
    """Load a transformers folder for inference, with an adapter merged into it where the spec has one.

    Gives the model, and what it computed on a few tokens. Raises `ArtifactError` where weights are missing or
    left over, where the model's width or depth is not the roster's, and where it does not run as an encoder or
    decoder should.
    """
    adapter = next((part.path for a in spec.artifacts if a.role == "adapter" for part in a.parts), None)
    if adapter is None:
        model = open_model(folder, dtype, device)
    else:  # added up in full precision
        model = merge_adapter(open_model(folder), Path(adapter).parent).to(device, getattr(torch, dtype))
    found = (model.config.hidden_size, model.config.num_hidden_layers)
    if found != (spec.dimension, spec.layers):
        raise ArtifactError(
            f"{spec.name}: the model has dimension {found[0]} and {found[1]} layers, "
            f"the roster says {spec.dimension} and {spec.layers}"
        )
    trial = try_model(model, spec.name, spec.encoder_kind, spec.dimension, spec.layers)
    return model, trial
