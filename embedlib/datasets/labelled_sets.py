"""Load several sets of related and random pairs of words at once, as chapters test on them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pandas as pd

from embedlib.datasets.catalogue import catalogue, find_dataset
from embedlib.datasets.load import load_dataset
from embedlib.datasets.rated_sets import development_pairs, word_pairs
from embedlib.errors import InputError

RANDOM = "random"  # the relation of a pair that has none


def load_labelled_sets(names: Sequence[str], words: Collection[str] | None = None) -> dict[str, pd.DataFrame]:
    """Load sets of pairs whose relation is named, random ones among them, each by its short title.

    The columns are word1, word2 and relation. Left out are a word with itself, pairs that readings are chosen on, in
    either order and any case, and with `words`, in lower case, pairs whose second word is not among them.
    `frame.attrs["not used"]` has how many, by reason. Raises `InputError` for a set without random pairs, and where a
    set has no related or no random pair left.

    Example:
        >>> bless = load_labelled_sets(["bless"], ["mammal", "roar", "piano"])["BLESS"]
        >>> bless[bless["word1"] == "lion"].to_numpy().tolist()
        [['lion', 'roar', 'event']]
    """
    found = {}
    for name in dict.fromkeys(names):
        frame = load_dataset(name)
        if "word1" not in frame or RANDOM not in set(frame.get("relation", ())):
            allowed = [key for key, known in catalogue().items() if known.schema == "labelled pairs"]
            raise InputError(f"{name} has no random pairs of words; sets that have are {', '.join(allowed)}")
        with_itself = frame["word1"].str.lower() == frame["word2"].str.lower()
        chosen_on = _chosen_on()
        seen = pd.Series([pair in chosen_on for pair in word_pairs(frame)], frame.index, dtype=bool) & ~with_itself
        kept = ~with_itself & ~seen
        limited = kept if words is None else kept & frame["word2"].str.lower().isin(set(words))
        used = frame[limited].reset_index(drop=True)
        used.attrs["not used"] = {
            "a word with itself": int(with_itself.sum()), "in development data": int(seen.sum()),
            "second word not allowed": int((kept & ~limited).sum()),
        }  # fmt: skip
        if used["relation"].eq(RANDOM).all() or not used["relation"].eq(RANDOM).any():
            raise InputError(f"{name} has no related or no random pair left of {len(frame):,}: allow more words")
        found[find_dataset(name).title.partition(":")[0]] = used
    return found


def _chosen_on() -> set[frozenset[str]]:
    """Collect the pairs of words that readings are chosen on: rated ones, and those of the book's relations."""
    relations = load_dataset("bats", part="development")
    ends = zip(relations["source"], relations["targets"], strict=True)
    related = {frozenset((source.lower(), target.lower())) for source, targets in ends for target in targets}
    return related | development_pairs()
