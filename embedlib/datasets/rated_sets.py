"""Load several sets of rated pairs of words at once: those of the catalogue, and files of one's own."""

from __future__ import annotations

import functools
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from embedlib.datasets.catalogue import catalogue, find_dataset
from embedlib.datasets.load import load_dataset
from embedlib.errors import InputError

_OF_RATINGS = "embedlib.datasets.ratings:"  # the readers of rated pairs of words


def load_ratings(paths: Sequence[str | Path], taken: Collection[str] = ()) -> dict[str, pd.DataFrame]:
    r"""Load rated word pairs from files of one's own; each table is named by its file without the ending.

    `paths` are files as `load_dataset("similarity", path=...)` takes them. `taken` are names that are in use.
    Raises `InputError` where two files have one name, where a name is taken, and as `load_dataset` does.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "mine.csv")
        ...     _ = path.write_text("dog,cat,7\ndog,car,1.5\n")
        ...     load_ratings([path])["mine"]["score"].to_list()
        [7.0, 1.5]
    """
    found: dict[str, pd.DataFrame] = {}
    for path in paths:
        name = Path(path).stem
        if name in found or name in taken:
            raise InputError(f"{path}: there is another set named {name!r}; give the file another name")
        found[name] = load_dataset("similarity", path=path)
    return found


def load_rated_sets(
    names: Sequence[str], paths: Sequence[str | Path] = (), words: Collection[str] | None = None
) -> dict[str, pd.DataFrame]:
    """Load what is left for tests of sets of rated word pairs, and those of files of one's own.

    `names` are sets of the catalogue that need no path, and `paths` files as `load_ratings` takes them. Each table is
    named by the short title of its set, or by its file. A pair of words that is in the development data of any set is
    left out of every table, in either order and any case; `attrs["in development"]` has the number of these. With
    `words`, in lower case, only pairs are kept whose words are both among them, and sets without such a pair are left
    out. Raises `InputError` where nothing is left, and for a set of anything else than pairs of words, and as
    `load_dataset` and `load_ratings` do.

    Example:
        >>> {title: len(table) for title, table in load_rated_sets(["simlex999", "men"]).items()}
        {'SimLex-999': 913, 'MEN': 1991}
    """
    found: dict[str, pd.DataFrame] = {}
    for name in dict.fromkeys(names):
        frame = load_dataset(name, part="test")
        if "word1" not in frame:
            rated = [key for key, known in catalogue().items() if known.reader.startswith(_OF_RATINGS)]
            allowed = [key for key in rated if catalogue()[key].source != "given"]
            raise InputError(f"{name} has no rated pairs of words; sets that have are {', '.join(allowed)}")
        found[find_dataset(name).title.partition(":")[0]] = frame
    found |= load_ratings(paths, taken=found)
    chosen_on = development_pairs()
    for title, frame in list(found.items()):
        seen = pd.Series([pair in chosen_on for pair in word_pairs(frame)], frame.index, dtype=bool)
        found[title] = frame[~seen].reset_index(drop=True)
        found[title].attrs["in development"] = int(seen.sum())
    if words is not None:
        known_words = set(words)
        for title, frame in list(found.items()):
            both = [frame[column].str.lower().isin(known_words) for column in ("word1", "word2")]
            found[title] = frame[both[0] & both[1]].reset_index(drop=True)
    if not (kept := {title: frame for title, frame in found.items() if len(frame)}):
        limit = "" if words is None else f" of which both words are among the {len(words):,} that are allowed"
        raise InputError(f"there are no rated pairs of words{limit} in {', '.join(found) or 'no set at all'}")
    return kept


def word_pairs(frame: pd.DataFrame) -> list[frozenset[str]]:
    """List the pairs of words of a table, whatever their order and case.

    Example:
        >>> word_pairs(pd.DataFrame({"word1": ["Dog"], "word2": ["dog"]}))
        [frozenset({'dog'})]
    """
    words = zip(frame["word1"].str.lower(), frame["word2"].str.lower(), strict=True)
    return [frozenset(pair) for pair in words]


@functools.cache
def development_pairs() -> frozenset[frozenset[str]]:
    """Collect the rated pairs of words that readings are chosen on, whatever their order and case.

    Example:
        >>> frozenset(["deny", "lie"]) in development_pairs()
        True
    """
    rated = [name for name, known in catalogue().items() if known.reader.startswith(_OF_RATINGS) and known.development]
    return frozenset().union(*(word_pairs(load_dataset(name, part="development")) for name in rated))
