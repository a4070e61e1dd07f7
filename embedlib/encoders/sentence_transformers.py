"""Models that sentence-transformers (reimers2019sbert) runs itself, with all their modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from embedlib._util.quiet import quietly
from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.base import Layer, PoolingChoice, WordsAsTexts, blank_reason
from embedlib.encoders.request import text_request
from embedlib.models.external.sentence_transformers import open_library
from embedlib.models.spec import ModelSpec

_BATCH = 64  # texts whose tokens are counted at once


class LibraryEncoder(WordsAsTexts):
    """A sentence encoder with its pooling and the modules behind it (Dense, Normalize) built in.

    The prompt that the spec names, one of the model's own, stands in front of every text. Texts run with
    others of their length, so that none is filled up and a vector is that of the text alone.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        self.spec = spec
        self.dtype = dtype
        modules = spec.artifact("modules.json").parts[0].path
        self.model = open_library(Path(modules).parent, dtype, device)
        if spec.max_tokens is not None:  # the library's own can lie beyond the last position that was learnt
            self.model.max_seq_length = spec.max_tokens

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode texts; see `embedlib.embed_sentences`."""
        asked = text_request(self.spec, sentences, layer, pooling, template)
        keys, missing = asked.split(blank_reason)
        filled = [asked.fill(text) for text in keys]
        vectors = np.empty((len(keys), self.spec.dimension), dtype=np.float32)
        with torch.inference_mode(), quietly():
            lengths = self._lengths(filled)
            for length in np.unique(lengths):
                rows = np.flatnonzero(lengths == length)
                vectors[rows] = self.model.encode(
                    [filled[row] for row in rows], prompt_name=self.spec.prompt, show_progress_bar=False
                )
        window = self.spec.max_tokens
        cut = {key: int(n) for key, n in zip(keys, lengths, strict=True) if window is not None and n > window}
        kept = [row for row in range(len(keys)) if vectors[row].any()]
        for row in {*range(len(keys))}.difference(kept):  # a static model of tokens may know none of a text's
            missing[keys[row]] = "tokenises to nothing that the model knows"
            cut.pop(keys[row], None)
        return asked.table([keys[row] for row in kept], vectors[kept][:, None, None], missing, cut=cut)

    def _lengths(self, texts: list[str]) -> NDArray[np.intp]:
        """Count the tokens of texts as the library does, with its prompt and special tokens: (n,).

        Where it cannot be asked, as of a model without a transformer, all are 0.
        """
        from sentence_transformers.base.modules import Transformer

        lengths = np.zeros(len(texts), dtype=np.intp)
        if not isinstance(self.model[0], Transformer):
            return lengths
        prompt = self.model.prompts[self.spec.prompt] if self.spec.prompt is not None else None
        for start in range(0, len(texts), _BATCH):
            some = texts[start : start + _BATCH]
            whole = self.model.preprocess(some, prompt=prompt, processing_kwargs={"text": {"truncation": False}})
            lengths[start : start + _BATCH] = whole["attention_mask"].sum(dim=1).numpy()
        return lengths
