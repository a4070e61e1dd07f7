"""The form of the chapters: the rules for their code and prose that a machine can check.

A fault names the file, the line of the MyST source, what is wrong and what is allowed. The rules are those of
CONTRIBUTING; ruff's part of them stands in `notebooks/ruff.toml`.
"""

from __future__ import annotations

import ast
import io
import json
import re
import shutil
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from embedlib._util.paths import PROJECT
from embedlib.book.notebooks import read_source
from embedlib.errors import NotebookError

LINE = 100  # characters of a line of code
OPEN_CELL = 25  # lines of code, blank ones not counted, of a cell that stands open
FOLDED_CELL = 40  # the same of a folded cell
OPEN_SHARE = 0.15  # of the cells beside the parameters
GLUED = 3  # recorded values in a sentence
FOLDED_TAGS = frozenset({"hide-input", "hide-cell", "remove-input", "remove-cell"})
RUFF_SETTINGS = PROJECT / "notebooks" / "ruff.toml"

# What the parts of a chapter are, in order: what is looked for, and its name in a message.
SPINE = [
    (r"# \S", "a title, `# ...`"),
    (r"\*\*The question\.\*\*", "**The question.**"),
    (r":::\{admonition\} In short$", "the box `:::{admonition} In short`"),
    (r"\*\*What the paper found\b", "**What the paper found**"),
    (r"## Parameters$", "## Parameters"),
    (r"## Load$", "## Load"),
    (r"## What we found$", "## What we found"),
    (r"## Limits$", "## Limits"),
    (r"## References$", "## References"),
]
# Phrases that the book does not use, and what it says in their place.
HOUSE_WORDS = {
    "stands twice": "is repeated",
    "tell whether": "say whether",
    "tells whether": "says whether",
    "put in words": "described",
    "its mend": "how to fix it",
    "goes with the next run": "is removed by the next run",
}

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_DIRECTIVE = re.compile(r"# (fmt|noqa|type|ruff|pragma)\b")
_ROLE = re.compile(r"\{[\w:.+-]+\}`[^`]*`")


@dataclass(frozen=True, order=True)
class Fault:
    """One place where a chapter leaves the house's form.

    Example:
        >>> print(Fault(Path("12_topic.md"), 40, "long line", "104 characters", "at most 100"))
        12_topic.md:40: long line: 104 characters; allowed: at most 100
    """

    path: Path
    line: int
    rule: str
    what: str
    allowed: str

    def __str__(self) -> str:
        path = self.path.relative_to(PROJECT) if self.path.is_relative_to(PROJECT) else self.path
        return f"{path}:{self.line}: {self.rule}: {self.what}; allowed: {self.allowed}"


@dataclass(frozen=True)
class CodeCell:
    """One cell of a chapter, with the line of its MyST source on which its text begins."""

    kind: str
    line: int
    text: str
    tags: frozenset[str]
    figure: dict[str, str] | None

    @property
    def is_parameters(self) -> bool:
        """Whether the cell holds the parameters."""
        return "parameters" in self.tags

    @property
    def is_open(self) -> bool:
        """Whether a reader sees the code without a click."""
        return self.kind == "code" and not self.tags & FOLDED_TAGS


@dataclass(frozen=True)
class Chapter:
    """A chapter's MyST source, cell by cell."""

    path: Path
    notebook: NotebookNode
    cells: tuple[CodeCell, ...]

    @property
    def code(self) -> tuple[CodeCell, ...]:
        """The code cells, in order."""
        return tuple(cell for cell in self.cells if cell.kind == "code")

    @property
    def open_share(self) -> float:
        """The share of the code cells that stand open; the parameters, which always do, are left out."""
        counted = [cell for cell in self.code if not cell.is_parameters]
        return sum(cell.is_open for cell in counted) / max(len(counted), 1)


