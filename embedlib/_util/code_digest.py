"""Digests of source code and data, by which caches and runs notice a change."""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Iterable
from pathlib import Path

import embedlib

_PACKAGE = Path(__file__).resolve().parent.parent


def code_digest(files: Iterable[Path]) -> str:
    """Digest Python files by their syntax trees, in the order given (16 hex digits).

    Comments, layout and docstrings leave the digest as it is.
    """
    digest = hashlib.sha256()
    for path in files:
        stat = path.stat()
        digest.update(_tree_digest(path, stat.st_mtime_ns, stat.st_size).encode())
    return digest.hexdigest()[:16]


@functools.lru_cache(maxsize=256)
def _tree_digest(path: Path, mtime_ns: int, size: int) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:]
    return hashlib.sha256(repr(_shape(tree)).encode()).hexdigest()


def _shape(node: object) -> object:
    """Give a syntax tree as lists, the same in every version of Python, as `ast.dump` is not: empty fields go."""
    if isinstance(node, ast.AST):
        return [
            type(node).__name__,
            *([name, _shape(value)] for name, value in ast.iter_fields(node) if value not in (None, [])),
        ]
    return [_shape(part) for part in node] if isinstance(node, list) else node


def imported_files(*modules: str) -> list[Path]:
    """List the files of embedlib's modules that some of them import, in any place and through others, and their own.

    The names are dotted; what stands in an import within a function or under `TYPE_CHECKING` counts as well.
    Rising by path. Raises `ModuleNotFoundError` for a module that embedlib does not have.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        path = module_file(name)
        if path is None:
            raise ModuleNotFoundError(f"embedlib has no module {name!r}")
        found[name] = path
        stat = path.stat()
        waiting += _imports(path, stat.st_mtime_ns, stat.st_size)
    return sorted(found.values())


@functools.lru_cache(maxsize=512)
def _imports(path: Path, mtime_ns: int, size: int) -> tuple[str, ...]:
    """Name the modules of embedlib that a file imports; a package that a module lies in is not one of them."""
    return tuple(named_modules(ast.parse(path.read_text(encoding="utf-8"))))


def named_modules(tree: ast.AST) -> list[str]:
    """Name the modules of embedlib that the imports of some code name, each once.

    A public name of embedlib, as in `from embedlib import load_words`, counts as the module that it is from.
    """
    names: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module == "embedlib":
            names += [public_module(alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            parts = [f"{node.module}.{alias.name}" for alias in node.names]
            names += [part if module_file(part) else node.module for part in parts]
    return list(dict.fromkeys(name for name in names if module_file(name)))


def public_module(name: str) -> str:
    """Name the module that `embedlib.NAME` is from, or is.

    Example:
        >>> public_module("load_words")
        'embedlib.datasets.lexicon'
        >>> public_module("figures")
        'embedlib.figures'
    """
    return f"embedlib.{embedlib._HOME.get(name, name)}"


@functools.lru_cache(maxsize=1024)
def module_file(name: str) -> Path | None:
    """Find the file of a module of embedlib by its dotted name; None where embedlib has no such module."""
    first, *rest = name.split(".")
    if first != "embedlib" or not rest:
        return None
    path = _PACKAGE.joinpath(*rest)
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def library_files() -> list[Path]:
    """List the modules that a notebook's numbers can depend on: all but `book/` and `cli/`."""
    return sorted(path for path in _PACKAGE.rglob("*.py") if path.relative_to(_PACKAGE).parts[0] not in {"book", "cli"})
