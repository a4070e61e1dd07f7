"""Analogy questions of a test set over a vocabulary, and the scores of a model's answers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from gensim.parsing.porter import PorterStemmer
from numpy.typing import NDArray

from embedlib.errors import InputError
from embedlib.metrics.analogy import PAIRWISE, Answers, Rows, answer_questions, answer_relation, check_method
from embedlib.metrics.similarity import Vectors

# Names of relations of grammar, in Google's set and in MSR's.
_SYNTACTIC = re.compile(r"gram|[A-Z]+_[A-Z]+$")


@dataclass(frozen=True)
class Questions:
    """The questions of one relation that a vocabulary can answer, as rows of the vocabulary.

    `pairwise` is (n, 3) rows of a, a2 and b, and `right` (n, most) the rows of all right answers,
    filled up with -1. `pairs` is (m, 2) rows of source and best answer, `pair_right` (m, most).
    `asked` counts all pairwise questions of the relation, `asked_pairs` all its pairs.
    """

    group: str
    relation: str
    pairwise: Rows
    right: Rows
    pairs: Rows
    pair_right: Rows
    asked: int
    asked_pairs: int


def _padded(lists: Sequence[Sequence[int]]) -> Rows:
    width = max((len(row) for row in lists), default=1)
    return np.array([[*row, *[-1] * (width - len(row))] for row in lists], dtype=np.int32).reshape(-1, width)


def from_relations(relations: pd.DataFrame, words: Sequence[str]) -> list[Questions]:
    """Make every ordered two pairs of a relation a question: a frame as of `bats`, a vocabulary.

    A pair takes part if its source and at least one right answer are words of the vocabulary;
    as an example it shows the best of those. Raises `InputError` for a relation of one pair.

    Example:
        >>> relations = pd.DataFrame({"group": "inflectional", "relation": "plural", "source": ["cat", "dog"]})
        >>> relations["targets"] = [["cats"], ["dogs"]]
        >>> found = from_relations(relations, ["cat", "cats", "dog", "dogs"])
        >>> found[0].pairwise.tolist(), found[0].right.tolist()
        ([[0, 1, 2], [2, 3, 0]], [[3], [1]])
    """
    index = {word: row for row, word in enumerate(words)}
    found = []
    for (group, relation), part in relations.groupby(["group", "relation"], sort=False):
        if len(part) < 2:
            raise InputError(f"relation {relation!r} has one pair; a question needs two")
        known = [
            (index[source], [index[target] for target in targets if target in index])
            for source, targets in zip(part["source"], part["targets"], strict=True)
            if source in index
        ]
        known = [(source, targets) for source, targets in known if targets]
        pairs = np.array([(source, targets[0]) for source, targets in known], dtype=np.int32).reshape(-1, 2)
        right = _padded([targets for _, targets in known])
        first, second = np.nonzero(~np.eye(len(pairs), dtype=bool))
        pairwise = np.column_stack([pairs[first], pairs[second, 0]]).astype(np.int32)
        n = len(part)
        found.append(
            Questions(str(group), str(relation), pairwise, right[second], pairs, right, n * (n - 1), n)
        )  # fmt: skip
    return found


def from_analogies(analogies: pd.DataFrame, words: Sequence[str]) -> list[Questions]:
    """Take questions as a test set lists them: a frame as of `google-analogies`, a vocabulary.

    The group is semantic, or syntactic where the relation's name begins with gram (mikolov2013efficient) or
    is of two tags of parts of speech, as NN_NNS (mikolov2013linguistic). A relation's pairs are those that
    its questions show.

    Example:
        >>> columns = ["relation", "a", "a2", "b", "b2"]
        >>> asked = pd.DataFrame([("gram8-plural", "cat", "cats", "dog", "dogs")], columns=columns)
        >>> found = from_analogies(asked, ["cat", "cats", "dog", "dogs"])
        >>> found[0].group, found[0].pairwise.tolist(), found[0].right.tolist()
        ('syntactic', [[0, 1, 2]], [[3]])
    """
    index = {word: row for row, word in enumerate(words)}
    found = []
    for relation, part in analogies.groupby("relation", sort=False):
        rows = np.array([[index.get(word, -1) for word in part[column]] for column in ("a", "a2", "b", "b2")]).T
        known = rows[(rows >= 0).all(axis=1)].astype(np.int32)
        named = pd.concat([part[["a", "a2"]], part[["b", "b2"]].set_axis(["a", "a2"], axis=1)]).drop_duplicates()
        pairs = [(index[a], index[a2]) for a, a2 in named.itertuples(index=False) if a in index and a2 in index]
        pairs_array = np.array(pairs, dtype=np.int32).reshape(-1, 2)
        group = "syntactic" if _SYNTACTIC.match(str(relation)) else "semantic"
        found.append(
            Questions(group, str(relation), known[:, :3].copy(), known[:, 3:].copy(), pairs_array,
                      pairs_array[:, 1:].copy(), len(part), len(named))
        )  # fmt: skip
    return found


def from_test_set(frame: pd.DataFrame, words: Sequence[str]) -> list[Questions]:
    """Make the questions of a test set, relations as of `bats` or questions as of `google-analogies`.

    Example:
        >>> asked = pd.DataFrame([("gram8", "cat", "cats", "dog", "dogs")], columns=["relation", "a", "a2", "b", "b2"])
        >>> len(from_test_set(asked, ["cat", "cats", "dog", "dogs"])[0].pairwise)
        1
    """
    return from_relations(frame, words) if "targets" in frame else from_analogies(frame, words)


def stems(words: Sequence[str]) -> NDArray[np.int64]:
    """Give each word the number of its Porter stem (porter1980algorithm): variants share one.

    Example:
        >>> stems(["cat", "cats", "dog"])
        array([0, 0, 1])
    """
    stem = PorterStemmer().stem
    codes: NDArray[np.int64] = pd.factorize(np.array([stem(word) for word in words], dtype=object))[0]
    return codes


def evaluate(
    vectors: Vectors, words: Sequence[str], questions: Sequence[Questions], methods: Sequence[str], *, seed: int
) -> pd.DataFrame:
    """Answer all questions by all methods; `vectors` (n, d) of all `words` are the candidates.

    Gives a row for each relation and method: group, relation, method; questions asked and answered;
    right with inputs excluded; right_allowed with them allowed; and where the other answers land:
    variant (the stem of an input or of a right answer) and elsewhere with inputs excluded,
    input_allowed, variant_allowed and elsewhere_allowed with them allowed. Methods of a relation
    ask one question a pair; below three answerable pairs they answer none.

    Raises `UnknownNameError` for an unknown method and `InputError` where vectors and words differ
    in number, the methods are empty, or no question of any relation can be answered.

    Example:
        >>> words = ["cat", "cats", "dog", "dogs", "tree"]
        >>> relations = pd.DataFrame({"group": "inflectional", "relation": "plural", "source": ["cat", "dog"]})
        >>> relations["targets"] = [["cats"], ["dogs"]]
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> found = evaluate(vectors, words, from_relations(relations, words), ["3CosAdd"], seed=0)
        >>> found[["relation", "method", "asked", "right"]]
          relation   method  asked  right
        0   plural  3CosAdd      2      2
    """
    for method in methods:
        check_method(method)
    if not methods or len(vectors) != len(words):
        raise InputError(f"{len(vectors)} vectors, {len(words)} words and {len(methods)} methods: nothing to answer")
    if not any(len(q.pairwise) for q in questions):
        raise InputError("no question can be answered: no relation has two pairs of known words")
    codes = stems(words)
    edges = np.cumsum([0, *(len(q.pairwise) for q in questions)])
    everything = np.concatenate([q.pairwise for q in questions])
    rows = []
    for method in methods:
        together = answer_questions(vectors, everything, method) if method in PAIRWISE else None
        for number, q in enumerate(questions):
            if together is not None:
                part = slice(edges[number], edges[number + 1])
                answers, inputs, right = Answers(together.allowed[part], together.excluded[part]), q.pairwise, q.right
            else:
                answers, inputs, right = _of_relation(vectors, q, method, np.random.default_rng([seed, number]))
            rows.append({
                "group": q.group, "relation": q.relation, "method": method,
                "asked": q.asked if together is not None else q.asked_pairs, "answered": len(inputs),
                **_landings(answers, inputs, right, codes),
            })  # fmt: skip
    return pd.DataFrame(rows)


class WordTable(Protocol):
    """Words with a vector each, as an `EmbeddingTable` has them."""

    @property
    def keys(self) -> list[str]:
        """The words."""

    @property
    def vectors(self) -> Vectors:
        """The vectors, (n, d)."""


def evaluate_models(
    tables: Mapping[str, WordTable],
    asked: Mapping[tuple[str, str], Sequence[Questions]],
    methods: Sequence[str],
    *,
    seed: int,
) -> pd.DataFrame:
    """Answer the questions of each model and test set, as `evaluate` does, in one frame.

    `tables` has the candidates by model, and `asked` the questions by model and set. The frame has the
    columns of `evaluate`, and model, set and accuracy. A question that a model cannot answer counts as
    wrong. Models and methods are categories in the order given. A model that can answer no question of a
    set has no row for it. Raises `InputError` where no model can answer any.

    Example:
        >>> from types import SimpleNamespace
        >>> words = ["cat", "cats", "dog", "dogs", "tree"]
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> relations = pd.DataFrame({"group": "inflectional", "relation": "plural", "source": ["cat", "dog"]})
        >>> relations["targets"] = [["cats"], ["dogs"]]
        >>> tables = {"glove": SimpleNamespace(keys=words, vectors=vectors)}
        >>> asked = {("glove", "ours"): from_relations(relations, words)}
        >>> found = evaluate_models(tables, asked, ["3CosAdd"], seed=0)
        >>> found[["model", "set", "accuracy"]].to_numpy().tolist()
        [['glove', 'ours', 1.0]]
    """
    found = []
    for name in dict.fromkeys(name for _, name in asked):
        for model, table in tables.items():
            if any(len(relation.pairwise) for relation in asked[model, name]):
                result = evaluate(table.vectors, table.keys, asked[model, name], methods, seed=seed)
                found.append(result.assign(model=model, set=name))
    if not found:
        raise InputError("no model can answer a question of any test set")
    answers = pd.concat(found, ignore_index=True)
    answers["accuracy"] = answers["right"] / answers["asked"]
    answers["model"] = pd.Categorical(answers["model"], list(tables))
    answers["method"] = pd.Categorical(answers["method"], list(methods))
    return answers


def coverage(tables: Mapping[str, WordTable], asked: Mapping[tuple[str, str], Sequence[Questions]]) -> pd.DataFrame:
    """Count the candidates of each model, and of each test set the pairwise questions asked and answered.

    `tables` has the candidates by model, and `asked` the questions by model and set. A row a model.

    Example:
        >>> from types import SimpleNamespace
        >>> words = ["cat", "cats", "dog", "dogs", "tree"]
        >>> relations = pd.DataFrame({"group": "inflectional", "relation": "plural", "source": ["cat", "dog"]})
        >>> relations["targets"] = [["cats"], ["dogs"]]
        >>> tables = {"glove": SimpleNamespace(keys=words, vectors=np.eye(5))}
        >>> coverage(tables, {("glove", "ours"): from_relations(relations, words)}).loc["glove"].to_dict()
        {'candidates': 5, 'ours, asked': 2, 'ours, answered': 2}
    """
    counts = {model: {"candidates": len(table.keys)} for model, table in tables.items()}
    for (model, name), made in asked.items():
        counts[model][f"{name}, asked"] = sum(relation.asked for relation in made)
        counts[model][f"{name}, answered"] = sum(len(relation.pairwise) for relation in made)
    return pd.DataFrame(counts).T.rename_axis("model")


def accuracy_of_relations(vectors: Vectors, words: Sequence[str], relations: pd.DataFrame, *, seed: int) -> float:
    """Give the share of all questions of some relations that 3CosAdd answers rightly; relations as of `bats`.

    `vectors` (n, d) of all `words` are the candidates. Raises `InputError` as `evaluate` does.

    Example:
        >>> relations = pd.DataFrame({"group": "inflectional", "relation": "plural", "source": ["cat", "dog"]})
        >>> relations["targets"] = [["cats"], ["dogs"]]
        >>> vectors = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 1, 1], [-1, 0, 0]], dtype=np.float32)
        >>> accuracy_of_relations(vectors, ["cat", "cats", "dog", "dogs", "tree"], relations, seed=0)
        1.0
    """
    answers = evaluate(vectors, words, from_relations(relations, words), ["3CosAdd"], seed=seed)
    return float(answers["right"].sum() / answers["asked"].sum())


def mean_accuracy(answers: pd.DataFrame, rows: str, columns: str = "model") -> pd.DataFrame:
    """Give the mean of the accuracies in answers, as of `evaluate_models`, by two of their columns.

    Rows and columns have the order in which they come and are plain strings. What comes nowhere is left out.

    Example:
        >>> answers = pd.DataFrame({"relation": ["plural"] * 2, "model": ["use", "glove"], "accuracy": [0.5, 1.0]})
        >>> mean_accuracy(answers, "relation").loc["plural"].to_dict()
        {'use': 0.5, 'glove': 1.0}
    """
    table = answers.pivot_table("accuracy", rows, columns, observed=True, sort=False)
    return table.rename_axis(columns=None).rename(index=str, columns=str)


def accuracies(answers: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Give the accuracy of answers together, in two columns: "over all" questions and "over answered" ones.

    `answers` has rows as of `evaluate`; `by` names the columns that say which of them belong together, and
    the result has a row for each. Where no question was answered, the second accuracy is NaN.

    Example:
        >>> answers = pd.DataFrame({"group": ["semantic"] * 2, "asked": [6, 4], "answered": [5, 0], "right": [2, 0]})
        >>> accuracies(answers, ["group"]).loc["semantic"].to_dict()
        {'over all': 0.2, 'over answered': 0.4}
    """
    sums = answers.groupby(list(by), observed=True)[["asked", "answered", "right"]].sum()
    return pd.DataFrame({
        "over all": sums["right"] / sums["asked"],
        "over answered": sums["right"] / sums["answered"].replace(0, np.nan),
    })  # fmt: skip


