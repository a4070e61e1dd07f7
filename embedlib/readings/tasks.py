"""What a reading is chosen by: tasks on development data, each a score between -1 and 1 where more is better."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from embedlib.datasets.load import load_dataset, words_of
from embedlib.datasets.sentences import CHANGED, KEPT, spans_of
from embedlib.datasets.spans import SpanKey
from embedlib.datasets.word_forms import Form, as_asked
from embedlib.embeddings.table import EmbeddingTable
from embedlib.metrics import questions
from embedlib.metrics.agreement import rank_correlations
from embedlib.metrics.relatedness import re_pair, related_pairs, separate
from embedlib.metrics.senses import sense_areas
from embedlib.metrics.similarity import pairwise_cosine
from embedlib.metrics.triplets import triplet_accuracy, triplet_wins
from embedlib.models.reading import Kind

_SEED = 13
_RATED = ("men", "simverb3500", "mturk287")


@dataclass(frozen=True)
class DevelopmentData:
    """The development data of a kind of text: the texts to embed, and a score for each task.

    `texts` are words, spans or sentences. A score takes a table of them with one layer and pooling. `families` says
    which tasks are alike: the mean over a family is taken first, so that three sets of ratings count as much as one
    set of analogies.
    """

    texts: list[str] | list[SpanKey]
    scores: Mapping[str, Callable[[EmbeddingTable[object]], float]]
    families: Mapping[str, str]

    def mean(self, scores: pd.DataFrame) -> pd.Series:
        """Give the mean over families of the mean over tasks: a value a row; columns are tasks.

        NaN where a task has no score, as where all vectors are the same.
        """
        families = pd.Series(self.families)
        of_family = {
            name: scores[list(tasks.index)].mean(axis=1, skipna=False) for name, tasks in families.groupby(families)
        }
        return pd.DataFrame(of_family).mean(axis=1, skipna=False)


def development(kind: Kind, *, cased: bool) -> DevelopmentData:
    """Give the development data of a kind of text, words in the form in which a model is asked.

    Words: ratings of people (a third of MEN and of SimVerb-3500, and MTurk-287; Spearman), related pairs of our
    relations (2 AUC - 1), analogies (accuracy of 3CosAdd, candidates are the words of the relations). Contexts: senses
    of the anchors (2 AUC - 1). Sentences: rated pairs (Spearman), triplets (2 accuracy - 1).

    Example:
        >>> sorted(development("contexts", cased=False).scores)
        ['senses']
    """
    return {"words": _words, "contexts": _contexts, "sentences": _sentences}[kind](cased=cased)


def _words(*, cased: bool) -> DevelopmentData:
    form: Form = "as given" if cased else "lower"
    rated = {name: as_asked(load_dataset(name, part="development"), form) for name in _RATED}
    relations = as_asked(load_dataset("bats", part="development"), form)
    related = related_pairs(relations)
    unrelated = re_pair(related, np.random.default_rng(_SEED))
    texts = dict.fromkeys(word for frame in (*rated.values(), relations) for word in words_of(frame))
    scores: dict[str, Callable[[EmbeddingTable[object]], float]] = {
        name: functools.partial(_spearman, frame=frame, columns=("word1", "word2")) for name, frame in rated.items()
    }
    scores["related pairs"] = functools.partial(_separation, related=related, unrelated=unrelated)
    scores["analogies"] = functools.partial(_analogies, relations=relations)
    families = dict.fromkeys(_RATED, "ratings") | {"related pairs": "related pairs", "analogies": "analogies"}
    return DevelopmentData(list(texts), scores, families)


def _contexts(*, cased: bool) -> DevelopmentData:
    anchors = load_dataset("anchors", part="development")
    senses = anchors[anchors["sense"] != ""]
    spans = spans_of(senses)
    score = functools.partial(_senses, spans=spans, words=senses["anchor"].tolist(), senses=senses["sense"].tolist())
    return DevelopmentData(list(dict.fromkeys(spans)), {"senses": score}, {"senses": "senses"})


def _sentences(*, cased: bool) -> DevelopmentData:
    pairs = load_dataset("sts", part="development")
    anchors = load_dataset("anchors", part="development")
    some = anchors[anchors["kind"].isin(["base", *KEPT, *CHANGED])]
    bases = some[some["kind"] == "base"].set_index("anchor")["sentence"]
    varied = some[some["kind"] != "base"]
    varied = varied.assign(base=varied["anchor"].map(bases))
    texts = dict.fromkeys([*pairs["sentence1"], *pairs["sentence2"], *bases, *varied["sentence"]])
    scores: dict[str, Callable[[EmbeddingTable[object]], float]] = {
        "rated pairs": functools.partial(_spearman, frame=pairs, columns=("sentence1", "sentence2")),
        "triplets": functools.partial(_triplets, varied=varied),
    }
    return DevelopmentData(list(texts), scores, {name: name for name in scores})


def _cosines(table: EmbeddingTable[object], first: pd.Series, second: pd.Series) -> pd.Series:
    """Give the cosine of each pair, by row; pairs without a vector are left out."""
    left, right, known = table.pair_rows(first.tolist(), second.tolist())
    return pd.Series(pairwise_cosine(table.vectors, left, right), first.index[known])


def _spearman(table: EmbeddingTable[object], *, frame: pd.DataFrame, columns: tuple[str, str]) -> float:
    cosines = _cosines(table, *(frame[column] for column in columns))
    if cosines.nunique() < 2:  # such as [CLS] before any layer: the same vector for all
        return float("nan")
    both = pd.DataFrame({"people": frame["score"].loc[cosines.index], "model": cosines})
    return float(rank_correlations(both)["spearman"].iloc[0])


def _separation(table: EmbeddingTable[object], *, related: pd.DataFrame, unrelated: pd.DataFrame) -> float:
    near, far = (_cosines(table, frame["first"], frame["second"]).to_numpy() for frame in (related, unrelated))
    if len(np.unique(np.concatenate([near, far]))) < 2:
        return float("nan")
    return 2 * separate(near, far).auc - 1


def _analogies(table: EmbeddingTable[object], *, relations: pd.DataFrame) -> float:
    candidates = [word for word in words_of(relations) if word in table.index]
    return questions.accuracy_of_relations(table.rows(candidates), candidates, relations, seed=_SEED)


def _senses(table: EmbeddingTable[object], *, spans: list[SpanKey], words: list[str], senses: list[str]) -> float:
    known = [row for row, span in enumerate(spans) if span in table.index]
    vectors = table.rows([spans[row] for row in known])
    areas = sense_areas(vectors, [words[row] for row in known], [senses[row] for row in known])
    return float(2 * areas.mean() - 1)


def _triplets(table: EmbeddingTable[object], *, varied: pd.DataFrame) -> float:
    cosines = _cosines(table, varied["base"], varied["sentence"])
    found = varied.loc[cosines.index].assign(value=cosines)
    by_kind = found.pivot(index="anchor", columns="kind", values="value")
    return float(2 * triplet_accuracy(triplet_wins(by_kind, KEPT, CHANGED)).mean() - 1)
