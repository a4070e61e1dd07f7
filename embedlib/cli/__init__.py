"""Measure word vectors and build the book: models, extraction, the store, notebooks, sweeps, drift."""

from __future__ import annotations

import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Optional

import typer
from rich.markup import escape

from embedlib._util.paths import settle_paths
from embedlib.cli.extract import Models, extract
from embedlib.cli.readings import choose_reading
from embedlib.cli.terminal import LogLines, console, errors, field_lines, said_of, say, show_table, terminal_width
from embedlib.errors import EmbedlibError, InputError, ParameterError, UnknownNameError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
store_app = typer.Typer(help="List the stored embeddings, with their sizes, or clean them up. Without a command: list.")
app.add_typer(store_app, name="store")

Jobs = Annotated[
    Optional[int],
    typer.Option("--jobs", "-j", min=1, help="How many notebooks at a time. Default: one a core, at most four."),
]
Wide = Annotated[bool, typer.Option("--wide", help="Show all columns, however wide they are.")]

app.command()(extract)
app.command("choose-reading")(choose_reading)


@app.command()
def models(
    reference: Annotated[
        list[str] | None, typer.Argument(help="Names, paths or hub ids (hf:owner/name): show all about these only.")
    ] = None,
    wide: Wide = False,
) -> None:
    """Show what each model of the roster is and whether it is ready here, or all about the models that you name."""
    from embedlib.cli.tables import MODEL_COLUMNS, file_fields, model_fields, model_rows, try_fronts
    from embedlib.models.roster import find_model, roster

    specs = [find_model(name) for name in reference] if reference else list(roster().values())
    for spec in specs if reference else []:
        try_fronts(spec)
    if wide:
        fields = [model_fields(spec) for spec in specs]
        show_table("Models", list(fields[0]), [list(row.values()) for row in fields], wide=True)
    elif reference:
        for number, spec in enumerate(specs):
            lines = field_lines(model_fields(spec) | file_fields(spec), terminal_width())
            say("\n".join(["", *lines] if number else lines))
    else:
        show_table("Models", MODEL_COLUMNS, model_rows(specs))
        say("For more columns: --wide. For all about one model, or your own: embedlib models NAME_OR_PATH", errors)


@store_app.callback(invoke_without_command=True)
def store_alone(context: typer.Context) -> None:
    """List the stored embeddings, with their sizes, or clean them up. Without a command: list."""
    if context.invoked_subcommand is None:
        store_list()


@store_app.command("list")
def store_list(wide: Wide = False) -> None:
    """List what is stored, with sizes."""
    from embedlib.cli.tables import store_table
    from embedlib.embeddings.store import store_root, stored_folders

    folders = list(stored_folders())
    columns, rows = store_table(folders, wide=wide)
    total = sum(folder.size for folder in folders)
    show_table(f"{store_root()}: {total / 1e6:.1f} MB", columns, rows, wide=wide)


@store_app.command("clean")
def store_clean(
    model: Models = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Also remove vectors that were made by older models or older code.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Remove all vectors (of --model, if given).")] = False,
) -> None:
    """Remove damaged shards and unfinished files. With --stale or --all, remove vectors, too."""
    from embedlib.cli.tables import is_current
    from embedlib.embeddings.store import remove, stored_folders

    folders = list(stored_folders())
    known = {folder.identity.model for folder in folders}
    for name in model or []:
        if name not in known:
            raise UnknownNameError.of("model in the store", name, sorted(known))
    removed = leftovers = 0
    for folder in folders:
        if model and folder.identity.model not in model:
            continue
        whole = everything or (stale and not is_current(folder.identity))
        remove(folder, only_leftovers=not whole)
        removed += whole
        leftovers += folder.leftovers
    say(f"removed {removed} folders and {leftovers} leftover files")


@app.command()
def run(
    notebook: Annotated[str, typer.Argument(help="A notebook's path or name.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a parameter. Repeat for more."),
    ] = None,
    help_parameters: Annotated[bool, typer.Option("--help-parameters", help="List the parameters.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say what changed since the last run, and run nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run even if nothing changed.")] = False,
) -> None:
    """Run a notebook with parameters, and write the result to _build/executed/. If nothing changed, it is not run."""
    from embedlib.book.notebooks import find_source, read_source
    from embedlib.book.run.freshness import fingerprint
    from embedlib.book.run.freshness import why as reasons_of
    from embedlib.book.run.parameters import read_parameters
    from embedlib.book.run.plan import plan
    from embedlib.book.run.progress import board, ran
    from embedlib.book.run.run import execute
    from embedlib.book.run.sweep import split_settings

    source = find_source(notebook)
    if help_parameters:
        rows = [
            [p.name, p.annotation, repr(p.default), p.comment] for p in read_parameters(read_source(source)).values()
        ]
        show_table(source.stem, ["parameter", "type", "default", "meaning"], rows, text="meaning")
        return
    planned = plan(source, dict(split_settings(parameter or [])))
    if why:
        reasons = reasons_of(planned, fingerprint(planned))
        say("\n".join(reasons) or f"{planned.name}: nothing changed")
        return
    with board(errors, [planned]) as watch:
        done = execute(planned, force=force, watch=watch)
    if done:
        say(ran(planned, done), errors)
    say(f"{'ran' if done else 'nothing changed'}: {planned.output}")


