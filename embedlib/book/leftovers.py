"""What a killed process leaves behind: unfinished files, told by the process number in their names."""

from __future__ import annotations

import logging
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

logger = logging.getLogger(__name__)

SOCKETS = "embedlib-"  # how the folder of a run's sockets begins, before the number of its process

_FOLDERS = ("running", "executed", "failed", "state", "sweeps")
# NAME.123.start.ipynb and NAME.123.done.ipynb of a run; .NAME.ipynb.tmp-123 of a file being written.
_NAME = re.compile(
    r"\.?(?P<name>.+?)(?:\.\d+\.(?:start|done))?(?:\.(?:ipynb|json|csv|parquet))?\.tmp-(?P<writer>\d+)"
    r"|(?P<run>.+)\.(?P<runner>\d+)\.(?:start|done)\.ipynb"
)
_SLACK = 60.0  # seconds by which clocks may disagree


def leftovers(build: Path, name: str | None = None) -> Iterator[Path]:
    """List the unfinished files of processes that are gone, of one run or of all, and folders of their sockets."""
    for folder in _FOLDERS:
        for path in sorted((build / folder).glob("*")):
            found = _NAME.fullmatch(path.name)
            if found is None or name not in (None, found["name"] or found["run"]):
                continue
            if _is_gone(int(found["writer"] or found["runner"]), path):
                yield path
    for path in sorted(Path(tempfile.gettempdir()).glob(f"{SOCKETS}*")):
        found = re.fullmatch(rf"{SOCKETS}(\d+)-\w+", path.name)
        if found and _is_gone(int(found[1]), path):
            yield path


def remove_leftovers(build: Path, name: str) -> None:
    """Delete what killed runs of this name left."""
    for path in leftovers(build, name):
        logger.info("%s: removed, an unfinished file of a run that was stopped", path.name)
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def _is_gone(process: int, path: Path) -> bool:
    """Tell whether the process that wrote a file has ended, also where another one has its number now."""
    try:
        found = psutil.Process(process)
        ended: bool = found.status() == psutil.STATUS_ZOMBIE or found.create_time() > path.stat().st_mtime + _SLACK
    except psutil.NoSuchProcess:
        return True
    except (psutil.AccessDenied, FileNotFoundError):
        return False
    return ended
