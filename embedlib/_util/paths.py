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

PROJECT = Path(__file__).resolve().parents[2]


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


# What names a folder or file by a path: made absolute once, since kernels and helpers work in other folders.
_SETTINGS = ("EMBEDLIB_CACHE", "EMBEDLIB_ROSTER", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "TMPDIR")


def settle_paths() -> None:
    """Make the paths in the environment absolute, from the current folder, for this process and those it starts."""
    for name in _SETTINGS:
        setting(name)


def setting(name: str) -> Path | None:
    """Give the path that an environment variable names, absolute from now on; None where it is unset or empty.

    Raises `EmbedlibError` where it begins with `~` and there is no such home, or is relative to a folder that is gone.
    """
    text = os.environ.get(name, "").strip()
    if not text:
        return None
    try:
        path = Path(os.path.abspath(Path(text).expanduser()))  # noqa: PTH100 (a link keeps its name)
    except (RuntimeError, OSError) as error:
        raise EmbedlibError(f"{name} is {text!r}, which is no path here: {error}; name an absolute one") from None
    os.environ[name] = str(path)
    return path


def cache_folder() -> Path:
    """Say which folder is the cache: `$EMBEDLIB_CACHE`, or `embedlib` under the user's cache folder.

    Raises `EmbedlibError` where neither is known.
    """
    setting("XDG_CACHE_HOME")
    folder = setting("EMBEDLIB_CACHE") or platformdirs.user_cache_path("embedlib")
    if not folder.is_absolute():  # "~/.cache" stays as it is where the user has no home
        raise no_cache(folder, "this user has no home folder")
    return folder


def cache_dir() -> Path:
    """Give the cache folder, made where it is not there; raises `EmbedlibError` where it cannot be made."""
    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise no_cache(folder, "it is a file") from None
    except OSError as error:
        raise no_cache(folder, error.strerror or str(error)) from None
    return folder


def no_cache(folder: Path, reason: str) -> EmbedlibError:
    """Give the error that says why a folder cannot be the cache, and how to name another."""
    return EmbedlibError(
        f"the cache folder {folder} cannot be used: {reason}. Name one that can be written: "
        "export EMBEDLIB_CACHE=/path/to/folder"
    )


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
