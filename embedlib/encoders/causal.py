"""Decoder-only language models as encoders, with what their texts share computed once."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from embedlib.encoders.base import equal_length_batches
from embedlib.encoders.front_probe import best_front
from embedlib.encoders.gguf_convert import model_folder, tokenizer_file
from embedlib.encoders.loading import load_transformer
from embedlib.encoders.prefix_tree import TokenIds, grow_tree, shared_prefix
from embedlib.encoders.transformer import FramedText, HiddenBatch, TransformerEncoder
from embedlib.encoders.tree_run import Decoder, TreeRun
from embedlib.errors import InputError
from embedlib.models.external.architectures import Trial, alike
from embedlib.models.reading import AUTO
from embedlib.models.spec import ModelSpec

_DEEPEST = 256  # tokens that texts share at most, or what fits into the smallest sliding window
_TREE_TOKENS = 16384  # tokens of the texts of one tree
_TREE_NUMBERS = 2**27  # numbers of their hidden states


class CausalEncoder(TransformerEncoder):
    """A decoder-only model; a position sees only what stands before it.

    A token is put in front of every text, so that no word sits on the attention sink that
    position 0 is (xiao2024sinks), and is never pooled. It is the one that is asked for, or the model's own.

    What a position holds depends on the tokens up to it only. So a prefix that all texts share
    (the BOS token, a template's head) is run once and its keys and values are reused, and texts
    are run as a tree, in which what several of them begin with is run once. A text whose parts
    alone are wanted is run as far as the last of them. The vectors are those of running every
    text by itself. A model that cannot go on from the keys and values of a beginning (one with
    convolutions, a recurrent state, or layers that read what was before in another way) is given
    every text whole.
    """

    def __init__(self, spec: ModelSpec, dtype: str = "float32", device: str = "cpu") -> None:
        folder = model_folder(spec)
        tokenizer = Tokenizer.from_file(str(tokenizer_file(spec, folder)))
        model, trial = load_transformer(spec, folder, dtype, device)
        super().__init__(spec, tokenizer, model, dtype)
        self._deepest = self._shareable(trial)
        self._decoder = Decoder(model, cached=self._deepest > 0, shortens=self._shortens(trial))
        self.front_ids(None if spec.resolve_front(None) != AUTO else "")

    def front_ids(self, front: str | None) -> tuple[int, ...]:
        """Give the id of the token in front; none for "".

        Raises `InputError` for what is no token of the model, with the nearest ones.
        """
        asked = self.spec.resolve_front(front)
        if asked == AUTO:
            asked = best_front(self)
        if not asked:
            return ()
        ids = self.ids_of(asked)
        if len(ids) != 1:
            raise InputError(f"front is {asked!r}; {self.spec.name} has no such token, but {self._tokens_like(asked)}")
        return ids

    def ids_of(self, token: str) -> tuple[int, ...]:
        """Give the ids of a token by its name, or of the text that it stands for: one, where there is such a token."""
        number = self.tokenizer.token_to_id(token)
        return (number,) if number is not None else tuple(self.tokenizer.encode(token, add_special_tokens=False).ids)

    def _tokens_like(self, asked: str) -> str:
        """Name tokens that could be meant, and those that stand in front of texts by other names."""
        special = [token.content for token in self.tokenizer.get_added_tokens_decoder().values()]
        close = difflib.get_close_matches(asked, special, n=3, cutoff=0.3) or special[:3]
        known = dict.fromkeys([*close, *filter(None, [self.spec.bos, *self.spec.fronts])])
        return f"{', '.join(map(repr, known))}, a newline and others" if known else "a newline and others"

    def _shareable(self, trial: Trial) -> int:
        """Find how many tokens texts can share: 0 where going on from a beginning gives other states."""
        from transformers.cache_utils import DynamicCache, DynamicLayer, DynamicSlidingWindowLayer

        kinds = {type(layer) for layer in trial.cache.layers} if type(trial.cache) is DynamicCache else {None}
        if not kinds <= {DynamicLayer, DynamicSlidingWindowLayer}:
            return 0
        windows = [layer.sliding_window - 1 for layer in trial.cache.layers if hasattr(layer, "sliding_window")]
        deepest = min(_DEEPEST, *windows) if windows else _DEEPEST
        begun = min(deepest, trial.ids.shape[1] // 2)
        if begun == 0:
            return 0
        with torch.inference_mode(), contextlib.suppress(Exception):  # whatever a model's code can raise
            decoder = Decoder(self.model)
            after = decoder.gather([trial.cache], [(0, 0), (0, 1)], begun)
            states, _ = decoder.run(trial.ids[:, begun:], after, tuple(range(self.spec.layers + 1)))
            if alike(trial.hidden[:, :, begun:], states):
                return deepest
        return 0

    def _shortens(self, trial: Trial) -> bool:
        """Say whether the first layers of the model alone give the states that all of them give."""
        layers = tuple(range(self.spec.layers // 2 + 1))
        with torch.inference_mode(), contextlib.suppress(Exception):  # whatever a model's code can raise
            states, _ = Decoder(self.model, cached=False, shortens=True).run(trial.ids, None, layers)
            return alike(trial.hidden[:, : len(layers)], states)
        return False

    def frame(self, encoding: Any, front: tuple[int, ...]) -> FramedText:
        room = None if self.spec.max_tokens is None else self.spec.max_tokens - len(front)
        ids, offsets = encoding.ids[:room], encoding.offsets[:room]
        return FramedText(
            (*front, *ids),
            (*((0, 0) for _ in front), *offsets),
            (*(False for _ in front), *(True for _ in ids)),
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

    def _start(self, prefix: tuple[int, ...], layers: tuple[int, ...]) -> tuple[Any, Tensor]:
        """Run the shared prefix; gives its cache (None where it is empty) and (layers, p, d)."""
        if not prefix:
            return None, self._decoder.empty(len(layers), 0, self.spec.dimension)
        states, cache = self._decoder.run(self._decoder.ids([prefix]), None, layers)  # (1, layers, p, d)
        return cache, states[0]

    def _tree(
        self, chunk: list[int], tails: list[TokenIds], cache: Any, head: Tensor, layers: tuple[int, ...]
    ) -> Iterator[HiddenBatch]:
        """Run the tails of a chunk as a tree of their beginnings and hand out each text's path."""
        front = head.shape[1]
        tree = grow_tree([tails[i] for i in chunk], max(0, self._deepest - front))
        run = TreeRun(
            self._decoder, tree, layers, cache=cache, front=front, deepest=self._deepest,
            dimension=self.spec.dimension,
        )  # fmt: skip
        states = run.states()  # (tokens of the tree, layers, d)
        for batch in equal_length_batches([len(path) for path in tree.paths]):
            path = torch.tensor([tree.paths[i] for i in batch], dtype=torch.long, device=states.device)  # (b, t)
            hidden = states[path].transpose(1, 2)  # (b, layers, t, d)
            shared = head.unsqueeze(0).expand(len(batch), -1, -1, -1)  # (b, layers, p, d)
            yield HiddenBatch(np.array(chunk)[batch], torch.cat([shared, hidden], dim=2))  # (b, layers, p + t, d)
