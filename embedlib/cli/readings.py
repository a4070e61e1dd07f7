"""The command that chooses how a model is read."""

from __future__ import annotations

from typing import Annotated

import typer

from embedlib.cli.terminal import errors, say, show_table


def choose_reading(
    model: Annotated[list[str], typer.Argument(help="Names, paths or hub ids (hf:owner/name).")],
    kind: Annotated[
        list[str] | None, typer.Option("--kind", "-k", help="words, contexts or sentences. Default: all it can read.")
    ] = None,
    book: Annotated[
        bool, typer.Option("--book", help="Write data/readings, for models of the book. Otherwise: the cache.")
    ] = False,
) -> None:  # fmt: skip
    """Choose how a model is read, on development data that no chapter tests on, and keep it as its reading "chosen".

    Every layer, pooling, template and transform of a grid is tried. The token in front of a decoder is found first.
    """
    from embedlib.errors import InputError
    from embedlib.models.reading import check_kind
    from embedlib.models.roster import ROSTER, find_model, read_roster
    from embedlib.readings.choose import choose_readings, kinds_of
    from embedlib.readings.files import keep_choice

    kinds = [check_kind(name) for name in kind or []]
    for name in model:
        spec = find_model(name)
        if impossible := [one for one in kinds if one not in kinds_of(spec)]:
            raise InputError(f"{spec.name} cannot read {impossible[0]}; allowed: {', '.join(kinds_of(spec))}")
        if book and spec.name not in read_roster(ROSTER):
            raise InputError(f"{spec.name} is no model of the book; leave --book out")
    for name in model:
        choice = choose_readings(name, kinds)
        file = keep_choice(name, choice, book=book)
        best = choice.evidence.loc[choice.evidence.groupby("kind", sort=False)["mean"].idxmax()]
        columns = (best[column].tolist() for column in ("kind", "reading", "mean"))
        rows = [[one, reading.label, f"{mean:.3f}"] for one, reading, mean in zip(*columns, strict=True)]
        show_table(find_model(name).name, ["kind", "reading", "score"], rows, text="reading")
        say(f"written: {file}", errors)
