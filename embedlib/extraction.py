"""Extraction through the store: the `embed_*` functions of the public API."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from typing import Literal

from embedlib.encoders import Encoder, SentenceEncoder, SpanEncoder, WordEncoder, code_version, load_model
from embedlib.encoders.base import Layer, PoolingChoice, check_template, distinct_texts
from embedlib.errors import InputError
from embedlib.models import ModelSpec, find_model
from embedlib.spans import SpanKey, distinct_spans
from embedlib.store import Identity, ShardFolder, fetch
from embedlib.table import EmbeddingTable, Key

logger = logging.getLogger(__name__)

Model = str | ModelSpec | Encoder


def embed_words(
    model: Model, words: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
    template: str | None = None,
) -> EmbeddingTable[str]:  # fmt: skip
    """Embed words alone.

    `model` is a roster name, the path or hub id of a model (`./my.kv`, `hf:owner/name`), a `ModelSpec` or an
    encoder. `layer` is a number from 0 (input
    embeddings) to the model's last, several of them, or "all", side by side (see
    `EmbeddingTable.at_layer`). `pooling` is mean, last, first or max, over the word's own tokens
    with the model's special-token policy, or several of them (`EmbeddingTable.at_pooling`); one
    pass of the model serves every layer and pooling. `template` holds `{text}` once. Arguments left at None
    take the roster's default.

    Gives (n, d) float32 rows in the order of `words`, each word once; a word that the model has
    no vector for is in `missing`. Only what is not in the store is computed. Raises
    `UnknownNameError` and `InputError` for bad arguments, before any model is loaded.
    """
    return _embed_texts(model, "words", words, layer, pooling, template)


def embed_sentences(
    model: Model, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
    template: str | None = None,
) -> EmbeddingTable[str]:  # fmt: skip
    """Embed sentences: the mean of word vectors for static models, the encoder's own otherwise.

    Arguments, result and errors are those of `embed_words`; a text longer than the model's window
    is cut to it, with a logged count.
    """
    return _embed_texts(model, "sentences", sentences, layer, pooling, template)


def embed_spans(
    model: Model, spans: Sequence[SpanKey], *, layer: Layer = None, pooling: PoolingChoice = None
) -> EmbeddingTable[SpanKey]:
    """Embed parts of sentences in their context, as `(sentence, (start, end))` in characters.

    The tokens of a span are found by character offsets and verified by decoding them; a span that
    cuts a word or a token, lies beyond the window or does not decode to its own text is in `missing`.
    `layer`, `pooling` and the result are those of `embed_words`, with span keys. Raises
    `InputError` for a span outside its sentence and for a model that has no context (static
    vectors, USE, what sentence-transformers runs itself).
    """
    spec, dtype = _resolve(model)
    if spec.encoder not in ("bert", "causal"):
        raise InputError(f"{spec.name} cannot embed spans: it has no hidden states of single tokens")
    keys = {_span_text(key): key for key in distinct_spans(spans)}
    folders = _folders(spec, dtype, "spans", layer, pooling, None)
    layers, modes = spec.resolve_layers(layer), spec.resolve_poolings(pooling)

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = _encoder(model)
        if not isinstance(encoder, SpanEncoder):
            raise InputError(f"{spec.name} cannot embed spans: its encoder has no encode_spans")
        table = encoder.encode_spans([keys[text] for text in chunk], layer=layers, pooling=modes)
        return table.renamed(_span_text)

    return _said(spec, fetch(folders, list(keys), compute).renamed(keys.__getitem__))


def _embed_texts(
    model: Model, kind: Literal["words", "sentences"], given: Sequence[str], layer: Layer, pooling: PoolingChoice,
    template: str | None,
) -> EmbeddingTable[str]:  # fmt: skip
    spec, dtype = _resolve(model)
    texts = distinct_texts(given)
    folders = _folders(spec, dtype, kind, layer, pooling, template)
    layers, modes = spec.resolve_layers(layer), spec.resolve_poolings(pooling)

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = _encoder(model)
        if kind == "words" and isinstance(encoder, WordEncoder):
            return encoder.encode_words(chunk, layer=layers, pooling=modes, template=template)
        if kind == "sentences" and isinstance(encoder, SentenceEncoder):
            return encoder.encode_sentences(chunk, layer=layers, pooling=modes, template=template)
        raise InputError(f"{spec.name} cannot embed {kind}: its encoder has no encode_{kind}")

    return _said(spec, fetch(folders, texts, compute))


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


def _resolve(model: Model) -> tuple[ModelSpec, str]:
    if isinstance(model, str):
        return find_model(model), "float32"
    if isinstance(model, ModelSpec):
        return model, "float32"
    return model.spec, model.dtype


def _encoder(model: Model) -> Encoder:
    return load_model(model) if isinstance(model, str | ModelSpec) else model


def _folders(
    spec: ModelSpec, dtype: str, kind: str, layer: Layer, pooling: PoolingChoice, template: str | None
) -> list[ShardFolder]:
    check_template(template)
    return [
        ShardFolder(
            Identity(
                spec.name, spec.checksum, kind, number, mode, template, spec.bos_policy, dtype, code_version(spec)
            ),
            spec.dimension,
        )
        for mode in spec.resolve_poolings(pooling)
        for number in spec.resolve_layers(layer)
    ]
