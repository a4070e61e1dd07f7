"""Reading Parquet files in the calling thread."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def read_parquet(source: Path | pa.BufferReader, columns: list[str] | None = None) -> pa.Table:
    """Read a Parquet file, or some of its columns, without pyarrow's thread pools.

    With torch loaded, the pools can abort a process while it ends ("terminate called without an
    active exception"), after its work is done.
    """
    with pq.ParquetFile(source, pre_buffer=False) as file:
        return file.read(columns=columns, use_threads=False)
