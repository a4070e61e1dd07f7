"""Decoder-only language models as encoders, with what their texts share computed once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from embedlib.encoders.base import TOKEN_BUDGET, equal_length_batches
from embedlib.encoders.gguf_convert import model_folder, tokenizer_file
from embedlib.encoders.loading import load_transformer
from embedlib.encoders.prefix_tree import Node, grow_tree, shared_prefix
from embedlib.encoders.transformer import FramedText, HiddenBatch, TransformerEncoder
from embedlib.errors import ArtifactError
from embedlib.models.external.architectures import Trial, alike
from embedlib.models.spec import ModelSpec

_DEEPEST = 256  # tokens that texts share at most, or what fits into the smallest sliding window
_TREE_TOKENS = 16384  # tokens of the texts of one tree
_CALL = 32  # tokens that a call of the model costs by itself, about
_TREE_NUMBERS = 2**27  # and numbers of their hidden states


class CausalEncoder(TransformerEncoder):
    """A decoder-only model; a position sees only what stands before it.

    `spec.bos` is put in front of every text, so that no word sits on the attention sink that
    position 0 is (xiao2024sinks), and is never pooled.

    What a position holds depends on the tokens up to it only. So a prefix that all texts share
    (the BOS token, a template's head) is run once and its keys and values are reused, and texts
    are run as a tree, in which what several of them begin with is run once. A text whose parts
    alone are wanted is run as far as the last of them. The vectors are those of running every
    text by itself. A model that cannot go on from the keys and values of a beginning (one with
    convolutions, a recurrent state, or layers that read what was before in another way) is given
    every text whole.
    """

    left_to_right = True

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        folder = model_folder(spec)
        tokenizer = Tokenizer.from_file(str(tokenizer_file(spec, folder)))
        model, trial = load_transformer(spec, folder, dtype, device)
        super().__init__(spec, tokenizer, model, dtype)
        self._deepest = self._shareable(trial)
        self._front: tuple[int, ...] = ()
        if spec.bos is not None:
            bos = tokenizer.token_to_id(spec.bos)
            if bos is None:
                raise ArtifactError(f"{spec.name}: the tokenizer has no token {spec.bos!r} (the roster's bos)")
            self._front = (bos,)

    def _shareable(self, trial: Trial) -> int:
        """Find how many tokens texts can share: 0 where going on from a beginning gives other states."""
        from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

        kinds = {type(layer) for layer in trial.cache.layers} if type(trial.cache) is DynamicCache else {None}
        if not kinds <= {DynamicLayer, DynamicSlidingWindowLayer}:
            return 0
        windows = [layer.sliding_window - 1 for layer in trial.cache.layers if hasattr(layer, "sliding_window")]
        self._deepest = min(_DEEPEST, *windows) if windows else _DEEPEST
        begun = min(self._deepest, trial.ids.shape[1] // 2)
        if begun == 0:
            return 0
        with torch.inference_mode(), contextlib.suppress(Exception):  # whatever a model's code can raise
            after = self._gather([trial.cache], [(0, 0), (0, 1)], begun)
            states, _ = self._run(trial.ids[:, begun:], after, tuple(range(self.spec.layers + 1)))
            if alike(trial.hidden[:, :, begun:], states):
                return self._deepest
        return 0

    def frame(self, encoding: Any) -> FramedText:
        room = None if self.spec.max_tokens is None else self.spec.max_tokens - len(self._front)
        ids, offsets = encoding.ids[:room], encoding.offsets[:room]
        return FramedText(
            (*self._front, *ids),
            (*((0, 0) for _ in self._front), *offsets),
            (*(False for _ in self._front), *(True for _ in ids)),
            cut=len(encoding.ids) if len(ids) < len(encoding.ids) else 0,
        )

    def hidden_batches(self, sequences: list[tuple[int, ...]], layers: tuple[int, ...]) -> Iterator[HiddenBatch]:
        if not sequences:
            return
        prefix = shared_prefix(sequences, self._deepest)
        cache, head = self._start(prefix, layers)
        tails = [ids[len(prefix) :] for ids in sequences]
        room = min(_TREE_TOKENS, _TREE_NUMBERS // (len(layers) * self.spec.dimension))
        chunk: list[int] = []
        size = 0
        for i in sorted(range(len(tails)), key=lambda i: tails[i]):
            size += len(tails[i])
            if chunk and size > room:
                yield from self._tree(chunk, tails, cache, head, layers)
                chunk, size = [], len(tails[i])
            chunk.append(i)
        yield from self._tree(chunk, tails, cache, head, layers)

    def _run(self, ids: Tensor, cache: Any, layers: tuple[int, ...]) -> tuple[Tensor, Any]:
        """Run (b, t) ids after a cache of b rows; gives (b, layers, t, d) and the longer cache."""
        if self._deepest:
            out = self.model(input_ids=ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
        else:
            out = self.model(input_ids=ids, use_cache=False, output_hidden_states=True)
        states = torch.stack([out.hidden_states[layer] for layer in layers], dim=1)
        return states, out.past_key_values if self._deepest else None

    def _start(self, prefix: tuple[int, ...], layers: tuple[int, ...]) -> tuple[Any, Tensor]:
        """Run the shared prefix; gives its cache (None where it is empty) and (layers, p, d)."""
        if not prefix:
            return None, torch.empty(
                (len(layers), 0, self.spec.dimension), dtype=self.model.dtype, device=self.model.device
            )
        states, cache = self._run(torch.tensor([prefix], device=self.model.device), None, layers)
        return cache, states[0]

    def _tree(
        self, chunk: list[int], tails: list[tuple[int, ...]], cache: Any, head: Tensor, layers: tuple[int, ...]
    ) -> Iterator[HiddenBatch]:
        """Run the tails of a chunk as a tree of their beginnings and hand out each text's path."""
        tree = grow_tree([tails[i] for i in chunk], max(0, self._deepest - head.shape[1]))
        states = torch.empty(
            (tree.size, len(layers), self.spec.dimension), dtype=self.model.dtype, device=self.model.device
        )
        inner = {node.parent for node in tree.nodes}
        caches = [cache]  # of the batches, those rows that other nodes follow
        held = {-1: (0, 0)}  # for such a node its batch and row
        front = head.shape[1]
        for some in _batches(tree.nodes, held, front, self._deepest):
            start, longest = tree.nodes[some[0]].start, max(len(tree.nodes[n].tokens) for n in some)
            above = self._gather(caches, [held[tree.nodes[n].parent] for n in some], front + start)
            # Filled up on the right, where no token of the text looks.
            ids = [(*(tokens := tree.nodes[n].tokens), *[0] * (longest - len(tokens))) for n in some]
            hidden, below = self._run(torch.tensor(ids, device=self.model.device), above, layers)
            for row, node in enumerate(tree.nodes[n] for n in some):
                states[node.first : node.first + len(node.tokens)] = hidden[row, :, : len(node.tokens)].transpose(0, 1)
            followed = [row for row, n in enumerate(some) if n in inner]
            held |= {some[row]: (len(caches), place) for place, row in enumerate(followed)}
            caches.append(self._gather([below], [(0, row) for row in followed], front + start + longest))
        for batch in equal_length_batches([len(path) for path in tree.paths]):
            path = torch.tensor([tree.paths[i] for i in batch], dtype=torch.long, device=states.device)
            hidden = states[path].transpose(1, 2)  # (b, layers, t, d)
            shared = head.unsqueeze(0).expand(len(batch), -1, -1, -1)
            yield HiddenBatch(np.array(chunk)[batch], torch.cat([shared, hidden], dim=2))

    def _gather(self, caches: list[Any], places: list[tuple[int, int]], length: int) -> Any:
        """Copy the first `length` positions of rows of caches into a new cache; a cache's rows stand together."""
        from transformers import DynamicCache

        if not places or caches[places[0][0]] is None:
            return None  # nothing follows, or nothing stands before
        parts = [(caches[at].layers, [row for _, row in rows]) for at, rows in groupby(places, lambda place: place[0])]
        chosen = DynamicCache(config=self.model.config)
        for number in range(len(parts[0][0])):
            keys, values = (
                torch.cat([getattr(layers[number], name)[rows, :, :length] for layers, rows in parts])
                for name in ("keys", "values")
            )
            chosen.update(keys, values, number)
        return chosen


def _batches(nodes: list[Node], held: Mapping[int, tuple[int, int]], front: int, deepest: int) -> Iterator[list[int]]:
    """Group nodes that start at the same position, shallow ones first, those of like length together.

    `held` says where the caches of the nodes handed out before are; those of one batch stand together.
    A node that goes deeper than texts share tokens is grouped with its like only.
    """
    for _, group in groupby(sorted(range(len(nodes)), key=lambda n: nodes[n].start), lambda n: nodes[n].start):
        batch: list[int] = []
        longest = 0
        for n in sorted(group, key=lambda n: (len(nodes[n].tokens), n)):
            length = len(nodes[n].tokens)
            full = (len(batch) + 1) * max(length, (front + nodes[n].start) // 8) > TOKEN_BUDGET
            wasteful = len(batch) * (length - longest) > _CALL
            deep = front + nodes[n].start + length > deepest and length > longest
            if batch and (full or wasteful or deep):
                yield sorted(batch, key=lambda n: held[nodes[n].parent])
                batch = []
            batch.append(n)
            longest = length
        yield sorted(batch, key=lambda n: held[nodes[n].parent])
