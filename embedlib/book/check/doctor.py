"""Whether this machine can build the book: one finding a line, with a remedy for each problem."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock, Timeout

from embedlib._util.paths import PROJECT, cache_folder
from embedlib.book.notebooks import KERNELSPEC
from embedlib.book.run.leftovers import leftovers
from embedlib.book.run.machine import OFFLINE, connection, scratch
from embedlib.book.run.run import environment
from embedlib.errors import EmbedlibError

PYTHON = ((3, 11), (3, 13))  # the oldest and the newest that requirements.txt fits
# Bytes: converted models (11.7e9), vectors and the build are about 13e9 after `make book`; the rest is room.
DISK = 14.5e9
MEMORY = 9.3e9  # bytes at the peak of `make book`, when the largest model is converted
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

Level = Literal["ok", "warning", "problem"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was found, and a remedy where something is wrong."""

    subject: str
    level: Level
    text: str
    remedy: str = ""


def examine(build: Path | None = None, requirements: Path | None = None) -> list[Finding]:
    """Look at everything that the book needs of a machine; nothing is changed."""
    return [
        check_python(sys.version_info[:2]),
        *check_packages(requirements or PROJECT / "requirements.txt"),
        *check_packages(PROJECT / "requirements-carriers.txt", options="--no-deps "),
        *check_cache(),
        check_temporary(),
        check_memory(psutil.virtual_memory().total + psutil.swap_memory().total, psutil.virtual_memory().available),
        check_cores(len(psutil.Process().cpu_affinity()) if psutil.LINUX else psutil.cpu_count() or 1),
        check_gpu(),
        *check_offline(),
        check_browser(),
        check_kernel(),
        check_leftovers(build or PROJECT / "_build"),
    ]


def check_python(version: tuple[int, int]) -> Finding:
    """Compare Python's version with those that the pins are for."""
    shown, oldest, newest = (".".join(map(str, pair)) for pair in (version, *PYTHON))
    if PYTHON[0] <= version <= PYTHON[1]:
        return Finding("python", "ok", f"{shown} ({sys.executable})")
    level: Level = "problem" if version < PYTHON[0] else "warning"
    remedy = f"make setup PYTHON=/path/to/python{newest}"
    return Finding("python", level, f"{shown}; requirements.txt is for {oldest} to {newest}", remedy)


def check_packages(requirements: Path, options: str = "") -> Iterator[Finding]:
    """Compare what is installed with the pins; local labels such as `+cpu` do not count.

    `options` are those of pip in the remedy.
    """
    remedy = f"{sys.executable} -m pip install {options}-r {requirements.name}"
    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        yield Finding("packages", "problem", f"cannot read {requirements}: {error}", "use embedlib from a clone")
        return
    pins = dict(line.strip().split("==", 1) for line in lines if "==" in line and not line.startswith("#"))
    right = 0
    for name, wanted in pins.items():
        try:
            found = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield Finding("packages", "problem", f"{name} is not installed; {wanted} is pinned", remedy)
            continue
        if found.split("+", 1)[0] == wanted:
            right += 1
        else:
            yield Finding("packages", "warning", f"{name} is {found}; {wanted} is pinned", remedy)
    yield Finding("packages", "ok", f"{right} of {len(pins)} are as {requirements.name} pins them")


def check_cache() -> Iterator[Finding]:
    """Write a file into the cache folder, add up its size and compare the free disk with what is still needed."""
    remedy = "name a folder that can be written: export EMBEDLIB_CACHE=/path/to/folder"
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, EmbedlibError) as error:
        yield Finding("cache", "problem", f"cannot be written: {error}", remedy)
        return
    used = sum(_size(path) for path in folder.rglob("*"))
    yield Finding("cache", "ok", f"{folder}: {used / 1e9:.1f} GB, can be written")
    yield check_disk(shutil.disk_usage(folder).free, used)
    yield check_locks(folder)


def check_temporary() -> Finding:
    """Look whether temporary files can be written, and whether the kernels' sockets fit in a folder there."""
    try:
        with scratch() as folder:
            short = bool(connection(folder))
    except (OSError, EmbedlibError) as error:
        return Finding("temporary files", "problem", f"cannot be written: {error}", "export TMPDIR=/path/to/folder")
    if short:
        return Finding("temporary files", "ok", f"in {tempfile.gettempdir()}; the kernels' sockets in {folder.parent}")
    text = f"the paths under {folder.parent} are too long for sockets, so kernels open ports"
    return Finding("temporary files", "warning", text, "name a shorter folder: export TMPDIR=/path/to/folder")


def check_locks(folder: Path) -> Finding:
    """Look for unfinished files in the cache, and whether a process is still at work on them."""
    locks = [*folder.glob("converted/*.lock"), *folder.glob("store/*/*.lock")]
    if held := [path for path in locks if _is_held(path)]:
        return Finding("locks", "ok", f"another process of embedlib is at work: it holds {held[0]}")
    patterns = ("converted/*.tmp-*", "store/*/*/*.tmp-*", "store/*/*/*.damaged")
    unfinished = [path for pattern in patterns for path in sorted(folder.glob(pattern))]
    if not unfinished:
        return Finding("locks", "ok", f"none of {len(locks)} is held, and no file of the cache is unfinished")
    text = f"{len(unfinished)} unfinished or damaged files in the cache, such as {unfinished[0]}; they are never used"
    return Finding("locks", "warning", text, "embedlib store clean (a model's go when it is converted)")


