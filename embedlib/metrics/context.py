"""What contexts do to a word's vectors: how far they move, and in which variations of a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.bootstrap import Bootstrap, Counts
from embedlib.metrics.estimates import Estimates
from embedlib.metrics.similarity import Vectors, unit

OTHER_ANCHORS = "other anchors"


@dataclass(frozen=True)
class SelfSimilarity:
    """Mean cosine of a word's contexts, by word; of two words' contexts; and what the first exceeds it by.

    `corrected` is the mean over words less `between`.
    """

    by_word: pd.Series
    between: float
    corrected: float

    @property
    def movement(self) -> pd.Series:
        """How far each word's contexts lie apart, measured by how far those of two words do, by word.

        0 is a word that stays in place, 1 a word whose contexts are as unlike as those of two words.

        Example:
            >>> found = SelfSimilarity(pd.Series({"crane": 0.8, "bank": 0.6}), between=0.2, corrected=0.5)
            >>> found.movement.round(2).to_dict()
            {'crane': 0.25, 'bank': 0.5}
        """
        return (1 - self.by_word) / (1 - self.between)


def self_similarity(vectors: Vectors, words: Sequence[str]) -> SelfSimilarity:
    """Measure how alike a word's vectors in its contexts are (ethayarajh2019contextual).

    `vectors` is (n, d), a row a context; `words` says whose it is. Vectors of any two words may be
    alike, too, if all lie in a cone; so the mean cosine of contexts of two different words is the
    zero of the corrected value. Raises `InputError` for a word with one context only, fewer than two
    words, a zero row or shapes that do not match.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [0, 2]], dtype=np.float32)
        >>> found = self_similarity(vectors, ["crane", "crane", "bank", "bank"])
        >>> found.by_word.to_dict(), found.between
        ({'bank': 1.0, 'crane': 1.0}, 0.0)
    """
    labels = np.asarray(words)
    if vectors.ndim != 2 or len(labels) != len(vectors):
        raise InputError(f"{len(labels)} words for vectors of shape {vectors.shape}")
    names, group, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if len(names) < 2 or counts.min() < 2:
        lone = f"; {names[counts.argmin()]!r} has one" if len(names) > 1 else ""
        raise InputError(f"self-similarity needs two words or more, each in two contexts or more{lone}")
    rows = unit(vectors).astype(np.float64)
    sums = np.zeros((len(names), rows.shape[1]))
    np.add.at(sums, group, rows)
    squares = np.einsum("gd,gd->g", sums, sums)
    within = (squares - counts) / (counts * (counts - 1))
    whole = rows.sum(axis=0)
    n = len(rows)
    between = float((whole @ whole - squares.sum()) / (n * n - (counts**2).sum()))
    return SelfSimilarity(pd.Series(within, names.tolist()), between, float(within.mean() - between))


def variation_similarity(
    vectors: Vectors, variations: pd.DataFrame, boot: Bootstrap, *, base: str = "base"
) -> Estimates:
    """Estimate how near an anchor's vector stays to itself in each kind of variation (mahajan2024revisiting).

    `vectors` is (n, d), the anchor's vectors at one layer; `variations` has a row for each, with columns
    anchor, pos and kind. An anchor's value of a kind is the cosine of its vector in the base sentence with
    that in the variation, averaged where it has several of the kind. The score of a kind is the mean over
    the anchors that have it, and an interval comes from drawing anchors anew; the units of `boot` are the
    anchors. Kinds come in the order of the table. The last score, `OTHER_ANCHORS`, is what to compare with:
    the mean cosine of the base vectors of two different anchors of one part of speech. Copies of an anchor
    in a draw are no pair. It is NaN where no two anchors share a part of speech.

    The `value` of each layer's result is one column of a heat map of kinds by layers. Raises `InputError`
    for shapes that do not match, a column that is missing, an anchor without exactly one base, anchors that
    are not the units of `boot`, and a zero row.

    Example:
        >>> vectors = np.array([[1, 0], [1, 0], [0, 1], [3, 4]], dtype=np.float32)
        >>> anchors = pd.DataFrame({"anchor": ["crane", "crane", "bank", "bank"], "pos": "noun"})
        >>> boot = Bootstrap(["crane", "bank"], 100, np.random.default_rng(0))
        >>> found = variation_similarity(vectors, anchors.assign(kind=["base", "voice"] * 2), boot)
        >>> found.value.round(2).to_dict()
        {'voice': 0.9, 'other anchors': 0.0}
    """
    if missing := [name for name in ("anchor", "pos", "kind") if name not in variations.columns]:
        raise InputError(f"variations have no column {missing[0]!r}; there are {', '.join(map(str, variations))}")
    if vectors.ndim != 2 or len(vectors) != len(variations):
        raise InputError(f"{len(variations)} variations for vectors of shape {vectors.shape}")
    anchors, kinds = variations["anchor"].to_numpy(), variations["kind"].to_numpy()
    is_base = kinds == base
    starts = pd.Series(np.flatnonzero(is_base), anchors[is_base])
    for anchor, number in pd.Series(is_base).groupby(anchors).sum().items():
        if number != 1:
            raise InputError(f"the anchor {anchor!r} has {number} sentences of the kind {base!r}; allowed: one")
    if set(starts.index) != set(boot.labels):
        odd = sorted(map(str, set(starts.index) ^ set(boot.labels)))
        raise InputError(f"the units of the bootstrap are not the anchors; only one side has {', '.join(odd[:3])}")

    rows = unit(vectors).astype(np.float64)
    cosines = np.einsum("nd,nd->n", rows, rows[starts.loc[anchors].to_numpy()])
    long = pd.DataFrame({"anchor": anchors, "kind": kinds, "cosine": cosines})[~is_base]
    by_kind = long.pivot_table(index="anchor", columns="kind", values="cosine", sort=False).reindex(boot.labels)
    found = {kind: boot.mean(by_kind[kind], among=by_kind[kind].notna()) for kind in dict.fromkeys(long["kind"])}

    # Pairs of different anchors of one part of speech, and their cosines: (anchors, anchors).
    at = starts.loc[boot.labels].to_numpy()
    pos = variations["pos"].to_numpy()[at]
    is_pair = ((pos[:, None] == pos) & ~np.eye(len(at), dtype=bool)).astype(np.float64)
    paired = is_pair * (rows[at] @ rows[at].T)

    def between(counts: Counts) -> NDArray[np.float64]:
        weights = counts.astype(np.float64)
        pairs = ((weights @ is_pair) * weights).sum(axis=1)
        sums: NDArray[np.float64] = ((weights @ paired) * weights).sum(axis=1)
        return sums / np.where(pairs > 0, pairs, np.nan)

    return Estimates({**found, OTHER_ANCHORS: boot.apply(between)})


def variation_movement(similarity: Estimates) -> Estimates:
    """Give how far each kind of variation moves the anchor, measured by how far apart two anchors are.

    `similarity` is of `variation_similarity`. The movement is one minus the kind's similarity, divided by
    one minus that of other anchors: 0 is a word that stays in place, 1 one that has moved as far as another
    word is. So models whose vectors all lie in a narrow cone can be compared with others
    (ethayarajh2019contextual). Raises `InputError` where the similarity of other anchors is missing.

    Example:
        >>> from embedlib.metrics.estimates import Estimate
        >>> alike = Estimates({"voice": Estimate(0.9, [0.9, 0.9]), OTHER_ANCHORS: Estimate(0.6, [0.6, 0.6])})
        >>> variation_movement(alike).value.round(2).to_dict()
        {'voice': 0.25}
    """
    # Both distances have their signs turned, which the quotient does not see.
    apart = similarity.only([OTHER_ANCHORS])[OTHER_ANCHORS] - 1
    return Estimates({kind: (similarity[kind] - 1) / apart for kind in similarity if kind != OTHER_ANCHORS})
