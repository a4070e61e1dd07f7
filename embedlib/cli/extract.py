"""The command that computes and stores vectors of words."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from embedlib.cli.terminal import show_table

if TYPE_CHECKING:
    from embedlib.models.spec import ModelSpec

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model",
        "-m",
        help="A roster name, a path, hf:owner/name or api:provider/name. Repeat it for more models. Default: all.",
    ),
]


def extract(
    model: Models = None,
    words: Annotated[str, typer.Option(help='How many of the most frequent words, "all", or a file of words.')] = "all",
    reading: Annotated[
        list[str] | None,
        typer.Option(
            help="study, chosen, or the fields of a reading as JSON. Repeat it for more. Default: the roster's."
        ),
    ] = None,
    layer: Annotated[str | None, typer.Option(help='A layer number or "all". Default: the roster\'s.')] = None,
    pooling: Annotated[str | None, typer.Option(help="mean, last, first or max. Default: the roster's.")] = None,
    template: Annotated[
        str | None,
        typer.Option(help="A text with {text} where the word goes. Default: the word alone."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compute nothing: say how many words it would be, and what an API costs.")
    ] = False,
    budget: Annotated[
        float | None, typer.Option(help="The most US dollars that APIs may cost. It stops before more is spent.")
    ] = None,
) -> None:
    """Compute and store the embeddings of words. What is stored already is not computed again."""
    from embedlib.datasets.lexicon import load_words
    from embedlib.embeddings.embed import embed_words, unstored_words
    from embedlib.embeddings.readings import reading_of
    from embedlib.encoders.remote import BUDGET
    from embedlib.models.roster import find_model, roster

    names = model or list(roster())
    chosen: int | str | None = int(layer) if layer is not None and layer.isdigit() else layer
    for name in names:
        spec = find_model(name)
        spec.resolve_layers(chosen)
        spec.resolve_poolings(pooling)
        for one in reading or []:
            reading_of(spec, one, "words")
    wanted = load_words(int(words) if words.isdigit() else words)
    rows: list[list[object]] = []
    ways: list[str | None] = [*reading] if reading else [None]
    if dry_run:
        for name, way in itertools.product(names, ways):
            lacking = unstored_words(name, wanted, reading=way, layer=chosen, pooling=pooling, template=template)
            rows.append([name, f"{len(lacking):,}", *_cost(find_model(name), lacking, template)])
        show_table(f"{len(wanted):,} words", ["model", "to compute", "tokens, about", "US dollars, about"], rows)
        return
    if budget is not None:
        os.environ[BUDGET] = str(budget)
    for name, way in itertools.product(names, ways):
        table = embed_words(name, wanted, reading=way, layer=chosen, pooling=pooling, template=template)
        counts = [len(part) for part in (table, table.missing, table.found_as, table.cut)]
        rows.append([name, *(f"{count:,}" for count in counts), table.vectors.shape[1]])
    columns = ["model", "vectors", "missing", "other spelling", "cut", "numbers a row"]
    show_table(f"{len(wanted):,} words", columns, rows)


def _cost(spec: ModelSpec, words: Sequence[str], template: str | None) -> tuple[str, str]:
    """Say about how many tokens an API would be sent, and what that costs; dashes for a model that is here."""
    if spec.encoder_kind.has_files:
        return "-", "-"
    from embedlib.encoders.remote import estimate_tokens
    from embedlib.models.external.api import api_of

    api = api_of(spec)
    tokens = sum(estimate_tokens((template or "{text}").replace("{text}", word)) for word in words)
    cost = api.cost(tokens)
    return f"{tokens:,}", "not known" if cost is None else f"{cost:.4f} (price of {api.known.dated})"