def landings(answers: pd.DataFrame, by: str) -> pd.DataFrame:
    """Give where answers land, as shares of the answered questions: a row for each candidates and `by`.

    `answers` has rows as of `evaluate`. The candidates are "inputs allowed" or "inputs excluded"; the
    columns are right, on an input, a variant and elsewhere (linzen2016issues). Where inputs are excluded
    no answer can be one: NaN.

    Example:
        >>> answers = pd.DataFrame({"model": ["glove"], "answered": 4, "right": 3, "variant": 0, "elsewhere": 1})
        >>> answers = answers.assign(right_allowed=1, input_allowed=2, variant_allowed=0, elsewhere_allowed=1)
        >>> landings(answers, "model").loc[("inputs allowed", "glove")].to_dict()
        {'right': 0.25, 'on an input': 0.5, 'a variant': 0.0, 'elsewhere': 0.25}
    """
    counts = answers.groupby(by, observed=True)[answers.select_dtypes("integer").columns.to_list()].sum()
    shares = counts.div(counts["answered"], axis=0).assign(input=np.nan)
    places = {"right": "right", "input": "on an input", "variant": "a variant", "elsewhere": "elsewhere"}
    found = {}
    for candidates, suffix in (("inputs allowed", "_allowed"), ("inputs excluded", "")):
        columns = [f"{place}{suffix}" for place in places]
        found[candidates] = shares[columns].set_axis(list(places.values()), axis=1)
    return pd.concat(found, names=["candidates"])


