"""Vectors of tokens in the files of model2vec (https://github.com/MinishLab/model2vec)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from embedlib.embeddings.table import EmbeddingTable
from embedlib.encoders.base import Layer, PoolingChoice, WordsAsTexts
from embedlib.encoders.request import text_request
from embedlib.encoders.static import StaticEncoder
from embedlib.models.files import verified_file
from embedlib.models.spec import ModelSpec


class Model2VecEncoder(WordsAsTexts, StaticEncoder):
    """A vector a token, pooled over a text's tokens without the unknown ones, as model2vec does.

    Rows are means as they are; a step to unit length is left to the metrics.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        tensors = load_file(verified_file(spec, "vectors"))
        rows = tensors["embeddings"].astype(np.float32)
        if "mapping" in tensors:
            rows = rows[tensors["mapping"].astype(np.intp)]
        if "weights" in tensors:
            rows = rows * tensors["weights"].astype(np.float32).reshape(-1, 1)
        super().__init__(spec, rows)
        self.tokenizer = Tokenizer.from_file(str(verified_file(spec, "tokenizer")))
        self.tokenizer.no_padding()
        self.tokenizer.no_truncation()
        self._unknown = _unknown(self.tokenizer)
        # Longer texts are cut by characters first: at this many for each token of the window.
        self._width = int(np.median([len(token) for token in self.tokenizer.get_vocab()]))

    def _ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def _kept(self, text: str) -> list[int]:
        room = self.spec.max_tokens
        return self._ids(text) if room is None else self._ids(text[: room * self._width])[:room]

    def text_rows(self, text: str) -> list[int]:
        return [token for token in self._kept(text) if token != self._unknown]

    def no_rows_reason(self) -> str:
        return "tokenises to nothing that the model knows"

    def encode_sentences(
        self, sentences: Sequence[str], *, layer: Layer = None, pooling: PoolingChoice = None,
        template: str | None = None,
    ) -> EmbeddingTable[str]:  # fmt: skip
        """Pool the vectors of each sentence's tokens; see `embedlib.embed_sentences`."""
        table = super().encode_sentences(sentences, layer=layer, pooling=pooling, template=template)
        asked = text_request(self.spec, table.keys, layer, pooling, template)
        texts = {key: asked.fill(key) for key in table.keys}
        lengths = {key: len(self._ids(text)) for key, text in texts.items()}
        return replace(table, cut={key: n for key, n in lengths.items() if n > len(self._kept(texts[key]))})


def _unknown(tokenizer: Tokenizer) -> int | None:
    """Give the id of the unknown token, or None."""
    model = json.loads(tokenizer.to_str())["model"]
    token = model.get("unk_token")
    number: int | None = model.get("unk_id") if token is None else tokenizer.token_to_id(token)
    return number