def read_chapter(path: Path) -> Chapter:
    """Read a MyST source with the line of each cell; raises `NotebookError` where jupytext cannot.

    Example:
        >>> chapter = read_chapter(PROJECT / "notebooks" / "04_analogies.md")
        >>> chapter.code[0].is_parameters, chapter.code[0].is_open
        (True, True)
    """
    notebook = read_source(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    cells, start = [], 0
    for cell in notebook.cells:
        wanted = cell.source.splitlines()
        places = range(start, len(lines) - len(wanted) + 1)
        place = next((at for at in places if lines[at : at + len(wanted)] == wanted), start)
        figure = cell.metadata.get("mystnb", {}).get("figure")
        cells.append(CodeCell(cell.cell_type, place + 1, cell.source, frozenset(cell.metadata.get("tags", [])), figure))
        start = place + len(wanted)
    return Chapter(path, notebook, tuple(cells))


def check_chapter(path: Path, *, open_share: float = OPEN_SHARE) -> list[Fault]:
    """Check the form of a chapter; gives its faults in the order of their lines.

    `open_share` is the least share of the code cells, without the parameters, that a reader sees without a click.
    Raises `NotebookError` for a source that cannot be read, code that is no Python, or where ruff is not installed.

    Example:
        >>> faults = check_chapter(PROJECT / "notebooks" / "04_analogies.md")
        >>> [str(fault) for fault in faults if fault.rule in ("parameters", "unused parameter")]
        []
    """
    chapter = read_chapter(path)
    for cell in chapter.code:
        try:
            ast.parse(cell.text)
        except SyntaxError as error:
            line = cell.line + (error.lineno or 1) - 1
            raise NotebookError(f"{path}:{line}: this cell is no Python: {error.msg}") from None
    faults = [*_lengths(chapter), *_shares(chapter, open_share), *_nesting(chapter), *_comments(chapter)]
    faults += [*_calls(chapter), *_parameters(chapter), *_spine(chapter), *_prose(chapter), *run_ruff(chapter)]
    return sorted(faults)


def run_ruff(chapter: Chapter, settings: Path = RUFF_SETTINGS) -> Iterator[Fault]:
    """Give what ruff says of the code cells; raises `NotebookError` where ruff is missing or fails.

    Example:
        >>> [str(fault) for fault in run_ruff(read_chapter(PROJECT / "notebooks" / "04_analogies.md"))]
        []
    """
    beside = Path(sys.executable).with_name("ruff")
    program = str(beside) if beside.is_file() else shutil.which("ruff")
    if program is None:
        raise NotebookError("ruff is not installed; install it: pip install -r requirements-dev.txt")
    command = [program, "check", "--no-cache", "--quiet", "--config", str(settings), "--output-format", "json",
               "--stdin-filename", "chapter.ipynb", "-"]  # fmt: skip
    text = nbformat.writes(chapter.notebook)
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode not in (0, 1):
        raise NotebookError(f"{chapter.path}: ruff failed: {done.stderr.strip()}")
    for found in json.loads(done.stdout):
        line = chapter.cells[found["cell"] - 1].line + found["location"]["row"] - 1
        fix = (found.get("fix") or {}).get("message") or found.get("url") or "what ruff accepts"
        yield Fault(chapter.path, line, "ruff", f"{found['code']} {found['message']}", fix)


def _lengths(chapter: Chapter) -> Iterator[Fault]:
    for cell in chapter.code:
        for number, line in enumerate(cell.text.splitlines(), start=cell.line):
            if len(line) > LINE:
                yield Fault(chapter.path, number, "long line", f"{len(line)} characters", f"at most {LINE}")
        most = OPEN_CELL if cell.is_open else FOLDED_CELL
        count = sum(bool(line.strip()) for line in cell.text.splitlines())
        if count > most and not cell.is_parameters:
            what = "an open cell" if cell.is_open else "a folded cell"
            yield Fault(chapter.path, cell.line, "long cell", f"{what} of {count} lines", f"at most {most}")


def _shares(chapter: Chapter, least: float) -> Iterator[Fault]:
    if chapter.open_share < least:
        what = f"{chapter.open_share:.0%} of the code cells stand open, the parameters not counted"
        allowed = f"at least {least:.0%}; open the cells that are the method"
        yield Fault(chapter.path, 1, "open share", what, allowed)


def _nesting(chapter: Chapter) -> Iterator[Fault]:
    for cell in chapter.code:
        if cell.is_open:
            for line, what in _nested(ast.parse(cell.text)):
                allowed = "one level in an open cell; write a loop"
                yield Fault(chapter.path, cell.line + line - 1, "nested comprehension", what, allowed)


def _nested(node: ast.AST, *, inside: bool = False) -> Iterator[tuple[int, str]]:
    if isinstance(node, _COMPREHENSIONS):
        if inside:
            yield node.lineno, "a comprehension within a comprehension"
        elif len(node.generators) > 2:
            yield node.lineno, f"a comprehension over {len(node.generators)} loops"
        inside = True
    for child in ast.iter_child_nodes(node):
        yield from _nested(child, inside=inside)


def _comments(chapter: Chapter) -> Iterator[Fault]:
    for cell in chapter.code:
        lines = cell.text.splitlines()
        for token in tokenize.generate_tokens(io.StringIO(cell.text).readline):
            if token.type != tokenize.COMMENT or _DIRECTIVE.match(token.string) or cell.is_parameters:
                continue
            row, column = token.start
            following = lines[row] if row < len(lines) else ""
            if lines[row - 1][:column].strip():
                what = "a comment behind code"
            elif not following.strip():
                what = "a comment over no line of code"
            else:
                continue
            allowed = "a comment on a line of its own, right over the line it is about"
            yield Fault(chapter.path, cell.line + row - 1, "comment", what, allowed)


def _calls(chapter: Chapter) -> Iterator[Fault]:
    for cell in chapter.code:
        for call in (node for node in ast.walk(ast.parse(cell.text)) if isinstance(node, ast.Call)):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            options = {option.arg: option.value for option in call.keywords if option.arg}
            line = cell.line + call.lineno - 1
            if isinstance(shown := options.get("show"), ast.Constant) and shown.value is False:
                allowed = "the facts of a section in one `embedlib.record_facts({...})`"
                yield Fault(chapter.path, line, "hidden record", f"`{name}(..., show=False)`", allowed)
            if name == "record" and "figure" in options and not {"caption", "name"} <= (cell.figure or {}).keys():
                allowed = "a cell with `mystnb: figure: caption: ... name: ...` in its head"
                yield Fault(chapter.path, line, "figure", "a picture without caption or name", allowed)
            if name == "default_rng" and all(isinstance(given, ast.Constant) for given in call.args):
                yield Fault(chapter.path, line, "seed", f"`{ast.unparse(call)}`", "a seed that is a parameter")


def _parameters(chapter: Chapter) -> Iterator[Fault]:
    """Find parameters that nothing uses; what a declaration has to be, `parameters.read_parameters` says."""
    cells = [cell for cell in chapter.code if cell.is_parameters]
    if not cells:
        yield Fault(chapter.path, 1, "parameters", "no cell is tagged `parameters`", "one, under ## Parameters")
    code = [ast.walk(ast.parse(cell.text)) for cell in chapter.code if not cell.is_parameters]
    used = {node.id for nodes in code for node in nodes if isinstance(node, ast.Name)}
    for cell in cells:
        for node in ast.parse(cell.text).body:
            line = cell.line + node.lineno - 1
            if isinstance(node, ast.ImportFrom) and node.module == "typing":
                continue
            if not isinstance(node, ast.AnnAssign) or not _is_literal(node.value):
                allowed = "`name: type = literal  # comment`"
                yield Fault(chapter.path, line, "parameters", f"`{ast.unparse(node)}`", allowed)
                continue
            rows = cell.text.splitlines()[node.lineno - 1 : node.end_lineno]
            name = ast.unparse(node.target)
            if "  # " not in rows[-1]:
                yield Fault(chapter.path, line, "parameters", f"`{name}` has no comment", "a comment behind it")
            if name not in used:
                yield Fault(chapter.path, line, "unused parameter", f"`{name}`", "what some cell uses; delete it")


def _is_literal(node: ast.expr | None) -> bool:
    try:
        ast.literal_eval(node or "")
    except (ValueError, SyntaxError):
        return False
    return True


def _spine(chapter: Chapter) -> Iterator[Fault]:
    """Find parts of the spine that are missing or out of order."""
    prose = [(number, line) for cell in chapter.cells if cell.kind == "markdown" for number, line in _lines(cell)]
    last = 0
    for pattern, name in SPINE:
        found = [number for number, line in prose if re.match(pattern, line)]
        if not found:
            yield Fault(chapter.path, max(last, 1), "spine", f"{name} is missing", "the spine of a chapter")
        elif found[0] < last:
            order = ", ".join(name for _, name in SPINE)
            yield Fault(chapter.path, found[0], "spine", f"{name} stands too early", f"this order: {order}")
        else:
            last = found[0]
    text = "\n".join(line for _, line in prose)
    if "{cite}`" not in text:
        yield Fault(chapter.path, 1, "spine", "nothing is cited", "a {cite} beside each claim")
    box = re.search(r"^:::\{admonition\} In short\n(.*?)^:::$", text, re.M | re.S)
    wanted = [":class: tip in-short", "{glue:text}`in-short`", "{glue:figure} fig-", "{numref}`fig-"]
    if lacking := [what for what in wanted if box and what not in box[1]]:
        line = next(number for number, line in prose if line.startswith(":::{admonition} In short"))
        allowed = "a box with " + ", ".join(f"`{what}`" for what in wanted)
        yield Fault(chapter.path, line, "in short", f"the box lacks {', '.join(lacking)}", allowed)


def _prose(chapter: Chapter) -> Iterator[Fault]:
    for cell in chapter.cells:
        if cell.kind == "markdown":
            for line, sentence in _sentences(cell):
                if (count := sentence.count("{glue:")) > GLUED:
                    allowed = f"at most {GLUED}; two sentences, a table or a picture"
                    yield Fault(chapter.path, line, "glue", f"a sentence with {count} recorded values", allowed)
        for line, text in _lines(cell):
            said = " ".join(_ROLE.sub("", text).split()).lower()
            for phrase, better in HOUSE_WORDS.items():
                if re.search(rf"\b{re.escape(phrase)}\b", said):
                    yield Fault(chapter.path, line, "house words", f"{phrase!r}", f"such as {better!r}")


def _lines(cell: CodeCell) -> list[tuple[int, str]]:
    return list(enumerate(cell.text.splitlines(), start=cell.line))


def _sentences(cell: CodeCell) -> Iterator[tuple[int, str]]:
    """Give the sentences of a cell's paragraphs and list items, each with the line on which it begins."""
    for block in re.finditer(r"(?:^(?!\s*$).*\n?)+", cell.text, re.M):
        start = block.start()
        for part in re.split(r"(?<=[.!?|])(?=\s)|(?=^\s*[-*] )", block[0], flags=re.M):
            skipped = len(part) - len(part.lstrip())
            yield cell.line + cell.text.count("\n", 0, start + skipped), part
            start += len(part)
