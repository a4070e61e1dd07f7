"""Encoders of models: loaded by their kind, one in memory at a time, and what their vectors depend on."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import importlib.metadata
import logging
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from embedlib._util.code_digest import code_digest, imported_files
from embedlib.encoders.base import Encoder, SentenceEncoder, SpanEncoder, WordEncoder
from embedlib.errors import EmbedlibError, UnknownNameError
from embedlib.models import encoder_kinds
from embedlib.models.encoder_kinds import ENCODER_KINDS, EncoderKind
from embedlib.models.files import verified
from embedlib.models.reading import AUTO
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec

# transformers imports tqdm.auto, which in a kernel without ipywidgets warns that it shows no bars.
warnings.filterwarnings("ignore", message="IProgress not found")

logger = logging.getLogger(__name__)

_held: dict[tuple[ModelSpec, str, str], Encoder] = {}

# What it says of one kind changes no vector of another.
_KINDS_FILE = Path(encoder_kinds.__file__).resolve()

DTYPES = ("float32", "bfloat16", "float16")

__all__ = ["Encoder", "SentenceEncoder", "SpanEncoder", "WordEncoder", "code_version", "load_model"]


def load_model(model: str | ModelSpec, *, dtype: str = "float32", device: str = "cpu") -> Encoder:
    """Load a model by roster name, path or hub id (or spec) and give its encoder, without the store.

    The last model stays in memory. Of a decoder it is checked whether words fall on the attention sink behind the
    token in front; a warning says so. `dtype` is float32, bfloat16 or float16, for transformers
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
    encoder = load_quietly(find_model(model) if isinstance(model, str) else model, dtype, device)
    if (said := sinks_of(encoder)) is not None:
        logger.warning("%s", said)
    return encoder


def sinks_of(encoder: Encoder) -> str | None:
    """Say of a decoder that words fall on the attention sink as it is read by default; None where they do not.

    200 words are tried, once for each model: what was found is kept in the cache.
    """
    if not encoder.spec.encoder_kind.left_to_right:
        return None
    from embedlib.encoders.front_probe import WithFronts, front_evidence
    from embedlib.encoders.fronts import sink_warning

    if not isinstance(encoder, WithFronts):
        return None
    front = encoder.spec.resolve_front(None)
    found = front_evidence(encoder)
    return sink_warning(encoder.spec, found.best if front == AUTO else front, found)


def load_quietly(spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> Encoder:
    """Load a model as `load_model` does, without the check of what stands in front of its texts."""
    if dtype not in DTYPES:
        raise UnknownNameError.of("dtype", dtype, DTYPES)
    wanted = (spec, dtype, device)
    if wanted not in _held:
        checked = spec.artifacts if spec.origin and spec.encoder_kind.has_files else ()
        for artifact in checked:  # all files of a folder, not those alone that are named
            if artifact.role != "gguf":  # is converted, and its conversion checked
                verified(spec, artifact)
        _held.clear()  # before the next one is loaded: two at once may not fit
        _held[wanted] = _encoder_class(spec.encoder_kind)(spec, dtype, device)
    return _held[wanted]


def _encoder_class(kind: EncoderKind) -> Callable[[ModelSpec, str, str], Encoder]:
    """Import the class that reads models of a kind; raises `EmbedlibError` where a package's has none."""
    with _named(kind):
        found: Callable[[ModelSpec, str, str], Encoder] = getattr(importlib.import_module(kind.module), kind.class_name)
    return found


@contextlib.contextmanager
def _named(kind: EncoderKind) -> Iterator[None]:
    """Name the package whose kind cannot be loaded; an error in one of ours stays as it is."""
    try:
        yield
    except Exception as error:  # whatever a package can raise
        if kind.name in ENCODER_KINDS:
            raise
        raise EmbedlibError(
            f"the encoder kind {kind.name!r} of the package {kind.packages[-1]!r} cannot be loaded "
            f"({kind.module}:{kind.class_name}): {type(error).__name__}: {error}"
        ) from error


def code_version(spec: ModelSpec) -> str:
    """Digest the code and the settings that a model's vectors depend on (16 hex digits).

    These are the encoder's module and all of ours and of its own package that it imports (comments and docstrings
    do not count, nor does the list of kinds), the versions of the packages that do the work, and the roster's
    settings beside those that the store spells out. The vectors of a server depend on none of these.
    """
    kind = spec.encoder_kind
    if not kind.has_files:
        return "a server's"  # what it answers does not depend on our code, and is not paid for again
    with _named(kind):
        code = code_digest(path for path in imported_files(kind.module) if path != _KINDS_FILE)
        versions = [f"{name}=={importlib.metadata.version(name)}" for name in kind.packages]
    settings = spec.model_dump_json(include={"encoder", "layers", "max_tokens", "case", "pool_special", "prompt"})
    return hashlib.sha256("\n".join([code, kind.class_name, *versions, settings]).encode()).hexdigest()[:16]
