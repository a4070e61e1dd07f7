"""Prepare what notebooks need before they run: converted models and stored vectors."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from embedlib.book.notebooks import notebook_sources, read_source
from embedlib.book.run.machine import check_build
from embedlib.book.run.parameters import read_parameters
from embedlib.book.run.plan import Run, plan
from embedlib.book.run.workers import core_shares
from embedlib.encoders.gguf_convert import is_converted, model_folder
from embedlib.errors import EmbedlibError, UnknownNameError
from embedlib.models.roster import find_model
from embedlib.models.spec import ModelSpec

# Bytes that a conversion takes at its peak: its libraries, and for each parameter.
_CONVERSION = 1.2e9
_PEAK = 6

# What `embedlib build --profile` sets, in every notebook that has a parameter of this name with a number as default.
PROFILES: dict[str, dict[str, str]] = {"default": {}, "full": {"words": "all"}}


def plan_profile(source: Path, profile: str, build: Path | None = None) -> Run:
    """Plan a notebook with a profile's settings; raises `UnknownNameError` for an unknown profile."""
    if profile not in PROFILES:
        raise UnknownNameError.of("profile", profile, PROFILES)
    known = read_parameters(read_source(source))
    settings = {n: text for n, text in PROFILES[profile].items() if n in known and isinstance(known[n].default, int)}
    if "runs" in known and PROFILES[profile]:  # it reads the other notebooks' runs: those with this profile
        others = [n for n in notebook_sources(source.parent) if "runs" not in read_parameters(read_source(n))]
        settings["runs"] = json.dumps([str(plan_profile(other, profile, build).output) for other in others])
    return plan(source, settings, build)


def extract_for(runs: Sequence[Run]) -> None:
    """Convert the models of some runs, and store the vectors of the lexicon's words that several of them use.

    They are stored at each reading. What a single run uses, it makes itself. Raises what `find_model` raises for a
    model, and `EmbedlibError` where the extraction fails or the folder of runs cannot be written.
    """
    for build in {run.build for run in runs}:
        check_build(build)
    named = dict.fromkeys(name for run in runs for name in run.settings.get("models", []))
    convert([find_model(name) for name in named])
    readings = dict.fromkeys(name for run in runs for name in run.settings.get("readings", []))
    for words, names in shared_words(runs).items():
        options = [option for name in names for option in ("--model", name)]
        options += [option for reading in readings for option in ("--reading", reading)]
        # A process of its own, so that the models are not in memory beside those of the notebooks.
        command = [sys.executable, "-m", "embedlib.cli", "extract", "--words", str(words), *options]
        if subprocess.run(command, check=False).returncode:
            raise EmbedlibError("the extraction failed; its message is above")


def convert(specs: Sequence[ModelSpec]) -> None:
    """Convert the GGUF files of some models, the largest first: two at a time where memory is enough for both.

    Raises what `model_folder` raises; what is converted by then is kept.
    """
    waiting = sorted((spec for spec in specs if not is_converted(spec)), key=lambda spec: -(spec.parameters or 0))
    needed = sum(_CONVERSION + _PEAK * (spec.parameters or 0) for spec in waiting[:2])
    enough = needed <= psutil.virtual_memory().available and len(core_shares(1)[0]) > 1
    with ThreadPoolExecutor(2 if enough else 1) as pool:  # each conversion is a process of its own
        for _ in pool.map(model_folder, waiting):
            pass


def shared_words(runs: Sequence[Run]) -> dict[int | str, list[str]]:
    """Say of which models several runs use the lexicon's words: the most words that one of them asks for, and who.

    Words are a number of the most frequent ones, or "all".
    """
    asked: dict[str, list[int | str]] = {}
    for run in runs:
        words = run.settings.get("words")
        if words == "all" or (isinstance(words, int) and words > 0):
            for name in dict.fromkeys(run.settings.get("models", [])):
                asked.setdefault(name, []).append(words)
    found: dict[int | str, list[str]] = {}
    for name, sizes in asked.items():
        if len(sizes) > 1:
            most = "all" if "all" in sizes else max(size for size in sizes if isinstance(size, int))
            found.setdefault(most, []).append(name)
    return found