def _of_relation(vectors: Vectors, q: Questions, method: str, rng: np.random.Generator) -> tuple[Answers, Rows, Rows]:
    if len(q.pairs) < 3:
        none = np.empty(0, dtype=np.int32)
        return Answers(none, none), q.pairs[:0, :1], q.pair_right[:0]
    return answer_relation(vectors, q.pairs, method, rng), q.pairs[:, :1], q.pair_right


def _landings(answers: Answers, inputs: Rows, right: Rows, codes: NDArray[np.int64]) -> dict[str, int]:
    """Count answers that are right, and where the others land."""
    near = np.concatenate([codes[inputs], np.where(right >= 0, codes[right], -1)], axis=1)
    counts = {}
    for suffix, places in (("", answers.excluded), ("_allowed", answers.allowed)):
        hit = (right == places[:, None]).any(axis=1)
        on_input = (inputs == places[:, None]).any(axis=1) & ~hit
        variant = (near == codes[places][:, None]).any(axis=1) & ~hit & ~on_input
        counts[f"right{suffix}"] = int(hit.sum())
        if suffix:
            counts["input_allowed"] = int(on_input.sum())
        counts[f"variant{suffix}"] = int(variant.sum())
        counts[f"elsewhere{suffix}"] = int((~hit & ~on_input & ~variant).sum())
    return counts
