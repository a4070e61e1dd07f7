"""What a run takes of the machine: a folder of its own for sockets, and for all that would be written into a home."""

from __future__ import annotations

import importlib.metadata
import logging
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.manager import AsyncKernelManager

from embedlib._util.paths import PROJECT, cache_dir, made_whole
from embedlib.book.run.leftovers import SOCKETS, temporary_folders
from embedlib.errors import EmbedlibError

logger = logging.getLogger(__name__)

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
LONGEST = 103  # bytes of a socket's path; Linux takes 107, macOS 103
_SOCKET = "kernel"  # Jupyter adds a number


@contextmanager
def scratch() -> Iterator[Path]:
    """Give a folder for one run, which goes at its end: where the sockets' paths are short enough, if there is such.

    Raises `EmbedlibError` where no folder of temporary files can be written.
    """
    prefix = f"{SOCKETS}{os.getpid()}-"
    places = temporary_folders()
    usable = [place for place in places if place.is_dir() and os.access(place, os.W_OK | os.X_OK)]
    short = [place for place in usable if _fits(place / f"{prefix}12345678")]
    with tempfile.TemporaryDirectory(prefix=prefix, dir=(short or places)[0], ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def check_build(folder: Path) -> None:
    """Try to write into a folder of runs; raises `EmbedlibError` where that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise EmbedlibError(f"{folder} cannot be written, where runs and the book go: {error.strerror}") from None


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f"{_SOCKET}-99")) <= LONGEST


def connection(folder: Path) -> dict[str, Any]:
    """Give the settings of the kernel's connection: sockets in a folder, or ports where their paths are too long."""
    return {"transport": "ipc", "ip": str(folder / _SOCKET)} if _fits(folder) else {}


def kernel_manager(said: Path) -> type[AsyncKernelManager]:
    """Give a class that starts kernels; what such a process says outside its cells goes into the file `said`."""

    class Manager(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            with said.open("ab") as file:
                await super().start_kernel(**options, stderr=file)

    return Manager


def surroundings(folder: Path) -> dict[str, str]:
    """Give the environment of a run whose own folder is `folder`: offline, and with nothing written into a home.

    What Jupyter and IPython write goes into the folder. Matplotlib's list of fonts is made before the kernel
    starts, once for a cache, so that nothing is said of it in a cell.
    """
    made = {"JUPYTER_RUNTIME_DIR": folder / "jupyter", "IPYTHONDIR": folder / "ipython"}
    for path in made.values():
        path.mkdir(exist_ok=True)
    try:
        fonts = made_whole(cache_dir() / "matplotlib" / importlib.metadata.version("matplotlib"), _has_fonts, _fonts)
        if not os.access(fonts, os.W_OK):  # which Matplotlib would say in a cell
            fonts = shutil.copytree(fonts, folder / "matplotlib")
    except OSError:  # a cache that can only be read
        fonts = folder / "matplotlib"
        _fonts(fonts)
    compiled = PROJECT / "embedlib" / "metrics"
    beside = os.access(compiled, os.W_OK) or "NUMBA_CACHE_DIR" in os.environ
    numba = {} if beside else {"NUMBA_CACHE_DIR": cache_dir() / "numba"}
    return OFFLINE | {name: str(path) for name, path in {**made, "MPLCONFIGDIR": fonts, **numba}.items()}


def _has_fonts(folder: Path) -> bool:
    return any(folder.glob("fontlist-*.json"))


def _fonts(folder: Path) -> None:
    """Let Matplotlib make its list of fonts in a folder."""
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", "import matplotlib.font_manager"]
    environment = {**os.environ, "MPLCONFIGDIR": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        logger.warning("Matplotlib cannot list the fonts: %s", done.stderr.strip().rsplit("\n", 1)[-1])
