"""Compiled inner loops over blocks of cosines; compiled once a machine, at first use.

They release the interpreter lock, so threads can share a block between them.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

THREADS = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
_ONE, _TWO, _NOTHING = np.float32(1), np.float32(2), np.float32(-1e30)
_EPSILON = np.float32(0.002)  # levy2014linguistic: 0.001 on cosines moved to 0..1; here 0..2
_SMALL = np.float32(1e-6)  # of a squared distance: b itself has no direction from b
_FAST = {"nnan", "ninf", "nsz", "reassoc", "contract", "arcp"}

ADD, MUL, DIRECTION, ANY = range(4)  # the scores that `best_answers` knows

_compiled = numba.njit(nogil=True, cache=True)
_fast = numba.njit(nogil=True, cache=True, fastmath=_FAST)


@functools.cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS)


def in_threads(work: Callable[[int, int], object], items: int) -> None:
    """Call `work(start, stop)` on equal parts of a range, one part a thread.

    Example:
        >>> done = np.zeros(5)
        >>> def work(start: int, stop: int) -> None:
        ...     done[start:stop] += 1
        >>> in_threads(work, 5)
        >>> done.tolist()
        [1.0, 1.0, 1.0, 1.0, 1.0]
    """
    edges = np.linspace(0, items, THREADS + 1).astype(int)
    list(_pool().map(work, edges[:-1], edges[1:]))


@_compiled
def count_block(block: NDArray[np.float32], start: int, stop: int, first: int, counts: NDArray[np.int64]) -> None:
    """Add the cosines in rows start to stop of a block to the counts of equal bins of [-1, 1].

    Row i starts at column first + i (at 0 where that is negative), which can leave out what is at
    and below a diagonal. A bin is floor(cosine * bins / 2): the product of a float32 and a small
    number is exact in float64, so no cosine is put on the wrong side of an edge. Rounding beyond
    -1 or 1 counts in the end bins. `counts` is (4, bins): equal neighbours in one would wait for
    each other.
    """
    half = counts.shape[1] // 2
    low, high = np.float64(-half), np.float64(half - 1)
    places = np.empty(1024, np.uint32)
    columns = block.shape[1]
    for i in range(start, stop):
        for begin in range(max(first + i, 0), columns, 1024):
            part = block[i, begin : min(begin + 1024, columns)]
            n = len(part)
            for j in range(n):
                place = np.floor(np.float64(part[j]) * half)
                places[j] = np.uint32(np.int32(min(max(place, low), high)) + half)
            whole = n // 4 * 4
            for j in range(0, whole, 4):
                counts[np.uint32(0), places[j]] += 1
                counts[np.uint32(1), places[j + 1]] += 1
                counts[np.uint32(2), places[j + 2]] += 1
                counts[np.uint32(3), places[j + 3]] += 1
            for j in range(whole, n):
                counts[np.uint32(0), places[j]] += 1


@_compiled
def _insert(scores: NDArray[np.float32], places: NDArray[np.int32], row: int, score: float, place: int) -> None:
    """Put a score into a row that is sorted from the best down; the last one falls out."""
    at = scores.shape[1] - 1
    while at > 0 and score > scores[row, at - 1]:
        scores[row, at] = scores[row, at - 1]
        places[row, at] = places[row, at - 1]
        at -= 1
    scores[row, at] = score
    places[row, at] = place


@_compiled
def keep_nearest_of_rows(
    block: NDArray[np.float32], start: int, stop: int, row_offset: int, column_offset: int,
    scores: NDArray[np.float32], places: NDArray[np.int32],
) -> None:  # fmt: skip
    """Merge a block of cosines into the k best of its rows start to stop; (n, k), sorted.

    Of equal cosines the one that came first stays first. A word is not its own neighbour.
    """
    last = scores.shape[1] - 1
    for i in range(start, stop):
        me = row_offset + i
        for first in range(0, block.shape[1], 256):
            part = block[i, first : first + 256]
            floor, above = scores[me, last], False
            for value in part:
                above |= value > floor
            if above:
                for j in range(len(part)):
                    other = column_offset + first + j
                    if part[j] > scores[me, last] and other != me:
                        _insert(scores, places, me, part[j], other)


@_compiled
def keep_nearest_of_columns(
    block: NDArray[np.float32], start: int, stop: int, row_offset: int, column_offset: int,
    scores: NDArray[np.float32], places: NDArray[np.int32],
) -> None:  # fmt: skip
    """Do the same for columns start to stop of a block that holds no word twice."""
    last = scores.shape[1] - 1
    floors = scores[column_offset + start : column_offset + stop, last].copy()
    for i in range(block.shape[0]):
        for first in range(start, stop, 256):
            part = block[i, first : min(first + 256, stop)]
            floor = floors[first - start : first - start + len(part)]
            above = False
            for j in range(len(part)):
                above |= part[j] > floor[j]
            if above:
                for j in range(len(part)):
                    if part[j] > floor[j]:
                        me = column_offset + first + j
                        _insert(scores, places, me, part[j], row_offset + i)
                        floor[j] = scores[me, last]


@_fast
def _score(kind: int, b: np.float32, a: np.float32, a2: np.float32, shift: np.float32) -> Any:
    if kind == ADD:
        return b - a + a2
    if kind == MUL:
        return (_ONE + b) * (_ONE + a2) / (_ONE + a + _EPSILON)
    if kind == DIRECTION:
        return (a2 - a - shift) / np.sqrt(max(_TWO - _TWO * b, _SMALL))
    return max(b, max(a, a2))


@_compiled
def _keep_best(
    buffer: NDArray[np.float32], q: int, kind: int, offset: int, scores: NDArray[np.float32], places: NDArray[np.int32]
) -> None:
    for j in range(len(buffer)):
        if buffer[j] > scores[q, kind]:
            scores[q, kind] = buffer[j]
            places[q, kind] = offset + j


@_fast
def best_answers(
    kind: int, cosines: NDArray[np.float32], start: int, stop: int, offset: int, questions: NDArray[np.int32],
    shifts: NDArray[np.float32], inputs: NDArray[np.int32], scores: NDArray[np.float32], places: NDArray[np.int32],
) -> None:  # fmt: skip
    """Merge a block of candidates into the best answers of questions start to stop.

    `cosines` is (words, candidates of the block), `questions` (n, 3) rows of a, a2 and b in it,
    `inputs` (n, 3) the same words' places among all candidates, `shifts` (n,) what DIRECTION takes
    off each numerator. `scores` and `places` are (n, 2): the best of all candidates, and the best
    of those that are no input. Of equal scores the one that came first stays.

    Most blocks hold nothing better than what is known: one pass that only compares, which the
    compiler turns into vector instructions, finds that out.
    """
    width = cosines.shape[1]
    buffer = np.empty(width, np.float32)
    for q in range(start, stop):
        a, a2, b = cosines[questions[q, 0]], cosines[questions[q, 1]], cosines[questions[q, 2]]
        shift, floor, better = shifts[q], scores[q, 1], 0
        if kind == ADD:
            for j in range(width):
                better += (b[j] - a[j] + a2[j]) > floor
        elif kind == MUL:
            for j in range(width):
                better += (_ONE + b[j]) * (_ONE + a2[j]) > floor * (_ONE + a[j] + _EPSILON)
        elif kind == DIRECTION:
            for j in range(width):
                better += (a2[j] - a[j] - shift) > floor * np.sqrt(max(_TWO - _TWO * b[j], _SMALL))
        else:
            for j in range(width):
                better += (b[j] > floor) | (a[j] > floor) | (a2[j] > floor)
        if better == 0:
            continue
        for j in range(width):
            buffer[j] = _score(kind, b[j], a[j], a2[j], shift)
        _keep_best(buffer, q, 0, offset, scores, places)
        for part in range(3):
            place = inputs[q, part] - offset
            if 0 <= place < width:
                buffer[place] = _NOTHING
        _keep_best(buffer, q, 1, offset, scores, places)
