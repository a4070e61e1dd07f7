"""Encoders: text to vectors, one module a kind; heavy libraries load with the first encoder."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path

from embedlib.encoders.base import Encoder, SentenceEncoder, SpanEncoder, WordEncoder
from embedlib.models import ModelSpec, find_model
from embedlib.sources import code_digest

__all__ = ["Encoder", "SentenceEncoder", "SpanEncoder", "WordEncoder", "code_version", "load_model", "unload_models"]

# For each `encoder` of the roster: its class, and the modules whose code its vectors depend on.
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "word-vectors": ("static", "WordVectorEncoder", ("static", "base")),
    "token-vectors": ("static", "TokenVectorEncoder", ("static", "base")),
    "use": ("use", "UseEncoder", ("use", "base")),
    "bert": ("bert", "BertEncoder", ("bert", "transformer", "base")),
    "causal": ("causal", "CausalEncoder", ("causal", "convert", "transformer", "base")),
}


def load_model(model: str | ModelSpec, *, dtype: str = "float32", device: str = "cpu") -> Encoder:
    """Load a model by roster name (or spec) and give its encoder, without the store.

    The last two models stay in memory. `dtype` is float32, bfloat16 or float16, for transformers
    only. Raises `UnknownNameError` for a name that is not in the roster and `ArtifactError` for
    a file that is missing or not the one the roster names.
    """
    return _load(find_model(model) if isinstance(model, str) else model, dtype, device)


@functools.lru_cache(maxsize=2)
def _load(spec: ModelSpec, dtype: str, device: str) -> Encoder:
    module, name, _ = _KINDS[spec.encoder]
    encoder: Encoder = getattr(importlib.import_module(f"embedlib.encoders.{module}"), name)(spec, dtype, device)
    return encoder


def unload_models() -> None:
    """Let go of the models that `load_model` keeps in memory."""
    _load.cache_clear()


def code_version(spec: ModelSpec) -> str:
    """Digest the code that a model's vectors depend on; comments and docstrings do not count."""
    folder = Path(__file__).parent
    return code_digest([folder.parent / "pooling.py", *(folder / f"{m}.py" for m in _KINDS[spec.encoder][2])])
