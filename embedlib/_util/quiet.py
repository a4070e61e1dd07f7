"""Keeping libraries quiet: what transformers and its relatives show while they work."""

from __future__ import annotations

import contextlib
import logging
import warnings
from collections.abc import Iterator


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep transformers and sentence-transformers from showing bars, reports and warnings."""
    from transformers.utils import logging as hub_logging

    theirs = logging.getLogger("sentence_transformers")
    level, verbosity, bars = theirs.level, hub_logging.get_verbosity(), hub_logging.is_progress_bar_enabled()
    theirs.setLevel(logging.ERROR)
    hub_logging.set_verbosity_error()
    hub_logging.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        theirs.setLevel(level)
        hub_logging.set_verbosity(verbosity)
        if bars:
            hub_logging.enable_progress_bar()
