"""embedlib: extraction, metrics and records for the book on what LLM embeddings know.

The public names below load on first use, so that `import embedlib` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedlib.datasets import load_dataset
    from embedlib.encoders import load_model
    from embedlib.errors import EmbedlibError
    from embedlib.extraction import embed_sentences, embed_spans, embed_words
    from embedlib.lexicon import load_words
    from embedlib.models import list_models
    from embedlib.results import Tolerance, record

__all__ = [
    "EmbedlibError",
    "Tolerance",
    "embed_sentences",
    "embed_spans",
    "embed_words",
    "list_models",
    "load_dataset",
    "load_model",
    "load_words",
    "record",
]

_HOME = {
    "EmbedlibError": "errors",
    "embed_sentences": "extraction",
    "embed_spans": "extraction",
    "embed_words": "extraction",
    "list_models": "models",
    "load_dataset": "datasets",
    "load_model": "encoders",
    "load_words": "lexicon",
    "record": "results",
    "Tolerance": "results",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'embedlib' has no attribute {name!r}")
    return getattr(importlib.import_module(f"embedlib.{_HOME[name]}"), name)
