"""Read the parameters of a notebook from its parameters cell, and check new values before a kernel starts."""

from __future__ import annotations

import ast
import difflib
import io
import json
import tokenize
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from nbformat import NotebookNode
from pydantic import ConfigDict, TypeAdapter, ValidationError

from embedlib.book.run.literals import RefusedError, parse
from embedlib.book.run.parameter_files import expand, find_files, names_files
from embedlib.errors import EmbedlibError, NotebookError, ParameterError, UnknownNameError
from embedlib.models.roster import pin_model

_ANNOTATIONS: dict[str, Any] = {
    "int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict, "tuple": tuple,
    "None": None, "Literal": Literal,
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One parameter: `name: annotation = default  # comment`."""

    name: str
    annotation: str
    type: Any
    default: Any
    comment: str

    def check(self, value: Any) -> Any:
        """Check a value against the annotation; raises `ParameterError`, which says what is allowed."""
        try:
            return TypeAdapter(self.type, config=ConfigDict(strict=True)).validate_python(value)
        except ValidationError:
            raise ParameterError(
                f"parameter {self.name} is {value!r}, a {type(value).__name__}; "
                f"allowed: {self.annotation} (default {self.default!r})"
            ) from None

    def from_json(self, value: Any) -> Any:
        """Restore a value that was written as JSON, where a tuple becomes a list."""
        return TypeAdapter(self.type, config=ConfigDict(strict=True)).validate_json(json.dumps(value))

    def parse(self, text: str) -> Any:
        """Turn the text of `-p name=text` into a value of the annotation, and check it (see `literals.parse`).

        Raises `ParameterError`, which names the parameter, the text, what is allowed and the default.
        """
        try:
            return self.check(parse(self.type, text))
        except RefusedError as refused:
            close = difflib.get_close_matches(text, [str(choice) for choice in _choices(self.type)], n=1, cutoff=0.5)
            hint = f" Did you mean {close[0]!r}?" if close else ""
            raise ParameterError(
                f"parameter {self.name} is {text!r}, which {refused};{hint} "
                f"allowed: {self.annotation} (default {self.default!r})"
            ) from None


def _choices(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Literal:
        return list(get_args(annotation))
    return [choice for part in get_args(annotation) for choice in _choices(part)]


def parameters_cell(notebook: NotebookNode) -> NotebookNode | None:
    """Find the code cell that is tagged `parameters`; raises `NotebookError` where several cells are."""
    cells = [c for c in notebook.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", [])]
    if len(cells) > 1:
        raise NotebookError(f"{len(cells)} cells are tagged `parameters`; a notebook has one")
    return cells[0] if cells else None


def read_parameters(notebook: NotebookNode) -> dict[str, Parameter]:
    """Read the parameters of a notebook, in order. A notebook without a parameters cell has none.

    Raises `NotebookError` for a line that is not `name: type = literal  # comment`, and for an annotation
    other than int, float, str, bool, list, dict, tuple, None, Literal and their unions. Raises `ParameterError` for a
    default that its own annotation does not allow.
    """
    cell = parameters_cell(notebook)
    if cell is None:
        return {}
    comments = _comments(cell.source)
    found = {}
    for node in ast.parse(cell.source).body:
        if isinstance(node, ast.ImportFrom) and node.module == "typing":
            continue
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name) or node.value is None:
            raise NotebookError(f"parameters cell: {ast.unparse(node)!r} is not `name: type = literal  # comment`")
        name, annotation = node.target.id, ast.unparse(node.annotation)
        try:
            default = ast.literal_eval(node.value)
        except ValueError:
            raise NotebookError(f"parameters cell: {name} is computed; parameters are literals") from None
        comment = " ".join(comments.get(line, "") for line in range(node.lineno, (node.end_lineno or 0) + 1)).strip()
        if not comment:
            raise NotebookError(f"parameters cell: {name} has no comment that says what it is")
        found[name] = Parameter(name, annotation, _evaluate(name, node.annotation), default, comment)
        found[name].check(default)
    return found


def _comments(source: str) -> dict[int, str]:
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {t.start[0]: t.string.lstrip("# ").strip() for t in tokens if t.type == tokenize.COMMENT}


def _evaluate(name: str, annotation: ast.expr) -> Any:
    used = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    if unknown := sorted(used - _ANNOTATIONS.keys()):
        message = UnknownNameError.of("type", unknown[0], _ANNOTATIONS)
        raise NotebookError(f"parameters cell: {name}: {message}")
    expression = ast.fix_missing_locations(ast.Expression(annotation))
    return eval(compile(expression, "<annotation>", "eval"), {"__builtins__": {}, **_ANNOTATIONS})


def resolve(notebook: NotebookNode, given: dict[str, str]) -> dict[str, Any]:
    """Check the texts of `-p name=text` against the parameters of a notebook; gives the values that were set.

    A path in a value becomes absolute, since the notebook runs in the project's folder (see
    `parameter_files.find_files`). A path of a model becomes absolute as well. The id of a model of the hub gets its
    commit, and the model is fetched if it is not here yet.

    Raises `ParameterError` for an unknown name (with the nearest match), a text that is not a value of its
    annotation, a file that does not exist, an empty list of models and an unknown model.
    """
    known = read_parameters(notebook)
    values = {}
    for name, text in given.items():
        if name not in known:
            raise ParameterError(str(UnknownNameError.of("parameter", name, known)))
        parameter = known[name]
        value = parameter.parse(text)
        if name == "models":
            value = _pinned(value)
        elif not any(value == choice for choice in _choices(parameter.type)):
            value = parameter.check(find_files(name, value, named=names_files(parameter.comment)))
        values[name] = value
    return values


def _pinned(models: list[str]) -> list[str]:
    if not models:
        raise ParameterError("parameter models is empty; name at least one model")
    try:
        return [pin_model(model) for model in expand("models", models)]
    except EmbedlibError as error:
        raise ParameterError(f"parameter models: {error}") from None
