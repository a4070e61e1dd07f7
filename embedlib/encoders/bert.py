"""Encoders like BERT, RoBERTa and MPNet; in the roster SBERT (reimers2019sbert) with MiniLM (wang2020minilm)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from tokenizers import Tokenizer

from embedlib.encoders.base import equal_length_batches
from embedlib.encoders.loading import load_transformer
from embedlib.encoders.transformer import FramedText, HiddenBatch, TransformerEncoder
from embedlib.models.external.special_tokens import framing
from embedlib.models.files import verified_file
from embedlib.models.spec import ModelSpec


class BertEncoder(TransformerEncoder):
    """A text framed by the special tokens that its tokenizer puts around it, read in both directions.

    All positions are pooled, those of the frame too, as sentence-transformers does, so `first` is
    [CLS] or <s> and `last` is [SEP] or </s>. Spans pool their own tokens only. Rows are hidden
    states as they are; a step to unit length is left to the metrics.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        files = {artifact.role: verified_file(spec, artifact.role) for artifact in spec.artifacts}
        tokenizer = Tokenizer.from_file(str(files["tokenizer"]))
        model, _ = load_transformer(spec, files["config"].parent, dtype, device)
        super().__init__(spec, tokenizer, model, dtype)
        self._front, self._back = framing(tokenizer)

    def frame(self, encoding: Any, front: tuple[int, ...]) -> FramedText:
        special = len(self._front) + len(self._back)
        room = None if self.spec.max_tokens is None else self.spec.max_tokens - special
        ids, offsets = encoding.ids[:room], encoding.offsets[:room]
        end = offsets[-1][1] if offsets else 0
        framed = self.spec.pool_special
        return FramedText(
            (*self._front, *ids, *self._back),
            (*((0, 0) for _ in self._front), *offsets, *((end, end) for _ in self._back)),
            (*(framed for _ in self._front), *(True for _ in ids), *(framed for _ in self._back)),
            cut=len(encoding.ids) if len(ids) < len(encoding.ids) else 0,
        )

    def hidden_batches(self, sequences: list[tuple[int, ...]], layers: tuple[int, ...]) -> Iterator[HiddenBatch]:
        for positions in equal_length_batches([len(ids) for ids in sequences]):
            ids = torch.tensor([sequences[i] for i in positions], device=self.model.device)
            out = self.model(input_ids=ids, attention_mask=torch.ones_like(ids), output_hidden_states=True)
            yield HiddenBatch(positions, torch.stack([out.hidden_states[layer] for layer in layers], dim=1))
