"""The files of chosen readings: what was chosen, and the evidence, the book's or one's own."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from embedlib._util.paths import written_whole
from embedlib.models.chosen import Chosen, book_file, own_file, read_chosen, write_chosen
from embedlib.models.reading import Readings
from embedlib.models.roster import ROSTER, find_model, read_roster
from embedlib.readings.choose import Choice
from embedlib.readings.evidence import evidence_file, read_evidence

_DIGITS = 4


def keep_choice(model: str, choice: Choice, *, book: bool) -> Path:
    """Write what was chosen for a model, with its evidence, in place of what was chosen for it before.

    `book` is for the models of the book's roster: data/readings. All others are kept in the cache. Gives the file of
    the chosen readings.
    """
    spec = find_model(model)
    file = book_file() if book else own_file(spec)
    table = evidence_file() if book else file.with_suffix(".tsv")
    known = read_chosen(file)
    chosen = choice.chosen
    if spec.name in known and known[spec.name].checksum == spec.checksum:
        # Other kinds of text keep what was chosen for them.
        both = {**dict(known[spec.name].readings), **{k: r for k, r in chosen.readings if r is not None}}
        chosen = Chosen(checksum=spec.checksum, readings=Readings(**both))
    every = known | {spec.name: chosen}
    order = [name for name in read_roster(ROSTER) if name in every] if book else list(every)
    write_chosen(file, {name: every[name] for name in order})
    before = read_evidence(table)
    new = choice.evidence.drop(columns="reading")
    if len(before):
        again = (before["model"] == spec.name) & before["kind"].isin(new["kind"])
        before = before[~again]
    rows = pd.concat([before, new], ignore_index=True)
    rank = {name: place for place, name in enumerate(order)}
    rows = rows.assign(rank=rows["model"].map(rank)).sort_values("rank", kind="stable").drop(columns="rank")
    columns = [name for name in rows.columns if name != "mean"]
    with written_whole(table) as aside:
        rows[[*columns, "mean"]].round(_DIGITS).to_csv(aside, sep="\t", index=False)
    return file
