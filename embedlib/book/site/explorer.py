"""The data of the book's Explorer page, as scripts: pages opened from a disk cannot fetch anything else."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedlib import figures
from embedlib.book.site.tsne import lay_out
from embedlib.datasets.lexicon import frequency_bands, load_lexicon, load_words
from embedlib.datasets.load import load_dataset
from embedlib.embeddings.embed import embed_words
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import InputError
from embedlib.metrics.agreement import neighbour_overlap
from embedlib.metrics.similarity import nearest_neighbours
from embedlib.models.files import locate
from embedlib.models.roster import check_models, find_model, roster
from embedlib.models.spec import FilePart

READING = "chosen"  # its vectors of the most frequent words are stored by the chapters
K = 10
FREQUENT = 5000
LARGEST = 1e9  # parameters: a larger model of the roster would take minutes for the page's words
REACH = 20_000  # words of the categories are taken as far as this
BLOCK = 500  # words in a file of neighbours: one file answers a question
LISTED = 16  # words in the lists of most and of least agreement,
COMMON = 2000  # which are among so many of the most frequent
NONE = 0xFFFF  # in arrays of rows and places: the model does not have the word

# The categories of data/categories.tsv (chapter 3) in seven groups: more colours could not be told apart.
GROUPS = {
    "animals": ("birds", "fish", "insects", "mammals"),
    "food and drink": ("drinks", "foods", "fruit", "vegetables"),
    "plants, land, weather": ("flowers", "landforms", "trees", "weather"),
    "people and bodies": ("body_parts", "diseases", "family", "professions"),
    "places": ("buildings", "cities", "countries"),
    "things": (
        "clothing", "fabrics", "furniture", "instruments", "kitchenware", "metals", "tools", "vehicles", "weapons",
    ),
    "ideas": ("colours", "crimes", "emotions", "sciences", "sports", "time"),
}  # fmt: skip
POS = {"noun": "noun", "verb": "verb", "adj": "adjective", "adv": "adverb"}
# Paul Tol's vibrant colours and the book's yellow; shapes tell them apart a second time.
COLOURS = ("#0077bb", "#ee7733", "#009988", "#cc3311", "#33bbee", "#ee3377", "#bbaa22")
MARKERS = ("circle", "square", "triangle", "diamond", "inverted_triangle", "star", "hex")
SCRIPTS = ("bokeh.min.js", "bokeh-api.min.js")  # the drawing library, as its wheel has it


@dataclass(frozen=True)
class Neighbours:
    """The nearest words of every word in one model: (words, k) numbers of words, and cosines times 100.

    The row of a word that the model does not have is all `NONE`, its cosines are 0.
    """

    words: NDArray[np.uint16]
    cosines: NDArray[np.int8]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Say of each word whether the model has it."""
        has: NDArray[np.bool_] = self.words[:, 0] != NONE
        return has


def choose_words(frequent: int = FREQUENT) -> list[str]:
    """List the words of the page: the most frequent of the lexicon, then categories' words among its first 20,000."""
    words = load_words(frequent)
    named = set(load_dataset("categories")["word"])
    words += [word for word in load_words(max(REACH, frequent))[frequent:] if word in named]
    if len(words) >= NONE:
        raise InputError(f"the explorer takes fewer than {NONE:,} words, got {len(words):,}")
    return words


def find_neighbours(table: EmbeddingTable[str], words: Sequence[str], k: int = K) -> Neighbours:
    """Find the k nearest of the words to each, by cosine, among those that the model has.

    Raises `InputError` where it has too few of them.
    """
    places, cosines = nearest_neighbours(table.vectors, k)
    number = {word: n for n, word in enumerate(words)}
    own = np.array([number[word] for word in table.keys], dtype=np.uint16)
    found = Neighbours(np.full((len(words), k), NONE, np.uint16), np.zeros((len(words), k), np.int8))
    found.words[own] = own[places]
    found.cosines[own] = np.round(100 * cosines)
    return found


def explored_models() -> list[str]:
    """List the models of the roster that the page has by default: all but the largest.

    Example:
        >>> "glove-6b-50d" in explored_models(), "qwen2.5-coder-1.5b-q4" in explored_models()
        (True, False)
    """
    return [name for name, spec in roster().items() if (spec.parameters or 0) < LARGEST]


def explorer_files(models: Sequence[str] | None = None, frequent: int = FREQUENT) -> dict[str, bytes]:
    """Make the files that the Explorer page loads, by path under the book's sources.

    `index.js` has the words and what is said of them, `neighbours-N.js` the neighbours of 500 words in every model,
    `map-N.js` the map of a model; the drawing library comes from its installed package. The same inputs give the
    same bytes. Raises `UnknownNameError` for an unknown model and `ArtifactError` where the library is not there.
    """
    names = check_models(explored_models() if models is None else models)
    libraries = {name: locate(FilePart(wheel="bokeh", path=f"bokeh/server/static/js/{name}"), "the Explorer page")
                 for name in SCRIPTS}  # fmt: skip
    words = choose_words(frequent)
    tables = {name: embed_words(name, words, reading=READING) for name in names}
    neighbours = {name: find_neighbours(table, words) for name, table in tables.items()}
    maps = lay_out({name: table.vectors for name, table in tables.items()})

    data: dict[str, dict[str, Any]] = {"index": _index(words, neighbours)}
    for number, start in enumerate(range(0, len(words), BLOCK)):
        block = slice(start, start + BLOCK)
        data[f"neighbours-{number}"] = {
            "words": [_packed(found.words[block]) for found in neighbours.values()],
            "cosines": [_packed(found.cosines[block]) for found in neighbours.values()],
        }
    for number, name in enumerate(names):
        data[f"map-{number}"] = _map(maps[name], neighbours[name].known)
    # Files of two builds do not fit together: the page compares their marks.
    mark = hashlib.sha256(_json(data).encode()).hexdigest()[:16]
    files = {
        f"{name}.js": f"embedlibExplorer.data({_json(name)},{_json(mark)},{_json(content)});\n".encode()
        for name, content in data.items()
    }
    files |= {name: path.read_bytes() for name, path in libraries.items()}
    return {f"_static/explorer/{name}": content for name, content in sorted(files.items())}


