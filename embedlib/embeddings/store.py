"""The store: vectors as Parquet shards, computed once and shared by every notebook.

One folder holds the vectors of one (model and its checksum, kind of text, layer, pooling,
template, token in front, dtype, code of the encoder), with a manifest that spells these out. A shard is written
aside and renamed into place under a name that begins with its own SHA-256, so it is either whole
or not there, and damage shows when it is read.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from filelock import FileLock
from tqdm import tqdm

from embedlib._util.parquet import read_parquet
from embedlib._util.paths import cache_dir, written_whole
from embedlib.embeddings.table import EmbeddingTable
from embedlib.errors import EmbedlibError

logger = logging.getLogger(__name__)

SHARD_ROWS = 4096
_FORMAT = 2  # raised when the columns of a shard change
_ATTEMPTS = 3
_DIGEST = 24  # hex digits of the SHA-256 that a shard's name begins with


@dataclass(frozen=True)
class Identity:
    """Everything that the vectors of one folder depend on."""

    model: str
    checksum: str
    kind: str
    layer: int
    pooling: str
    template: str | None
    front: str
    dtype: str
    code: str

    @property
    def folder(self) -> str:
        """Name the folder: readable in front, unique by the digest behind."""
        content = {**asdict(self), "format": _FORMAT}
        digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
        return f"{self.model}/{self.kind}-layer{self.layer}-{self.pooling}-{digest[:16]}"

    @property
    def pass_digest(self) -> str:
        """Digest what one pass of the model computes: all of it but the layer and the pooling."""
        content = {name: value for name, value in asdict(self).items() if name not in ("layer", "pooling")}
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _pass_lock(identity: Identity, folder: Path) -> FileLock:
    """Give the lock of all folders that one pass of a model fills; other passes of it need not wait."""
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{identity.kind}-{identity.pass_digest}.lock")


def store_root() -> Path:
    """Give the folder that all stored vectors lie under."""
    return cache_dir() / "store"


class ShardFolder:
    """The shards of one identity: text keys to vectors or to the reason there is none."""

    def __init__(self, identity: Identity, dimension: int, root: Path | None = None) -> None:
        self.identity = identity
        self.dimension = dimension
        self.path = (root or store_root()) / identity.folder
        self.schema = pa.schema(
            [
                ("key", pa.string()),
                ("vector", pa.list_(pa.float32(), dimension)),
                ("missing", pa.string()),
                ("found_as", pa.string()),
                ("cut", pa.int32()),
            ]
        )

    def lock(self) -> FileLock:
        """Give the lock under which shards of this pass of the model, of any layer, are computed and written."""
        return _pass_lock(self.identity, self.path.parent)

    def read(self) -> pa.Table:
        """Read every intact shard, in the order of their names; damaged ones are set aside."""
        tables = [table for path in sorted(self.path.glob("*.parquet")) if (table := self._read(path))]
        return pa.concat_tables(tables) if tables else self.schema.empty_table()

    def keys(self) -> pa.ChunkedArray:
        """List the stored keys without reading, or checking, the vectors."""
        columns = []
        for path in sorted(self.path.glob("*.parquet")):
            with contextlib.suppress(pa.ArrowInvalid, OSError):
                columns.extend(read_parquet(path, ["key"])["key"].chunks)
        return pa.chunked_array(columns, pa.string())

    def write(self, rows: EmbeddingTable[str]) -> None:
        """Write one shard: the rows of a table of this folder's layer and pooling, then the keys that are missing."""
        keys, missing = rows.keys, rows.missing
        if not keys and not missing:
            return
        self._write_manifest()
        flat = pa.array(np.ascontiguousarray(rows.vectors).reshape(-1), pa.float32())
        column = pa.concat_arrays(
            [
                pa.FixedSizeListArray.from_arrays(flat, self.dimension),
                pa.nulls(len(missing), pa.list_(pa.float32(), self.dimension)),
            ]
        )
        every = [*keys, *missing]
        table = pa.table(
            [every, column, *([said.get(key) for key in every] for said in (missing, rows.found_as, rows.cut))],
            schema=self.schema,
        )
        buffer = pa.BufferOutputStream()
        pq.write_table(table, buffer, compression="NONE", use_dictionary=False)
        content = buffer.getvalue()
        name = hashlib.sha256(content).hexdigest()[:_DIGEST]
        _write_whole(self.path / f"{name}.parquet", content)

    def _read(self, path: Path) -> pa.Table | None:
        try:
            content = path.read_bytes()
        except FileNotFoundError:  # cleaned by another process
            return None
        if hashlib.sha256(content).hexdigest()[:_DIGEST] != path.stem:
            aside = path.with_suffix(".damaged")
            logger.warning("%s: damaged shard set aside as %s; its rows are computed again", path, aside.name)
            with contextlib.suppress(FileNotFoundError):  # another process was quicker
                path.replace(aside)
            return None
        return read_parquet(pa.BufferReader(content))

    def _write_manifest(self) -> None:
        manifest = self.path / "manifest.json"
        if not manifest.exists():
            content = {**asdict(self.identity), "dimension": self.dimension}
            _write_whole(manifest, json.dumps(content, indent=1).encode())


