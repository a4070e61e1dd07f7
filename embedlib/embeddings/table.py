"""What extraction hands over: keys, their vectors, and what has none."""

from __future__ import annotations

import functools
import unicodedata
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from embedlib.errors import InputError, UnknownNameError
from embedlib.models.reading import Reading

FloatMatrix = NDArray[np.float32]  # (n, d)
FloatArray = NDArray[np.float32]  # (n, poolings, layers, d)
IndexArray = NDArray[np.intp]
BoolArray = NDArray[np.bool_]
Key = TypeVar("Key", bound=Hashable)
Other = TypeVar("Other", bound=Hashable)


@dataclass(frozen=True)
class EmbeddingTable(Generic[Key]):
    """Vectors by key, and the reasons for those that are missing.

    `keys` are words, sentences or span keys `(sentence, (start, end))`, each once, in the order
    of the input. `array` is (n, poolings, layers, d) float32 and finite, in the order of `poolings` and
    `layers`; `at_layer` and `at_pooling` take one of them, and `vectors` is the (n, d) matrix of a table
    that has one of each.
    `missing` maps a key without a vector to the reason. `found_as` maps a key to the word of the model's
    vocabulary that was taken for it, where that is spelled in another way, and to "" where it was made of
    the word's parts (see `ways`). `cut` maps a key that was longer
    than the model's window to its length in tokens. `reading` is how the model was read, None where the vectors are
    not those of a reading.

    Raises `InputError` where these do not hold.

    Example:
        >>> import numpy as np
        >>> array = np.arange(8, dtype=np.float32).reshape(1, 2, 2, 2)
        >>> table = EmbeddingTable(["dog"], array, layers=(0, 3), poolings=("mean", "last"))
        >>> table.at_pooling("last").at_layer(3).vectors.tolist()
        [[6.0, 7.0]]
    """

    keys: list[Key]
    array: FloatArray
    missing: dict[Key, str] = field(default_factory=dict)
    layers: tuple[int, ...] = (0,)
    poolings: tuple[str, ...] = ("mean",)
    found_as: dict[Key, str] = field(default_factory=dict)
    cut: dict[Key, int] = field(default_factory=dict)
    reading: Reading | None = None

    def __post_init__(self) -> None:
        if self.array.ndim != 4 or self.array.dtype != np.float32:
            raise InputError(
                f"the vectors of a table must be 4-D float32 (keys, poolings, layers, d), not {self.array.ndim}-D "
                f"{self.array.dtype}; EmbeddingTable.plain takes those of one layer and pooling, 2-D float32"
            )
        if self.array.shape[:3] != (len(self.keys), len(self.poolings), len(self.layers)):
            raise InputError(
                f"{len(self.keys)} keys, layers {self.layers} and poolings {self.poolings} "
                f"do not fit vectors {self.array.shape}"
            )
        if len(self.index) != len(self.keys):
            raise InputError("a key comes twice in an EmbeddingTable")
        if not np.isfinite(self.array).all():
            bad = int(np.flatnonzero(~np.isfinite(self.array).all(axis=(1, 2, 3)))[0])
            raise InputError(f"the vector of {self.keys[bad]!r} is not finite")

    @classmethod
    def plain(
        cls, keys: list[Key], vectors: FloatMatrix, missing: dict[Key, str] | None = None, *,
        found_as: dict[Key, str] | None = None, layer: int = 0, pooling: str = "mean",
    ) -> EmbeddingTable[Key]:  # fmt: skip
        """Make a table of (n, d) float32 vectors, those of one layer and pooling.

        Raises `InputError` as `EmbeddingTable` does.

        Example:
            >>> import numpy as np
            >>> EmbeddingTable.plain(["dog", "cat"], np.eye(2, dtype=np.float32), {"xyzzy": "no word"}).rows(["cat"])
            array([[0., 1.]], dtype=float32)
        """
        if vectors.ndim != 2 or vectors.dtype != np.float32:
            raise InputError(f"vectors must be 2-D float32, not {vectors.ndim}-D {vectors.dtype}")
        return cls(keys, vectors[:, None, None], missing or {}, (layer,), (pooling,), found_as or {})

    @property
    def vectors(self) -> FloatMatrix:
        """The vectors, (n, d) float32, of a table with one layer and one pooling.

        Raises `InputError` where there are several.
        """
        if len(self.layers) > 1:
            listed = ", ".join(map(str, self.layers))
            raise InputError(f"this table has the layers {listed}: take one with at_layer, such as {self.layers[-1]}")
        if len(self.poolings) > 1:
            listed = ", ".join(self.poolings)
            raise InputError(
                f"this table has the poolings {listed}: take one with at_pooling, such as {self.poolings[0]!r}"
            )
        return self.array[:, 0, 0]

    def with_vectors(self, vectors: FloatMatrix) -> EmbeddingTable[Key]:
        """Give the same table with other vectors: (n, d) float32, in the order of its keys.

        Raises `InputError` where they do not fit, and for a table of several layers or poolings.

        Example:
            >>> import numpy as np
            >>> table = EmbeddingTable.plain(["dog", "cat"], np.eye(2, dtype=np.float32))
            >>> table.with_vectors(table.vectors - table.vectors.mean(axis=0)).rows(["dog"]).tolist()
            [[0.5, -0.5]]
        """
        if vectors.ndim != 2 or vectors.dtype != np.float32 or self.array.shape[1:3] != (1, 1):
            raise InputError(
                f"vectors must be 2-D float32, of one layer and pooling; got {vectors.ndim}-D {vectors.dtype} for "
                f"layers {self.layers} and poolings {self.poolings}"
            )
        return replace(self, array=vectors[:, None, None])

    def __len__(self) -> int:
        return len(self.keys)

    @functools.cached_property
    def index(self) -> dict[Key, int]:
        """The row of every key."""
        return {key: row for row, key in enumerate(self.keys)}

    def at_layer(self, layer: int) -> EmbeddingTable[Key]:
        """Take one of the layers: the same keys and poolings, (n, poolings, 1, d).

        A negative number counts from the last of the table's layers: -1 is the last.
        Raises `UnknownNameError` for a layer that was not extracted.
        """
        if layer not in self.layers and -len(self.layers) <= layer < 0:
            layer = self.layers[layer]
        if layer not in self.layers:
            raise UnknownNameError.of("layer of this table", layer, self.layers)
        place = self.layers.index(layer)
        return replace(self, array=np.ascontiguousarray(self.array[:, :, place : place + 1]), layers=(layer,))

    def at_pooling(self, pooling: str) -> EmbeddingTable[Key]:
        """Take one of the poolings: the same keys and layers, (n, 1, layers, d).

        Raises `UnknownNameError` for a pooling that was not extracted.
        """
        if pooling not in self.poolings:
            raise UnknownNameError.of("pooling of this table", pooling, self.poolings)
        place = self.poolings.index(pooling)
        return replace(self, array=np.ascontiguousarray(self.array[:, place : place + 1]), poolings=(pooling,))

    def renamed(self, rename: Callable[[Key], Other]) -> EmbeddingTable[Other]:
        """Give the same table under other keys; `rename` gives each key another one."""
        keys = [rename(key) for key in self.keys]
        missing, found_as = (
            {rename(key): value for key, value in said.items()} for said in (self.missing, self.found_as)
        )
        cut = {rename(key): length for key, length in self.cut.items()}
        return EmbeddingTable(keys, self.array, missing, self.layers, self.poolings, found_as, cut, self.reading)

    def ways(self) -> dict[str, int]:
        """Count how the keys were found: as given, in another case, joined or accented otherwise, from subwords.

        Of a word that differs in several ways the first of these counts: joined, case, accents. Ways in which none was
        found are left out.
        """
        counted = Counter(_way(key, self.found_as[key]) if key in self.found_as else "as given" for key in self.keys)
        return {way: counted[way] for way in _WAYS if counted[way]}

    def pair_rows(self, first: Sequence[Key], second: Sequence[Key]) -> tuple[IndexArray, IndexArray, BoolArray]:
        """Find the rows of pairs of keys: two (known,) arrays of rows, and (pairs,) which pairs are known.

        A pair is known where both of its keys have a vector.
        """
        places = np.array([[self.index.get(key, -1) for key in keys] for keys in (first, second)], dtype=np.intp)
        known: BoolArray = np.all(places >= 0, axis=0).reshape(-1)
        return places[0, known], places[1, known], known

    def rows(self, keys: Iterable[Key]) -> FloatMatrix:
        """Gather the vectors of some keys, (len(keys), d), repeats allowed.

        Raises `InputError` that names the first key without a vector, and why it has none, and for a table of
        several layers or poolings.
        """
        wanted: Sequence[Key] = list(keys)
        for key in wanted:
            if key not in self.index:
                raise InputError(f"no vector for {key!r}: {self.missing.get(key, 'it was not extracted')}")
        return self.vectors[[self.index[key] for key in wanted]]


_WAYS = ("as given", "in lower case", "capitalised", "in upper case", "joined in another way",
         "with accents in another form", "from subwords")  # fmt: skip


def _way(key: Hashable, found: str) -> str:
    """Say in which way a key was found as a word of the vocabulary."""
    asked, found = (unicodedata.normalize("NFC", str(form)) for form in (key, found))
    if not found:
        return "from subwords"
    if found == asked:
        return "with accents in another form"
    if found.casefold() != asked.casefold():
        return "joined in another way"
    if found == asked.lower():
        return "in lower case"
    if found == asked.upper() and len(found) > 1:
        return "in upper case"
    return "capitalised"
