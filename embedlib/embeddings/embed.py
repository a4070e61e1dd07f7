"""Extraction through the store: the `embed_*` functions of the public API."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

from embedlib.datasets.fitting import fitting_texts
from embedlib.datasets.spans import SpanKey, broken_reason
from embedlib.embeddings.readings import ReadingChoice, Settled, finish, reading_of, settle
from embedlib.embeddings.store import Identity, ShardFolder, absent_keys, by_shard, fetch_vectors
from embedlib.embeddings.table import EmbeddingTable, Key
from embedlib.encoders.base import BatchedEncoder, Layer, PoolingChoice
from embedlib.encoders.fronts import stored_evidence
from embedlib.encoders.loader import Encoder, SentenceEncoder, SpanEncoder, WordEncoder, code_version, load_quietly
from embedlib.encoders.request import Request, span_request, text_request
from embedlib.errors import InputError
from embedlib.models.reading import AUTO, NAMED, Kind, Reading
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec

logger = logging.getLogger(__name__)

Model = str | os.PathLike[str] | ModelSpec | Encoder


def embed_words(
    model: Model, words: Iterable[str], *, reading: ReadingChoice = None, layer: Layer = None,
    pooling: PoolingChoice = None, template: str | None = None,
) -> EmbeddingTable[str]:  # fmt: skip
    """Embed words alone.

    `model` is a roster name, the path or hub id of a model (`./my.kv`, `hf:owner/name`), a `ModelSpec` or an
    encoder. `words` is a list, an array, a Series or anything else that gives texts. `reading` says how the model is
    read: "study" (the text alone, the last layer), "chosen" (what was chosen for the model and words), a
    `Reading` or its fields as JSON; None is the roster's default. What follows takes the place of its parts.
    `layer` is a number from 0 (input embeddings) to the model's last, which is -1, too, or several of them, or "all":
    rising and each once (see `EmbeddingTable.at_layer`). `pooling` is mean, last, first or max, over the word's own
    tokens with the model's special-token policy, or several of them (`EmbeddingTable.at_pooling`); one
    pass of the model serves every layer and pooling. `template` holds `{text}` once.

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
    source = _source(model)
    settled = settle(source.spec, "words", reading, layer, pooling, template)
    return _read_texts(source, "words", words, settled)


