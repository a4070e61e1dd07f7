"""Models that sentence-transformers (reimers2019sbert) runs itself, with all their modules."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from embedlib.encoders.base import (
    Layer,
    PoolingChoice,
    WordsAsTexts,
    blank_reason,
    check_template,
    distinct_texts,
    fill,
)
from embedlib.models import ModelSpec
from embedlib.references.folders import open_library
from embedlib.table import EmbeddingTable


class LibraryEncoder(WordsAsTexts):
    """A sentence encoder with its pooling and the modules behind it (Dense, Normalize) built in.

    A prompt that the model's settings make its default stands in front of every text.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        self.spec = spec
        self.dtype = dtype
        modules = spec.artifact("modules.json").parts[0].path
        self.model = open_library(Path(modules).parent, dtype, device)

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode texts; see `embedlib.embed_sentences`."""
        layers, modes = self.spec.resolve_layers(layer), self.spec.resolve_poolings(pooling)
        check_template(template)
        texts = distinct_texts(sentences)
        missing = {text: reason for text in texts if (reason := blank_reason(text))}
        keys = [text for text in texts if text not in missing]
        filled = [fill(template, text) for text in keys]
        with torch.inference_mode():
            rows = self.model.encode(filled, convert_to_numpy=True, show_progress_bar=False)
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(keys), self.spec.dimension)
        kept = [row for row in range(len(keys)) if vectors[row].any()]
        for row in {*range(len(keys))}.difference(kept):  # a static model of tokens may know none of a text's
            missing[keys[row]] = "tokenises to nothing that the model knows"
        return EmbeddingTable([keys[row] for row in kept], vectors[kept], missing, layers, modes)
