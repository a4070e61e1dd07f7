"""Extraction through the store: the `embed_*` functions of the public API."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from embedlib.datasets.spans import SpanKey, broken_reason
from embedlib.embeddings.store import Identity, ShardFolder, fetch_vectors
from embedlib.embeddings.table import EmbeddingTable, Key
from embedlib.encoders.base import Layer, PoolingChoice
from embedlib.encoders.loader import Encoder, SentenceEncoder, SpanEncoder, WordEncoder, code_version, load_model
from embedlib.encoders.request import Request, span_request, text_request
from embedlib.errors import InputError
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec

logger = logging.getLogger(__name__)

Model = str | os.PathLike[str] | ModelSpec | Encoder


def embed_words(
    model: Model, words: Iterable[str], *, layer: Layer = None, pooling: PoolingChoice = None,
    template: str | None = None,
) -> EmbeddingTable[str]:  # fmt: skip
    """Embed words alone.

    `model` is a roster name, the path or hub id of a model (`./my.kv`, `hf:owner/name`), a `ModelSpec` or an
    encoder. `words` is a list, an array, a Series or anything else that gives texts. `layer` is a number from 0
    (input embeddings) to the model's last, which is -1, too, or several of them, or "all": rising and each once
    (see `EmbeddingTable.at_layer`). `pooling` is mean, last, first or max, over the word's own
    tokens with the model's special-token policy, or several of them (`EmbeddingTable.at_pooling`); one
    pass of the model serves every layer and pooling. `template` holds `{text}` once. Arguments left at None
    take the roster's default.

    Gives (n, d) float32 rows in the order of `words`, each word once; a word that the model has
    no vector for is in `missing`, and so is a text that was cut in the middle of a character. Only what is not
    in the store is computed. Raises `UnknownNameError` and `InputError` for bad arguments, before any model is
    loaded.

    Example:
        >>> import embedlib
        >>> table = embedlib.embed_words("glove-6b-50d", ["dog", "cat", "dogcat"])
        >>> table.keys, table.vectors.shape
        (['dog', 'cat'], (2, 50))
        >>> table.missing
        {'dogcat': 'not among the 400,000 words of the vocabulary'}
    """
    return _embed_texts(model, "words", words, layer, pooling, template)


def embed_sentences(
    model: Model, sentences: Iterable[str], *, layer: Layer = None, pooling: PoolingChoice = None,
    template: str | None = None,
) -> EmbeddingTable[str]:  # fmt: skip
    """Embed sentences: the mean of word vectors for static models, the encoder's own otherwise.

    Arguments, result and errors are those of `embed_words`; a text longer than the model's window
    is cut to it, with a logged count.

    Example:
        >>> import embedlib
        >>> table = embedlib.embed_sentences("glove-6b-50d", ["The dog barks.", "A cat sleeps."])
        >>> table.keys, table.vectors.shape
        (['The dog barks.', 'A cat sleeps.'], (2, 50))
    """
    return _embed_texts(model, "sentences", sentences, layer, pooling, template)


def embed_spans(
    model: Model, spans: Iterable[SpanKey], *, layer: Layer = None, pooling: PoolingChoice = None
) -> EmbeddingTable[SpanKey]:
    """Embed parts of sentences in their context, as `(sentence, (start, end))` in characters.

    The tokens of a span are found by character offsets and verified by decoding them; a span that
    cuts a word or a token, lies beyond the window or does not decode to its own text is in `missing`.
    `layer`, `pooling` and the result are those of `embed_words`, with span keys. Raises
    `InputError` for a span outside its sentence and for a model that has no context (static
    vectors, USE, what sentence-transformers runs itself).

    Example:
        >>> import embedlib
        >>> table = embedlib.embed_spans("sbert-minilm", [("The bank of the river.", (4, 8))])
        >>> table.keys, table.vectors.shape
        ([('The bank of the river.', (4, 8))], (1, 384))
    """
    model, spec, dtype = _resolve(model)
    if not spec.encoder_kind.has_hidden_states:
        raise InputError(f"{spec.name} cannot embed spans: it has no hidden states of single tokens")
    asked = span_request(spec, spans, layer, pooling)
    keys = {_span_text(key): key for key in asked.keys}

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = _encoder(model)
        if not isinstance(encoder, SpanEncoder):
            raise InputError(f"{spec.name} cannot embed spans: its encoder has no encode_spans")
        table = encoder.encode_spans([keys[text] for text in chunk], layer=asked.layers, pooling=asked.poolings)
        return table.renamed(_span_text)

    table = fetch_vectors(_folders(spec, dtype, "spans", asked), list(keys), compute)
    return _said(spec, table.renamed(keys.__getitem__))


def _embed_texts(
    model: Model, kind: Literal["words", "sentences"], given: Iterable[str], layer: Layer, pooling: PoolingChoice,
    template: str | None,
) -> EmbeddingTable[str]:  # fmt: skip
    model, spec, dtype = _resolve(model)
    asked = text_request(spec, given, layer, pooling, template)
    whole, broken = asked.split(broken_reason)  # a broken text is no key of a file either

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = _encoder(model)
        if kind == "words" and isinstance(encoder, WordEncoder):
            return encoder.encode_words(chunk, layer=asked.layers, pooling=asked.poolings, template=template)
        if kind == "sentences" and isinstance(encoder, SentenceEncoder):
            return encoder.encode_sentences(chunk, layer=asked.layers, pooling=asked.poolings, template=template)
        raise InputError(f"{spec.name} cannot embed {kind}: its encoder has no encode_{kind}")

    table = fetch_vectors(_folders(spec, dtype, kind, asked), whole, compute)
    missing = table.missing | broken
    return _said(spec, replace(table, missing={text: missing[text] for text in asked.keys if text in missing}))


def _said(spec: ModelSpec, table: EmbeddingTable[Key]) -> EmbeddingTable[Key]:
    """Say what is to be known of a table, whether it was computed now or before."""
    if table.cut:
        logger.warning(
            "%s: %d of %d texts were cut to the window of %d tokens",
            spec.name, len(table.cut), len(table) + len(table.missing), spec.max_tokens,
        )  # fmt: skip
    return table


def _span_text(key: SpanKey) -> str:
    sentence, (start, end) = key
    return json.dumps([sentence, start, end], ensure_ascii=False)


def _resolve(model: Model) -> tuple[ModelSpec | Encoder, ModelSpec, str]:
    """Find a model: what its encoder is loaded from (or its encoder), its spec and the dtype of its vectors."""
    if isinstance(model, os.PathLike):
        model = os.path.abspath(model)  # noqa: PTH100 (a link keeps its name)
    if isinstance(model, str):
        model = find_model(model)
    if isinstance(model, ModelSpec):
        return model, model, "float32"
    if not isinstance(model, Encoder):
        raise InputError(f"model is {model!r}, a {type(model).__name__}; allowed: a name, a path, a spec or an encoder")
    return model, model.spec, model.dtype


def _encoder(model: ModelSpec | Encoder) -> Encoder:
    return load_model(model) if isinstance(model, ModelSpec) else model


def _folders(spec: ModelSpec, dtype: str, kind: str, asked: Request[Any]) -> list[ShardFolder]:
    """Name the folders of the store, one for each pooling and layer, the layers of the first pooling first."""
    code = code_version(spec)
    return [
        ShardFolder(
            Identity(spec.name, spec.checksum, kind, layer, mode, asked.template, spec.bos_policy, dtype, code),
            spec.dimension,
        )
        for mode in asked.poolings
        for layer in asked.layers
    ]
