"""Find and delete the unfinished files of killed processes. Their names hold the number of the process."""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from embedlib.errors import EmbedlibError

logger = logging.getLogger(__name__)

SOCKETS = "embedlib-"  # the folder of a run's sockets is named by this and the number of its process
# Where that folder is made if a socket in the folder of temporary files would have a path that is too long.
SHORT = ("/tmp", "/var/tmp")  # noqa: S108 (the folder itself is made by tempfile)

_FOLDERS = ("running", "executed", "failed", "state", "sweeps")
# A run writes NAME.123.start.ipynb, NAME.123.done.ipynb and NAME.123.kernel.txt.
# A file that is being written is named .NAME.ipynb.tmp-123. The process is 123.
_NAME = re.compile(
    r"\.?(?P<name>.+?)(?:\.\d+\.(?:start|done))?(?:\.(?:ipynb|json|csv|parquet))?\.tmp-(?P<writer>\d+)"
    r"|(?P<run>.+)\.(?P<runner>\d+)\.(?:(?:start|done)\.ipynb|kernel\.txt)"
)
_SLACK = 60.0  # seconds by which the clocks of files and of processes may differ


def leftovers(build: Path, name: str | None = None) -> Iterator[Path]:
    """List the unfinished files of processes that have ended, and the folders of their sockets.

    `build` is the folder of runs. `name` is one run; without it the files of all runs are listed.
    """
    for folder in _FOLDERS:
        for path in sorted((build / folder).glob("*")):
            found = _NAME.fullmatch(path.name)
            if found is None or name not in (None, found["name"] or found["run"]):
                continue
            if _is_gone(int(found["writer"] or found["runner"]), path):
                yield path
    for place in temporary_folders():
        for path in sorted(place.glob(f"{SOCKETS}*")):
            found = re.fullmatch(rf"{SOCKETS}(\d+)-\w+", path.name)
            if found and _is_gone(int(found[1]), path):
                yield path


def temporary_folders() -> list[Path]:
    """List the folders in which a run may make its folder of sockets, the best first.

    Raises `EmbedlibError` where no folder for temporary files can be written.
    """
    try:
        first = tempfile.gettempdir()
    except FileNotFoundError as error:
        message = f"no folder for temporary files can be written: {error}; name one: export TMPDIR=/path/to/folder"
        raise EmbedlibError(message) from None
    others = (*SHORT, os.environ.get("XDG_RUNTIME_DIR") or first)
    return [Path(folder) for folder in dict.fromkeys((first, *others))]


def remove_leftovers(build: Path, name: str) -> None:
    """Delete the unfinished files that killed runs of this name left."""
    for path in leftovers(build, name):
        logger.info("%s: removed, an unfinished file of a run that was stopped", path.name)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_gone(process: int, path: Path) -> bool:
    """Say whether the process that wrote a file has ended. A newer process may have its number by now."""
    try:
        found = psutil.Process(process)
        ended: bool = found.status() == psutil.STATUS_ZOMBIE or found.create_time() > path.stat().st_mtime + _SLACK
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, FileNotFoundError):
        return False
    return ended