def _write_whole(path: Path, content: bytes | pa.Buffer) -> None:
    with written_whole(path) as aside, aside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def by_shard(keys: list[str]) -> Iterator[list[str]]:
    """Sort keys into as many as a shard holds, in order."""
    for start in range(0, len(keys), SHARD_ROWS):
        yield keys[start : start + SHARD_ROWS]


def absent_keys(folders: Sequence[ShardFolder], keys: Sequence[str]) -> list[str]:
    """List the keys that one of the folders has neither a vector of nor a reason why there is none."""
    return _absent([folder.keys() for folder in folders], list(dict.fromkeys(keys)))


def fetch_vectors(
    folders: Sequence[ShardFolder],
    keys: Sequence[str],
    compute: Callable[[list[str]], EmbeddingTable[str]],
    *,
    filled: Sequence[ShardFolder] = (),
    batches: Callable[[list[str]], Iterable[list[str]]] = by_shard,
) -> EmbeddingTable[str]:
    """Give the vectors of `keys`, computing and storing those that a folder lacks.

    `folders` hold the same texts, each at one pooling and layer, the layers of the first pooling
    first. `compute` takes a list of keys and gives a table of all of them side by side; it is called
    for at most `SHARD_ROWS` keys at a time, in the order of the alphabet (texts that begin alike come
    together), and what it gives is on disk before the next call. A key that one of the folders has no
    vector of is missing in the result, which says of which layer and pooling that is. Where something is computed, the
    folders of `filled` get their layers and poolings of it, too; the table that `compute` gives has to have these.
    `batches` sorts keys into the calls of `compute` in another way, such as by what a server takes at once.
    """
    wanted = list(dict.fromkeys(keys))
    for attempt in range(_ATTEMPTS + 1):
        stored = [folder.read() for folder in folders]
        absent = _absent([table["key"] for table in stored], wanted)
        if not absent:
            return _gather(folders, stored, wanted)
        del stored
        if attempt == _ATTEMPTS:
            break
        _compute_absent(
            folders,
            absent,
            batches(absent),
            compute,
            [*{folder.path: folder for folder in (*folders, *filled)}.values()],
        )
    raise EmbedlibError(
        f"{folders[0].path}: stored shards were found damaged {_ATTEMPTS} times in a row; is the disk sound?"
    )


def _compute_absent(
    folders: Sequence[ShardFolder],
    absent: list[str],
    calls: Iterable[list[str]],
    compute: Callable[[list[str]], EmbeddingTable[str]],
    filled: Sequence[ShardFolder],
) -> None:
    name = folders[0].identity.model
    with tqdm(total=len(absent), desc=name, unit="text", disable=None, leave=False) as bar:
        for chunk in calls:
            with folders[0].lock():
                # Another process may have stored some of the chunk in the meantime.
                present = [folder.keys() for folder in folders]
                todo = _absent(present, chunk)
                if todo:
                    table = compute(todo)
                    for folder in filled:
                        one = table.at_pooling(folder.identity.pooling).at_layer(folder.identity.layer)
                        folder.write(_lacking(one, folder.keys()))
            bar.update(len(chunk))


def _absent(present: Sequence[pa.ChunkedArray], wanted: Sequence[str]) -> list[str]:
    """Sort out the texts that one of the folders lacks, in the order of the alphabet."""
    keys = pa.array(wanted, pa.string())
    everywhere = functools.reduce(pc.and_, (pc.is_in(keys, value_set=there) for there in present))
    return sorted(keys.filter(pc.invert(everywhere)).to_pylist())


def _lacking(table: EmbeddingTable[str], there: pa.ChunkedArray) -> EmbeddingTable[str]:
    """Leave out of a table what a folder has already."""
    known = set(there.to_pylist())
    rows = [row for row, key in enumerate(table.keys) if key not in known]
    missing = {key: reason for key, reason in table.missing.items() if key not in known}
    return replace(table, keys=[table.keys[row] for row in rows], array=table.array[rows], missing=missing)