def _index(words: list[str], neighbours: Mapping[str, Neighbours]) -> dict[str, Any]:
    specs = [find_model(name) for name in neighbours]
    zipf = load_lexicon()["zipf"].loc[words].to_numpy()
    return {
        "k": K, "block": BLOCK, "none": NONE,
        "words": " ".join(words),
        "zipf": _packed(np.round(100 * zipf).astype(np.uint16)),
        "models": [
            {"name": spec.name, "family": spec.family, "words": int(found.known.sum())}
            for spec, found in zip(specs, neighbours.values(), strict=True)
        ],
        "families": {
            family: {"name": figures.FAMILY_NAMES[family], "colour": figures.FAMILY_COLOURS[family]}
            for family in dict.fromkeys(spec.family for spec in specs)
        },
        "schemes": [_by_category(words), _by_part_of_speech(words), _by_frequency(words)],
        **_agreement(words, list(neighbours.values())),
    }  # fmt: skip


def _agreement(words: list[str], neighbours: Sequence[Neighbours]) -> dict[str, Any]:
    """Count the neighbours that two models share: on average, and the words with most and with fewest.

    The average is over the pairs of models, each on the words that both have; words are listed if all models have them.
    """
    everywhere = np.all([found.known for found in neighbours], axis=0)
    shared, total = [], np.zeros(len(words))
    for first, second in itertools.combinations(neighbours, 2):
        share = neighbour_overlap(first.words.astype(np.int32), second.words.astype(np.int32)) * K
        both = first.known & second.known
        if both.any():
            shared.append(share[both].mean())
        total += share
    common = np.flatnonzero(everywhere[:COMMON])
    # Stable: of equal words the more frequent comes first.
    rising = common[np.argsort(total[common], kind="stable")]
    falling = common[np.argsort(-total[common], kind="stable")]
    return {
        "shared": round(float(np.mean(shared)), 2) if shared else None,
        "most": falling[:LISTED].tolist() if shared else [],
        "least": rising[:LISTED].tolist() if shared else [],
    }


def _by_category(words: list[str]) -> dict[str, Any]:
    table = load_dataset("categories")
    group = {category: label for label, members in GROUPS.items() for category in members}
    chosen = {word: group[category] for word, category in zip(table["word"], table["category"], strict=True)}
    return _scheme("category", words, list(GROUPS), chosen, COLOURS)


def _by_part_of_speech(words: list[str]) -> dict[str, Any]:
    parts = load_lexicon()["pos"].loc[words]
    chosen = {word: POS[listed.split(",")[0]] for word, listed in zip(words, parts, strict=True)}
    return _scheme("part of speech", words, list(POS.values()), chosen, COLOURS)


def _by_frequency(words: list[str]) -> dict[str, Any]:
    bands = frequency_bands(words, [5, 4.5, 4])
    chosen = {word: band for band, members in bands.items() for word in members}
    return _scheme("frequency", words, list(bands), chosen, tuple(figures.shades(list(bands)).values()))


def _scheme(
    label: str, words: list[str], groups: list[str], chosen: Mapping[str, str], colours: Sequence[str]
) -> dict[str, Any]:
    """Describe one way of colouring: its groups, and each word's group (their number for a word of none)."""
    codes = [groups.index(chosen[word]) if word in chosen else len(groups) for word in words]
    rows = zip(groups, colours, MARKERS, strict=False)
    return {
        "label": label,
        "groups": [{"label": group, "colour": colour, "marker": marker} for group, colour, marker in rows],
        "codes": _packed(np.array(codes, dtype=np.uint8)),
    }


def _map(places: NDArray[np.float32], known: NDArray[np.bool_]) -> dict[str, Any]:
    """Spread a map over 0 to 65,534 in its longer direction, shapes kept."""
    low = places.min(axis=0)
    scaled = (places - low) * ((NONE - 1) / (places - low).max())
    whole = np.full((len(known), 2), NONE, dtype=np.uint16)
    whole[known] = np.round(scaled)
    return {"x": _packed(whole[:, 0]), "y": _packed(whole[:, 1])}


def _packed(values: NDArray[Any]) -> str:
    """Write an array as base64, row by row and little-endian, as a browser's typed arrays read it."""
    little = np.ascontiguousarray(values).astype(values.dtype.newbyteorder("<"))
    return base64.b64encode(little.tobytes()).decode()


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
