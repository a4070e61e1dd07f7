"""Pooling: hidden states of a text's tokens to one vector. Pure functions on tensors."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from embedlib.errors import InputError, UnknownNameError


def pool_mean(hidden: Tensor, mask: Tensor) -> Tensor:
    """Average the masked positions: (b, t, d) and (b, t) to (b, d)."""
    weights = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weights).sum(dim=1) / weights.sum(dim=1)


def pool_max(hidden: Tensor, mask: Tensor) -> Tensor:
    """Take each dimension's largest value over the masked positions: (b, t, d) to (b, d)."""
    return hidden.masked_fill(~mask.unsqueeze(-1), float("-inf")).amax(dim=1)


def pool_first(hidden: Tensor, mask: Tensor) -> Tensor:
    """Take the first masked position: (b, t, d) to (b, d)."""
    return _take(hidden, mask.to(torch.int8).argmax(dim=1))


def pool_last(hidden: Tensor, mask: Tensor) -> Tensor:
    """Take the last masked position: (b, t, d) to (b, d)."""
    return _take(hidden, mask.shape[1] - 1 - mask.to(torch.int8).flip(1).argmax(dim=1))


def _take(hidden: Tensor, position: Tensor) -> Tensor:
    return hidden[torch.arange(hidden.shape[0], device=hidden.device), position]


POOLINGS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "mean": pool_mean,
    "last": pool_last,
    "first": pool_first,
    "max": pool_max,
}


def pool(hidden: Tensor, mask: Tensor, mode: str) -> Tensor:
    """Pool tokens into one vector a text.

    `hidden` is (b, t, d), `mask` is bool (b, t) and true where a position counts, wherever the
    padding is; the result is (b, d). Raises `UnknownNameError` for a mode that is not one of
    mean, last, first, max, and `InputError` for shapes that do not match or a row without a
    position that counts.
    """
    if mode not in POOLINGS:
        raise UnknownNameError.of("pooling", mode, POOLINGS)
    if hidden.ndim != 3 or mask.shape != hidden.shape[:2] or mask.dtype != torch.bool:
        raise InputError(
            f"pooling needs hidden (b, t, d) and a bool mask (b, t); "
            f"got {tuple(hidden.shape)} and {mask.dtype} {tuple(mask.shape)}"
        )
    if not bool(mask.any(dim=1).all()):
        raise InputError("pooling needs a position in every row; a row's mask is empty")
    return POOLINGS[mode](hidden, mask)
