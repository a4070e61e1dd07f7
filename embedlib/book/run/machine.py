"""What a run needs of the machine: a folder for its sockets and for files that would go into the user's home."""

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
LONGEST = 103  # the most bytes of a socket's path: Linux takes 107, macOS 103
_SOCKET = "kernel"  # Jupyter adds a number


@contextmanager
def scratch() -> Iterator[Path]:
    """Make a folder for one run, and delete it when the block ends.

    It is made in the first place where the paths of sockets are short enough, if there is one. Raises
    `EmbedlibError` where no folder for temporary files can be written.
    """
    prefix = f"{SOCKETS}{os.getpid()}-"
    places = temporary_folders()
    usable = [place for place in places if place.is_dir() and os.access(place, os.W_OK | os.X_OK)]
    short = [place for place in usable if _fits(place / f"{prefix}12345678")]
    with tempfile.TemporaryDirectory(prefix=prefix, dir=(short or places)[0], ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def check_build(folder: Path) -> None:
    """Check that the folder of runs can be written; raises `EmbedlibError` where it cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise EmbedlibError(f"{folder} cannot be written, where runs and the book go: {error.strerror}") from None


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / f"{_SOCKET}-99")) <= LONGEST


def connection(folder: Path) -> dict[str, Any]:
    """Give the settings of the kernel's connection: sockets in the folder, or ports if their paths are too long."""
    return {"transport": "ipc", "ip": str(folder / _SOCKET)} if _fits(folder) else {}


def kernel_manager(said: Path) -> type[AsyncKernelManager]:
    """Give a class that starts kernels. What a kernel writes outside its cells goes into the file `said`."""

    class Manager(AsyncKernelManager):
        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            with said.open("ab") as file:
                await super().start_kernel(**options, stderr=file)

    return Manager


def surroundings(folder: Path) -> dict[str, str]:
    """Give the environment variables of a run: it is offline and writes nothing into the user's home.

    Jupyter and IPython write into `folder`, the run's own. Matplotlib's list of fonts is made before the kernel
    starts, once for each cache. Otherwise Matplotlib would report it in a cell's output.
    """
    made = {"JUPYTER_RUNTIME_DIR": folder / "jupyter", "IPYTHONDIR": folder / "ipython"}
    for path in made.values():
        path.mkdir(exist_ok=True)
    try:
        fonts = made_whole(cache_dir() / "matplotlib" / importlib.metadata.version("matplotlib"), _has_fonts, _fonts)
        if not os.access(fonts, os.W_OK):  # Matplotlib would report that in a cell's output
            fonts = shutil.copytree(fonts, folder / "matplotlib")
    except OSError:  # the cache cannot be written
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
