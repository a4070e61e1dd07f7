"""What the transformer encoders share: tokens, windows, batches, pooling and spans."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch import Tensor

from embedlib._util.quiet import quietly
from embedlib.datasets.spans import SpanKey, cut_word
from embedlib.embeddings.table import EmbeddingTable, FloatArray
from embedlib.encoders.base import Layer, PoolingChoice, blank_reason
from embedlib.encoders.pooling import pool
from embedlib.encoders.request import span_request, text_request
from embedlib.models.encoder_kinds import Pooling
from embedlib.models.spec import ModelSpec


@dataclass(frozen=True)
class FramedText:
    """A text's token ids with what frames it, and for each its characters and whether it is pooled.

    `cut` is the length of a text that was longer than the window, 0 where nothing was cut.
    """

    ids: tuple[int, ...]
    offsets: tuple[tuple[int, int], ...]
    pooled: tuple[bool, ...]
    cut: int


@dataclass(frozen=True)
class HiddenBatch:
    """Hidden states of texts of equal length: (b, layers, t, d) for the texts at `positions`."""

    positions: NDArray[np.intp]
    hidden: Tensor


class TransformerEncoder:
    """Base of the encoders whose vectors are hidden states of a transformer.

    A subclass says how to frame a text (`frame`) and how to run token ids (`hidden_batches`).
    """

    def __init__(self, spec: ModelSpec, tokenizer: Tokenizer, model: Any, dtype: str) -> None:
        self.spec = spec
        self.dtype = dtype
        self.tokenizer = tokenizer
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self.model = model
        unknown = getattr(tokenizer.model, "unk_token", None)
        self._unknown = tokenizer.token_to_id(unknown) if unknown else None

    def frame(self, encoding: Any, front: tuple[int, ...]) -> FramedText:
        """Put what the model expects around a text's tokens, `front` in front, and cut it to the window."""
        raise NotImplementedError

    def front_ids(self, front: str | None) -> tuple[int, ...]:
        """Give the ids of what is put in front of a text; see `embedlib.models.reading.Reading`."""
        return ()

    def hidden_batches(self, sequences: list[tuple[int, ...]], layers: tuple[int, ...]) -> Iterator[HiddenBatch]:
        """Run token ids through the model, in batches of equal length, in any order."""
        raise NotImplementedError

    def tokenize(self, texts: Sequence[str], front: str | None = None) -> list[FramedText]:
        """Tokenise and frame texts."""
        ids = self.front_ids(front)
        encodings = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [self.frame(encoding, ids) for encoding in encodings]

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None, front: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode texts; see `embedlib.embed_sentences`."""
        asked = text_request(self.spec, sentences, layer, pooling, template, front)
        keys, missing = asked.split(lambda text: blank_reason(text) or self._nothing(text))
        tokens = self.tokenize([asked.fill(text) for text in keys], front)
        masks = [np.array(t.pooled) for t in tokens]
        rows = np.arange(len(keys))
        cut = {key: text.cut for key, text in zip(keys, tokens, strict=True) if text.cut}
        array = self._pooled(tokens, rows, masks, asked.layers, asked.poolings)
        return asked.table(keys, array, missing, cut=cut)

    def encode_words(
        self, words: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None, front: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode words alone, as short texts; see `embedlib.embed_words`."""
        return self.encode_sentences(words, layer=layer, pooling=pooling, template=template, front=front)

    def encode_spans(
        self, spans: Sequence[SpanKey], *, layer: Layer = None, pooling: PoolingChoice = None,
        front: str | None = None,
    ) -> EmbeddingTable[SpanKey]:  # fmt: skip
        """Pool the tokens of a part of each sentence; see `embedlib.embed_spans`."""
        asked = span_request(self.spec, spans, layer, pooling, front)
        sentences = list(dict.fromkeys(sentence for sentence, _ in asked.keys))
        tokens = dict(zip(sentences, self.tokenize(sentences, front), strict=True))
        keys, masks, missing = [], [], {}
        for key in asked.keys:
            mask, reason = self._span_mask(key, tokens[key[0]])
            if reason:
                missing[key] = reason
            else:
                keys.append(key)
                masks.append(mask)
        used = list(dict.fromkeys(sentence for sentence, _ in keys))
        row_of = {sentence: row for row, sentence in enumerate(used)}
        rows = np.array([row_of[sentence] for sentence, _ in keys], dtype=np.intp)
        texts = [tokens[sentence] for sentence in used]
        left_to_right = self.spec.encoder_kind.left_to_right
        if left_to_right:  # what follows the last span of a sentence does not matter to any
            ends = [0] * len(texts)
            for row, mask in zip(rows, masks, strict=True):
                ends[row] = max(ends[row], int(np.flatnonzero(mask)[-1]) + 1)
            texts = [replace(text, ids=text.ids[:end]) for text, end in zip(texts, ends, strict=True)]
            masks = [mask[: ends[row]] for row, mask in zip(rows, masks, strict=True)]
        array = self._pooled(texts, rows, masks, asked.layers, asked.poolings)
        # A model that reads from left to right sees nothing of what was cut off behind a span.
        cut = {} if left_to_right else {key: tokens[key[0]].cut for key in keys if tokens[key[0]].cut}
        return asked.table(keys, array, missing, cut=cut)

    def _nothing(self, text: str) -> str | None:
        ids = self.tokenizer.encode(text, add_special_tokens=False).ids
        if not ids:
            return "tokenises to nothing"
        return "tokenises to unknown tokens only" if set(ids) == {self._unknown} else None

    def _span_mask(self, key: SpanKey, tokens: FramedText) -> tuple[NDArray[np.bool_], str | None]:
        """Mark the tokens of a span; the second value says why it cannot be verified, or None."""
        sentence, (start, end) = key
        if reason := cut_word(sentence, start, end):
            return np.zeros(len(tokens.ids), dtype=bool), reason
        mask = np.array([a < end and b > start and a < b for a, b in tokens.offsets], dtype=bool)
        wanted = sentence[start:end]
        if tokens.cut and end > tokens.offsets[-1][1]:
            return mask, f"beyond the window of {self.spec.max_tokens} tokens"
        if not mask.any():
            return mask, f"no token covers {wanted!r}"
        reached = [offset for offset, inside in zip(tokens.offsets, mask, strict=True) if inside]
        covered = sentence[min(a for a, _ in reached) : max(b for _, b in reached)]
        if covered.strip() != wanted.strip():
            return mask, f"the span {wanted!r} cuts a token: its tokens cover {covered.strip()!r}"
        ids = [token for token, inside in zip(tokens.ids, mask, strict=True) if inside]
        decoded = self.tokenizer.decode(ids)
        if self._bare(decoded) != self._bare(wanted):
            return mask, f"the tokens of {wanted!r} decode to {decoded!r}"
        return mask, None

    def _bare(self, text: str) -> str:
        """Reduce a form to what tokenising keeps, for comparison: no spaces, the normaliser's case."""
        text = unicodedata.normalize("NFC", "".join(text.split()))
        if self.spec.case != "lower":
            return text
        folded = unicodedata.normalize("NFD", text.lower())
        return "".join(c for c in folded if unicodedata.category(c) != "Mn")

    def _pooled(
        self, tokens: Sequence[FramedText], rows: NDArray[np.intp], masks: Sequence[NDArray[np.bool_]],
        layers: tuple[int, ...], modes: tuple[Pooling, ...],
    ) -> FloatArray:  # fmt: skip
        """Pool `masks[i]` of the text `rows[i]`: (len(rows), poolings, layers, d) float32."""
        out = np.empty((len(rows), len(modes), len(layers), self.spec.dimension), dtype=np.float32)
        by_text: list[list[int]] = [[] for _ in tokens]
        for item, text in enumerate(rows):
            by_text[text].append(item)
        with torch.inference_mode(), quietly():
            for batch in self.hidden_batches([t.ids for t in tokens], layers):
                local = [(at, item) for at, text in enumerate(batch.positions) for item in by_text[text]]
                if not local:
                    continue
                places, items = (np.array(column) for column in zip(*local, strict=True))
                mask = torch.from_numpy(np.stack([masks[i] for i in items])).to(batch.hidden.device)
                hidden = batch.hidden
                if len(places) != len(batch.positions) or (places != np.arange(len(places))).any():
                    hidden = hidden[torch.from_numpy(places).to(hidden.device)]
                for column in range(len(layers)):
                    states = hidden[:, column].float()
                    for number, mode in enumerate(modes):
                        out[items, number, column] = pool(states, mask, mode).cpu().numpy()
        return out
