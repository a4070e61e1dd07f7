"""What the benchmarks share: clocks, peak memory, fresh processes, the machine, and the tables in README.md."""

from __future__ import annotations

import argparse
import importlib.metadata
import multiprocessing
import os
import platform
import resource
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import numpy as np

README = Path(__file__).with_name("README.md")
END = "<!-- end -->\n"
MIB = 1 << 20
_STATUS = Path("/proc/self/status")
Result = TypeVar("Result")


def parser(description: str | None) -> argparse.ArgumentParser:
    """Make a parser with what every script takes."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--print-only", action="store_true", help="leave README.md and pictures as they are")
    return made


def word_count(text: str) -> int | str:
    """Read a `--words` argument: a number or "all"."""
    return text if text == "all" else int(text)


def say(text: str) -> None:
    """Write a line of progress."""
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def timed(work: Callable[[], object]) -> float:
    """Give the seconds of one call."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def interleave(works: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """Time works in turns, so that what slows the machine for a while slows all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in works}
    for turn in range(repeats):
        for name, work in works.items():
            seconds[name].append(timed(work))
            say(f"{name}, {turn + 1} of {repeats}: {seconds[name][-1]:.2f} s")
    return seconds


def median(values: Sequence[float]) -> float:
    """Give the median."""
    return float(statistics.median(values))


def verdict(met: bool) -> str:
    """Say whether a target is met."""
    return "met" if met else "**missed**"


class PeakMemory:
    """The peak of resident memory inside the `with`, above what the process held at its start, in MiB.

    Linux counts the peak from the start of the `with`; elsewhere it is what the process's own peak
    grew by.
    """

    above = 0.0

    def __enter__(self) -> PeakMemory:
        if _STATUS.is_file():
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
        self._start = _resident("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.above = (_resident("VmHWM") - self._start) / MIB


def _resident(field: str) -> int:
    if _STATUS.is_file():
        status = _STATUS.read_text(encoding="ascii")
        return int(status.partition(f"{field}:")[2].split()[0]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def in_fresh_process(work: Callable[..., Result], *arguments: Any) -> Result:
    """Call a function of a script in a new process, whose memory holds nothing else."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def row_cosines(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Give the cosine of each row with the same row of the other."""
    norms = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    return np.asarray((left * right).sum(axis=1) / norms)


def bos_in_front(tokenizer: Any, bos: str | None) -> str:
    """Give what a text needs in front for a peer to read BOS: nothing where its tokenizer puts it there."""
    own = tokenizer("word")["input_ids"][0] == tokenizer.convert_tokens_to_ids(bos or "")
    return "" if own else bos or ""


def random_vectors(words: int, dimension: int) -> np.ndarray:
    """Draw random directions, (words, dimension) float32."""
    return np.random.default_rng(0).standard_normal((words, dimension), dtype=np.float32)


def warm_up() -> None:
    """Load, or at first use compile, the inner loops."""
    from embedlib.metrics import analogy, similarity

    vectors = random_vectors(50, 8)
    analogy.answer_questions(vectors, np.array([[0, 1, 2]], dtype=np.int32))
    similarity.all_pairs_histogram(vectors)
    similarity.nearest_neighbours(vectors, 3)


def cpu_flags() -> set[str]:
    """List what the processor says it can do; empty where it cannot be asked."""
    info = _cpu_info()
    return set(info.partition("flags")[2].partition("\n")[0].split())


def _cpu_info() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def machine_line(*packages: str) -> str:
    """Describe the machine and the versions of the packages that do the work."""
    name = _cpu_info().partition("model name")[2].partition("\n")[0].strip(" \t:") or platform.processor() or "CPU"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = [f"{package} {importlib.metadata.version(package).split('+')[0]}" for package in packages]
    return f"{platform.machine()}, {name}, {cores} cores; Python {platform.python_version()}, {', '.join(versions)}."


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay a Markdown table out."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def write_section(name: str, content: str, *, print_only: bool) -> None:
    """Put content between the markers of a section of README.md, and show it."""
    print(f"\n{content}", flush=True)
    if print_only:
        return
    text = README.read_text(encoding="utf-8")
    marker = f"<!-- {name} -->\n"
    head, found, tail = text.partition(marker)
    _, ended, after = tail.partition(END)
    if not found or not ended:
        raise SystemExit(f"{README.name} has no section {marker.strip()} ... {END.strip()}")
    README.write_text(f"{head}{marker}{content.strip()}\n{END}{after}", encoding="utf-8")
