"""What notebooks need before they run: converted models and stored vectors."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from embedlib.book.run import Run
from embedlib.encoders.convert import model_folder
from embedlib.errors import EmbedlibError
from embedlib.models import find_model

# What `embedlib build --profile` sets in every notebook.
PROFILES: dict[str, dict[str, str]] = {"default": {}, "full": {"words": "all"}}


def extract_for(runs: Sequence[Run]) -> None:
    """Convert the models of some runs and store the vectors of as many words of the lexicon as they use.

    Raises `UnknownNameError` for a model that is not in the roster and `EmbedlibError` where the
    extraction fails.
    """
    names = list(dict.fromkeys(name for run in runs for name in run.settings.get("models", [])))
    for name in names:
        if find_model(name).kind == "causal":
            model_folder(find_model(name))  # converted while nothing else is in memory
    sizes = [run.settings["words"] for run in runs if "words" in run.settings]
    words = "all" if "all" in sizes else max((size for size in sizes if isinstance(size, int)), default=0)
    # A process of its own, so that the models are not in memory beside those of the notebooks.
    options = [option for name in names for option in ("--model", name)]
    command = [sys.executable, "-m", "embedlib.cli", "extract", "--words", str(words), *options]
    if names and words and subprocess.run(command, check=False).returncode:
        raise EmbedlibError("the extraction failed; its message is above")
