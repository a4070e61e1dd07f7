"""Decoder-only language models as encoders, with what their texts share computed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from embedlib.encoders.base import TOKEN_BUDGET, equal_length_batches
from embedlib.encoders.convert import model_folder
from embedlib.encoders.transformer import HiddenBatch, Tokens, TransformerEncoder, load_model
from embedlib.errors import ArtifactError
from embedlib.models import ModelSpec

_SHORT = 6  # texts of at most this many tokens after the shared prefix are run as a tree
_CHUNK = 4096  # texts a tree
_MAX_PREFIX = 256  # stays inside every sliding window


class CausalEncoder(TransformerEncoder):
    """A decoder-only model; a position sees only what stands before it.

    `spec.bos` is put in front of every text, so that no word sits on the attention sink that
    position 0 is (xiao2024sinks), and is never pooled.

    What a position holds depends on the tokens up to it only. So a prefix that all texts share
    (the BOS token, a template's head) is run once and its keys and values are reused, and short
    texts such as words are run as a tree of their tokens, in which a node that several texts
    pass through is run once. The vectors are those of running every text by itself.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        folder = model_folder(spec)
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        super().__init__(spec, tokenizer, load_model(spec, folder, dtype, device), dtype)
        self._front: tuple[int, ...] = ()
        if spec.bos is not None:
            bos = tokenizer.token_to_id(spec.bos)
            if bos is None:
                raise ArtifactError(f"{spec.name}: the tokenizer has no token {spec.bos!r} (the roster's bos)")
            self._front = (bos,)

    def frame(self, encoding: Any) -> Tokens:
        room = None if self.spec.max_tokens is None else self.spec.max_tokens - len(self._front)
        ids, offsets = encoding.ids[:room], encoding.offsets[:room]
        return Tokens(
            (*self._front, *ids),
            (*((0, 0) for _ in self._front), *offsets),
            (*(False for _ in self._front), *(True for _ in ids)),
            cut=len(ids) < len(encoding.ids),
        )

    def hidden_batches(self, sequences: list[tuple[int, ...]], layers: tuple[int, ...]) -> Iterator[HiddenBatch]:
        if not sequences:
            return
        prefix = _shared_prefix(sequences)
        cache, head = self._start(prefix, layers)
        tails = [ids[len(prefix) :] for ids in sequences]
        short = sorted((i for i, tail in enumerate(tails) if len(tail) <= _SHORT), key=lambda i: tails[i])
        for start in range(0, len(short), _CHUNK):
            chunk = short[start : start + _CHUNK]
            yield from self._tree(chunk, tails, cache, head, layers)
        long = [i for i, tail in enumerate(tails) if len(tail) > _SHORT]
        for batch in equal_length_batches([len(tails[i]) for i in long]):
            positions = np.array(long)[batch]
            ids = torch.tensor([tails[i] for i in positions], device=self.model.device)
            rows = torch.zeros(len(positions), dtype=torch.long)
            states, _ = self._run(ids, self._select(cache, rows), layers)
            shared = head.unsqueeze(0).expand(len(positions), -1, -1, -1)
            yield HiddenBatch(positions, torch.cat([shared, states], dim=2))

    def _run(self, ids: Tensor, cache: Any, layers: tuple[int, ...]) -> tuple[Tensor, Any]:
        """Run (b, t) ids after a cache of b rows; gives (b, layers, t, d) and the longer cache."""
        out = self.model(input_ids=ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
        return torch.stack([out.hidden_states[layer] for layer in layers], dim=1), out.past_key_values

    def _start(self, prefix: tuple[int, ...], layers: tuple[int, ...]) -> tuple[Any, Tensor]:
        """Run the shared prefix; gives its cache (None where it is empty) and (layers, p, d)."""
        if not prefix:
            return None, torch.empty(
                (len(layers), 0, self.spec.dimension), dtype=self.model.dtype, device=self.model.device
            )
        states, cache = self._run(torch.tensor([prefix], device=self.model.device), None, layers)
        return cache, states[0]

    def _select(self, cache: Any, rows: Tensor) -> Any:
        """Copy some rows of a cache into a new one."""
        from transformers import DynamicCache

        if cache is None:
            return None
        rows = rows.to(self.model.device)
        chosen = DynamicCache(config=self.model.config)
        for number, layer in enumerate(cache.layers):
            chosen.update(layer.keys[rows], layer.values[rows], number)
        return chosen

    def _tree(
        self, chunk: list[int], tails: list[tuple[int, ...]], cache: Any, head: Tensor, layers: tuple[int, ...]
    ) -> Iterator[HiddenBatch]:
        """Run the tails of a chunk as a tree of their tokens and hand out each text's path."""
        node_of: dict[tuple[int, ...], int] = {}
        children: defaultdict[int, list[int]] = defaultdict(list)
        token: list[int] = []
        for tail in (tails[i] for i in chunk):
            for depth in range(1, len(tail) + 1):
                if tail[:depth] not in node_of:
                    node_of[tail[:depth]] = len(token)
                    children[node_of[tail[: depth - 1]] if depth > 1 else -1].append(len(token))
                    token.append(tail[depth - 1])
        states = torch.empty(
            (len(token), len(layers), self.spec.dimension), dtype=self.model.dtype, device=self.model.device
        )
        step = max(32, TOKEN_BUDGET // max(1, head.shape[1]))

        def visit(nodes: list[int], parents: list[int], above: Any) -> None:
            for start in range(0, len(nodes), step):
                some = nodes[start : start + step]
                rows = torch.tensor(parents[start : start + step])
                ids = torch.tensor([[token[node]] for node in some], device=self.model.device)
                hidden, below = self._run(ids, self._select(above, rows), layers)
                states[torch.tensor(some, device=states.device)] = hidden[:, :, 0]
                next_nodes = [child for node in some for child in children[node]]
                next_rows = [row for row, node in enumerate(some) for _ in children[node]]
                if next_nodes:
                    visit(next_nodes, next_rows, below)

        visit(children[-1], [0] * len(children[-1]), cache)
        paths = [[node_of[tails[i][:depth]] for depth in range(1, len(tails[i]) + 1)] for i in chunk]
        for batch in equal_length_batches([len(path) for path in paths], budget=TOKEN_BUDGET):
            path = torch.tensor([paths[i] for i in batch], dtype=torch.long, device=states.device)
            hidden = states[path].transpose(1, 2)  # (b, layers, t, d)
            shared = head.unsqueeze(0).expand(len(batch), -1, -1, -1)
            yield HiddenBatch(np.array(chunk)[batch], torch.cat([shared, hidden], dim=2))


def _shared_prefix(sequences: list[tuple[int, ...]]) -> tuple[int, ...]:
    """Find what all sequences begin with, leaving at least one token of each."""
    first, last = min(sequences), max(sequences)
    longest = min(min(len(ids) for ids in sequences) - 1, _MAX_PREFIX)
    same = takewhile(lambda pair: pair[0] == pair[1], zip(first[:longest], last[:longest], strict=True))
    return tuple(token for token, _ in same)