def _gather(folders: Sequence[ShardFolder], stored: Sequence[pa.Table], wanted: Sequence[str]) -> EmbeddingTable[str]:
    keys = pa.array(wanted, pa.string())
    places = [pc.index_in(keys, value_set=table["key"]).to_numpy(zero_copy_only=False) for table in stored]
    missing, found_as, cut = (
        [_said(wanted, table[column].take(pa.array(rows))) for table, rows in zip(stored, places, strict=True)]
        for column in ("missing", "found_as", "cut")
    )
    without = _joined_reasons(folders, missing, wanted)
    has = np.array([key not in without for key in wanted], dtype=bool)
    layers = tuple(dict.fromkeys(folder.identity.layer for folder in folders))
    poolings = tuple(dict.fromkeys(folder.identity.pooling for folder in folders))
    blocks = [
        _matrix(table["vector"], folder.dimension)[rows[has]]  # (n, d)
        for folder, table, rows in zip(folders, stored, places, strict=True)
    ]
    joined = blocks[0] if len(blocks) == 1 else np.stack(blocks, axis=1)  # (n, poolings * layers, d)
    array = joined.reshape(int(has.sum()), len(poolings), len(layers), folders[0].dimension)
    kept = [key for key, there in zip(wanted, has, strict=True) if there]
    return EmbeddingTable(kept, array, without, layers, poolings, _first(found_as), _first(cut))


def _joined_reasons(
    folders: Sequence[ShardFolder], missing: Sequence[dict[str, str]], wanted: Sequence[str]
) -> dict[str, str]:
    """Say why a key has no vector: the one reason of all folders, or each with the layer and pooling that it is of."""
    if all(said == missing[0] for said in missing):
        return missing[0]
    reasons = {}
    for key in wanted:
        said = [(folder.identity, one[key]) for folder, one in zip(folders, missing, strict=True) if key in one]
        if len(said) == len(folders) and len({reason for _, reason in said}) == 1:
            reasons[key] = said[0][1]
        elif said:
            reasons[key] = "; ".join(f"{reason} (layer {of.layer}, pooling {of.pooling})" for of, reason in said)
    return reasons


def _first(said: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Join what folders say of keys; where several say something, the first counts."""
    return {key: value for one in reversed(said) for key, value in one.items()}


def _said(keys: Sequence[str], column: pa.ChunkedArray) -> dict[str, Any]:
    """Give what a column says of keys, without those of which it says nothing."""
    return {key: value for key, value in zip(keys, column.to_pylist(), strict=True) if value is not None}


def _matrix(column: pa.ChunkedArray, dimension: int) -> np.ndarray:
    """View a list column as (rows, d); rows of nulls hold nothing of meaning."""
    parts = []
    for chunk in column.chunks:
        start = chunk.offset * dimension
        values = chunk.values.to_numpy(zero_copy_only=False)
        parts.append(values[start : start + len(chunk) * dimension].reshape(len(chunk), dimension))
    return np.concatenate(parts) if parts else np.empty((0, dimension), dtype=np.float32)


@dataclass(frozen=True)
class StoredFolder:
    """One folder of the store as `embedlib store` lists it; sizes in bytes."""

    path: Path
    identity: Identity
    shards: int
    rows: int
    size: int
    leftovers: int


def stored_folders(root: Path | None = None) -> Iterator[StoredFolder]:
    """List the folders of the store, by name."""
    for manifest in sorted((root or store_root()).glob("*/*/manifest.json")):
        content = json.loads(manifest.read_text(encoding="utf-8"))
        files = {path: path.stat().st_size for path in manifest.parent.iterdir()}
        rows = {path: _rows(path) for path in files if path.suffix == ".parquet"}
        yield StoredFolder(
            manifest.parent,
            Identity(**{field.name: content.get(field.name, "") for field in fields(Identity)}),
            sum(count is not None for count in rows.values()),
            sum(count or 0 for count in rows.values()),
            sum(files.values()),
            sum(_is_leftover(path) for path in files),
        )


def _rows(shard: Path) -> int | None:
    """Count the rows of a shard, or give None where it cannot be read."""
    try:
        return int(pq.read_metadata(shard).num_rows)
    except (pa.ArrowInvalid, OSError):
        return None


def _is_leftover(path: Path) -> bool:
    """Tell a damaged shard or an unfinished file."""
    return path.suffix == ".damaged" or ".tmp-" in path.name or (path.suffix == ".parquet" and _rows(path) is None)


def remove(folder: StoredFolder, *, only_leftovers: bool = False) -> None:
    """Delete a folder of the store, or only its damaged shards and unfinished files."""
    with _pass_lock(folder.identity, folder.path.parent):
        if not only_leftovers:
            shutil.rmtree(folder.path, ignore_errors=True)
        elif folder.path.is_dir():
            for path in filter(_is_leftover, list(folder.path.iterdir())):
                path.unlink(missing_ok=True)
