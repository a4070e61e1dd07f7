"""Analogy questions "a is to a2 as b is to ?", and the methods that answer them.

3CosAdd and 3CosMul (levy2014linguistic), PairDistance (their PairDirection), 3CosAvg and LRCos
(drozd2016word), and the baselines SimilarToB and SimilarToAny, which use no relation at all
(linzen2016issues). Scores follow drozd2016word.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics import kernels
from embedlib.metrics.similarity import Vectors, unit

Rows = NDArray[np.int32]

PAIRWISE = ("3CosAdd", "3CosMul", "PairDistance", "SimilarToAny")  # one pair is the example
OF_RELATION = ("3CosAvg", "LRCos", "SimilarToB")  # all other pairs of the relation are, or none
METHODS = PAIRWISE + OF_RELATION
FOLDS = 10  # LRCos: parts of a relation that a classifier is trained without

_KINDS = {
    "3CosAdd": kernels.ADD,
    "3CosMul": kernels.MUL,
    "PairDistance": kernels.DIRECTION,
    "SimilarToAny": kernels.ANY,
}
_WIDTH = 512  # candidates at once: cosines of a thousand words with them stay in the cache


@dataclass(frozen=True)
class Answers:
    """For each question the row of the best candidate: of all, and of those that are no input."""

    allowed: Rows
    excluded: Rows


def check_method(method: str, allowed: Sequence[str] = METHODS) -> str:
    """Give the method back; raises `UnknownNameError` with the nearest match for an unknown one.

    Example:
        >>> check_method("3CosAdd")
        '3CosAdd'
    """
    if method not in allowed:
        raise UnknownNameError.of("analogy method", method, allowed)
    return method


def answer_questions(vectors: Vectors, questions: Rows, method: str = "3CosAdd") -> Answers:
    """Answer questions from one example pair each; every row of `vectors` is a candidate.

    `questions` is (n, 3) rows of a, a2 and b. The cosines of the distinct words of all questions
    with a block of candidates are computed once; a question's scores are sums, products or
    quotients of three rows of them. Of equal scores the earlier row wins.

    Raises `UnknownNameError` for a method that is not pairwise and `InputError` for rows out of
    range, a zero row, or no candidate that is not an input.

    Example:
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> found = answer_questions(vectors, np.array([[0, 1, 2]], dtype=np.int32))
        >>> found.allowed, found.excluded
        (array([3], dtype=int32), array([3], dtype=int32))
    """
    check_method(method, PAIRWISE)
    if questions.ndim != 2 or questions.shape[1] != 3:
        raise InputError(f"questions are (n, 3) rows of a, a2 and b, not {questions.shape}")
    if len(vectors) < 4:
        raise InputError(f"analogies need at least 4 candidates, got {len(vectors)}")
    if questions.size and not 0 <= questions.min() <= questions.max() < len(vectors):
        raise InputError(f"a question names row {questions.max()}; there are {len(vectors)}")
    rows = unit(vectors)
    asked, inverse = np.unique(questions, return_inverse=True)
    local: Rows = inverse.reshape(questions.shape).astype(np.int32)
    inputs = questions.astype(np.int32)
    shifts = _shifts(rows, questions) if method == "PairDistance" else np.zeros(len(questions), dtype=np.float32)
    scores = np.full((len(questions), 2), -1e30, dtype=np.float32)
    places = np.full((len(questions), 2), -1, dtype=np.int32)
    words = rows[asked]
    memory = np.empty(len(words) * _WIDTH, dtype=np.float32)
    kind = _KINDS[method]
    for first in range(0, len(rows), _WIDTH):
        candidates = rows[first : first + _WIDTH]
        cosines = memory[: len(words) * len(candidates)].reshape(len(words), len(candidates))
        np.matmul(words, candidates.T, out=cosines)

        def work(start: int, stop: int) -> None:
            kernels.best_answers(kind, cosines, start, stop, first, local, shifts, inputs, scores, places)  # noqa: B023

        kernels.in_threads(work, len(questions))
    return Answers(places[:, 0].copy(), places[:, 1].copy())


def _shifts(rows: Vectors, questions: Rows) -> NDArray[np.float32]:
    """Give each question's (a2 - a) times b, what PairDistance takes off every numerator."""
    shifts = np.empty(len(questions), dtype=np.float32)
    for start in range(0, len(questions), 4096):  # the words of all questions at once would fill the memory
        a, a2, b = (rows[questions[start : start + 4096, part]] for part in range(3))
        shifts[start : start + 4096] = np.einsum("ij,ij->i", a2 - a, b)
    return shifts


