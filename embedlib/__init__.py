"""embedlib: extraction, metrics and records for the book on what LLM embeddings know.

The public names below load on first use, so that `import embedlib` is quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from embedlib.datasets.lexicon import load_words
    from embedlib.datasets.load import load_dataset
    from embedlib.embeddings.embed import embed_sentences, embed_spans, embed_words
    from embedlib.encoders.loader import load_model
    from embedlib.errors import EmbedlibError
    from embedlib.models.roster import list_models
    from embedlib.records.make import record, record_facts
    from embedlib.records.tolerance import Tolerance

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
    "record_facts",
]

_HOME = {
    "EmbedlibError": "errors",
    "embed_sentences": "embeddings.embed",
    "embed_spans": "embeddings.embed",
    "embed_words": "embeddings.embed",
    "list_models": "models.roster",
    "load_dataset": "datasets.load",
    "load_model": "encoders.loader",
    "load_words": "datasets.lexicon",
    "record": "records.make",
    "record_facts": "records.make",
    "Tolerance": "records.tolerance",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'embedlib' has no attribute {name!r}")
    return getattr(importlib.import_module(f"embedlib.{_HOME[name]}"), name)
