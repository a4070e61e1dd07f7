"""The command line: models, extraction, the store, notebooks and sweeps, drift, the book and its state."""

from __future__ import annotations

import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from embedlib.errors import EmbedlibError, InputError, ParameterError, UnknownNameError

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__, pretty_exceptions_enable=False)
store_app = typer.Typer(help="List, size and clean the stored embeddings (alone: list).")
app.add_typer(store_app, name="store")

console = Console()
errors = Console(stderr=True)

Models = Annotated[
    list[str] | None,
    typer.Option(
        "--model", "-m", help="A roster name, a path or hf:owner/name; several times for several; default: all."
    ),
]


def _table(title: str, columns: list[str], rows: list[list[Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    return table


@app.command()
def models(
    reference: Annotated[
        list[str] | None, typer.Argument(help="Paths or hub ids (hf:owner/name) of models to show as well.")
    ] = None,
) -> None:
    """Show the roster, and models given by path or hub id: what each is, and whether it is ready here."""
    from embedlib.book.status import model_status
    from embedlib.models import find_model, roster

    rows = [
        [spec.name, spec.family, spec.kind, spec.dimension, spec.layers, f"{spec.parameters:,}",
         f"{spec.layer}, {spec.pooling}", spec.bos_policy, spec.licence, model_status(spec).state]
        for spec in (*roster().values(), *map(find_model, reference or []))
    ]  # fmt: skip
    columns = ["model", "family", "kind", "dim", "layers", "parameters", "default", "position 0", "licence", "here"]
    console.print(_table("Models", columns, rows))


@app.command()
def extract(
    model: Models = None,
    words: Annotated[str, typer.Option(help='How many of the most frequent words, "all", or a file of words.')] = "all",
    layer: Annotated[Optional[str], typer.Option(help='A layer number or "all"; default: the roster\'s.')] = None,
    pooling: Annotated[Optional[str], typer.Option(help="mean, last, first or max; default: the roster's.")] = None,
    template: Annotated[Optional[str], typer.Option(help="A text with {text} in it; default: the word alone.")] = None,
) -> None:
    """Compute and store the embeddings of words; what is stored already is not computed again."""
    from embedlib.extraction import embed_words
    from embedlib.lexicon import load_words
    from embedlib.models import find_model, roster

    names = model or list(roster())
    chosen: int | str | None = int(layer) if layer is not None and layer.isdigit() else layer
    for name in names:
        spec = find_model(name)
        spec.resolve_layers(chosen)
        spec.resolve_poolings(pooling)
    wanted = load_words(int(words) if words.isdigit() else words)
    rows = []
    for name in names:
        table = embed_words(name, wanted, layer=chosen, pooling=pooling, template=template)
        rows.append([name, f"{len(table):,}", f"{len(table.missing):,}", table.vectors.shape[1]])
    console.print(_table(f"{len(wanted):,} words", ["model", "vectors", "missing", "numbers a row"], rows))


@store_app.callback(invoke_without_command=True)
def store_alone(context: typer.Context) -> None:
    """List, size and clean the stored embeddings; alone, it lists them."""
    if context.invoked_subcommand is None:
        store_list()


@store_app.command("list")
def store_list() -> None:
    """List what is stored, with sizes."""
    from embedlib.store import store_root, stored_folders

    rows, total = [], 0
    for folder in stored_folders():
        i = folder.identity
        total += folder.size
        rows.append(
            [i.model, i.kind, i.layer, i.pooling, i.template or "", i.dtype, f"{folder.rows:,}", folder.shards,
             f"{folder.size / 1e6:.1f}", "yes" if _current(i) else "no", folder.leftovers]
        )  # fmt: skip
    columns = ["model", "kind", "layer", "pooling", "template", "dtype", "rows", "shards", "MB", "current", "leftovers"]
    console.print(_table(f"{store_root()}: {total / 1e6:.1f} MB", columns, rows))


@store_app.command("clean")
def store_clean(
    model: Models = None,
    stale: Annotated[
        bool, typer.Option("--stale", help="Remove vectors of models or code that are no longer current.")
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Remove all vectors (of the models named).")] = False,
) -> None:
    """Remove damaged shards and unfinished files; with --stale or --all, vectors too."""
    from embedlib.store import remove, stored_folders

    folders = list(stored_folders())
    known = {folder.identity.model for folder in folders}
    for name in model or []:
        if name not in known:
            raise UnknownNameError.of("model in the store", name, sorted(known))
    removed = leftovers = 0
    for folder in folders:
        if model and folder.identity.model not in model:
            continue
        whole = everything or (stale and not _current(folder.identity))
        remove(folder, only_leftovers=not whole)
        removed += whole
        leftovers += folder.leftovers
    console.print(f"removed {removed} folders and {leftovers} leftover files")


def _current(identity: Any) -> bool:
    from embedlib.encoders import code_version
    from embedlib.models import roster
    from embedlib.references import stored_references

    known = roster()
    specs = [known[identity.model]] if identity.model in known else stored_references(identity.model, known.keys())
    return any((spec.checksum, code_version(spec)) == (identity.checksum, identity.code) for spec in specs)


@app.command()
def run(
    notebook: Annotated[str, typer.Argument(help="A notebook's path or name.")],
    parameter: Annotated[
        list[str] | None, typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="Set a parameter.")
    ] = None,
    help_parameters: Annotated[bool, typer.Option("--help-parameters", help="List the parameters.")] = False,
    why: Annotated[bool, typer.Option("--why", help="Say what changed since the last run; run nothing.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Run even where nothing changed.")] = False,
) -> None:
    """Execute a notebook with parameters into _build/executed/; skip it where nothing changed."""
    from embedlib.book.notebooks import find_source, read_source
    from embedlib.book.parameters import read_parameters
    from embedlib.book.run import execute, fingerprint, plan
    from embedlib.book.run import why as reasons_of
    from embedlib.book.sweep import split_settings

    source = find_source(notebook)
    if help_parameters:
        rows = [
            [p.name, p.annotation, repr(p.default), p.comment] for p in read_parameters(read_source(source)).values()
        ]
        console.print(_table(source.stem, ["parameter", "type", "default", "meaning"], rows))
        return
    planned = plan(source, dict(split_settings(parameter or [])))
    if why:
        reasons = reasons_of(planned, fingerprint(planned))
        console.print("\n".join(reasons) or f"{planned.name}: nothing changed", markup=False)
        return
    done = execute(planned, force=force)
    console.print(f"{'ran' if done else 'nothing changed'}: {planned.output}", markup=False, soft_wrap=True)


@app.command()
def sweep(
    notebook: Annotated[str, typer.Argument(help="A notebook's path or name.")],
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A value; again, or with commas, for several."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="How many runs at a time.")] = 1,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List the points; run nothing.")] = False,
) -> None:
    """Run a notebook at every combination of values, and put all records into one table in _build/sweeps/.

    A parameter is given several values by -p again (-p models=glove-6b-50d -p models=sbert-minilm);
    numbers, truth values and fixed choices also by commas (-p layer_step=3,6).
    """
    from embedlib.book.notebooks import find_source
    from embedlib.book.run import fingerprint, why
    from embedlib.book.sweep import plan_sweep, run_sweep, split_settings

    planned = plan_sweep(find_source(notebook), split_settings(parameter or []))
    if dry_run:
        rows = [
            [*point.given.values(), point.run.name, (why(point.run, fingerprint(point.run)) or ["nothing changed"])[0]]
            for point in planned.points
        ]
        console.print(_table(f"{len(rows)} points", [*planned.names, "run", "why"], rows))
        return
    failed = [outcome.error for outcome in run_sweep(planned, jobs).values() if outcome.status == "failed"]
    for message in failed:
        errors.print(message, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(planned.points)} points, {len(failed)} failed: {planned.table}", markup=False, soft_wrap=True)
    if failed:
        raise typer.Exit(1)


@app.command()
def status(
    profile: Annotated[str, typer.Option(help="Which runs: default, or full (see build).")] = "default",
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON, for machines.")] = False,
) -> None:
    """Show where every notebook's run and every model's files stand; nothing runs."""
    from embedlib.book.notebooks import notebook_sources
    from embedlib.book.status import first_reasons, model_statuses, notebook_status

    notebooks = [notebook_status(source, profile) for source in notebook_sources()]
    ready = model_statuses()
    if as_json:
        shown = {"notebooks": [asdict(item) for item in notebooks], "models": [asdict(item) for item in ready]}
        typer.echo(json.dumps(shown, indent=1))
        return
    rows = [[item.name, item.state, first_reasons(item.reasons)] for item in notebooks]
    console.print(_table("Notebooks", ["notebook", "state", "why"], rows))
    console.print(_table("Models", ["model", "state", "what is needed"], [[m.name, m.state, m.detail] for m in ready]))


@app.command()
def doctor() -> None:
    """Look at this machine: Python, packages, cache, memory, kernel and more; exit status 1 for a problem."""
    from embedlib.book.doctor import examine

    found = examine()
    for item in found:
        mend = f" -> {item.mend}" if item.mend else ""
        colour = {"ok": "green", "warning": "yellow", "problem": "red"}[item.level]
        label = f"[{colour}]{item.level:8}[/{colour}]"
        console.print(f"{label} {item.subject}: {escape(item.text + mend)}", highlight=False, soft_wrap=True)
    if any(item.level == "problem" for item in found):
        raise typer.Exit(1)


@app.command()
def drift(
    notebook: Annotated[list[str] | None, typer.Argument(help="Notebooks; default: all.")] = None,
    reuse: Annotated[bool, typer.Option("--reuse", help="Take a run whose dependencies have not changed.")] = False,
    report: Annotated[
        Optional[Path], typer.Option(help="Folder of index.html and summary.md; default: _build/drift.")
    ] = None,
) -> None:
    """Run notebooks at default parameters, compare them with the committed ones, and write a report."""
    from embedlib.book.notebooks import find_source, notebook_sources
    from embedlib.book.prepare import extract_for
    from embedlib.book.report import check, write_report
    from embedlib.book.run import plan
    from embedlib.paths import PROJECT

    sources = [find_source(name) for name in notebook or []] or notebook_sources()
    if not sources:
        raise EmbedlibError("there is no notebook to compare")
    extract_for([plan(source) for source in sources])
    checked = [check(source, reuse=reuse) for source in sources]
    found = [drift for one in checked for drift in one.found]
    failed = [one.error for one in checked if one.error]
    if found:
        rows = [[d.notebook, d.cell, d.record, d.old, d.new, d.allowed] for d in found]
        wide = Console(width=max(console.width, 140)) if not sys.stdout.isatty() else console
        wide.print(_table("Drift", ["notebook", "cell", "record", "old", "new", "allowed"], rows))
    for message in failed:
        errors.print(message, markup=False, highlight=False)
    page = write_report(checked, report or PROJECT / "_build" / "drift")
    errors.print(f"the report: {page}", markup=False, highlight=False, soft_wrap=True)
    if found or failed:
        errors.print(
            f"{len(found)} differences and {len(failed)} failed runs in {len(sources)} notebooks. "
            "Where the new outputs are right, `make accept` makes them the reference."
        )
        raise typer.Exit(1)
    console.print(f"no drift in {len(sources)} notebooks")


@app.command()
def compare(
    first: Annotated[str, typer.Argument(help="An executed notebook (.ipynb).")],
    second: Annotated[str, typer.Argument(help="Another run of it.")],
    everything: Annotated[bool, typer.Option("--all", help="Show what agrees, too.")] = False,
) -> None:
    """Show the records of two runs side by side; without --all, those that differ by more than allowed."""
    from embedlib.book.compare import compare_runs
    from embedlib.book.notebooks import read_executed

    rows = compare_runs(read_executed(Path(first)), read_executed(Path(second)))
    differing = [row for row in rows if row.differs]
    shown = []
    for row in rows if everything else differing:
        values = [value if there else "none" for value, there in zip((row.first, row.second), row.present, strict=True)]
        shown.append([row.record, *values, "differs" if row.differs else ""])
    if shown:
        console.print(_table("", ["record", Path(first).name, Path(second).name, ""], shown))
    console.print(f"{len(differing)} of {len(rows)} recorded values differ by more than their tolerance")


@app.command()
def accept(notebook: Annotated[list[str] | None, typer.Argument(help="Notebooks; default: all.")] = None) -> None:
    """Make the fresh outputs at default parameters the reference for drift."""
    from embedlib.book.build import accept as accept_outputs
    from embedlib.book.notebooks import find_source

    written = accept_outputs([find_source(name).stem for name in notebook or []])
    console.print("\n".join(str(path) for path in written) or "the reference is what was run already")


@app.command()
def build(
    force: Annotated[bool, typer.Option("--force", help="Run every notebook again.")] = False,
    profile: Annotated[str, typer.Option(help="default, or full: every notebook on the whole lexicon.")] = "default",
) -> None:
    """Extract, execute the notebooks that need it, and build the HTML."""
    from embedlib.book.build import build_html
    from embedlib.book.explorer import explorer_files
    from embedlib.book.notebooks import notebook_sources
    from embedlib.book.prepare import extract_for, plan_profile
    from embedlib.book.run import execute
    from embedlib.book.staging import stage
    from embedlib.paths import PROJECT

    planned = [plan_profile(source, profile) for source in notebook_sources()]
    extract_for(planned)
    for item in planned:
        reasons = execute(item, force=force)
        console.print(f"{item.name}: {'ran, ' + reasons[0] if reasons else 'nothing changed'}", markup=False)
    executed = {item.source.stem: item.output for item in planned}
    stage(PROJECT / "_build" / "src", executed, made=explorer_files())
    html = build_html(PROJECT / "_build" / "src", PROJECT)
    console.print(f"the book: {html / 'index.html'}", soft_wrap=True)


@app.command("new-chapter")
def new_chapter(
    name: Annotated[str, typer.Argument(help="NN_topic, such as 12_word_lengths.")],
    title: Annotated[str, typer.Option(help="The heading; default: the topic.")] = "",
) -> None:
    """Write a chapter that runs as it is, with the house's spine, and list it in _toc.yml."""
    from embedlib.book.chapter import new_chapter as write_chapter

    source = write_chapter(name, title)
    console.print(f"wrote {source} and listed it in _toc.yml", markup=False, soft_wrap=True)
    console.print(
        f"Edit it, then: `embedlib run {name}`, `embedlib build`, `embedlib accept {name}`. The paired {name}.ipynb "
        "appears with accept; until then `make test` and `make drift` miss it.",
        markup=False, soft_wrap=True,
    )  # fmt: skip


def main() -> None:
    """Run the command line; errors on purpose are one message and exit status 1."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    for noisy in ("papermill", "httpx", "httpx2", "sentence_transformers", "matplotlib", "filelock", "gensim"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    try:
        app()
    except EmbedlibError as error:
        errors.print(f"error: {error}", markup=False, highlight=False, soft_wrap=True)
        raise SystemExit(2 if isinstance(error, InputError | ParameterError | UnknownNameError) else 1) from None


if __name__ == "__main__":
    main()
