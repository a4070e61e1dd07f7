"""Bidirectional encoders of the BERT kind: SBERT (reimers2019sbert) with MiniLM (wang2020minilm)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from embedlib.artifacts import verified, verified_file
from embedlib.encoders.base import equal_length_batches
from embedlib.encoders.transformer import HiddenBatch, Tokens, TransformerEncoder, load_model
from embedlib.errors import ArtifactError
from embedlib.models import ModelSpec


class BertEncoder(TransformerEncoder):
    """A text framed by [CLS] and [SEP], read in both directions.

    All positions are pooled, [CLS] and [SEP] too, as sentence-transformers does for these
    models, so `first` is [CLS] and `last` is [SEP]. Spans pool their own tokens only. Rows are
    hidden states as they are: the unit-length step that some sentence-transformers models end
    with is left to the metrics.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        weights = verified_file(spec, "weights")
        verified(spec, spec.artifact("config"))
        tokenizer = Tokenizer.from_file(str(verified_file(spec, "tokenizer")))
        super().__init__(spec, tokenizer, load_model(spec, Path(weights).parent, dtype, device), dtype)
        self._cls, self._sep = (_special(spec, tokenizer, token) for token in ("[CLS]", "[SEP]"))

    def frame(self, encoding: Any) -> Tokens:
        room = None if self.spec.max_tokens is None else self.spec.max_tokens - 2
        ids, offsets = encoding.ids[:room], encoding.offsets[:room]
        end = offsets[-1][1] if offsets else 0
        special = self.spec.pool_special
        return Tokens(
            (self._cls, *ids, self._sep),
            ((0, 0), *offsets, (end, end)),
            (special, *(True for _ in ids), special),
            cut=len(ids) < len(encoding.ids),
        )

    def hidden_batches(self, sequences: list[tuple[int, ...]], layers: tuple[int, ...]) -> Iterator[HiddenBatch]:
        for positions in equal_length_batches([len(ids) for ids in sequences]):
            ids = torch.tensor([sequences[i] for i in positions], device=self.model.device)
            states = self.model(input_ids=ids, output_hidden_states=True).hidden_states
            yield HiddenBatch(positions, torch.stack([states[layer] for layer in layers], dim=1))


def _special(spec: ModelSpec, tokenizer: Tokenizer, token: str) -> int:
    number = tokenizer.token_to_id(token)
    if number is None:
        raise ArtifactError(f"{spec.name}: the tokenizer has no token {token!r}, which a BERT encoder needs")
    return int(number)
