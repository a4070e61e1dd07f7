"""Measuring what tokens in front of a decoder's texts do to words; see `embedlib.encoders.fronts` for the rule."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch

from embedlib._util.quiet import quietly
from embedlib.datasets.lexicon import load_words
from embedlib.encoders.base import Encoder, equal_length_batches
from embedlib.encoders.fronts import Front, FrontEvidence, candidates, choose_front, keep_evidence, stored_evidence
from embedlib.errors import InputError

logger = logging.getLogger(__name__)

WORDS = 200


class _Ids(Protocol):
    ids: tuple[int, ...]


@runtime_checkable
class WithFronts(Encoder, Protocol):
    """A decoder that can put any token in front: its model of transformers, and how it tokenises."""

    model: Any

    def ids_of(self, token: str) -> tuple[int, ...]:
        """Give the ids of a token: one, where there is such a token."""

    def tokenize(self, texts: Sequence[str], front: str | None = None) -> Sequence[_Ids]:
        """Tokenise texts, with a token in front."""


def front_evidence(encoder: WithFronts) -> FrontEvidence:
    """Measure the fronts of a model on 200 frequent words; what was measured once is read from the cache."""
    known = stored_evidence(encoder.spec)
    if known is None:
        known = _measure(encoder)
        keep_evidence(encoder.spec, known)
    return known


def best_front(encoder: Encoder) -> str:
    """Give the token that the rule takes for a model; a warning is logged where words are sinks behind all."""
    if not isinstance(encoder, WithFronts):
        raise InputError(f"{encoder.spec.name}: its encoder cannot try tokens in front; name one, or front='' for none")
    found = front_evidence(encoder)
    if not found.clean:
        logger.warning(
            "%s: words fall on the attention sink behind every front that was tried (%s); %r is taken, where the norms "
            "spread least", found.model, ", ".join(f"{f.token!r} {f.spread:.2f}" for f in found.tried), found.best,
        )  # fmt: skip
    return found.best


def probe_words() -> list[str]:
    """Give the words that fronts are tried on: frequent ones of at least three letters, every third of them."""
    return [word for word in load_words(2000) if len(word) > 2][: 3 * WORDS : 3]


def _measure(encoder: WithFronts) -> FrontEvidence:
    spec = encoder.spec
    layer = max(1, spec.layers // 2)
    texts = [f" {word}" for word in probe_words()]
    tried, asked = [], candidates(spec)
    for token in asked:
        if token and len(encoder.ids_of(token)) != 1:
            continue  # this tokenizer has no such token
        ids = [text.ids for text in encoder.tokenize(texts, token)]
        norms, attention = _run(encoder, ids, layer, has_front=bool(token))
        spread = float(norms.std() / norms.mean())
        sinks = float((norms > 3 * np.median(norms)).mean())
        tried.append(Front(token, round(spread, 6), round(sinks, 6), round(attention, 6)))
    best, clean = choose_front(tuple(tried))
    return FrontEvidence(spec.name, len(texts), layer, tuple(asked), tuple(tried), best, clean)


def _run(encoder: WithFronts, ids: list[tuple[int, ...]], layer: int, *, has_front: bool) -> tuple[np.ndarray, float]:
    """Run words; gives the norms of their first tokens at a layer, (words,), and their mean attention to the front."""
    place = int(has_front)
    norms = np.zeros(len(ids))
    attention: list[float] = []
    with torch.inference_mode(), quietly(), _showing_attention(encoder.model):
        for batch in equal_length_batches([len(row) for row in ids]):
            rows = torch.tensor([ids[i] for i in batch], device=encoder.model.device)  # (b, t)
            out = encoder.model(input_ids=rows, use_cache=False, output_hidden_states=True, output_attentions=True)
            norms[batch] = out.hidden_states[layer][:, place].float().norm(dim=-1).cpu().numpy()
            # (b, heads, t, t) a layer; a recurrent model may show something else by that name.
            shown = [one for one in getattr(out, "attentions", None) or () if one is not None and one.ndim == 4]
            if has_front and shown:
                # From the word's first token to the front, the mean over layers and heads: (b,).
                to_front = torch.stack([weights[:, :, place, 0].float().mean(dim=1) for weights in shown]).mean(dim=0)
                attention.extend(to_front.cpu().tolist())
    return norms, float(np.mean(attention)) if attention else float("nan")


@contextlib.contextmanager
def _showing_attention(model: Any) -> Iterator[None]:
    """Let a model compute attention in the way that shows its weights, while the context lasts."""
    before = getattr(model.config, "_attn_implementation", None)
    try:
        with contextlib.suppress(Exception):  # what has no attention stays as it is
            model.set_attn_implementation("eager")
        yield
    finally:
        if before is not None:
            with contextlib.suppress(Exception):
                model.set_attn_implementation(before)
