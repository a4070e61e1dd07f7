"""The page of findings: its tables, out of what the chapters recorded.

A chapter records what it measures at its first reading, and the same names with `-second` at another one. What it
did not record is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from embedlib.errors import NotebookError
from embedlib.metrics.verdicts import Part, Verdict
from embedlib.records.read import last_run, read_records

SUFFIXES = {"first": "", "second": "-second"}  # behind the name of a record, by the reading it is about
# The columns of a table of leads, by what a chapter adds to the name of its lead.
_LEAD = {
    "effect": "", "low": "-low", "high": "-high", "left out, low": "-left-out-low",
    "left out, high": "-left-out-high", "p": "-p", "least p": "-least-p",
}  # fmt: skip


def read_chapters(chapters: Iterable[str], runs: Sequence[str] = ()) -> tuple[dict[str, Mapping[str, Any]], list[str]]:
    """Read what each chapter's last run recorded, and list the chapters that have no run to read.

    Those have no records. `runs` are executed notebooks that are read in the place of the last runs.

    Example:
        >>> recorded, missing = read_chapters(["04_analogies", "99_none"])
        >>> missing, recorded["99_none"], len(recorded["04_analogies"]) > 0
        (['99_none'], {}, True)
    """
    recorded: dict[str, Mapping[str, Any]] = {}
    missing = []
    for chapter in dict.fromkeys(chapters):
        try:
            recorded[chapter] = read_records(last_run(chapter, runs))
        except NotebookError:
            recorded[chapter] = {}
            missing.append(chapter)
    return recorded, missing


def find_leads(recorded: Mapping[str, Mapping[str, Any]], measures: Mapping[str, str], reading: str) -> pd.DataFrame:
    """Find the lead of the best LLM in the chapter of each measure, at the "first" or the "second" reading.

    `measures` maps a measure to its chapter. A row a measure: effect, low, high, the range without one model,
    p and its least value, who is ahead, "LLM", "classical" or "neither", and who stands behind the labels, as the
    chapter recorded it ("unknown" where it did not). What a chapter lacks is NaN.

    Example:
        >>> recorded = {"04": {"llm-lead": -0.1, "llm-lead-low": -0.2, "llm-lead-high": -0.05, "labels": "facts"}}
        >>> leads = find_leads(recorded | {"08": {}}, {"analogies": "04", "senses": "08"}, "first")
        >>> leads[["ahead", "labels"]].to_numpy().tolist()
        [['classical', 'facts'], ['neither', 'unknown']]
    """
    rows = {}
    for measure, chapter in measures.items():
        facts = recorded[chapter]
        row: dict[str, Any] = {
            column: facts.get(f"llm-lead{end}{SUFFIXES[reading]}", np.nan) for column, end in _LEAD.items()
        }
        row["ahead"] = "LLM" if row["low"] > 0 else "classical" if row["high"] < 0 else "neither"
        row["labels"] = facts.get("labels", "unknown")
        rows[measure] = row
    return pd.DataFrame.from_dict(rows, "index", columns=[*_LEAD, "ahead", "labels"]).rename_axis("measure")


def split_leads(leads: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Split a table of leads into measures that rest on people or facts, and those that language models wrote.

    A headline rests on the former alone. A measure whose labels are unknown is of a user's own data, and among them.

    Example:
        >>> leads = pd.DataFrame({"labels": ["people", "language models"]}, ["rated words", "senses"])
        >>> [list(part.index) for part in split_leads(leads)]
        [['rated words'], ['senses']]
    """
    written = leads["labels"].str.contains("language models")
    return leads[~written], leads[written]


def join_summaries(recorded: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Join the table `summary` of the chapters: a row a model and reading, and a column a task.

    A chapter without one is left out. Of two chapters with a task of one name the first counts.

    Example:
        >>> at = pd.MultiIndex.from_tuples([("gemma", "chosen")], names=["model", "reading"])
        >>> recorded = {"03": {"summary": pd.DataFrame({"pairs": [0.7]}, at)}, "04": {}}
        >>> recorded["08"] = {"summary": pd.DataFrame({"senses": [0.6]}, at)}
        >>> list(join_summaries(recorded))
        ['pairs', 'senses']
    """
    found = [records["summary"] for records in recorded.values() if "summary" in records]
    if not found:
        return pd.DataFrame(index=pd.MultiIndex.from_arrays([[], []], names=["model", "reading"]))
    rows = list(dict.fromkeys(row for frame in found for row in frame.index))
    joined: pd.DataFrame = pd.concat([frame.reindex(rows) for frame in found], axis=1)
    joined.index = pd.MultiIndex.from_tuples(rows, names=["model", "reading"])
    alone: pd.DataFrame = joined.loc[:, ~joined.columns.duplicated()]
    return alone


def find_verdicts(recorded: Mapping[str, Mapping[str, Any]], claims: pd.DataFrame, reading: str) -> dict[str, Verdict]:
    """Find the verdict of each claim at the "first" or the "second" reading; one that is not recorded is left out.

    `claims` has a row a claim, with the `chapter` and the name of its `verdict` there.

    Example:
        >>> claims = pd.DataFrame({"chapter": ["04"], "verdict": ["d4-verdict"]}, ["D4"])
        >>> find_verdicts({"04": {}}, claims, "second")
        {}
    """
    places = zip(claims.index, claims["chapter"], claims["verdict"], strict=True)
    found = {str(claim): recorded[chapter].get(name + SUFFIXES[reading]) for claim, chapter, name in places}
    return {claim: verdict for claim, verdict in found.items() if isinstance(verdict, Verdict)}


def list_parts(verdicts: Mapping[str, Mapping[str, Verdict]]) -> pd.DataFrame:
    """List the parts of all claims, the main one of each first: a row a claim, part and reading.

    `verdicts` maps a reading to the verdicts of the claims. The columns are those of `Verdict.table()`.

    Example:
        >>> from embedlib.metrics.verdicts import Part
        >>> found = Verdict("D1", Part("closer in LLMs", "contradicted", -0.1, -0.2, -0.05))
        >>> list_parts({"first": {"D1": found}, "second": {}})["verdict"].to_dict()
        {('D1', 'closer in LLMs', 'first'): 'contradicted'}
    """
    rows = {}
    for claim in dict.fromkeys(claim for found in verdicts.values() for claim in found):
        tables = {reading: found[claim].table() for reading, found in verdicts.items() if claim in found}
        for part in dict.fromkeys(part for table in tables.values() for part in table.index):
            for reading, table in tables.items():
                if part in table.index:
                    rows[claim, part, reading] = table.loc[part]
    columns = Verdict("", Part.of("", None)).table().columns
    keys = pd.DataFrame(list(rows), columns=["claim", "part", "reading"])
    index = pd.MultiIndex.from_frame(keys)
    return pd.DataFrame([list(row) for row in rows.values()], index, columns)
