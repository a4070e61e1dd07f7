"""What every part of the library uses: paths, Parquet files, digests of code."""