def embed_sentences(
    model: Model, sentences: Iterable[str], *, reading: ReadingChoice = None, layer: Layer = None,
    pooling: PoolingChoice = None, template: str | None = None,
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
    source = _source(model)
    settled = settle(source.spec, "sentences", reading, layer, pooling, template)
    return _read_texts(source, "sentences", sentences, settled)


def embed_spans(
    model: Model, spans: Iterable[SpanKey], *, reading: ReadingChoice = None, layer: Layer = None,
    pooling: PoolingChoice = None,
) -> EmbeddingTable[SpanKey]:  # fmt: skip
    """Embed parts of sentences in their context, as `(sentence, (start, end))` in characters.

    The tokens of a span are found by character offsets and verified by decoding them; a span that
    cuts a word or a token, lies beyond the window or does not decode to its own text is in `missing`.
    `reading`, `layer`, `pooling` and the result are those of `embed_words`, with span keys; a reading of spans has
    no template. Raises
    `InputError` for a span outside its sentence and for a model that has no context (static
    vectors, USE, what sentence-transformers runs itself).

    Example:
        >>> import embedlib
        >>> table = embedlib.embed_spans("sbert-minilm", [("The bank of the river.", (4, 8))])
        >>> table.keys, table.vectors.shape
        ([('The bank of the river.', (4, 8))], (1, 384))
    """
    source = _source(model)
    if not source.spec.encoder_kind.has_hidden_states:
        raise InputError(f"{source.spec.name} cannot embed spans: it has no hidden states of single tokens")
    settled = settle(source.spec, "contexts", reading, layer, pooling, None)
    if (template := settled.reading.template) is not None:
        raise InputError(f"the template {template!r} is of no use for spans: their own sentence is around them")
    return _read_spans(source, spans, settled)


def unstored_words(
    model: Model, words: Iterable[str], *, reading: ReadingChoice = None, layer: Layer = None,
    pooling: PoolingChoice = None, template: str | None = None,
) -> list[str]:  # fmt: skip
    """List the words that `embed_words` would compute: those of which the store has nothing.

    Arguments and errors are those of `embed_words`.

    Example:
        >>> import embedlib
        >>> table = embedlib.embed_words("glove-6b-50d", ["dog", "cat"])
        >>> unstored_words("glove-6b-50d", ["dog", "cat"])
        []
    """
    source = _source(model)
    settled = settle(source.spec, "words", reading, layer, pooling, template)
    settled = settled.with_front(source.front(settled.reading))
    way = settled.reading.template
    asked = text_request(source.spec, words, settled.layers, settled.poolings, way, settled.front)
    return absent_keys(source.folders("words", asked), asked.split(broken_reason)[0])


@dataclass(frozen=True)
class _Source:
    """A model to extract from: what its encoder is loaded from (or its encoder), its spec, and the vectors' dtype."""

    model: ModelSpec | Encoder
    spec: ModelSpec
    dtype: str

    def encoder(self) -> Encoder:
        return load_quietly(self.model) if isinstance(self.model, ModelSpec) else self.model

    def front(self, reading: Reading) -> str | None:
        """Give the token that a reading puts in front, found where it is "auto"; None for a model without fronts."""
        if not self.spec.encoder_kind.left_to_right:
            return None
        if reading.front != AUTO:
            return reading.front
        known = stored_evidence(self.spec)
        if known is not None and known.clean:
            return known.best
        from embedlib.encoders.front_probe import best_front

        return best_front(self.encoder())

    def folders(self, kind: str, asked: Request[Any]) -> list[ShardFolder]:
        """Name the folders of the store, one for each pooling and layer, the layers of the first pooling first."""
        code, front = code_version(self.spec), asked.front or ""
        return [
            ShardFolder(
                Identity(
                    self.spec.name, self.spec.checksum, kind, layer, mode, asked.template, front, self.dtype, code
                ),
                self.spec.dimension,
            )
            for mode in asked.poolings
            for layer in asked.layers
        ]

    def free_layers(self, kind: Kind, template: str | None) -> tuple[int, ...]:
        """List the layers of the model's named readings that one pass gives with any other layer, at no cost.

        A model that reads both ways runs through all its layers in any case. A decoder stops at the last one that is
        asked for.
        """
        if not self.spec.encoder_kind.has_hidden_states or self.spec.encoder_kind.left_to_right:
            return ()
        found: set[int] = set()
        for name in NAMED:
            with contextlib.suppress(InputError):  # nothing may have been chosen for the model
                reading = reading_of(self.spec, name, kind)
                if reading.template == template:
                    found.update(self.spec.resolve_layers(reading.layer))
        return tuple(sorted(found))


def _read_texts(
    source: _Source, kind: Literal["words", "sentences"], given: Iterable[str], settled: Settled
) -> EmbeddingTable[str]:
    spec = source.spec
    settled = settled.with_front(source.front(settled.reading))
    template, front = settled.reading.template, settled.front
    asked = text_request(spec, given, settled.layers, settled.poolings, template, front)
    whole, broken = asked.split(broken_reason)  # a broken text is no key of a file either
    every = replace(asked, layers=tuple(sorted({*asked.layers, *source.free_layers(kind, template)})))
    how: dict[str, Any] = {"layer": every.layers, "pooling": asked.poolings, "template": template}
    how |= {} if front is None else {"front": front}

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = source.encoder()
        if kind == "words" and isinstance(encoder, WordEncoder):
            return encoder.encode_words(chunk, **how)
        if kind == "sentences" and isinstance(encoder, SentenceEncoder):
            return encoder.encode_sentences(chunk, **how)
        raise InputError(f"{spec.name} cannot embed {kind}: its encoder has no encode_{kind}")

    def batches(texts: list[str]) -> Iterable[list[str]]:
        encoder = source.encoder()
        return encoder.batches(texts, template) if isinstance(encoder, BatchedEncoder) else by_shard(texts)

    folders, filled = source.folders(kind, asked), source.folders(kind, every)
    table = fetch_vectors(folders, whole, compute, filled=filled, batches=batches)
    missing = table.missing | broken
    table = replace(table, missing={text: missing[text] for text in asked.keys if text in missing})
    return finish(_said(spec, table), settled, functools.partial(_fitting, source))


def _read_spans(source: _Source, spans: Iterable[SpanKey], settled: Settled) -> EmbeddingTable[SpanKey]:
    spec = source.spec
    settled = settled.with_front(source.front(settled.reading))
    asked = span_request(spec, spans, settled.layers, settled.poolings, settled.front)
    every = replace(asked, layers=tuple(sorted({*asked.layers, *source.free_layers("contexts", None)})))
    keys = {_span_text(key): key for key in asked.keys}
    how: dict[str, Any] = {"layer": every.layers, "pooling": asked.poolings}
    how |= {} if settled.front is None else {"front": settled.front}

    def compute(chunk: list[str]) -> EmbeddingTable[str]:
        encoder = source.encoder()
        if not isinstance(encoder, SpanEncoder):
            raise InputError(f"{spec.name} cannot embed spans: its encoder has no encode_spans")
        return encoder.encode_spans([keys[text] for text in chunk], **how).renamed(_span_text)

    folders, filled = source.folders("spans", asked), source.folders("spans", every)
    table = fetch_vectors(folders, list(keys), compute, filled=filled).renamed(keys.__getitem__)
    return finish(_said(spec, table), settled, functools.partial(_fitting, source))


def _fitting(source: _Source, name: str, settled: Settled) -> EmbeddingTable[Any]:
    """Read the texts that a transform is fitted on, in the same way as the texts that were asked for."""
    texts: list[Any] = [*fitting_texts(name)]
    if name != "contexts":
        return _read_texts(source, "sentences" if name == "sentences" else "words", texts, settled)
    if not source.spec.encoder_kind.has_hidden_states:
        raise InputError(
            f"{source.spec.name} has no words in context to fit a transform on; allowed: words-N, sentences"
        )
    return _read_spans(source, texts, settled)


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


def _source(model: Model) -> _Source:
    """Find a model by whatever it is given as."""
    if isinstance(model, os.PathLike):
        model = os.path.abspath(model)  # noqa: PTH100 (a link keeps its name)
    if isinstance(model, str):
        model = find_model(model)
    if isinstance(model, ModelSpec):
        return _Source(model, model, "float32")
    if not isinstance(model, Encoder):
        raise InputError(f"model is {model!r}, a {type(model).__name__}; allowed: a name, a path, a spec or an encoder")
    return _Source(model, model.spec, model.dtype)
