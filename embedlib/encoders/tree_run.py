"""Running a tree of token sequences through a decoder: what several texts begin with is run once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import torch
from torch import Tensor

from embedlib.encoders.base import TOKEN_BUDGET
from embedlib.encoders.prefix_tree import Node, PrefixTree

_CALL = 32  # tokens that a call of the model costs by itself, about


class Decoder:
    """A decoder-only model of transformers, with the keys and values that it goes on from.

    `cached` is False for a model that cannot go on from them; it is given every text whole. With `shortens`, layers
    behind the last one that is asked for are not run.
    """

    def __init__(self, model: Any, *, cached: bool = True, shortens: bool = False) -> None:
        self.model = model
        self.cached = cached
        self.shortens = shortens

    def run(self, ids: Tensor, cache: Any, layers: tuple[int, ...]) -> tuple[Tensor, Any]:
        """Run (b, t) ids after a cache of b rows; gives (b, layers, t, d) and the longer cache."""
        with _only_first(self.model, max(layers) + 1) if self.shortens else contextlib.nullcontext():
            if self.cached:
                out = self.model(input_ids=ids, past_key_values=cache, use_cache=True, output_hidden_states=True)
            else:
                out = self.model(input_ids=ids, use_cache=False, output_hidden_states=True)
        states = torch.stack([out.hidden_states[layer] for layer in layers], dim=1)
        return states, out.past_key_values if self.cached else None

    def empty(self, *shape: int) -> Tensor:
        """Make room for hidden states of this model."""
        return torch.empty(shape, dtype=self.model.dtype, device=self.model.device)

    def ids(self, rows: Sequence[Sequence[int]]) -> Tensor:
        """Put token ids where the model is; shorter rows are filled up on the right, where no token of them looks."""
        longest = max(map(len, rows))
        return torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=self.model.device)

    def gather(self, caches: Sequence[Any], places: Sequence[tuple[int, int]], length: int) -> Any:
        """Copy the first `length` positions of rows of caches into a new cache, in the order of `places`.

        A place is the number of a cache and a row in it; those of one cache stand together. None where no row is
        wanted, and where nothing stands before.
        """
        from transformers import DynamicCache

        if not places or caches[places[0][0]] is None:
            return None
        parts = [(caches[at].layers, [row for _, row in rows]) for at, rows in groupby(places, lambda place: place[0])]
        chosen = DynamicCache(config=self.model.config)
        filled = [number for number, layer in enumerate(parts[0][0]) if layer.get_seq_length()]
        for number in filled:
            keys, values = (
                torch.cat([getattr(layers[number], name)[rows, :, :length] for layers, rows in parts])
                for name in ("keys", "values")
            )  # (b, heads, length, d of a head) each
            chosen.update(keys, values, number)
        return chosen


@contextlib.contextmanager
def _only_first(model: Any, blocks: int) -> Iterator[None]:
    """Leave out a model's blocks behind the first `blocks`, while the context lasts.

    The hidden state after block k is the input of block k + 1, so one block more than the last layer is run: the
    model's closing norm is applied to what comes out of the last block that is run.
    """
    stack = getattr(model, "layers", None)
    if not isinstance(stack, torch.nn.ModuleList) or blocks >= len(stack):
        yield
        return
    model.layers = stack[:blocks]
    try:
        yield
    finally:
        model.layers = stack


class TreeRun:
    """One run of a tree: the hidden states of its tokens, and the caches that deeper nodes go on from.

    All nodes stand behind a shared beginning of `front` tokens, of which `cache` holds one row. A node that goes
    deeper than `deepest` tokens, up to which texts share what they begin with, is run with nodes of its length only.
    """

    def __init__(
        self, decoder: Decoder, tree: PrefixTree, layers: tuple[int, ...], *, cache: Any, front: int, deepest: int,
        dimension: int,
    ) -> None:  # fmt: skip
        self._decoder = decoder
        self._tree = tree
        self._layers = layers
        self._front = front
        self._deepest = deepest
        self._states = decoder.empty(tree.size, len(layers), dimension)  # (tokens, layers, d)
        self._followed = {node.parent for node in tree.nodes}
        self._caches = [cache]  # one for the beginning and for each call, with the rows that other nodes follow
        self._places = {-1: (0, 0)}  # for each node that others follow, its cache and the row there

    def states(self) -> Tensor:
        """Run the tree level by level; gives (tokens, layers, d), in the order of the tree's numbers."""
        for level in self._tree.levels():
            for call in self._calls(level):
                self._run_call(call)
        return self._states

    def _calls(self, level: Sequence[int]) -> Iterator[list[int]]:
        """Group the nodes of a level into calls of the model, those of like length together."""
        nodes = self._tree.nodes
        above = self._front + nodes[level[0]].start
        call: list[int] = []
        longest = 0
        for n in sorted(level, key=lambda n: (len(nodes[n].tokens), n)):
            length = len(nodes[n].tokens)
            full = (len(call) + 1) * max(length, above // 8) > TOKEN_BUDGET
            wasteful = len(call) * (length - longest) > _CALL
            deep = above + length > self._deepest and length > longest
            if call and (full or wasteful or deep):
                yield call
                call = []
            call.append(n)
            longest = length
        yield call

    def _run_call(self, call: Sequence[int]) -> None:
        """Run some nodes of one level; keeps their states, and the rows of the cache that others follow."""
        numbers = sorted(call, key=lambda n: self._places[self._tree.nodes[n].parent])  # rows of one cache together
        nodes: list[Node] = [self._tree.nodes[n] for n in numbers]
        above = self._front + nodes[0].start
        cache = self._decoder.gather(self._caches, [self._places[node.parent] for node in nodes], above)
        ids = self._decoder.ids([node.tokens for node in nodes])  # (b, t)
        hidden, longer = self._decoder.run(ids, cache, self._layers)  # (b, layers, t, d)
        for row, node in enumerate(nodes):
            length = len(node.tokens)
            self._states[node.first : node.first + length] = hidden[row, :, :length].transpose(0, 1)
        rows = [row for row, n in enumerate(numbers) if n in self._followed]
        self._places |= {numbers[row]: (len(self._caches), place) for place, row in enumerate(rows)}
        self._caches.append(self._decoder.gather([longer], [(0, row) for row in rows], above + ids.shape[1]))