def _is_held(path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(blocking=False)
    except (Timeout, OSError):
        return True
    lock.release()
    return False


def _size(path: Path) -> int:
    try:
        return path.stat().st_size if path.is_file() else 0
    except OSError:  # gone since it was listed
        return 0


def check_disk(free: float, used: float) -> Finding:
    """Compare the free bytes with those that the book still needs beside what the cache has already."""
    needed = max(DISK - used, 0.5e9)
    text = f"{free / 1e9:.1f} GB free, about {needed / 1e9:.1f} GB still needed"
    if free >= needed:
        return Finding("disk", "ok", text)
    level: Level = "problem" if free < 0.5e9 else "warning"
    return Finding("disk", level, text, "free some, or put the cache on another disk with EMBEDLIB_CACHE")


def check_memory(total: float, available: float) -> Finding:
    """Compare the memory, swap included, with the peak of `make book`."""
    text = f"{available / 1e9:.1f} GB available of {total / 1e9:.1f} GB; the whole book needs {MEMORY / 1e9:.1f} GB"
    if available >= MEMORY:
        return Finding("memory", "ok", text)
    if total >= MEMORY:
        return Finding("memory", "warning", text, "end other programs first")
    remedy = "run single chapters with fewer words or without the causal models, -p models=..."
    return Finding("memory", "problem", text, remedy)


def check_cores(cores: int) -> Finding:
    """Count the cores that this process may use."""
    if cores > 1:
        return Finding("cores", "ok", f"{cores}, all used")
    return Finding("cores", "warning", "1; the book was timed on two", "use a machine with more cores, or fewer words")


def check_gpu() -> Finding:
    """Say whether there is a GPU, and that it is not used by default."""
    try:
        import torch

        there = torch.cuda.is_available()
        name = torch.cuda.get_device_name(0) if there else ""
    except Exception as error:  # whatever a broken installation of torch raises
        text = f"torch cannot be used: {type(error).__name__}: {error}"
        return Finding("gpu", "problem", text, f"{sys.executable} -m pip install -r requirements.txt")
    if there:
        return Finding("gpu", "ok", f'{name}; not used unless asked for: load_model(..., device="cuda")')
    return Finding("gpu", "ok", "none, or a build of torch without CUDA; none is needed")


def check_offline() -> Iterator[Finding]:
    """Say whether the libraries of models may ask the network, and what that means."""
    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        if os.environ.get(name, "").upper() in {"1", "ON", "YES", "TRUE"}:
            text = "set: nothing is fetched; the roster's models are in packages"
        else:
            text = f"not set here; runs of notebooks set {name}={OFFLINE[name]} themselves"
        yield Finding(name, "ok", text)


def check_browser() -> Finding:
    """Look for the browser in which the tests open the built pages."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found:
        return Finding("browser", "ok", found)
    return Finding("browser", "warning", "none: the tests of the built pages are skipped", "install Chromium")


def check_kernel() -> Finding:
    """Look whether the notebooks' kernel starts this Python."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    name = KERNELSPEC["name"]
    remedy = f"{sys.executable} -m ipykernel install --sys-prefix --name {name}"
    try:
        with scratch() as folder, environment({"IPYTHONDIR": str(folder)}):  # as in a run, where the home has no part
            spec = KernelSpecManager().get_kernel_spec(name)
    except NoSuchKernel:
        return Finding("kernel", "problem", f"there is no kernel {name!r}", remedy)
    except (OSError, EmbedlibError) as error:
        return Finding("kernel", "problem", f"cannot be looked for: {error}", "see the finding on temporary files")
    program = spec.argv[0] if spec.argv else ""
    # Jupyter puts the running Python in the place of these names.
    own = {"python", f"python{sys.version_info[0]}", f"python{sys.version_info[0]}.{sys.version_info[1]}"}
    if program in own or Path(program) == Path(sys.executable):
        return Finding("kernel", "ok", f"{name} starts this Python ({spec.resource_dir})")
    text = f"{name} starts {program}, another Python ({spec.resource_dir})"
    return Finding("kernel", "problem", text, f"jupyter kernelspec remove {name}, then {remedy}")


def check_leftovers(build: Path) -> Finding:
    """Look for unfinished files of runs that were stopped."""
    try:
        found = list(leftovers(build))
    except EmbedlibError as error:  # nothing temporary can be written
        return Finding("leftovers", "warning", f"cannot be listed: {error}", "export TMPDIR=/path/to/folder")
    if not found:
        return Finding("leftovers", "ok", "none of stopped runs")
    text = f"{len(found)} files of stopped runs, such as {found[0]}; they are never used"
    return Finding("leftovers", "warning", text, "the next run of the notebook removes its own; or delete them")