@app.command()
def sweep(
    notebook: Annotated[str, typer.Argument(help="A notebook's path or name.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A value. For several, repeat it or use commas."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="How many runs at a time.")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the combinations, and run nothing.")] = False,
) -> None:
    """Run a notebook with every combination of values, and put all records into one table in _build/sweeps/.

    To give a parameter several values, repeat -p (-p models=glove-6b-50d -p models=sbert-minilm).
    For numbers, truth values and fixed choices, commas work too (-p layer_step=3,6).
    """
    from embedlib.book.notebooks import find_source
    from embedlib.book.run.freshness import fingerprint, why
    from embedlib.book.run.progress import board
    from embedlib.book.run.sweep import plan_sweep, run_sweep, split_settings

    planned = plan_sweep(find_source(notebook), split_settings(parameter or []))
    if dry_run:
        rows = [
            [*point.given.values(), point.run.name, (why(point.run, fingerprint(point.run)) or ["nothing changed"])[0]]
            for point in planned.points
        ]
        show_table(f"{len(rows)} points", [*planned.names, "run", "why"], rows, text="why")
        return
    with board(errors, [point.run for point in planned.points]) as watch:
        outcomes = run_sweep(planned, jobs, watch)
    failed = [outcome.error for outcome in outcomes.values() if outcome.status == "failed"]
    for message in failed:
        say(message, errors)
    say(f"{len(planned.points)} points, {len(failed)} failed: {planned.table}")
    if failed:
        raise typer.Exit(1)


@app.command()
def status(
    profile: Annotated[str, typer.Option(help="Which runs to show: default, or full (see build).")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
) -> None:
    """Show which notebooks are up to date and which models are ready. Nothing is run."""
    from embedlib.book.notebooks import notebook_sources
    from embedlib.book.run.status import first_reasons, model_statuses, notebook_status

    notebooks = [notebook_status(source, profile) for source in notebook_sources()]
    ready = model_statuses()
    if as_json:
        shown = {"notebooks": [asdict(item) for item in notebooks], "models": [asdict(item) for item in ready]}
        typer.echo(json.dumps(shown, indent=1))
        return
    rows = [[item.name, item.state, first_reasons(item.reasons)] for item in notebooks]
    show_table("Notebooks", ["notebook", "state", "why"], rows, text="why")
    say("")
    rows = [[model.name, model.state, model.detail] for model in ready]
    show_table("Models", ["model", "state", "what is needed"], rows, text="what is needed")


@app.command()
def doctor() -> None:
    """Check this machine: Python, packages, cache, memory, kernel and more. A problem gives exit status 1."""
    from embedlib.book.check.doctor import examine

    found = examine()
    for item in found:
        remedy = f" -> {item.remedy}" if item.remedy else ""
        colour = {"ok": "green", "warning": "yellow", "problem": "red"}[item.level]
        label = f"[{colour}]{item.level:8}[/{colour}]"
        console.print(f"{label} {item.subject}: {escape(item.text + remedy)}", highlight=False, soft_wrap=True)
    if any(item.level == "problem" for item in found):
        raise typer.Exit(1)


@app.command()
def drift(
    notebook: Annotated[list[str] | None, typer.Argument(help="Notebooks. Default: all.")] = None,
    reuse: Annotated[bool, typer.Option("--reuse", help="Use the last run if nothing changed.")] = False,
    jobs: Jobs = None,
    report: Annotated[
        Optional[Path], typer.Option(help="The folder for index.html and summary.md. Default: _build/drift.")
    ] = None,
) -> None:
    """Run notebooks with their default parameters, compare them with the committed ones, and write a report."""
    from embedlib._util.paths import PROJECT
    from embedlib.book.check.gate import GateOutcome, check_all, plan_gate
    from embedlib.book.check.report import write_report
    from embedlib.book.notebooks import find_source, notebook_sources
    from embedlib.book.run.prepare import extract_for
    from embedlib.book.run.progress import board
    from embedlib.book.run.schedule import default_jobs

    planned = plan_gate([find_source(name) for name in notebook or []] or notebook_sources())
    extract_for(planned)
    checked = []
    jobs = jobs or default_jobs()
    with board(errors, planned, jobs) as watch:
        for one in check_all(planned, jobs, reuse=reuse, watch=watch):
            checked.append(one)
            say(one.became, errors)
    order = [run.source.stem for run in planned]
    checked.sort(key=lambda one: order.index(one.notebook))
    outcome = GateOutcome(tuple(checked))
    if outcome.found:
        rows = [[d.notebook, d.cell, d.record, d.old, d.new, d.allowed] for d in outcome.found]
        show_table("Drift", ["notebook", "cell", "record", "old", "new", "allowed"], rows)
    for message in outcome.failed:
        say(message, errors)
    page = write_report(checked, report or PROJECT / "_build" / "drift")
    say(f"the report: {page}", errors)
    if not outcome.passed:
        say(
            f"{len(outcome.found)} differences and {len(outcome.failed)} failed runs in {len(checked)} notebooks. "
            "If the new outputs are right, `make accept` makes them the reference.",
            errors,
        )
        raise typer.Exit(1)
    say(f"no drift in {len(checked)} notebooks")


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="An executed notebook (.ipynb).")],
    second: Annotated[str, typer.Argument(help="Another run of the same notebook.")],
    everything: Annotated[bool, typer.Option("--all", help="Also show what agrees.")] = False,
) -> None:
    """Show the records of two runs side by side. Without --all, only those that differ by more than allowed."""
    from embedlib.book.check.side_by_side import compare_runs
    from embedlib.book.notebooks import read_executed

    rows = compare_runs(read_executed(Path(first)), read_executed(Path(second)))
    differing = [row for row in rows if row.differs]
    shown = []
    for row in rows if everything else differing:
        values = [value if there else "none" for value, there in zip((row.first, row.second), row.present, strict=True)]
        shown.append([row.record, *values, "differs" if row.differs else ""])
    if shown:
        show_table(f"first: {first}, second: {second}", ["record", "first", "second", ""], shown, text="record")
    say(f"{len(differing)} of {len(rows)} recorded values differ by more than their tolerance")


