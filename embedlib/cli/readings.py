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
        rows = []
        for one in kinds or kinds_of(find_model(name)):
            choice = choose_readings(name, [one])
            # Kept at once: a later kind can take long, or fail.
            file = keep_choice(name, choice, book=book)
            reading = choice.chosen.readings.of(one)
            rows.append([one, reading.label if reading else "none", f"{choice.evidence['mean'].max():.3f}"])
            say(f"written: {file}", errors)
        show_table(find_model(name).name, ["kind", "reading", "score"], rows, text="reading")
