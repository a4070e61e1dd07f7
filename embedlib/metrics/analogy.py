"""Analogy questions "a is to a2 as b is to ?", and the methods that answer them.

3CosAdd and 3CosMul (levy2014linguistic), PairDistance (their PairDirection), 3CosAvg and LRCos
(drozd2016word), and the baselines SimilarToB and SimilarToAny, which use no relation at all
(linzen2016issues). Scores follow drozd2016word.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from embedlib.errors import InputError, UnknownNameError
from embedlib.metrics import kernels
from embedlib.metrics.similarity import Vectors, unit

Rows = NDArray[np.int32]

PAIRWISE = ("3CosAdd", "3CosMul", "PairDistance", "SimilarToAny")  # one pair is the example
OF_RELATION = ("3CosAvg", "LRCos", "SimilarToB")  # all other pairs of the relation are, or none
METHODS = PAIRWISE + OF_RELATION
FOLDS = 5  # LRCos: parts of a relation, each of which is answered by a classifier that was trained without it
# LRCos: the penalties to choose from, as C times the number of dimensions, half a power of ten apart. Scaled vectors
# have about that squared length, so that one C would be a weaker penalty for longer vectors. Where cosines crowd
# near 1, only small ones let the cosine have a say.
STRENGTHS = tuple(10.0 ** (half / 2) for half in range(-9, 2))
_RANKED = 5_000  # about as many candidates are enough to choose a penalty by

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


def choose_pairs(vectors: Vectors, questions: Rows, choices: Rows) -> Rows:
    """Answer multiple-choice questions by the pair whose step is most like that of the question's own pair.

    `questions` is (n, 2) rows of a and a2, and `choices` (n, k, 2) rows of the pairs to choose from. A pair's step is
    its second vector, scaled to length one, less its first one. Gives the place of the choice whose step has the
    largest cosine with the question's own, (n,), the first of equals: PairDistance (levy2014linguistic), asked of a few
    pairs. The cosine of a step of length zero is 0. Raises `InputError` for shapes that do not fit, rows out of range,
    and a zero row.

    Example:
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> questions, choices = np.array([[0, 1]]), np.array([[[2, 4], [2, 3]]])
        >>> choose_pairs(vectors, questions, choices)
        array([1], dtype=int32)
    """
    if questions.ndim != 2 or choices.ndim != 3 or choices.shape != (len(questions), choices.shape[1], 2):
        raise InputError(f"questions (n, 2) and choices (n, k, 2) are needed, not {questions.shape}, {choices.shape}")
    pairs = np.concatenate([questions[:, None], choices], axis=1)
    if pairs.size and not 0 <= pairs.min() <= pairs.max() < len(vectors):
        raise InputError(f"a question names row {pairs.max()}; there are {len(vectors)}")
    rows = unit(vectors)
    steps = rows[pairs[..., 1]] - rows[pairs[..., 0]]  # (n, 1 + k, d)
    lengths = np.linalg.norm(steps, axis=2, keepdims=True)
    steps = np.divide(steps, lengths, out=np.zeros_like(steps), where=lengths > 0)
    found: Rows = np.einsum("nd,nkd->nk", steps[:, 0], steps[:, 1:]).argmax(axis=1).astype(np.int32)
    return found


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
    trained without the fifth of the pairs that b is in. Its features are scaled to mean 0 and
    variance 1 over the training words, so that a few large dimensions do not decide, and its penalty
    is chosen on the other four fifths alone (varma2006bias), see `STRENGTHS`. SimilarToB takes the
    nearest word.

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
        scores *= _class_probabilities(rows, pairs, scores, rng)
    allowed = scores.argmax(axis=1)
    scores[np.arange(len(pairs)), pairs[:, 0]] = -np.inf
    return Answers(allowed.astype(np.int32), scores.argmax(axis=1).astype(np.int32))


def _class_probabilities(
    rows: Vectors, pairs: Rows, cosines: NDArray[np.float32], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Give the probability of each row to be an answer, (pairs, n), by classifiers blind to the pair's fold.

    The penalty for a fold is the one by which LRCos answers the other folds best, by the mean of one over the
    rank of the right answer, each of them by a classifier that has seen neither that fold nor this one. A
    classifier without two folds serves the choice for both. `cosines` (pairs, n) are those of the sources.
    """
    from threadpoolctl import threadpool_limits

    folds = rng.permutation(len(pairs)) % min(FOLDS, len(pairs))
    # Three words a pair: the answer, the source and a random one.
    words = np.column_stack([pairs[:, 1], pairs[:, 0], rng.integers(len(rows), size=len(pairs))])
    penalties = np.array(STRENGTHS) / rows.shape[1]
    found = np.empty((len(pairs), len(rows)), dtype=np.float32)
    gains = np.zeros((folds.max() + 1, len(penalties)))
    # Every few candidates, the words of the relation among them, and where these are.
    some = np.union1d(pairs, np.arange(0, len(rows), 1 + len(rows) // _RANKED))
    few, near, places = rows[some], cosines[:, some], np.searchsorted(some, pairs)
    # Threads of so small products only wait for each other.
    with threadpool_limits(1):
        for fold, other in itertools.combinations(range(folds.max() + 1), 2):
            models = _classifiers(rows, words[(folds != fold) & (folds != other)], penalties)
            for number, probabilities in enumerate(_probabilities(models, few)):
                for scored, answered in ((fold, other), (other, fold)):
                    asked = folds == answered
                    gains[scored, number] += _reciprocal_ranks(near[asked] * probabilities, places[asked]).sum()
        for fold, gain in enumerate(gains):
            model = _classifiers(rows, words[folds != fold], penalties[[gain.argmax()]])
            found[folds == fold] = _probabilities(model, rows)
    return found


def _classifiers(
    rows: Vectors, words: NDArray[np.int64], penalties: NDArray[np.float64]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Train on words, (pairs, 3), whose first column is the class: the weights (penalties, d) and intercepts.

    A penalised classifier's weights lie in the span of its examples, so that it is fitted there, in
    fewer dimensions. Each penalty starts where the one before it ended.
    """
    from sklearn.preprocessing import StandardScaler

    examples = rows[words.T.ravel()].astype(np.float64)
    classes = (np.arange(len(examples)) < len(words)).astype(np.float64)
    scaler = StandardScaler().fit(examples)
    scaled = scaler.transform(examples)
    span = np.linalg.qr(scaled.T)[0]
    places = np.column_stack([scaled @ span, np.ones(len(scaled))])
    found = np.zeros(places.shape[1])
    weights, intercepts = [], []
    for penalty in penalties:
        found = _logistic(places, classes, penalty, found)
        # The same classifier for vectors that are not scaled.
        weights.append(span @ found[:-1] / scaler.scale_)
        intercepts.append(found[-1] - weights[-1] @ scaler.mean_)
    return np.array(weights, dtype=np.float32), np.array(intercepts, dtype=np.float32)


def _logistic(
    places: NDArray[np.float64], classes: NDArray[np.float64], penalty: float, start: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Fit a logistic regression of C = `penalty` by Newton's method; the last column is one and has no penalty.

    It is scikit-learn's, which a test compares it with. So small a fit takes less time than scikit-learn's checks.
    """
    ridge = np.append(np.full(places.shape[1] - 1, 1 / penalty), 0.0)

    def loss(weights: NDArray[np.float64]) -> float:
        logits = places @ weights
        return float((np.logaddexp(0, logits) - classes * logits).sum() + ridge @ weights**2 / 2)

    weights, reached = start, loss(start)
    for _ in range(100):
        probabilities = expit(places @ weights)
        slope = places.T @ (probabilities - classes) + ridge * weights
        spread = probabilities * (1 - probabilities)
        step = np.linalg.solve((places.T * spread) @ places + np.diag(ridge), slope)
        # What the loss would still fall by if it were a square function.
        fall = float(slope @ step) / 2
        if fall < 1e-7 * len(places):
            break
        while (new := loss(weights - step)) > reached:
            step = step / 2
        weights, reached = weights - step, new
    return weights


def _probabilities(models: tuple[NDArray[np.float32], NDArray[np.float32]], rows: Vectors) -> NDArray[np.float32]:
    """Give the probability of each row by each classifier: (classifiers, n)."""
    weights, intercepts = models
    found: NDArray[np.float32] = expit(weights @ rows.T + intercepts[:, None])
    return found


def _reciprocal_ranks(scores: NDArray[np.float32], pairs: NDArray[np.intp]) -> NDArray[np.float64]:
    """Give one over the rank of each pair's right answer among all candidates but the source; ties rank last."""
    places = np.arange(len(pairs))
    right = scores[places, pairs[:, 1]][:, None]
    above = (scores >= right).sum(axis=1) - (scores[places, pairs[:, 0]] >= right[:, 0])
    # A pair of a word with itself has no other right answer than the source.
    ranks: NDArray[np.float64] = 1 / np.maximum(above, 1)
    return ranks