@app.command()
def accept(notebook: Annotated[list[str] | None, typer.Argument(help="Notebooks. Default: all.")] = None) -> None:
    """Make the newest outputs with default parameters the reference for drift."""
    from embedlib.book.notebooks import find_source
    from embedlib.book.site.build import accept as accept_outputs

    written = accept_outputs([find_source(name).stem for name in notebook or []])
    say("\n".join(str(path) for path in written) or "nothing to accept: the reference has these outputs already")


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Run every notebook again.")] = False,
    profile: Annotated[str, typer.Option(help="default, or full (every notebook uses the whole lexicon).")] = "default",
    jobs: Jobs = None,
) -> None:
    """Compute the vectors, run the notebooks that need it, and build the HTML pages."""
    from embedlib.book.notebooks import notebook_sources
    from embedlib.book.run.prepare import extract_for, plan_profile
    from embedlib.book.run.progress import board
    from embedlib.book.run.schedule import default_jobs, execute_all
    from embedlib.book.site.build import publish

    planned = [plan_profile(source, profile) for source in notebook_sources()]
    extract_for(planned)
    jobs = jobs or default_jobs()
    with board(errors, planned, jobs) as watch:
        for became in execute_all(planned, jobs, force=force, watch=watch):
            say(became)
    say(f"the book: {publish(planned)}")


@app.command("new-chapter")
def new_chapter(
    name: Annotated[str, typer.Argument(help="The name, a number and a topic, such as 12_word_lengths.")],
    title: Annotated[str, typer.Option(help="The heading. Default: the topic.")] = "",
) -> None:
    """Write a new chapter in the form that all chapters have, which already runs, and list it in _toc.yml."""
    from embedlib.book.site.new_chapter import new_chapter as write_chapter

    source = write_chapter(name, title)
    say(f"wrote {source} and listed it in _toc.yml")
    say(
        f"Edit it, then: `embedlib run {name}`, `embedlib build`, `embedlib accept {name}`. The paired {name}.ipynb "
        "is written by accept. Until then `make test` and `make drift` report that it is missing."
    )


def main() -> None:
    """Run the command line; errors on purpose, and those of the machine, are one message and an exit status.

    An error in the code itself keeps its traceback.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[LogLines()])
    for noisy in ("papermill", "httpx", "httpx2", "sentence_transformers", "matplotlib", "filelock", "gensim"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        settle_paths()
        app()
    except EmbedlibError as error:
        status, message = 2 if isinstance(error, InputError | ParameterError | UnknownNameError) else 1, str(error)
    except SystemExit as stop:
        if stop.code == 130:  # Ctrl-C
            say("stopped", errors)
        raise
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        status, message = 1, said_of(error)
    except MemoryError as error:
        status, message = 1, f"the memory is used up: {error or 'fewer words or smaller models need less'}"
    say(f"error: {message}", errors)
    raise SystemExit(status)
