"""Whether the last run of a notebook is still up to date: what it depends on, and what of that has changed."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nbformat import NotebookNode

from embedlib._util.code_digest import code_digest
from embedlib._util.paths import PROJECT, written_whole
from embedlib.book.notebooks import notebook_sources
from embedlib.book.run.dependencies import Uses, described, uses_of
from embedlib.book.run.parameter_files import watched
from embedlib.book.run.plan import Run
from embedlib.encoders.loader import code_version
from embedlib.models.files import sha256
from embedlib.models.roster import find_model, roster
from embedlib.models.spec import ModelSpec
from embedlib.records.read import last_run

PACKAGES = ("torch", "transformers", "tokenizers", "numpy", "pandas", "scipy", "scikit-learn", "gensim", "matplotlib",
            "seaborn")  # fmt: skip

Fingerprint = dict[str, dict[str, str]]


def fingerprint(run: Run) -> Fingerprint:
    """Digest what a run depends on, in parts; each part has a digest by name.

    The parts are cells, parameters, the modules of embedlib that the notebook uses, data sets, data files, models,
    the code that makes the models' vectors, other runs that it reads, and packages. What a notebook uses is read from
    its code, see `dependencies`. The code that runs and builds the book is no part of it.
    """
    settings = run.settings
    uses = uses_of(run.notebook)
    specs = _models(settings, uses)
    embeds = uses.uses_module("embedlib.encoders.loader")
    # Models and runs have parts of their own below.
    own = [
        file for name, value in settings.items() if name not in ("models", "runs") for file in watched(value, PROJECT)
    ]
    return {
        "cells": {
            f"{number} ({_first_line(cell.source)})": _cell_digest(cell)
            for number, cell in enumerate(run.notebook.cells, start=1)
        },
        "parameters": {name: json.dumps(value) for name, value in settings.items()},
        "embedlib": {str(path.relative_to(PROJECT)): code_digest([path]) for path in uses.code},
        "data sets": {name: _text_digest(described(name)) for name in uses.datasets},
        "data": {os.path.relpath(path, PROJECT): sha256(path) for path in [*uses.data, *own]},
        "models": {name: _text_digest(spec.model_dump_json(exclude={"artifacts"}) + spec.checksum)
                   for name, spec in specs.items()},
        "code of models": {name: code_version(spec) for name, spec in specs.items()} if embeds else {},
        "runs": {path.name: sha256(path) for path in _runs_read(run)},
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
    }  # fmt: skip


def _models(settings: dict[str, Any], uses: Uses) -> dict[str, ModelSpec]:
    """Find the models that a run uses: those of its parameter `models`, and each that its code or a setting names.

    Without that parameter these are all of the roster, if the notebook uses models at all.
    """
    known = roster()
    given = settings.get("models", known if uses.uses_module("embedlib.models.roster") else ())
    texts = {*uses.texts, *_texts(list(settings.values()))}
    named = [name for name in known if uses.whole_roster or name in texts]
    return {name: find_model(name) for name in dict.fromkeys([*given, *named])}


def _texts(value: Any) -> Iterator[str]:
    """List the texts in a value, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _texts([*value, *value.values()])
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)


def _runs_read(run: Run) -> list[Path]:
    """List the executed notebooks that a notebook reads by its parameter `runs`: those given, or all others."""
    if "runs" not in run.settings:
        return []
    others = [source.stem for source in notebook_sources(run.source.parent) if source.stem != run.source.stem]
    paths = [Path(path) for path in run.settings["runs"]] or [last_run(name) for name in others]
    return [path for path in paths if path.is_file()]


def why(run: Run, now: Fingerprint) -> list[str]:
    """List the reasons why a run is needed; empty where its last output is up to date."""
    try:
        state = json.loads(run.state.read_text(encoding="utf-8"))
        before: Fingerprint = state["fingerprint"]
    except (OSError, ValueError, KeyError):
        return ["it has not been run with these parameters"]
    if not run.output.is_file() or sha256(run.output) != state["output"]:
        return [f"its output {run.output.name} is missing or was changed"]
    reasons = []
    for part in now:
        old, new = before.get(part, {}), now[part]
        reasons += [f"{part}: {name} changed" for name in new if name in old and new[name] != old[name]]
        reasons += [f"{part}: {name} is new" for name in new if name not in old]
        reasons += [f"{part}: {name} is gone" for name in old if name not in new]
    return reasons


def write_state(run: Run, now: Fingerprint, seconds: float | None = None) -> None:
    """Write down what a good run depended on, the digest of its output, and how long it took."""
    state = json.dumps({"fingerprint": now, "output": sha256(run.output), "seconds": seconds}, indent=1)
    with written_whole(run.state) as aside:
        aside.write_text(state, encoding="utf-8")


def last_seconds(run: Run) -> float | None:
    """Give how long the last good run took, in seconds; None where that is unknown."""
    try:
        return float(json.loads(run.state.read_text(encoding="utf-8"))["seconds"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _first_line(source: str) -> str:
    return next((line for line in source.splitlines() if line.strip()), "empty")[:40]


def _cell_digest(cell: NotebookNode) -> str:
    return _text_digest("\n".join([cell.cell_type, cell.source, json.dumps(cell.metadata, sort_keys=True)]))


def _text_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