def answer_relation(vectors: Vectors, pairs: Rows, method: str, rng: np.random.Generator) -> Answers:
    """Answer for each pair of a relation, b to b2, from the relation's other pairs.

    `pairs` is (n, 2) rows of source and first right answer. 3CosAvg adds the mean offset of the
    other pairs to b. LRCos multiplies the cosine with b by the probability that a word is of the
    answers' class, by a logistic regression of answers against sources and as many random words,
    trained without the tenth of the pairs that b is in. SimilarToB takes the nearest word.

    Raises `UnknownNameError` for a method that is not of a relation and `InputError` for fewer
    than three pairs or a zero row.

    Example:
        >>> vectors = np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32)
        >>> plurals = vectors + np.float32(0.5)
        >>> pairs = np.array([[0, 4], [1, 5], [2, 6], [3, 7]], dtype=np.int32)
        >>> rows = np.concatenate([vectors, plurals])
        >>> answer_relation(rows, pairs, "3CosAvg", np.random.default_rng(0)).excluded
        array([4, 5, 6, 7], dtype=int32)
    """
    check_method(method, OF_RELATION)
    if len(pairs) < 3:
        raise InputError(f"{method} needs at least 3 pairs of a relation, got {len(pairs)}")
    rows = unit(vectors)
    sources, targets = rows[pairs[:, 0]], rows[pairs[:, 1]]
    queries = sources
    if method == "3CosAvg":
        offsets = targets - sources
        queries = sources + (offsets.sum(axis=0) - offsets) / (len(pairs) - 1)
    scores = queries @ rows.T
    if method == "LRCos":
        scores *= _class_probabilities(rows, pairs, rng)
    allowed = scores.argmax(axis=1)
    scores[np.arange(len(pairs)), pairs[:, 0]] = -np.inf
    return Answers(allowed.astype(np.int32), scores.argmax(axis=1).astype(np.int32))


def _class_probabilities(rows: Vectors, pairs: Rows, rng: np.random.Generator) -> NDArray[np.float32]:
    """Give the probability of each row to be an answer, (pairs, n), by classifiers blind to the pair.

    A penalised classifier's weights lie in the span of its examples, so that it is fitted there, in
    fewer dimensions, by Newton's method.
    """
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits

    folds = rng.permutation(len(pairs)) % min(FOLDS, len(pairs))
    others = rng.integers(len(rows), size=len(pairs))
    examples = rows[np.concatenate([pairs[:, 1], pairs[:, 0], others])].astype(np.float64)
    span = np.linalg.qr(examples.T)[0]
    places = examples @ span
    weights, intercepts = np.empty((folds.max() + 1, len(rows[0])), dtype=np.float32), []
    for fold, weight in enumerate(weights):
        known = np.tile(folds != fold, 3)
        classes = (np.arange(len(known)) < len(pairs))[known]
        # C: the vectors have length one, so that the default would hardly move from the mean.
        model = LogisticRegression(C=100.0, solver="newton-cholesky", tol=1e-6)
        with threadpool_limits(1):  # threads of so small products only wait for each other
            model.fit(places[known], classes)
        weight[:] = span @ model.coef_[0]
        intercepts.append(model.intercept_[0])
    logits = weights @ rows.T + np.array(intercepts, dtype=np.float32)[:, None]
    probabilities: NDArray[np.float32] = (1 / (1 + np.exp(-logits)))[folds]
    return probabilities
