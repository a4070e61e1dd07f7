"""Where things lie, the project, its data and the cache, and how they are written: whole or not at all."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import platformdirs
from filelock import FileLock

from embedlib.errors import EmbedlibError

logger = logging.getLogger(__name__)

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


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a path to write to, beside `path`, which takes its place at the end: it is old or new, never half.

    The folder is made where it is not there. The name ends in `.tmp-` and the number of this process; on an
    exception the file is removed and `path` stays as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.tmp-{os.getpid()}")
    try:
        yield aside
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def made_whole(folder: Path, is_intact: Callable[[Path], bool], make: Callable[[Path], None]) -> Path:
    """Give a folder, made where it is not there or not intact: by one process, whole or not at all.

    `make` fills another folder, which takes the place of `folder` at the end; what killed processes left
    of such folders is removed first.
    """
    if is_intact(folder):
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(f"{folder.name}.lock")):
        if is_intact(folder):
            return folder
        for left in folder.parent.glob(f"{folder.name}.tmp-*"):
            shutil.rmtree(left, ignore_errors=True)
        if folder.exists():
            logger.warning("%s: damaged and is made again", folder)
            shutil.rmtree(folder)
        work = Path(tempfile.mkdtemp(prefix=f"{folder.name}.tmp-", dir=folder.parent))
        try:
            make(work)
            work.replace(folder)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder
