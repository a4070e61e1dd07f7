"""The special tokens that a tokenizer puts around every text."""

from __future__ import annotations

from tokenizers import Tokenizer

_TEXTS = ("a", "the", "1", ".", "é", "字")  # the first that has a token shows where the text stands


def framing(tokenizer: Tokenizer) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Give the ids that a tokenizer puts before and behind a text."""
    for text in _TEXTS:
        bare = tokenizer.encode(text, add_special_tokens=False).ids
        framed = tokenizer.encode(text, add_special_tokens=True).ids
        starts = [at for at in range(len(framed) - len(bare) + 1) if framed[at : at + len(bare)] == bare]
        if bare and starts:
            return tuple(framed[: starts[0]]), tuple(framed[starts[0] + len(bare) :])
    return (), ()
