"""Where things lie: the project, its data and the cache."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

from embedlib.errors import EmbedlibError

PROJECT = Path(__file__).resolve().parent.parent


def data_dir() -> Path:
    """Give the project's `data/` folder.

    Raises `EmbedlibError` where the package was installed without its project beside it.
    """
    folder = PROJECT / "data"
    if not folder.is_dir():
        raise EmbedlibError(
            f"no data folder at {folder}: embedlib reads the project's data/, so install it "
            "from a clone with `pip install -e .` (or `make setup`)"
        )
    return folder


def cache_dir() -> Path:
    """Give the cache folder: `$EMBEDLIB_CACHE`, or `embedlib` under the user's cache folder."""
    configured = os.environ.get("EMBEDLIB_CACHE")
    folder = Path(configured).expanduser() if configured else platformdirs.user_cache_path("embedlib")
    folder.mkdir(parents=True, exist_ok=True)
    return folder
