"""The command that computes and stores vectors of words."""

from __future__ import annotations

import itertools
from typing import Annotated

import typer

from embedlib.cli.terminal import show_table

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", "-m", help="A roster name, a path or hf:owner/name. Repeat it for more models. Default: all."
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
) -> None:
    """Compute and store the embeddings of words. What is stored already is not computed again."""
    from embedlib.datasets.lexicon import load_words
    from embedlib.embeddings.embed import embed_words
    from embedlib.embeddings.readings import reading_of
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
    rows = []
    ways: list[str | None] = [*reading] if reading else [None]
    for name, way in itertools.product(names, ways):
        table = embed_words(name, wanted, reading=way, layer=chosen, pooling=pooling, template=template)
        counts = [len(part) for part in (table, table.missing, table.found_as, table.cut)]
        rows.append([name, *(f"{count:,}" for count in counts), table.vectors.shape[1]])
    columns = ["model", "vectors", "missing", "other spelling", "cut", "numbers a row"]
    show_table(f"{len(wanted):,} words", columns, rows)
